"""Each day is handed over to a person once; what overlaps already is ended first.

Of two times of the same two people the one that was entered earlier stays. The later one keeps its
other days: it is shortened to the first of them that belong together, further ones become a time of
their own, and where none are left it is archived. So nobody loses a day on which they stand in.
"""

from collections import defaultdict
from datetime import timedelta

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations
from django.utils import timezone

DAY = timedelta(days=1)


def free(first, last, taken):
    """The days from ``first`` to ``last`` that no pair of ``taken`` covers, as pairs, in order."""
    found = []
    for starts_on, ends_on in sorted(taken):
        if starts_on > last or ends_on < first:
            continue
        if first < starts_on:
            found.append((first, starts_on - DAY))
        first = ends_on + DAY
    if first <= last:
        found.append((first, last))
    return found


def end_overlaps(apps, schema_editor):
    Substitution = apps.get_model("kam", "Substitution")
    rows = Substitution.objects.filter(archived_at__isnull=True)
    taken = defaultdict(list)
    for row in rows.order_by("created_at", "pk"):
        days = taken[row.absent_id, row.substitute_id]
        left = free(row.starts_on, row.ends_on, days)
        if not left:
            rows.filter(pk=row.pk).update(archived_at=timezone.now())
        elif left != [(row.starts_on, row.ends_on)]:
            starts_on, ends_on = left[0]
            rows.filter(pk=row.pk).update(starts_on=starts_on, ends_on=ends_on)
        for starts_on, ends_on in left[1:]:
            Substitution.objects.create(
                absent_id=row.absent_id,
                substitute_id=row.substitute_id,
                starts_on=starts_on,
                ends_on=ends_on,
                note=row.note,
            )
        days += left
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("kam", "0006_one_address")]
    operations = [
        BtreeGistExtension(),
        migrations.RunPython(end_overlaps, migrations.RunPython.noop),
    ]
