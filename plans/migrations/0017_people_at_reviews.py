"""Who was present when a review was held, and how long it took."""

import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import kam.migrating


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_leaner_indexes"),
        ("plans", "0016_measured_goals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        kam.migrating.Together(
            [
                migrations.CreateModel(
                    name="ReviewPerson",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "version",
                            models.PositiveIntegerField(
                                default=1, editable=False, verbose_name="version"
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(auto_now_add=True, verbose_name="created"),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                        (
                            "archived_at",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="archived"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "person present at a review",
                        "verbose_name_plural": "people present at reviews",
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="ReviewPersonEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("pgh_context", pghistory.utils.JSONField(null=True)),
                        ("pgh_context_id", models.UUIDField(null=True)),
                        ("id", models.BigIntegerField()),
                        (
                            "version",
                            models.PositiveIntegerField(
                                default=1, editable=False, verbose_name="version"
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(auto_now_add=True, verbose_name="created"),
                        ),
                        (
                            "archived_at",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="archived"
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="review",
                    name="count_version",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="review",
                    name="insert_insert",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="review",
                    name="update_update",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="review",
                    name="delete_delete",
                ),
                migrations.AddField(
                    model_name="review",
                    name="minutes",
                    field=models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="In minutes.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="duration",
                    ),
                ),
                migrations.AddField(
                    model_name="review",
                    name="others",
                    field=models.CharField(
                        blank=True,
                        help_text="People of the customer who are no contacts here, by name.",
                        max_length=300,
                        verbose_name="others present",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewevent",
                    name="minutes",
                    field=models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="In minutes.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="duration",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewevent",
                    name="others",
                    field=models.CharField(
                        blank=True,
                        help_text="People of the customer who are no contacts here, by name.",
                        max_length=300,
                        verbose_name="others present",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="review",
                    trigger=pgtrigger.compiler.Trigger(
                        name="count_version",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."agenda" IS DISTINCT FROM (NEW."agenda") OR OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."begun_at" IS DISTINCT FROM (NEW."begun_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."held_on" IS DISTINCT FROM (NEW."held_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."led_by_id" IS DISTINCT FROM (NEW."led_by_id") OR OLD."minutes" IS DISTINCT FROM (NEW."minutes") OR OLD."notes" IS DISTINCT FROM (NEW."notes") OR OLD."others" IS DISTINCT FROM (NEW."others") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."plan_id" IS DISTINCT FROM (NEW."plan_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."state" IS DISTINCT FROM (NEW."state"))',
                            func="NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;",
                            hash="590160a08ec48f492018f7c8b122c58fdcfb997a",
                            operation="UPDATE",
                            pgid="pgtrigger_count_version_5543c",
                            table="plans_review",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="review",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_reviewevent" ("agenda", "archived_at", "begun_at", "created_at", "due_on", "held_on", "id", "kind", "led_by_id", "minutes", "notes", "others", "owner_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "reason", "state", "version") VALUES (NEW."agenda", NEW."archived_at", NEW."begun_at", NEW."created_at", NEW."due_on", NEW."held_on", NEW."id", NEW."kind", NEW."led_by_id", NEW."minutes", NEW."notes", NEW."others", NEW."owner_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."plan_id", NEW."reason", NEW."state", NEW."version"); RETURN NULL;',
                            hash="c2e2a3d0b3c8cb08ef48b47d4db4e7be6d8fd7c7",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_04f81",
                            table="plans_review",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="review",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."agenda" IS DISTINCT FROM (NEW."agenda") OR OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."begun_at" IS DISTINCT FROM (NEW."begun_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."held_on" IS DISTINCT FROM (NEW."held_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."led_by_id" IS DISTINCT FROM (NEW."led_by_id") OR OLD."minutes" IS DISTINCT FROM (NEW."minutes") OR OLD."notes" IS DISTINCT FROM (NEW."notes") OR OLD."others" IS DISTINCT FROM (NEW."others") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."plan_id" IS DISTINCT FROM (NEW."plan_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                            func='INSERT INTO "plans_reviewevent" ("agenda", "archived_at", "begun_at", "created_at", "due_on", "held_on", "id", "kind", "led_by_id", "minutes", "notes", "others", "owner_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "reason", "state", "version") VALUES (NEW."agenda", NEW."archived_at", NEW."begun_at", NEW."created_at", NEW."due_on", NEW."held_on", NEW."id", NEW."kind", NEW."led_by_id", NEW."minutes", NEW."notes", NEW."others", NEW."owner_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."plan_id", NEW."reason", NEW."state", NEW."version"); RETURN NULL;',
                            hash="4f238eb090de84f9a4f828d9cbdd42c899114ad7",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_cc5e6",
                            table="plans_review",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="review",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_reviewevent" ("agenda", "archived_at", "begun_at", "created_at", "due_on", "held_on", "id", "kind", "led_by_id", "minutes", "notes", "others", "owner_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "reason", "state", "version") VALUES (OLD."agenda", OLD."archived_at", OLD."begun_at", OLD."created_at", OLD."due_on", OLD."held_on", OLD."id", OLD."kind", OLD."led_by_id", OLD."minutes", OLD."notes", OLD."others", OLD."owner_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."plan_id", OLD."reason", OLD."state", OLD."version"); RETURN NULL;',
                            hash="33b86681a88968720267d2decbbd0c2d77de76b8",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_185c4",
                            table="plans_review",
                            when="AFTER",
                        ),
                    ),
                ),
                migrations.AddConstraint(
                    model_name="review",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("minutes", None), ("minutes__range", (1, 1440)), _connector="OR"
                        ),
                        name="plans_review_minutes",
                        violation_error_message="A review takes a minute at least and a day at most.",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewperson",
                    name="contact",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.contact",
                        verbose_name="contact",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewperson",
                    name="review",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="plans.review",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewperson",
                    name="user",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewpersonevent",
                    name="contact",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.contact",
                        verbose_name="contact",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewpersonevent",
                    name="pgh_obj",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="plans.reviewperson",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewpersonevent",
                    name="review",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="plans.review",
                    ),
                ),
                migrations.AddField(
                    model_name="reviewpersonevent",
                    name="user",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reviewperson",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contact", None), ("user__isnull", False)),
                            models.Q(("contact__isnull", False), ("user", None)),
                            _connector="OR",
                        ),
                        name="plans_reviewperson_one",
                        violation_error_message="Name either a person of ours or a contact.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reviewperson",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("archived_at__isnull", True)),
                        fields=("review", "user"),
                        name="plans_reviewperson_user",
                        violation_error_message="This person is named already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reviewperson",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("archived_at__isnull", True)),
                        fields=("review", "contact"),
                        name="plans_reviewperson_contact",
                        violation_error_message="This person is named already.",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reviewperson",
                    trigger=pgtrigger.compiler.Trigger(
                        name="count_version",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."review_id" IS DISTINCT FROM (NEW."review_id") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))',
                            func="NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;",
                            hash="6c72621521177f74dd5093ff3328e0a2b8ee41da",
                            operation="UPDATE",
                            pgid="pgtrigger_count_version_1fb85",
                            table="plans_reviewperson",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reviewperson",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_reviewpersonevent" ("archived_at", "contact_id", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "user_id", "version") VALUES (NEW."archived_at", NEW."contact_id", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."review_id", NEW."user_id", NEW."version"); RETURN NULL;',
                            hash="8d895c645ee9caba34262a398e1088a33afee46d",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_3a9f6",
                            table="plans_reviewperson",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reviewperson",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."review_id" IS DISTINCT FROM (NEW."review_id") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                            func='INSERT INTO "plans_reviewpersonevent" ("archived_at", "contact_id", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "user_id", "version") VALUES (NEW."archived_at", NEW."contact_id", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."review_id", NEW."user_id", NEW."version"); RETURN NULL;',
                            hash="27d11ee942619003003c1572d2064c830eb28323",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_fa0af",
                            table="plans_reviewperson",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reviewperson",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_reviewpersonevent" ("archived_at", "contact_id", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "user_id", "version") VALUES (OLD."archived_at", OLD."contact_id", OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."review_id", OLD."user_id", OLD."version"); RETURN NULL;',
                            hash="7d6f995f59defcc6dc919f9bcbef52891d9a8d8f",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_244e8",
                            table="plans_reviewperson",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reviewpersonevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="keep_trail",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE before jsonb; names text[]; facts jsonb;",
                            func="\n            names = '{}';\n            IF NEW.pgh_label = 'update' THEN\n                SELECT to_jsonb(e) INTO before FROM plans_reviewpersonevent e\n                 WHERE e.pgh_obj_id = NEW.pgh_obj_id AND e.pgh_id < NEW.pgh_id\n                 ORDER BY e.pgh_id DESC LIMIT 1;\n                SELECT coalesce(array_agg(n.key ORDER BY n.key), '{}') INTO names\n                  FROM jsonb_each(to_jsonb(NEW)) n\n                 WHERE n.key NOT LIKE 'pgh%' AND n.key <> 'version'\n                   AND before -> n.key IS DISTINCT FROM n.value;\n            END IF;\n            facts = coalesce(NEW.pgh_context, '{}');\n            INSERT INTO kam_auditentry\n                (at, model, row_id, event_id, label, fields, user_id, acting_for_id, source, batch_id)\n            VALUES (NEW.pgh_created_at, 'plans.reviewperson', NEW.pgh_obj_id, NEW.pgh_id, NEW.pgh_label, names,\n                (facts ->> 'user')::bigint, (facts ->> 'acting_for')::bigint,\n                coalesce(left(facts ->> 'source', 12), ''), (facts ->> 'batch')::bigint);\n            RETURN NULL;\n        ",
                            hash="8b58e60d00235074b55c72a035af45c53fe8bf20",
                            operation="INSERT",
                            pgid="pgtrigger_keep_trail_20c93",
                            table="plans_reviewpersonevent",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reviewpersonevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="d187f7cdd6482a3e4efa9c923d768ec63792180c",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_fc2c6",
                            table="plans_reviewpersonevent",
                            when="BEFORE",
                        ),
                    ),
                ),
            ]
        )
    ]
