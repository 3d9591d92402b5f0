"""While a plan is amended, every roll-up takes its targets from the version in force."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from kam.models import Company
from kam.money import rates_for
from kam.periods import company_today, company_year
from plans import rollups
from plans.lines import target_lines
from plans.models import (
    AccountPlan,
    AgreedMonth,
    KeptForecast,
    PlanVersion,
    Target,
    TargetMonth,
)
from plans.reports.management import deviations
from plans.rollup_json import account_json, node_json
from plans.rollup_scope import scope_of
from plans.rollups.along import LINES, along
from plans.services import lifecycle, targets
from plans.services.forecasts import keep_forecasts
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from tests.conftest import YEAR

pytestmark = pytest.mark.django_db

JANUARY = date(YEAR, 1, 1)
LEVELS = ("company", "region", "north", "kam", "account")


@pytest.fixture
def approved(cast, valves, today):
    """Kari's plan in force: pumps 1,200 in January and 600 in June, forecast 500; valves 300."""
    TargetMonth.objects.create(
        target=cast.target, month=date(YEAR, 6, 1), revenue=600, margin=200, forecast=500
    )
    cast.valves = Target.objects.create(plan=cast.plan, line=valves)
    TargetMonth.objects.create(target=cast.valves, month=date(YEAR, 2, 1), revenue=300, margin=90)
    cast.plan = lifecycle.submit(cast.plan, cast.kam)
    cast.plan = lifecycle.approve(cast.plan, cast.leader)
    refresh_portfolios()
    return cast


def node_of(cast, level: str) -> tuple[str, int | None]:
    where: dict[str, tuple[str, int | None]] = {
        "company": ("company", None),
        "region": ("team", cast.region.pk),
        "north": ("team", cast.north.pk),
        "kam": ("kam", cast.kam.pk),
        "account": ("account", cast.account.pk),
    }
    return where[level]


def figures_of(cast, level: str) -> dict[str, Any]:
    """A level as the API tells it, and the sum of the targets that it opens into."""
    scope, year = scope_of(cast.management), company_year(YEAR)
    kind, pk = node_of(cast, level)
    if kind == "account":
        tree = rollups.account_tree(cast.account, scope.accounts(), year, company_today())
        told = account_json(tree)
        accounts = scope.accounts().filter(pk=pk)
    else:
        told = node_json(scope.node(kind, pk, year, company_today()))
        told.pop("computed_at", None)
        accounts = None if kind == "company" else scope.accounts_of(kind, pk)[0]
    months = TargetMonth.objects.visible_to(cast.management)
    lines = target_lines(months, accounts, year, rates_for(YEAR)).rows
    told["lines"] = (
        sum((line.converted for line in lines), Decimal(0)),
        sum((line.margin_converted for line in lines), Decimal(0)),
    )
    return told


def everything(cast) -> dict[str, Any]:
    """All that the roll-ups tell of the targets, at every level and along every line."""
    refresh_portfolios()
    found: dict[str, Any] = {level: figures_of(cast, level) for level in LEVELS}
    scope, year = scope_of(cast.management), company_year(YEAR)
    for line in LINES:
        if line != "segment":
            told = along(
                line, scope.owners, scope.accounts(), year, company_today(), unowned=True
            )  # fmt: skip
            found[f"by {line}"] = (told.parts, told.total)
    node = scope.node("company", None, year, company_today())
    found["deviations"] = deviations(scope, node)
    return found


def target(cast, level: str = "company") -> Decimal:
    return Decimal(everything(cast)[level]["figures"]["target"])


def set_month(cast, month: date, revenue: int, margin: int = 0) -> None:
    TargetMonth.objects.filter(target=cast.target, month=month).update(
        revenue=revenue, margin=margin
    )


def test_half_written_targets_count_nowhere_until_they_are_approved(approved):
    cast = approved
    before = everything(cast)
    plan = lifecycle.amend(cast.plan, cast.kam)
    assert everything(cast) == before
    set_month(cast, JANUARY, 5000, 1000)
    targets.archive_target(cast.valves)
    extra = Target.objects.create(plan=plan, line=cast.line.__class__.objects.create(name="Seals"))
    TargetMonth.objects.create(target=extra, month=JANUARY, revenue=70)
    assert everything(cast) == before
    plan = lifecycle.submit(plan, cast.kam)
    assert everything(cast) == before
    plan = lifecycle.withdraw(plan, cast.kam)
    plan = lifecycle.submit(plan, cast.kam)
    plan = lifecycle.send_back(plan, cast.leader, "Not yet.")
    assert everything(cast) == before
    plan = lifecycle.submit(plan, cast.kam)
    plan = lifecycle.approve(plan, cast.leader)
    after = everything(cast)
    for level in LEVELS:
        # 5,000 + 600 + 70 NOK at 0.0875; the valves are gone
        assert Decimal(after[level]["figures"]["target"]) == Decimal("496.13"), level
        assert after[level]["lines"][0] == Decimal("496.125"), level
    assert not AgreedMonth.objects.exists()
    assert {part.label for part in after["by product"][0]} >= {"Seals"}


