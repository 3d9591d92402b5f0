"""Marks of what is stale name accounts, and are written by triggers on all that a portfolio sums.

Triggers work by statement over transition tables: one INSERT for a bulk write, however large.
"""

from django.db import migrations, models

MARK = "INSERT INTO plans_staleportfolio (account_id, owner_id, month, what) "
OLD, NEW = {"OLD": "old_rows"}, {"NEW": "new_rows"}

#: name → (table, event, transition tables, statement)
TRIGGERS = {}


def trigger(table, event, select):
    tables = {"INSERT": NEW, "DELETE": OLD, "UPDATE": OLD | NEW}[event]
    TRIGGERS[f"plans_mark_{table}_{event.lower()}"] = (table, event, tables, MARK + select)


# Sales facts and the months of targets: the month of the account.
def months(table, account):
    def rows(name):
        return f"SELECT {account} AS account_id, r.month FROM {name} r {joins}"

    joins = "" if account == "r.account_id" else (
        "JOIN plans_target t ON t.id = r.target_id JOIN plans_accountplan p ON p.id = t.plan_id"
    )
    for event, source in (
        ("INSERT", rows("new_rows")),
        ("UPDATE", rows("old_rows") + " UNION " + rows("new_rows")),
        ("DELETE", rows("old_rows")),
    ):
        trigger(table, event, f"SELECT DISTINCT x.account_id, NULL::bigint, x.month, 'm' FROM ({source}) x")


months("accounts_salesfact", "r.account_id")
months("plans_targetmonth", "p.account_id")

# Accounts: who owns them, whether they count at all, whether they are key accounts. An account that
# leaves a portfolio leaves it everywhere, so the old owner's portfolio is marked whole.
trigger("accounts_account", "INSERT", "SELECT id, NULL::bigint, NULL::date, 'c' FROM new_rows")
trigger(
    "accounts_account",
    "UPDATE",
    """
    SELECT n.id, NULL::bigint, NULL::date, 'a' FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE n.owner_id IS DISTINCT FROM o.owner_id
        OR (n.archived_at IS NULL) <> (o.archived_at IS NULL)
    UNION ALL
    SELECT DISTINCT NULL::bigint, o.owner_id, NULL::date, 'a'
      FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE n.owner_id IS DISTINCT FROM o.owner_id
    UNION ALL
    SELECT n.id, NULL::bigint, NULL::date, 'c' FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE n.is_key_account <> o.is_key_account
    """,
)
trigger(
    "accounts_account",
    "DELETE",
    "SELECT DISTINCT NULL::bigint, owner_id, NULL::date, 'a' FROM old_rows",
)

# Plans and targets: whether they count, and where; the plan's state.
trigger("plans_accountplan", "INSERT", "SELECT account_id, NULL::bigint, NULL::date, 'c' FROM new_rows")
trigger(
    "plans_accountplan",
    "UPDATE",
    """
    SELECT x.account_id, NULL::bigint, NULL::date, 'a'
      FROM new_rows n JOIN old_rows o ON o.id = n.id
      CROSS JOIN LATERAL (SELECT n.account_id UNION SELECT o.account_id) x(account_id)
     WHERE (n.archived_at IS NULL) <> (o.archived_at IS NULL)
        OR n.account_id <> o.account_id OR n.currency <> o.currency OR n.year <> o.year
    UNION ALL
    SELECT n.account_id, NULL::bigint, NULL::date, 'c' FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE n.status <> o.status
    """,
)
trigger("plans_accountplan", "DELETE", "SELECT account_id, NULL::bigint, NULL::date, 'a' FROM old_rows")
trigger(
    "plans_target",
    "UPDATE",
    """
    SELECT DISTINCT p.account_id, NULL::bigint, NULL::date, 'a'
      FROM new_rows n JOIN old_rows o ON o.id = n.id
      JOIN plans_accountplan p ON p.id IN (n.plan_id, o.plan_id)
     WHERE (n.archived_at IS NULL) <> (o.archived_at IS NULL) OR n.plan_id <> o.plan_id
    """,
)

# Activities: the counts.
trigger(
    "plans_activity",
    "INSERT",
    "SELECT DISTINCT p.account_id, NULL::bigint, NULL::date, 'c' "
    "FROM new_rows n JOIN plans_accountplan p ON p.id = n.plan_id",
)
trigger(
    "plans_activity",
    "UPDATE",
    """
    SELECT DISTINCT p.account_id, NULL::bigint, NULL::date, 'c'
      FROM new_rows n JOIN old_rows o ON o.id = n.id
      JOIN plans_accountplan p ON p.id IN (n.plan_id, o.plan_id)
     WHERE n.status <> o.status OR n.due_on IS DISTINCT FROM o.due_on OR n.plan_id <> o.plan_id
        OR (n.archived_at IS NULL) <> (o.archived_at IS NULL)
    """,
)
trigger(
    "plans_activity",
    "DELETE",
    "SELECT DISTINCT p.account_id, NULL::bigint, NULL::date, 'c' "
    "FROM old_rows n JOIN plans_accountplan p ON p.id = n.plan_id",
)


def operation(name, table, event, tables, statement):
    referencing = " ".join(f"{word} TABLE AS {alias}" for word, alias in tables.items())
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            {statement};
            RETURN NULL;
        END $body$;
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {referencing}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="staleportfolio",
            name="account_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="staleportfolio",
            name="what",
            field=models.CharField(
                choices=[
                    ("m", "the figures of one month"),
                    ("c", "the counts"),
                    ("a", "all months and the counts"),
                ],
                default="a",
                max_length=1,
            ),
        ),
        # What was there before the triggers is computed once, whole.
        migrations.RunSQL(
            "INSERT INTO plans_staleportfolio (owner_id, what)"
            " SELECT DISTINCT owner_id, 'a' FROM accounts_account",
            migrations.RunSQL.noop,
        ),
        *(operation(name, *rest) for name, rest in TRIGGERS.items()),
    ]
