"""A link shows chosen goals and activities, and says when it was mailed."""

import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from kam.migrating import Together


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0005_reminders"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="SharedActivity",
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
                        "verbose_name": "shared activity",
                        "verbose_name_plural": "shared activities",
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="SharedActivityEvent",
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
                migrations.CreateModel(
                    name="SharedGoal",
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
                        "verbose_name": "shared goal",
                        "verbose_name_plural": "shared goals",
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="SharedGoalEvent",
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
                    model_name="planshare",
                    name="count_version",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="planshare",
                    name="insert_insert",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="planshare",
                    name="update_update",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="planshare",
                    name="delete_delete",
                ),
                migrations.RemoveField(
                    model_name="planshare",
                    name="with_activities",
                ),
                migrations.RemoveField(
                    model_name="planshare",
                    name="with_goals",
                ),
                migrations.RemoveField(
                    model_name="planshareevent",
                    name="with_activities",
                ),
                migrations.RemoveField(
                    model_name="planshareevent",
                    name="with_goals",
                ),
                migrations.AddField(
                    model_name="planshare",
                    name="mailed_at",
                    field=models.DateTimeField(editable=False, null=True, verbose_name="mailed"),
                ),
                migrations.AddField(
                    model_name="planshareevent",
                    name="mailed_at",
                    field=models.DateTimeField(editable=False, null=True, verbose_name="mailed"),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="planshare",
                    trigger=pgtrigger.compiler.Trigger(
                        name="count_version",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."expires_on" IS DISTINCT FROM (NEW."expires_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."mailed_at" IS DISTINCT FROM (NEW."mailed_at") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."plan_id" IS DISTINCT FROM (NEW."plan_id") OR OLD."token_hash" IS DISTINCT FROM (NEW."token_hash"))',
                            func="NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;",
                            hash="5ef0086208e881c60fc1ada0ce0d9c010d3cc7dd",
                            operation="UPDATE",
                            pgid="pgtrigger_count_version_1e38c",
                            table="plans_planshare",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="planshare",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_planshareevent" ("archived_at", "contact_id", "created_at", "created_by_id", "expires_on", "id", "mailed_at", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "version") VALUES (NEW."archived_at", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."expires_on", NEW."id", NEW."mailed_at", NEW."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."plan_id", NEW."version"); RETURN NULL;',
                            hash="cce5f547c8b99d1b4aad0762ab41357b978e1d6e",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_f9e5e",
                            table="plans_planshare",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="planshare",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."expires_on" IS DISTINCT FROM (NEW."expires_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."mailed_at" IS DISTINCT FROM (NEW."mailed_at") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."plan_id" IS DISTINCT FROM (NEW."plan_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                            func='INSERT INTO "plans_planshareevent" ("archived_at", "contact_id", "created_at", "created_by_id", "expires_on", "id", "mailed_at", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "version") VALUES (NEW."archived_at", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."expires_on", NEW."id", NEW."mailed_at", NEW."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."plan_id", NEW."version"); RETURN NULL;',
                            hash="20e31364a3eb1a3fa5d60b47013ecd7985886f1b",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_b955b",
                            table="plans_planshare",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="planshare",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_planshareevent" ("archived_at", "contact_id", "created_at", "created_by_id", "expires_on", "id", "mailed_at", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "version") VALUES (OLD."archived_at", OLD."contact_id", OLD."created_at", OLD."created_by_id", OLD."expires_on", OLD."id", OLD."mailed_at", OLD."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."plan_id", OLD."version"); RETURN NULL;',
                            hash="bdd5a06613382f67b51f192956e4ccbfdfc68d16",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_8c0e8",
                            table="plans_planshare",
                            when="AFTER",
                        ),
                    ),
                ),
                migrations.AddField(
                    model_name="sharedactivity",
                    name="activity",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="plans.activity",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedactivity",
                    name="share",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="activities",
                        to="plans.planshare",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedactivityevent",
                    name="activity",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="plans.activity",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedactivityevent",
                    name="pgh_obj",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="plans.sharedactivity",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedactivityevent",
                    name="share",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="plans.planshare",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedgoal",
                    name="goal",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="plans.goal",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedgoal",
                    name="share",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="goals",
                        to="plans.planshare",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedgoalevent",
                    name="goal",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="plans.goal",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedgoalevent",
                    name="pgh_obj",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="plans.sharedgoal",
                    ),
                ),
                migrations.AddField(
                    model_name="sharedgoalevent",
                    name="share",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="plans.planshare",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sharedactivity",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("archived_at__isnull", True)),
                        fields=("share", "activity"),
                        name="plans_sharedactivity_key",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedactivity",
                    trigger=pgtrigger.compiler.Trigger(
                        name="count_version",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."activity_id" IS DISTINCT FROM (NEW."activity_id") OR OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."share_id" IS DISTINCT FROM (NEW."share_id"))',
                            func="NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;",
                            hash="9123934a33276a056743fb9cf25b7e2a40c2064f",
                            operation="UPDATE",
                            pgid="pgtrigger_count_version_bf145",
                            table="plans_sharedactivity",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedactivity",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_sharedactivityevent" ("activity_id", "archived_at", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "share_id", "version") VALUES (NEW."activity_id", NEW."archived_at", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."share_id", NEW."version"); RETURN NULL;',
                            hash="ebabcb5f4784f10df69690171dff662913ac72cb",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_8deb2",
                            table="plans_sharedactivity",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedactivity",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."activity_id" IS DISTINCT FROM (NEW."activity_id") OR OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."share_id" IS DISTINCT FROM (NEW."share_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                            func='INSERT INTO "plans_sharedactivityevent" ("activity_id", "archived_at", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "share_id", "version") VALUES (NEW."activity_id", NEW."archived_at", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."share_id", NEW."version"); RETURN NULL;',
                            hash="31ab2fd8005179e4eb5ebb3142641854a5239e11",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_0ffc1",
                            table="plans_sharedactivity",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedactivity",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_sharedactivityevent" ("activity_id", "archived_at", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "share_id", "version") VALUES (OLD."activity_id", OLD."archived_at", OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."share_id", OLD."version"); RETURN NULL;',
                            hash="922fb44ea55afd1af1d42eff9aa4e162902fd784",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_fe569",
                            table="plans_sharedactivity",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedactivityevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="keep_trail",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE before jsonb; names text[]; facts jsonb;",
                            func="\n            names = '{}';\n            IF NEW.pgh_label = 'update' THEN\n                SELECT to_jsonb(e) INTO before FROM plans_sharedactivityevent e\n                 WHERE e.pgh_obj_id = NEW.pgh_obj_id AND e.pgh_id < NEW.pgh_id\n                 ORDER BY e.pgh_id DESC LIMIT 1;\n                SELECT coalesce(array_agg(n.key ORDER BY n.key), '{}') INTO names\n                  FROM jsonb_each(to_jsonb(NEW)) n\n                 WHERE n.key NOT LIKE 'pgh%' AND n.key <> 'version'\n                   AND before -> n.key IS DISTINCT FROM n.value;\n            END IF;\n            facts = coalesce(NEW.pgh_context, '{}');\n            INSERT INTO kam_auditentry\n                (at, model, row_id, event_id, label, fields, user_id, acting_for_id, source, batch_id)\n            VALUES (NEW.pgh_created_at, 'plans.sharedactivity', NEW.pgh_obj_id, NEW.pgh_id, NEW.pgh_label, names,\n                (facts ->> 'user')::bigint, (facts ->> 'acting_for')::bigint,\n                coalesce(left(facts ->> 'source', 12), ''), (facts ->> 'batch')::bigint);\n            RETURN NULL;\n        ",
                            hash="09339fb545e3e4809b7e528877c56ab8f01853b8",
                            operation="INSERT",
                            pgid="pgtrigger_keep_trail_8ab3b",
                            table="plans_sharedactivityevent",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedactivityevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="3fdfcc4474c7d937bcc4d18998ed6f9d2734d9c8",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_5888e",
                            table="plans_sharedactivityevent",
                            when="BEFORE",
                        ),
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sharedgoal",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("archived_at__isnull", True)),
                        fields=("share", "goal"),
                        name="plans_sharedgoal_key",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedgoal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="count_version",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."goal_id" IS DISTINCT FROM (NEW."goal_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."share_id" IS DISTINCT FROM (NEW."share_id"))',
                            func="NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;",
                            hash="f111349ae10b7164c329d0dd97ca2798d19b8fd6",
                            operation="UPDATE",
                            pgid="pgtrigger_count_version_f3ad9",
                            table="plans_sharedgoal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedgoal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_sharedgoalevent" ("archived_at", "created_at", "goal_id", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "share_id", "version") VALUES (NEW."archived_at", NEW."created_at", NEW."goal_id", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."share_id", NEW."version"); RETURN NULL;',
                            hash="d15c8dd4bd07eb77df70a3ba78bac44686612a7f",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_841ec",
                            table="plans_sharedgoal",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedgoal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."goal_id" IS DISTINCT FROM (NEW."goal_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."share_id" IS DISTINCT FROM (NEW."share_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                            func='INSERT INTO "plans_sharedgoalevent" ("archived_at", "created_at", "goal_id", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "share_id", "version") VALUES (NEW."archived_at", NEW."created_at", NEW."goal_id", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."share_id", NEW."version"); RETURN NULL;',
                            hash="9b0bf514194490b2978c1431807d2627fbad324d",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_47c57",
                            table="plans_sharedgoal",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedgoal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "plans_sharedgoalevent" ("archived_at", "created_at", "goal_id", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "share_id", "version") VALUES (OLD."archived_at", OLD."created_at", OLD."goal_id", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."share_id", OLD."version"); RETURN NULL;',
                            hash="5858e03eefc9ffd1570df85d52264ebf6bf3496e",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_c2e84",
                            table="plans_sharedgoal",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedgoalevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="keep_trail",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE before jsonb; names text[]; facts jsonb;",
                            func="\n            names = '{}';\n            IF NEW.pgh_label = 'update' THEN\n                SELECT to_jsonb(e) INTO before FROM plans_sharedgoalevent e\n                 WHERE e.pgh_obj_id = NEW.pgh_obj_id AND e.pgh_id < NEW.pgh_id\n                 ORDER BY e.pgh_id DESC LIMIT 1;\n                SELECT coalesce(array_agg(n.key ORDER BY n.key), '{}') INTO names\n                  FROM jsonb_each(to_jsonb(NEW)) n\n                 WHERE n.key NOT LIKE 'pgh%' AND n.key <> 'version'\n                   AND before -> n.key IS DISTINCT FROM n.value;\n            END IF;\n            facts = coalesce(NEW.pgh_context, '{}');\n            INSERT INTO kam_auditentry\n                (at, model, row_id, event_id, label, fields, user_id, acting_for_id, source, batch_id)\n            VALUES (NEW.pgh_created_at, 'plans.sharedgoal', NEW.pgh_obj_id, NEW.pgh_id, NEW.pgh_label, names,\n                (facts ->> 'user')::bigint, (facts ->> 'acting_for')::bigint,\n                coalesce(left(facts ->> 'source', 12), ''), (facts ->> 'batch')::bigint);\n            RETURN NULL;\n        ",
                            hash="8197ff1cd21d72f7db87ce41644a282702134145",
                            operation="INSERT",
                            pgid="pgtrigger_keep_trail_10a4a",
                            table="plans_sharedgoalevent",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="sharedgoalevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="35cbd70f6e1488e1d6e82c06802f8be58d0a19df",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_49c91",
                            table="plans_sharedgoalevent",
                            when="BEFORE",
                        ),
                    ),
                ),
            ]
        ),
    ]
