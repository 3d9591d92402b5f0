from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0007_runs_of_a_night'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='segmentrule',
            constraint=models.CheckConstraint(condition=models.Q(('at_least__isnull', True), ('below__isnull', True), ('at_least__lt', models.F('below')), _connector='OR'), name='portfolio_rule_holds', violation_error_message='“At least” must be less than “below”.'),
        ),
    ]
