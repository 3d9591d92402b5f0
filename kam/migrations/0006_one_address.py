"""Takes away second addresses and connected identities: a person signs in by their own e-mail."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("account", "EmailAddress").objects.all().delete()
    apps.get_model("socialaccount", "SocialAccount").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("kam", "0005_quick_fold"),
        ("account", "0001_initial"),
        ("socialaccount", "0001_initial"),
    ]
    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
