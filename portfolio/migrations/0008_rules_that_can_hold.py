from django.db import migrations, models


# A rule that cannot hold kept its segment empty: the segment is archived, as nobody was ever in it.
MEND = """
    UPDATE portfolio_segment SET archived_at = now()
     WHERE archived_at IS NULL AND id IN (SELECT segment_id FROM portfolio_segmentrule
                                           WHERE archived_at IS NULL AND at_least >= below);
    UPDATE portfolio_segmentrule SET below = NULL WHERE at_least >= below;
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0007_runs_of_a_night'),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='segmentrule',
            constraint=models.CheckConstraint(condition=models.Q(('at_least__isnull', True), ('below__isnull', True), ('at_least__lt', models.F('below')), _connector='OR'), name='portfolio_rule_holds', violation_error_message='“At least” must be less than “below”.'),
        ),
    ]
