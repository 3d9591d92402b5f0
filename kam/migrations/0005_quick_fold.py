"""The same folding of letters by a function that the server runs three times as fast."""

from django.db import migrations

FOLD = """
CREATE OR REPLACE FUNCTION kam_fold(text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
AS $$ BEGIN RETURN lower({schema}.unaccent('{schema}.unaccent'::regdictionary, $1)); END $$
"""


def replace_fold(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
            " WHERE extname = 'unaccent'"
        )
        schema = cursor.fetchone()[0]
    schema_editor.execute(FOLD.format(schema='"' + schema.replace('"', '""') + '"'))


class Migration(migrations.Migration):

    dependencies = [("kam", "0004_sign_in_is_no_version")]

    operations = [migrations.RunPython(replace_fold, migrations.RunPython.noop, elidable=False)]
