"""Fills an empty database with a company of N accounts, set by set.

No audit event is written for what comes in by the hundred thousand, and sales, targets and activities
leave no marks: all figures are computed at once when everything is there.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from accounts.models import Industry, Product, ProductLine
from kam.models import BudgetRate, Company, Role, Team, User
from kam.periods import add_months, company_today, month_of

MONTHS = 36
ACCOUNTS_PER_KAM = 200
KAMS_PER_TEAM = 10
TEAMS_PER_REGION = 6
LINES = ("Pumps", "Valves", "Seals", "Spare parts", "Service", "Monitoring")
CURRENCIES = ("EUR", "NOK", "SEK", "DKK", "GBP")


@dataclass(frozen=True, slots=True)
class World:
    """Who and what the pages are measured with."""

    accounts: int
    facts: int
    kam: int
    leader: int
    management: int
    administrator: int
    contributor: int
    team: int
    account: int
    plan: int


def fill(accounts: int, *, seed: float = 0.42) -> World:
    """Makes the company; returns the people and rows to measure with."""
    connection.ensure_connection()
    began = time.monotonic()

    def done(what: str) -> None:
        print(f"    {what}: {time.monotonic() - began:.0f} s", flush=True)

    today = company_today()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        # The triggers' plans would be made for the empty tables, and kept while these grow.
        cursor.execute("SET plan_cache_mode = force_custom_plan")
        cursor.execute("SELECT setseed(%s)", [seed])
        _company(today)
        kams, teams, people = _people(accounts)
        products = _products()
        with _unaudited(cursor, "accounts_account"):
            _accounts(cursor, accounts, kams)
        with _unaudited(cursor, "accounts_contact"):
            _contacts(cursor)
        done("accounts and contacts")
        _seats(cursor, people["contributor"].pk)
        _facts(cursor, today, products)
        done("sales facts")
        _plans(cursor, today)
        done("plans")
        _messages(cursor)
        cursor.execute("ANALYZE")
        # The KAM whose pages are measured has as many accounts as any other.
        cursor.execute(
            "SELECT a.id, p.id, a.owner_id FROM accounts_account a"
            " JOIN plans_accountplan p ON p.account_id = a.id AND p.status = 'active'"
            " WHERE a.owner_id = %s AND a.is_key_account ORDER BY a.id LIMIT 1",
            [kams[0].pk],
        )
        account, plan, _owner = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM accounts_salesfact")
        (facts,) = cursor.fetchone()
    return World(
        accounts=accounts,
        facts=facts,
        kam=kams[0].pk,
        leader=teams[0].leader_id,
        management=people["management"].pk,
        administrator=people["administrator"].pk,
        contributor=people["contributor"].pk,
        team=teams[0].pk,
        account=account,
        plan=plan,
    )


def _company(today: date) -> None:
    Company.objects.update_or_create(pk=1, defaults={"name": "Bench", "currency": "EUR"})
    BudgetRate.objects.bulk_create(
        BudgetRate(year=year, currency=currency, rate=Decimal(rate), source="bench")
        for year in range(today.year - 3, today.year + 2)
        for currency, rate in (
            ("NOK", "0.086"),
            ("SEK", "0.088"),
            ("DKK", "0.134"),
            ("GBP", "1.17"),
        )
    )


def _people(accounts: int) -> tuple[list[User], list[Team], dict[str, User]]:
    def person(key: str, role: str, team: Team | None = None) -> User:
        return User(
            email=f"{key}@bench.example.com", name=key.replace("-", " ").title(), role=role, team=team,
            password="!",
        )  # fmt: skip

    people = {
        role: person(role, role)
        for role in (Role.ADMINISTRATOR.value, Role.MANAGEMENT.value, Role.CONTRIBUTOR.value)
    }
    for row in people.values():
        row.save()
    count = max(4, accounts // ACCOUNTS_PER_KAM)
    top = Team.objects.create(name="Company", leader=people["management"])
    teams: list[Team] = []
    region = top
    for at in range(-(-count // KAMS_PER_TEAM)):
        if at % TEAMS_PER_REGION == 0:
            region = Team.objects.create(name=f"Region {at // TEAMS_PER_REGION + 1}", parent=top)
        leader = person(f"leader-{at + 1}", Role.LEADER)
        leader.save()
        teams.append(Team.objects.create(name=f"Team {at + 1}", parent=region, leader=leader))
    kams = User.objects.bulk_create(
        person(f"kam-{at + 1}", Role.KAM, teams[at // KAMS_PER_TEAM]) for at in range(count)
    )
    return kams, teams, people


def _products() -> int:
    lines = [ProductLine.objects.create(name=name) for name in LINES]
    Product.objects.bulk_create(
        Product(name=f"{line.name} {at}", number=f"P{index}{at}", line=line)
        for index, line in enumerate(lines)
        for at in range(5)
    )
    Industry.objects.bulk_create(Industry(name=f"Industry {at + 1}") for at in range(12))
    return len(lines) * 5


def _accounts(cursor, accounts: int, kams: list[User]) -> None:
    """Every 20th account is a group of five; one in fifty has no owner; one in ten is key.

    Names are words that a search finds in some hundreds of rows, as it is in real lists.
    """
    cursor.execute(
        """
        INSERT INTO accounts_account
               (id, version, created_at, updated_at, path, name, number, level, type, lifecycle,
                is_key_account, country, website, currency, description, owner_id, industry_id,
                employees, parent_id)
        SELECT i, 1, now(), now() - i * interval '1 minute', '{}',
               (ARRAY['Nord','Sør','Øst','Vest','Fjell','Strand','Å','Berg','Lys','Skog'])[1 + i %% 10]
               || (ARRAY['vik','heim','dal','holm','åker','sund','nes','foss','stad','mark','havn'])
                  [1 + i / 10 %% 11]
               || ' ' || (ARRAY['Papir','Kjemi','Vann','Verft','Stål','Kraft','Mat'])[1 + i / 7 %% 7]
               || ' ' || i,
               'A' || i, 'territory', 'customer', 'customer', i %% 10 = 0,
               (ARRAY['NO','SE','DK','FI','DE'])[1 + i %% 5], '', (%(currencies)s::text[])[1 + i %% 5], '',
               CASE WHEN i %% 50 = 49 THEN NULL
                    ELSE (%(kams)s::bigint[])[1 + (i / 20) %% array_length(%(kams)s::bigint[], 1)] END,
               (SELECT min(id) FROM accounts_industry) + i %% 12, 10 + i %% 900,
               CASE WHEN i %% 20 BETWEEN 1 AND 4 THEN i - i %% 20 END
          FROM generate_series(20, %(last)s) i
        """,
        {
            "kams": [row.pk for row in kams],
            "last": 19 + accounts,
            "currencies": list(CURRENCIES),
        },
    )
    cursor.execute(
        "SELECT setval(pg_get_serial_sequence('accounts_account', 'id'), %s)", [19 + accounts]
    )


def _contacts(cursor) -> None:
    cursor.execute(
        """
        INSERT INTO accounts_contact
               (version, created_at, updated_at, path, account_id, name, title, email, phone,
                dmu_role, influence, attitude, coverage, notes, holder_id, last_contact_on)
        SELECT 1, now(), now(), '{}', a.id,
               (ARRAY['Åse','Bo','Cecilie','Dag','Eva','Finn','Gro','Håkon'])[1 + (a.id + n) %% 8]
               || ' ' ||
               (ARRAY['Lund','Berg','Ås','Holm','Vik','Moen','Dahl','Falk','Strøm'])[1 + a.id %% 9]
               || ' ' || a.id,
               'Manager', '', '',
               (ARRAY['buyer','decider','user','influencer'])[1 + (a.id + n) %% 4], 1 + (a.id + n) %% 5,
               (ARRAY['supporter','neutral','non_supporter'])[1 + (a.id + n) %% 3], 'multiple', '',
               a.owner_id, current_date - ((a.id * 7 + n) %% 300)::int
          FROM accounts_account a
          CROSS JOIN LATERAL generate_series(1, CASE WHEN a.is_key_account THEN 5 ELSE 1 END) n
         ORDER BY a.id
        """,
        [],
    )


def _seats(cursor, contributor: int) -> None:
    """One contributor on fifty accounts."""
    cursor.execute(
        """
        INSERT INTO accounts_accountteammember
               (version, created_at, updated_at, account_id, user_id, function, may_edit)
        SELECT 1, now(), now(), id, %s, 'specialist', id %% 2 = 0
          FROM accounts_account WHERE is_key_account ORDER BY id LIMIT 50
        """,
        [contributor],
    )


def _facts(cursor, today: date, products: int) -> None:
    """36 months; one or two products in each, a little more each year, a season."""
    first = add_months(month_of(today), -MONTHS)
    with _bare(cursor, "accounts_salesfact"):
        cursor.execute(
            """
            INSERT INTO accounts_salesfact
                   (account_id, product_id, month, currency, revenue, cost, volume)
            SELECT a.id, (SELECT min(id) FROM accounts_product) + (a.id + n * 13) %% %(products)s,
                   m.month, a.currency, x.amount, round(x.amount * 0.62, 2), 1 + (a.id %% 40)
              FROM accounts_account a
              CROSS JOIN generate_series(0, %(months)s - 1) at
              CROSS JOIN LATERAL (
                  SELECT (%(first)s::date + make_interval(months => at))::date AS month) m
              CROSS JOIN LATERAL generate_series(1, 1 + (a.id %% 2)::int) n
              CROSS JOIN LATERAL (
                  SELECT round((500 + (a.id * 7919 %% 1000) ^ 2 / 40 * (0.7 + random() * 0.6)
                         * (1 + at / 300.0))::numeric, 2) AS amount) x
            """,
            {"products": products, "months": MONTHS, "first": first},
        )


def _plans(cursor, today: date) -> None:
    """A third of the accounts has a plan for this year, with two targets, goals, activities."""
    year = today.year
    names = (
        "plans_accountplan",
        "plans_section",
        "plans_target",
        "plans_targetmonth",
        "plans_goal",
        "plans_activity",
    )
    for name in names:
        cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    cursor.execute(
        """
        INSERT INTO plans_accountplan
               (version, created_at, updated_at, account_id, year, currency, status, summary,
                stance, stance_reason, in_force, decision_note)
        SELECT 1, now(), now(), id, %(year)s, currency,
               (ARRAY['active','active','active','submitted','draft','returned'])[1 + id / 3 %% 6],
               repeat('Grow with service and monitoring. ', 8), '', '',
               CASE WHEN 1 + id / 3 %% 6 < 4 THEN 1 ELSE 0 END, ''
          FROM accounts_account
         WHERE owner_id IS NOT NULL AND (id %% 3 = 0 OR id %% 60 = 20) ORDER BY id
        """,
        {"year": year},
    )
    cursor.execute(
        """
        INSERT INTO plans_target (version, created_at, updated_at, plan_id, line_id, phasing)
        SELECT 1, now(), now(), p.id, l.id, 'even'
          FROM plans_accountplan p
          CROSS JOIN LATERAL (
              SELECT id FROM accounts_productline ORDER BY (id + p.id) %% 6 LIMIT 2) l;
        INSERT INTO plans_targetmonth
               (version, created_at, updated_at, target_id, month, revenue, margin, volume, forecast)
        SELECT 1, now(), now(), t.id, m::date, 5000 + t.id %% 4000, 1500, 3,
               CASE WHEN m >= date_trunc('month', %(today)s::date) THEN 5200 END
          FROM plans_target t
          CROSS JOIN generate_series(make_date(%(year)s, 1, 1), make_date(%(year)s, 12, 1), '1 month') m;
        INSERT INTO plans_section
               (version, created_at, updated_at, plan_id, kind, title, guidance, position, weight,
                fresh_days, audience, body, source, confirmed_on)
        SELECT 1, now(), now(), p.id, k.kind, '', '', k.n, 1, 180, 'account',
               repeat('The market is flat. ', 12), '', %(today)s::date - (p.id %% 300)::int
          FROM plans_accountplan p
          CROSS JOIN unnest(ARRAY['situation','needs','value','strategy']) WITH ORDINALITY k(kind, n);
        INSERT INTO plans_goal
               (version, created_at, updated_at, plan_id, side, title, perspective, measured_by,
                metric, baseline, target, weight, due_on)
        SELECT 1, now(), now(), id, 'ours', 'Share of wallet', 'customer', 'hand', '%%', 20, 40, 1,
               make_date(%(year)s, 12, 31)
          FROM plans_accountplan;
        INSERT INTO plans_activity
               (version, created_at, updated_at, plan_id, side, title, reason, responsible_id, due_on, status)
        SELECT 1, now(), now(), p.id, 'ours', 'Visit ' || n, 'Because', a.owner_id,
               %(today)s::date + (((p.id * 3 + n * 17) %% 160) - 40)::int,
               (ARRAY['planned','done','in_progress'])[1 + (p.id + n) %% 3]
          FROM plans_accountplan p JOIN accounts_account a ON a.id = p.account_id
          CROSS JOIN generate_series(1, 3) n
        """,
        {"year": year, "today": today},
    )
    for name in names:
        cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def _messages(cursor) -> None:
    cursor.execute(
        """
        INSERT INTO kam_notification
               (recipient_id, kind, title, body, url, occasion, created_at)
        SELECT u.id, 'plan', 'Message ' || n, '', '/', 'bench-' || n, %s
          FROM kam_user u CROSS JOIN generate_series(1, 20) n
        """,
        [timezone.now()],
    )


@contextmanager
def _unaudited(cursor, table: str) -> Iterator[None]:
    """A table without its audit events; trees and figures are still kept."""
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass"
        " AND tgname LIKE 'pgtrigger_insert_insert%%'",
        [table],
    )
    found = [name for (name,) in cursor.fetchall()]
    for name in found:
        cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
    yield
    for name in found:
        cursor.execute(f'ALTER TABLE {table} ENABLE TRIGGER "{name}"')


@contextmanager
def _bare(cursor, table: str) -> Iterator[None]:
    """A table without triggers and references while millions of rows come in."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    )
    references = cursor.fetchall()
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for name, _rule in references:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    yield
    for name, rule in references:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {rule}')
    cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
