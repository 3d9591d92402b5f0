"""Sums of portfolios along other lines than the team tree, and the marks that keep them true.

Marks carry the number of the write that made them, so that what one write moved from one portfolio
to another is worked off together.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import plans.models.rollup

MARK = "INSERT INTO plans_staleportfolio (account_id, owner_id, month, what) "
ALL_OWNERS = "SELECT DISTINCT NULL::bigint, owner_id, NULL::date, 'a' FROM accounts_account"
TRIGGERS = (
    # What an account is, and the group that it stands in: the account, and the group's top.
    (
        "plans_mark_kind_of_account",
        "accounts_account",
        "UPDATE",
        """
        SELECT DISTINCT x.account_id, NULL::bigint, NULL::date, 'a'
          FROM new_rows n JOIN old_rows o ON o.id = n.id
          CROSS JOIN LATERAL (VALUES (n.id), (n.path[1]), (o.path[1])) x(account_id)
         WHERE n.industry_id IS DISTINCT FROM o.industry_id OR n.country <> o.country
            OR n.level <> o.level OR n.path <> o.path
            OR (n.archived_at IS NULL) <> (o.archived_at IS NULL)
        """,
    ),
    (
        "plans_mark_group_of_account",
        "accounts_account",
        "INSERT",
        """
        SELECT DISTINCT n.path[1], NULL::bigint, NULL::date, 'a' FROM new_rows n
         WHERE cardinality(n.path) > 1
        """,
    ),
    # In which segment an account is.
    (
        "plans_mark_placement_insert",
        "portfolio_segmentplacement",
        "INSERT",
        "SELECT DISTINCT account_id, NULL::bigint, NULL::date, 'a' FROM new_rows WHERE last_night IS NULL",
    ),
    (
        "plans_mark_placement_update",
        "portfolio_segmentplacement",
        "UPDATE",
        """
        SELECT DISTINCT n.account_id, NULL::bigint, NULL::date, 'a'
          FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE n.segment_id <> o.segment_id OR n.last_night IS DISTINCT FROM o.last_night
        """,
    ),
    (
        "plans_mark_placement_delete",
        "portfolio_segmentplacement",
        "DELETE",
        "SELECT DISTINCT account_id, NULL::bigint, NULL::date, 'a' FROM old_rows",
    ),
    # Which schemes there are, and to which line a product belongs: everybody.
    ("plans_mark_scheme_insert", "portfolio_segmentscheme", "INSERT", ALL_OWNERS),
    (
        "plans_mark_scheme_update",
        "portfolio_segmentscheme",
        "UPDATE",
        ALL_OWNERS + " WHERE EXISTS (SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id"
        " WHERE (n.archived_at IS NULL) <> (o.archived_at IS NULL))",
    ),
    (
        "plans_mark_product_update",
        "accounts_product",
        "UPDATE",
        ALL_OWNERS + " WHERE EXISTS (SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id"
        " WHERE n.line_id <> o.line_id)",
    ),
)
TABLES = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}


def operation(name, table, event, statement):
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            {MARK} {statement};
            RETURN NULL;
        END $body$;
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {TABLES[event]}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0008_calendar_feed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PortfolioPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.CharField(max_length=24)),
                ("key", models.CharField(max_length=20)),
                ("year", models.PositiveSmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("accounts", models.PositiveIntegerField(default=0)),
                ("planned", models.PositiveIntegerField(default=0)),
                ("actual", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("actual_margin", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("target", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("target_margin", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("forecast", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("closed_actual", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("target_to_date", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                (
                    "closed_on",
                    models.DateField(help_text="the first of the month in which it was computed"),
                ),
            ],
            options={
                "verbose_name": "part of a portfolio",
            },
        ),
        migrations.AddField(
            model_name="staleportfolio",
            name="write",
            field=models.BigIntegerField(db_default=plans.models.rollup.CurrentWrite()),
        ),
        migrations.AddIndex(
            model_name="staleportfolio",
            index=models.Index(fields=["write"], name="plans_stale_by_write"),
        ),
        migrations.AddField(
            model_name="portfoliopart",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="portfoliopart",
            index=models.Index(fields=["owner"], name="plans_portfoliopart_owner"),
        ),
        migrations.AddConstraint(
            model_name="portfoliopart",
            constraint=models.UniqueConstraint(
                fields=("line", "year", "owner", "key", "currency"),
                name="plans_portfoliopart_key",
                nulls_distinct=False,
            ),
        ),
        *(operation(*trigger) for trigger in TRIGGERS),
        # What is there is computed once, whole.
        migrations.RunSQL(MARK + ALL_OWNERS, migrations.RunSQL.noop),
    ]
