"""Search without case and accents, and how often a job has been begun."""

import django.contrib.postgres.indexes

from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models

import kam.search

FOLD = """
CREATE OR REPLACE FUNCTION kam_fold(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower({schema}.unaccent('{schema}.unaccent'::regdictionary, $1)) $$
"""


def create_fold(apps, schema_editor):
    """``unaccent`` is only stable, since its rules are a file; named with its schema it is as good
    as immutable, and indexes may use it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
            " WHERE extname = 'unaccent'"
        )
        schema = cursor.fetchone()[0]
    quoted = '"' + schema.replace('"', '""') + '"'
    schema_editor.execute(FOLD.format(schema=quoted))


class Migration(migrations.Migration):

    dependencies = [("kam", "0001_initial")]

    operations = [
        migrations.RunPython(create_fold, migrations.RunPython.noop, elidable=False),
        migrations.AddField(
            "job",
            "attempts",
            models.PositiveSmallIntegerField(default=0, verbose_name="begun"),
        ),
        migrations.RemoveIndex("user", "kam_user_name_trgm"),
        migrations.AddIndex(
            "user",
            django.contrib.postgres.indexes.GinIndex(
                OpClass(kam.search.Fold("name"), "gin_trgm_ops"), name="kam_user_name_fold"
            ),
        ),
    ]
