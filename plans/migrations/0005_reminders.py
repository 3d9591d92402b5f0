"""What people are reminded of, once each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0004_whole_life"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=12, verbose_name="kind")),
                ("row", models.BigIntegerField(verbose_name="row")),
                ("due_on", models.DateField(verbose_name="due")),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("before", "Before its day"),
                            ("due", "On its day"),
                            ("late", "After its day"),
                            ("substitute", "To the substitute"),
                            ("leader", "To the leader"),
                        ],
                        max_length=10,
                        verbose_name="step",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("told_at", models.DateTimeField(null=True, verbose_name="told")),
                (
                    "behalf",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="whose it is",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "indexes": [
                    models.Index(
                        condition=models.Q(("told_at__isnull", True)),
                        fields=["recipient", "id"],
                        name="plans_reminder_waiting",
                    ),
                    models.Index(fields=["made_at"], name="plans_reminder_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "row", "due_on", "step", "recipient"),
                        name="plans_reminder_once",
                    )
                ],
            },
        ),
    ]
