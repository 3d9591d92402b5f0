"""The prepared figures stay what the rows say, after every kind of write, also of two at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, SalesFact
from kam.models import TaskRun, Team
from kam.periods import FiscalYear
from plans import versions
from plans.models import (
    AccountPlan,
    Activity,
    PlanVersion,
    PortfolioCount,
    PortfolioMonth,
    StalePortfolio,
    Target,
    TargetMonth,
)
from plans.services import nightly, portfolios
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios, refresh_soon
from tests.plans.rollup_world import (
    expected_cells,
    expected_counts,
    messy_world,
    plan_for,
    stored_cells,
    stored_counts,
)

YEAR = FiscalYear(2026)


@pytest.fixture
def today(monkeypatch) -> date:
    day = date(2026, 7, 10)
    monkeypatch.setattr(portfolios, "company_today", lambda: day)
    return day


def assert_true_figures(today: date) -> None:
    assert stored_cells() == expected_cells()
    assert stored_counts() == expected_counts(today)
    assert not StalePortfolio.objects.exists()


@pytest.fixture
def world(db, today):
    world = messy_world(YEAR, accounts=18)
    refresh_portfolios()
    return world


def living(world, **lookup) -> Account:
    return (
        Account.objects.filter(archived_at__isnull=True, sales_facts__month__year=2026, **lookup)
        .order_by("pk")
        .first()
    )


def test_figures_are_the_rows_sums(world, today):
    assert_true_figures(today)
    assert any(key[0] is None for key in stored_cells())


def amended():
    """Plans that were approved and are amended by now, with targets half-written."""
    plans = AccountPlan.objects.filter(targets__months__isnull=False).order_by("pk").distinct()[:6]
    for plan in plans:
        versions.freeze(plan, PlanVersion.Occasion.APPROVED, None)
    found = AccountPlan.objects.filter(pk__in=[plan.pk for plan in plans])
    found.update(in_force=1, status="active")
    found.update(status="amending")
    months = TargetMonth.objects.filter(target__plan__in=found)
    months.update(revenue=F("revenue") * 3)
    Target.objects.filter(pk=months.first().target_id).update(archived_at=timezone.now())
    return found


# Every kind of write: name → what is done. Bulk updates and raw SQL leave their marks like any other.
WRITES = {
    "a new fact": lambda w: SalesFact.objects.create(
        account=living(w), product=w.products[0], month=date(2026, 12, 1), currency="PLN", revenue=5
    ),
    "facts changed in bulk": lambda w: SalesFact.objects.filter(month__month=3).update(
        revenue=F("revenue") + 1
    ),
    "facts moved to another month": lambda w: SalesFact.objects.filter(
        month=date(2027, 1, 1)
    ).update(month=date(2027, 6, 1)),
    "facts moved to another account": lambda w: SalesFact.objects.filter(
        account=living(w, owner__isnull=False)
    ).update(account=Account.objects.create(name="New", owner=w.owners[1])),
    "a fact's currency": lambda w: SalesFact.objects.filter(account=living(w)).update(
        currency="CZK"
    ),
    "facts deleted": lambda w: SalesFact.objects.filter(account=living(w)).delete(),
    "all facts deleted": lambda w: SalesFact.objects.all().delete(),
    "an account to another owner": lambda w: Account.objects.filter(pk=living(w).pk).update(
        owner=w.owners[3]
    ),
    "many accounts to nobody": lambda w: Account.objects.filter(owner__in=w.owners[:5]).update(
        owner=None
    ),
    "all accounts of nobody to somebody": lambda w: Account.objects.filter(owner=None).update(
        owner=w.owners[0]
    ),
    "an account archived": lambda w: Account.objects.filter(pk=living(w).pk).update(
        archived_at=timezone.now()
    ),
    "accounts restored": lambda w: Account.objects.update(archived_at=None),
    "an account becomes key": lambda w: Account.objects.update(is_key_account=True),
    "a new account": lambda w: Account.objects.create(name="New", owner=w.owners[0]),
    "an account deleted": lambda w: Account.objects.create(name="New", owner=w.owners[0]).delete(),
    "a new plan": lambda w: plan_for(
        w, Account.objects.create(name="New", owner=w.owners[2]), 2026
    ),
    "a plan archived": lambda w: AccountPlan.objects.filter(targets__months__isnull=False).update(
        archived_at=timezone.now()
    ),
    "plans restored": lambda w: AccountPlan.objects.update(archived_at=None),
    "a plan's currency": lambda w: AccountPlan.objects.update(currency="GBP"),
    "plans approved": lambda w: AccountPlan.objects.update(status="active"),
    "plans amended": lambda w: amended(),
    "amendments decided on": lambda w: amended().update(status="active"),
    "an amended plan's currency": lambda w: amended().update(currency="GBP"),
    "a plan deleted": lambda w: (
        AccountPlan.objects.filter(activities__isnull=False).first().delete()
    ),
    "targets edited": lambda w: TargetMonth.objects.update(revenue=F("revenue") + 7),
    "forecasts cleared": lambda w: TargetMonth.objects.update(forecast=None),
    "a target archived": lambda w: Target.objects.filter(months__isnull=False).update(
        archived_at=timezone.now()
    ),
    "targets restored": lambda w: Target.objects.update(archived_at=None),
    "target months archived": lambda w: TargetMonth.objects.filter(month__month=2).update(
        archived_at=timezone.now()
    ),
    "a target deleted": lambda w: Target.objects.filter(months__isnull=False).first().delete(),
    "activities done": lambda w: Activity.objects.filter(pk__gt=0).update(status="done"),
    "activities put off": lambda w: Activity.objects.update(due_on=date(2027, 1, 1)),
    "activities archived": lambda w: Activity.objects.update(archived_at=timezone.now()),
    "an activity deleted": lambda w: Activity.objects.filter(status="planned").delete(),
    "a team moved": lambda w: Team.objects.filter(pk=w.teams[3].pk).update(parent=w.teams[1]),
    "a person changes team": lambda w: w.owners[0].__class__.objects.update(team=w.teams[0]),
}


@pytest.mark.parametrize("name", WRITES)
def test_after_every_kind_of_write_they_hold_again(world, today, name):
    WRITES[name](world)
    refresh_portfolios()
    assert_true_figures(today)


def test_many_writes_then_one_refresh(world, today):
    for name, write in WRITES.items():
        if name not in ("all facts deleted", "a plan archived"):
            write(world)
    refresh_portfolios()
    assert_true_figures(today)


def test_a_refresh_in_small_bites_leaves_the_rest_marked(world, today):
    SalesFact.objects.update(revenue=F("revenue") * 2)
    marks = StalePortfolio.objects.count()
    assert refresh_portfolios(limit=3) == 3
    assert StalePortfolio.objects.count() == marks - 3
    assert refresh_portfolios() == marks - 3
    assert_true_figures(today)


def test_one_bulk_write_leaves_one_mark_for_each_account_and_month(world):
    SalesFact.objects.filter(month=date(2026, 3, 1)).update(cost=1)
    touched = set(SalesFact.objects.filter(month=date(2026, 3, 1)).values_list("account", "month"))
    assert StalePortfolio.objects.count() == len(touched)


def test_what_changes_no_figure_leaves_no_mark(world):
    Account.objects.update(name="Other")
    AccountPlan.objects.update(summary="Other")
    Activity.objects.update(title="Other")
    assert not StalePortfolio.objects.exists()


def test_a_rebuild_heals_what_no_trigger_saw_and_says_how_much(world, today):
    assert rebuild_portfolios() == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE plans_portfoliomonth SET actual_revenue = 1 WHERE month = '2026-03-01'"
        )
        cursor.execute("INSERT INTO plans_portfoliomonth (owner_id, month, currency, actual_revenue,"
                       " actual_margin, target_revenue, target_margin, forecast_revenue)"
                       " VALUES (NULL, '2001-01-01', 'EUR', 1, 1, 1, 1, 1)")  # fmt: skip
        broken = PortfolioMonth.objects.filter(actual_revenue=1).count()
    assert rebuild_portfolios() == broken
    assert_true_figures(today)


def test_midnight_makes_open_activities_late(world, today, monkeypatch):
    tomorrow = date(2026, 12, 31)
    plan = AccountPlan.objects.filter(archived_at=None, account__archived_at=None).first()
    Activity.objects.create(plan=plan, title="Visit", due_on=date(2026, 12, 30))
    refresh_portfolios()
    assert_true_figures(today)
    monkeypatch.setattr(portfolios, "company_today", lambda: tomorrow)
    assert stored_counts() != expected_counts(tomorrow)
    portfolios.mark_new_day()
    refresh_portfolios()
    assert_true_figures(tomorrow)
    assert portfolios.mark_new_day() == 0


def test_the_night_is_claimed_once_a_date_and_written_down(world):
    now = timezone.now()
    assert nightly.claim_night(now)
    assert not nightly.claim_night(now)
    nightly.run_night()
    run = TaskRun.objects.get(name="nightly")
    assert (run.status, run.detail) == ("ok", {"corrected": 0})
    assert not nightly.claim_night(now + timedelta(minutes=1))
    assert nightly.claim_night(now + timedelta(days=1))
    # Its worker dies: after a while somebody else may.
    assert not nightly.claim_night(now + timedelta(days=1, minutes=10))
    assert nightly.claim_night(now + timedelta(days=1, minutes=46))


def test_a_failed_night_says_so(world, monkeypatch):
    def fail() -> int:
        raise RuntimeError

    monkeypatch.setattr(nightly, "rebuild_portfolios", fail)
    with pytest.raises(RuntimeError):
        nightly.run_night()
    assert TaskRun.objects.get(name="nightly").status == "failed"


def test_the_command_works_off_marks_and_rebuilds(world, today, capsys):
    SalesFact.objects.update(revenue=1)
    call_command("refresh_figures")
    assert_true_figures(today)
    call_command("refresh_figures", all=True)
    assert "0 prepared figures changed" in capsys.readouterr().out


def test_a_small_write_is_done_when_its_transaction_ends(
    world, today, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        SalesFact.objects.filter(account=living(world)).update(revenue=9)
        refresh_soon()
    assert_true_figures(today)


def test_a_large_write_leaves_its_rest_to_the_worker(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr(portfolios, "INLINE_MARKS", 5)
    monkeypatch.setattr(portfolios, "wake_worker", lambda: woken.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        SalesFact.objects.update(revenue=9)
        refresh_soon()
    assert woken
    assert StalePortfolio.objects.exists()


# --- two at once, on real connections ---------------------------------------------------------------


def in_thread(work) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def real_world(transactional_db, today):
    world = messy_world(YEAR, accounts=12)
    refresh_portfolios()
    return world


@pytest.mark.parametrize("order", ["fact commits first", "move commits first"])
def test_a_fact_comes_in_while_its_account_moves(real_world, today, order):
    """Neither transaction sees the other's row; with marks by owner the new owner misses the fact."""
    account = living(real_world, owner__isnull=False)
    new_owner = next(o for o in real_world.owners if o.pk != account.owner_id)
    inside, finish = threading.Event(), threading.Event()

    def fact() -> None:
        SalesFact.objects.create(
            account=account, product=real_world.products[0], month=date(2030, 1, 1),
            currency="EUR", revenue=77,
        )  # fmt: skip

    def move() -> None:
        Account.objects.filter(pk=account.pk).update(owner=new_owner)

    slow, quick = (move, fact) if order == "fact commits first" else (fact, move)

    def slow_transaction() -> None:
        with transaction.atomic():
            slow()
            inside.set()
            finish.wait(10)

    thread = in_thread(slow_transaction)
    inside.wait(10)
    quick()
    refresh_portfolios()
    finish.set()
    thread.join()
    refresh_portfolios()
    assert_true_figures(today)
    assert PortfolioMonth.objects.get(month=date(2030, 1, 1)).owner_id == new_owner.pk


