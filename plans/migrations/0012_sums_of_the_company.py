"""The whole company's sums, kept from the portfolios', and the marks that say which of them are stale.

Statement triggers over transition tables write the marks; where one statement changes very many keys
of a line and year, one mark stands for all of them.
"""

from django.conf import settings
from django.db import migrations, models

from kam.migrating import Together

MARK = "INSERT INTO plans_stalecompany (line, year, key)"
MOST = 200

CHANGED = {
    "INSERT": ("NEW TABLE AS new_rows", "new_rows"),
    "UPDATE": ("OLD TABLE AS old_rows NEW TABLE AS new_rows", None),
    "DELETE": ("OLD TABLE AS old_rows", "old_rows"),
}
PARTS = f"""
    SELECT DISTINCT line, year,
           CASE WHEN count(*) OVER (PARTITION BY line, year) <= {MOST} THEN key END
      FROM (SELECT DISTINCT line, year, key FROM {{0}}) touched
"""  # noqa: S608 - our own names
MONTHS = "SELECT DISTINCT 'months', 0, to_char(month, 'YYYY-MM-DD') FROM {0}"
RATES = "SELECT DISTINCT NULL, year::int, NULL FROM {0}"
ALL = "SELECT NULL, NULL::int, NULL"


def triggers():
    for table, select in (
        ("plans_portfoliopart", PARTS),
        ("plans_portfoliomonth", MONTHS),
        ("kam_budgetrate", RATES),
    ):
        names = {
            "plans_portfoliopart": "line, year, key",
            "plans_portfoliomonth": "month",
            "kam_budgetrate": "year",
        }[table]
        for event, (tables, rows) in CHANGED.items():
            source = rows or (
                f"(SELECT {names} FROM old_rows UNION ALL SELECT {names} FROM new_rows) x"  # noqa: S608
            )
            yield (
                f"plans_company_{table}_{event.lower()}",
                table,
                event,
                tables,
                select.format(source),
            )
    yield (
        "plans_company_currency",
        "kam_company",
        "UPDATE",
        CHANGED["UPDATE"][0],
        f"{ALL} WHERE EXISTS (SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id"
        " WHERE n.currency <> o.currency)",
    )
    yield "plans_company_insert", "kam_company", "INSERT", CHANGED["INSERT"][0], ALL


def operation(name, table, event, tables, select):
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            {MARK} {select};
            RETURN NULL;
        END $body$;
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0011_targets_in_force"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="CompanyMonth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("month", models.DateField()),
                        ("currency", models.CharField(max_length=3)),
                        ("actual_revenue", models.DecimalField(decimal_places=2, max_digits=20)),
                        ("actual_margin", models.DecimalField(decimal_places=2, max_digits=20)),
                        ("target_revenue", models.DecimalField(decimal_places=2, max_digits=20)),
                        ("target_margin", models.DecimalField(decimal_places=2, max_digits=20)),
                        ("forecast_revenue", models.DecimalField(decimal_places=2, max_digits=20)),
                    ],
                    options={
                        "verbose_name": "month of the company",
                    },
                ),
                migrations.CreateModel(
                    name="CompanyPart",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("line", models.CharField(max_length=24)),
                        ("year", models.PositiveSmallIntegerField()),
                        ("key", models.CharField(max_length=20)),
                        ("accounts", models.PositiveIntegerField()),
                        ("planned", models.PositiveIntegerField()),
                        ("actual", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("actual_margin", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("target", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("target_margin", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("forecast", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("closed_actual", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("target_to_date", models.DecimalField(decimal_places=10, max_digits=32)),
                        ("lacking", models.BooleanField()),
                    ],
                    options={
                        "verbose_name": "part of the company",
                    },
                ),
                migrations.CreateModel(
                    name="StaleCompany",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("line", models.CharField(max_length=24, null=True)),
                        ("year", models.PositiveSmallIntegerField(null=True)),
                        ("key", models.CharField(max_length=20, null=True)),
                    ],
                    options={
                        "verbose_name": "stale sum of the company",
                    },
                ),
                migrations.AddIndex(
                    model_name="portfoliopart",
                    index=models.Index(
                        fields=["line", "year", "key"], name="plans_portfoliopart_key_of"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="companymonth",
                    constraint=models.UniqueConstraint(
                        fields=("month", "currency"), name="plans_companymonth_key"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="companypart",
                    constraint=models.UniqueConstraint(
                        fields=("line", "year", "key"), name="plans_companypart_key"
                    ),
                ),
            ]
        ),
        *(operation(*trigger) for trigger in triggers()),
        # What is there is summed once, whole.
        migrations.RunSQL(f"{MARK} {ALL}", migrations.RunSQL.noop),
    ]
