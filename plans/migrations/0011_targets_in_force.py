"""What roll-ups take of plans that are being amended: the targets of the version in force.

Triggers write these rows when an amendment begins, and take them away when it is decided on. Both
mark the plan's months: the sums are computed anew in the same transaction or right after it.
"""

import django.db.models.deletion
from django.db import migrations, models

AMENDED = "({0}.in_force > 0 AND {0}.status IN ('draft', 'submitted', 'returned', 'amending'))"

AGREE = f"""
    CREATE FUNCTION plans_agree(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $body$
    BEGIN
        IF ids IS NULL THEN
            RETURN;
        END IF;
        DELETE FROM plans_agreedmonth g USING plans_targetmonth m, plans_target t
         WHERE m.id = g.row_id AND t.id = m.target_id AND t.plan_id = ANY(ids);
        WITH amended AS MATERIALIZED (
            SELECT p.id, p.currency, v.id AS version_id, v.content
              FROM plans_accountplan p
              LEFT JOIN plans_planversion v ON v.plan_id = p.id AND v.number = p.in_force
             WHERE p.id = ANY(ids) AND {AMENDED.format("p")}
        ), frozen AS MATERIALIZED (
            SELECT (target ->> 'id')::bigint AS target_id, month.key::date AS month,
                   (month.value ->> 0)::numeric AS revenue, (month.value ->> 1)::numeric AS margin
              FROM amended a
              CROSS JOIN LATERAL jsonb_array_elements(a.content -> 'targets') target
              CROSS JOIN LATERAL jsonb_each(target -> 'months') month
        )
        INSERT INTO plans_agreedmonth (row_id, version_id, currency, revenue, margin)
        SELECT m.id, a.version_id, coalesce(a.content -> 'plan' ->> 'currency', a.currency),
               CASE WHEN a.version_id IS NULL THEN m.revenue ELSE coalesce(f.revenue, 0) END,
               CASE WHEN a.version_id IS NULL THEN m.margin ELSE coalesce(f.margin, 0) END
          FROM amended a
          JOIN plans_target t ON t.plan_id = a.id
          JOIN plans_targetmonth m ON m.target_id = t.id
          LEFT JOIN frozen f ON f.target_id = t.id AND f.month = m.month
         WHERE f.target_id IS NOT NULL
            OR (t.archived_at IS NULL AND m.archived_at IS NULL
                AND (a.version_id IS NULL OR m.forecast IS NOT NULL));
        INSERT INTO plans_staleportfolio (account_id, owner_id, month, what)
        SELECT DISTINCT p.account_id, NULL::bigint, m.month, 'm'
          FROM plans_accountplan p
          JOIN plans_target t ON t.plan_id = p.id
          JOIN plans_targetmonth m ON m.target_id = t.id
         WHERE p.id = ANY(ids);
    END $body$;
"""  # noqa: S608 - our own names
#: name → (table, event, transition tables, the plans in question)
TRIGGERS = {
    "plans_agree_as_plan": (
        "plans_accountplan",
        "UPDATE",
        "OLD TABLE AS old_rows NEW TABLE AS new_rows",
        f"""
        SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE {AMENDED.format("n")} <> {AMENDED.format("o")}
            OR ({AMENDED.format("n")} AND n.in_force <> o.in_force)
        """,  # noqa: S608
    ),
    # Where a plan of an earlier day is frozen as its amendment begins.
    "plans_agree_as_version": (
        "plans_planversion",
        "INSERT",
        "NEW TABLE AS new_rows",
        f"""
        SELECT array_agg(p.id) FROM new_rows n
          JOIN plans_accountplan p ON p.id = n.plan_id AND p.in_force = n.number
         WHERE {AMENDED.format("p")}
        """,  # noqa: S608
    ),
}


def operation(name, table, event, tables, plans):
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            PERFORM plans_agree(({plans}));
            RETURN NULL;
        END $body$;
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0010_archive_of_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreedMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("revenue", models.DecimalField(decimal_places=2, max_digits=16)),
                ("margin", models.DecimalField(decimal_places=2, max_digits=16)),
                (
                    "row",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agreed",
                        to="plans.targetmonth",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="plans.planversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "agreed month of a target",
            },
        ),
        migrations.RunSQL(AGREE, "DROP FUNCTION plans_agree(bigint[])"),
        *(operation(name, *rest) for name, rest in TRIGGERS.items()),
        # What is being amended now.
        migrations.RunSQL(
            "SELECT plans_agree((SELECT array_agg(p.id) FROM plans_accountplan p"  # noqa: S608
            f" WHERE {AMENDED.format('p')}))",
            migrations.RunSQL.noop,
        ),
    ]
