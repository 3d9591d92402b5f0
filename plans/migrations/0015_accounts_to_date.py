"""What accounts with targets have reached to date, kept with their portfolios' parts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

#: What is there is computed once, portfolio by portfolio.
ALL = (
    "INSERT INTO plans_staleportfolio (owner_id, what)"
    " SELECT DISTINCT owner_id, 'a' FROM plans_portfoliopart WHERE currency <> ''"
)


def key_of(model, **more):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=model, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_leaner_indexes"),
        ("plans", "0014_months_of_teams"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountToDate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("asked", models.BooleanField()),
                ("target", models.DecimalField(decimal_places=2, max_digits=20)),
                ("actual", models.DecimalField(decimal_places=2, max_digits=20)),
                ("account", key_of("accounts.account")),
                ("owner", key_of(settings.AUTH_USER_MODEL, null=True)),
            ],
            options={
                "verbose_name": "account to date",
                "indexes": [models.Index(fields=["year"], name="plans_accounttodate_year")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "year", "account", "currency"),
                        name="plans_accounttodate_key",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.RunSQL(ALL, migrations.RunSQL.noop),
    ]