def test_writers_and_refreshers_at_once(real_world, today):
    end = time.monotonic() + 4
    errors: list[BaseException] = []

    def writing(seed: int):
        def work() -> None:
            rng, turn = __import__("random").Random(seed), 0
            try:
                while time.monotonic() < end:
                    turn += 1
                    with transaction.atomic():
                        account = rng.choice(real_world.accounts)
                        SalesFact.objects.update_or_create(
                            account=account,
                            product=real_world.products[seed],
                            month=date(2026, rng.randint(1, 12), 1),
                            currency=rng.choice(["HUF", "RON"]),
                            defaults={"revenue": Decimal(rng.randint(1, 10**6)) / 100},
                        )
                        if turn % 3 == 0:
                            Account.objects.filter(pk=account.pk).update(
                                owner=rng.choice(real_world.owners)
                            )
                        if turn % 5 == 0:
                            SalesFact.objects.filter(account=account, month__month=2).delete()
            except BaseException as error:
                errors.append(error)

        return work

    def refreshing() -> None:
        try:
            while time.monotonic() < end:
                refresh_portfolios(limit=20)
        except BaseException as error:
            errors.append(error)

    threads = [in_thread(work) for work in (writing(0), writing(1), refreshing, refreshing)]
    for thread in threads:
        thread.join()
    # Two writers may meet in a deadlock of their own; a refresher never.
    assert [e for e in errors if "deadlock" not in str(e)] == []
    refresh_portfolios()
    assert_true_figures(today)


def test_killed_in_the_middle_nothing_is_lost(real_world, today):
    SalesFact.objects.update(revenue=F("revenue") + 3)
    marks = StalePortfolio.objects.count()
    code = (
        "import os, django; django.setup()\n"
        "from django.conf import settings\n"
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r}\n"
        "from plans.services import portfolios\n"
        "compute = portfolios._compute\n"
        "def stopped(stale):\n"
        "    compute(stale)\n"
        "    print('computed', flush=True)\n"
        "    import time; time.sleep(60)\n"
        "portfolios._compute = stopped\n"
        "portfolios.refresh_portfolios()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "kam.settings.test"},
    )
    assert child.stdout.readline() == b"computed\n"
    assert refresh_portfolios() == 0  # they are at work
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    deadline = time.monotonic() + 10
    while StalePortfolio.objects.count() < marks and time.monotonic() < deadline:
        time.sleep(0.05)
    while StalePortfolio.objects.exists() and time.monotonic() < deadline:
        refresh_portfolios()
    assert_true_figures(today)
    assert PortfolioCount.objects.exists()
