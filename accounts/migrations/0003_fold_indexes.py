"""Search indexes without case and accents."""

import django.contrib.postgres.indexes
from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models

import kam.search


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_account_figures"),
        ("kam", "0002_fold_and_attempts"),
    ]

    operations = [
        migrations.RemoveIndex("account", "accounts_account_name_trgm"),
        migrations.RemoveIndex("contact", "accounts_contact_name_trgm"),
        migrations.AddIndex(
            "account",
            django.contrib.postgres.indexes.GinIndex(
                OpClass(kam.search.Fold("name"), "gin_trgm_ops"), name="accounts_account_name_fold"
            ),
        ),
        migrations.AddIndex(
            "account",
            models.Index(
                OpClass(kam.search.Fold("name"), "text_pattern_ops"),
                name="accounts_account_name_begin",
            ),
        ),
        migrations.AddIndex(
            "account",
            models.Index(
                OpClass(kam.search.Fold("number"), "text_pattern_ops"),
                name="accounts_account_number_begin",
            ),
        ),
        migrations.AddIndex(
            "contact",
            django.contrib.postgres.indexes.GinIndex(
                OpClass(kam.search.Fold("name"), "gin_trgm_ops"), name="accounts_contact_name_fold"
            ),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                OpClass(kam.search.Fold("name"), "text_pattern_ops"),
                name="accounts_contact_name_begin",
            ),
        ),
    ]