def test_the_lines_add_up_to_the_totals_all_the_while(approved):
    cast = approved
    lifecycle.amend(cast.plan, cast.kam)
    set_month(cast, JANUARY, 9000, 10)
    found = everything(cast)
    for level in LEVELS:
        told = found[level]["figures"]
        assert Decimal(told["target"]) == round(found[level]["lines"][0], 2) == Decimal("183.75")
        assert Decimal(told["target_margin"]) == round(found[level]["lines"][1], 2)


def test_a_line_says_from_which_version_it_is(approved):
    cast = approved
    lifecycle.amend(cast.plan, cast.kam)
    set_month(cast, JANUARY, 9000)
    page = cast.client("kam").get(
        reverse("plans:rollup_lines", args=["kam", cast.kam.pk]),
        {"year": YEAR, "show": "targets"},
    )
    text = page.content.decode()
    assert "Version 1" in text
    assert "1,200.00" in text
    assert "9,000.00" not in text
    assert "Lena Leader" in text


def test_forecasts_go_on_while_the_plan_is_amended(approved):
    cast = approved
    lifecycle.amend(cast.plan, cast.kam)
    june = date(YEAR, 6, 1)
    before = everything(cast)["kam"]["figures"]["forecast"]
    TargetMonth.objects.filter(target=cast.target, month=june).update(forecast=900, revenue=1)
    # 400 NOK more than the 500 before
    now = everything(cast)["kam"]["figures"]["forecast"]
    assert Decimal(now) - Decimal(before) == 35
    TargetMonth.objects.filter(target=cast.target, month=june).update(forecast=None)
    # without a forecast the target in force counts: 600
    now = everything(cast)["kam"]["figures"]["forecast"]
    assert Decimal(now) - Decimal(before) == Decimal("8.75")
    keep_forecasts(date(YEAR, 5, 2))
    assert KeptForecast.objects.get(month=june).forecast == 600


def test_the_currency_is_that_of_the_version(approved):
    cast = approved
    before = target(cast)
    lifecycle.amend(cast.plan, cast.kam)
    AccountPlan.objects.filter(pk=cast.plan.pk).update(currency="EUR")
    assert target(cast) == before


def test_a_plan_that_was_never_approved_counts_as_it_stands(approved):
    cast = approved
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="submitted", in_force=0)
    set_month(cast, JANUARY, 2200)
    assert target(cast) == Decimal("271.25")


def test_without_a_kept_version_what_stood_when_the_amendment_began_counts(approved):
    cast = approved
    PlanVersion.objects.all().delete()
    before = target(cast)
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="amending")
    set_month(cast, JANUARY, 9000)
    assert target(cast) == before


def test_a_plan_of_before_versions_is_frozen_as_its_amendment_begins(approved):
    cast = approved
    PlanVersion.objects.all().delete()
    AccountPlan.objects.filter(pk=cast.plan.pk).update(in_force=0)
    cast.plan.refresh_from_db()
    before = target(cast)
    lifecycle.amend(cast.plan, cast.kam)
    set_month(cast, JANUARY, 9000)
    assert target(cast) == before
    assert set(AgreedMonth.objects.values_list("version", flat=True)) == {
        PlanVersion.objects.get().pk
    }


def test_many_plans_at_once_and_the_night_finds_nothing_to_correct(approved):
    cast = approved
    before = everything(cast)
    AccountPlan.objects.filter(in_force__gt=0).update(status="amending")
    TargetMonth.objects.update(revenue=1)
    assert everything(cast) == before
    assert rebuild_portfolios() == 0


def test_an_archived_plan_counts_not_though_it_is_amended(approved):
    cast = approved
    lifecycle.amend(cast.plan, cast.kam)
    AccountPlan.objects.filter(pk=cast.plan.pk).update(archived_at=timezone.now())
    assert target(cast) == 0
    assert figures_of(cast, "account")["lines"][0] == 0


def test_the_command_and_the_report_say_the_same(approved, capsys):
    cast = approved
    lifecycle.amend(cast.plan, cast.kam)
    set_month(cast, JANUARY, 9000)
    refresh_portfolios()
    call_command("rollup", level="company", year=YEAR, json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["figures"]["target"]) == (Company.current().name, "183.75")


def test_the_plans_page_says_that_the_version_in_force_counts(approved):
    cast = approved
    lifecycle.amend(cast.plan, cast.kam)
    page = cast.client("kam").get(cast.plan.get_absolute_url()).content.decode()
    assert "Until then roll-ups show the targets of that version." in page
