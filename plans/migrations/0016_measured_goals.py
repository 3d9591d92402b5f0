"""What goals have reached, measured by night for the levels above a portfolio."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0015_accounts_to_date"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MeasuredGoals",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("measure", models.CharField(max_length=12)),
                ("total", models.DecimalField(decimal_places=10, max_digits=32, null=True)),
                ("heard", models.PositiveIntegerField()),
                ("goals", models.PositiveIntegerField()),
                ("weighted", models.DecimalField(decimal_places=10, max_digits=40, null=True)),
                ("weight", models.DecimalField(decimal_places=10, max_digits=32, null=True)),
                ("weighty", models.PositiveIntegerField()),
                ("measured_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "measured goals",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("year", "measure", "owner"),
                        name="plans_measuredgoals_key",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
