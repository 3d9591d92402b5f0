"""What is archived stands still, and comes back by the plans' own rules alone."""

import html
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Account
from accounts.services.accounts import archive_account, restore_account
from kam.editing import archive
from kam.history import bring_back
from plans.models import AccountPlan, Activity, Goal, Target
from plans.services import activities, goals, lifecycle, plans, targets
from plans.services.refusals import IllegalTransition, PlanLocked, PlanRefusal
from tests.conftest import YEAR

Status = AccountPlan.Status


def test_the_history_brings_rows_back_by_the_plans_rules(cast, small_pumps):
    targets.archive_target(cast.target)
    targets.add_target(cast.plan, small_pumps, {})
    goals.archive_goal(cast.goal)
    activities.archive_activity(cast.activity)
    address = reverse("kam:history_restore", args=["plans.target", cast.target.pk])
    answer = cast.client("kam").post(address, follow=True)
    assert "Small pumps is a part of Pumps" in answer.content.decode()
    assert Target.objects.get(pk=cast.target.pk).archived_at is not None
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=Status.CLOSED)
    for row in (cast.goal, cast.activity):
        row = type(row).objects.get(pk=row.pk)
        with pytest.raises(PlanLocked):
            bring_back(row)
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=Status.DRAFT)
    assert bring_back(Goal.objects.get(pk=cast.goal.pk)).archived_at is None


def test_a_plan_comes_back_after_its_account(cast):
    archive(cast.plan)
    archive(cast.account)
    plan = AccountPlan.objects.get(pk=cast.plan.pk)
    with pytest.raises(PlanRefusal, match=r"Fjord Shipyards is archived\. Restore it first\."):
        bring_back(plan)
    type(cast.account).objects.filter(pk=cast.account.pk).update(archived_at=None)
    assert bring_back(plan).archived_at is None


def test_an_account_with_an_open_plan_is_not_archived(cast):
    archive_it = reverse("accounts:archive", args=[cast.foreign.pk])
    client = cast.client("administrator")
    words = f"The plan Skåne Foods {YEAR} is “Draft”. Close or archive it first."
    answer = client.post(archive_it)
    assert answer.status_code == 409
    assert words in html.unescape(answer.content.decode())
    for changes in ({"status": Status.CLOSED}, {"status": Status.ACTIVE, "year": YEAR - 1}):
        AccountPlan.objects.filter(pk=cast.foreign_plan.pk).update(**changes)
        archive_account(cast.foreign)
        restore_account(Account.objects.get(pk=cast.foreign.pk))
    AccountPlan.objects.filter(pk=cast.foreign_plan.pk).update(year=YEAR + 1)
    with pytest.raises(ValidationError, match=f"Skåne Foods {YEAR + 1}"):
        archive_account(cast.foreign)


@pytest.mark.parametrize("which", ["plan", "account"])
def test_an_archived_plan_stands_still(cast, valves, which):
    archive(getattr(cast, which))
    plan, edit = cast.plan, targets.CellEdit(cast.target.pk, date(YEAR, 1, 1), Decimal(1), 1)
    for refused in (
        lambda: plans.change_plan(plan, {"summary": "x"}, base_version=None),
        lambda: targets.add_target(plan, valves, {}),
        lambda: targets.save_cells(plan, "revenue", [edit]),
        lambda: goals.add_goal(plan, title="x", metric="y"),
        lambda: activities.add_activity(plan, title="x"),
        lambda: activities.finish(cast.activity),
    ):
        with pytest.raises(PlanLocked, match=r"is archived\. Restore it first\."):
            refused()
    with pytest.raises(IllegalTransition, match="archived"):
        lifecycle.submit(plan, cast.kam)
    assert activities.finish_many(Activity.objects.all()) == 0
    page = reverse("plans:goal_add", args=[plan.pk])
    cast.client("kam").post(page, {"title": "x", "metric": "y", "side": "ours"})
    assert plan.goals.count() == 1


def test_an_archived_account_gets_no_plan(cast):
    archive(cast.account)
    address, asked = reverse("plans:create"), {"account": cast.account.pk, "year": YEAR + 1}
    answer = cast.client("kam").post(address, asked, follow=True)
    assert "Fjord Shipyards is archived. Restore it first." in answer.content.decode()
    assert not AccountPlan.objects.filter(year=YEAR + 1).exists()


def test_the_page_restores_a_plan_once_its_account_is_back(cast):
    archive(cast.plan)
    archive(cast.account)
    kam, address = cast.client("kam"), reverse("plans:restore", args=[cast.plan.pk])
    answer = kam.post(address, follow=True)
    assert "Fjord Shipyards is archived. Restore it first." in answer.content.decode()
    kam.post(reverse("accounts:restore", args=[cast.account.pk]))
    kam.post(address)
    assert AccountPlan.objects.get(pk=cast.plan.pk).archived_at is None
