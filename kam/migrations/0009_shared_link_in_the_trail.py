"""Changes by way of a customer's link are told apart in the trail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kam", "0008_one_hand_over_a_day"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="source",
            field=models.CharField(
                blank=True,
                choices=[
                    ("page", "Page"),
                    ("api", "API"),
                    ("import", "Import"),
                    ("task", "Background work"),
                    ("command", "Command"),
                    ("link", "Shared link"),
                ],
                max_length=12,
                verbose_name="by way of",
            ),
        ),
    ]
