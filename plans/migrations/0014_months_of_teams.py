"""The teams' months, kept from the portfolios', and the marks that say that who is where has changed."""

import django.db.models.deletion
from django.db import migrations, models

TEAMS = "INSERT INTO plans_stalecompany (line, year, key) SELECT 'teams', 0, NULL"
#: Somebody is in another team; a team stands elsewhere in the tree.
MOVED = {"kam_user": "team_id", "kam_team": "path"}


def trigger(table, column):
    name = f"plans_teams_{table}_update"
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            {TEAMS} WHERE EXISTS (
                SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id
                 WHERE n.{column} IS DISTINCT FROM o.{column});
            RETURN NULL;
        END $body$;
        CREATE TRIGGER {name} AFTER UPDATE ON {table}
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


def amount():
    return models.DecimalField(decimal_places=2, max_digits=20)


class Migration(migrations.Migration):
    dependencies = [
        ("kam", "0010_company_logo"),
        ("plans", "0013_words_of_a_level"),
    ]

    operations = [
        migrations.CreateModel(
            name="TeamMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("actual_revenue", amount()),
                ("actual_margin", amount()),
                ("target_revenue", amount()),
                ("target_margin", amount()),
                ("forecast_revenue", amount()),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="kam.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "month of a team",
                "indexes": [models.Index(fields=["month"], name="plans_teammonth_month")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "month", "currency"), name="plans_teammonth_key"
                    )
                ],
            },
        ),
        *(trigger(table, column) for table, column in MOVED.items()),
        # What is there is summed once.
        migrations.RunSQL(TEAMS, migrations.RunSQL.noop),
    ]
