"""Approval freezes; amendments; what has changed since; what readers may see of it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from plans import versions
from plans.calc import split_difference
from plans.models import AccountPlan, Audience, PlanSettings, PlanVersion, TargetMonth
from plans.services import copying, lifecycle, plans, sections, targets
from plans.services.refusals import IllegalTransition, PlanExists, PlanLocked, PlanRefusal
from plans.services.targets import CellEdit
from plans.variance import variances_of
from tests.conftest import YEAR
from tests.plans.conftest import fact

Status = AccountPlan.Status


def approved(cast, plan=None):
    plan = plan or cast.plan
    plan = lifecycle.submit(plan, cast.kam)
    return lifecycle.approve(plan, cast.leader, "Go.")


def test_approval_freezes_the_plan_as_it_stands(cast, today):
    sections.change_section(cast.section, {"body": "Service first."}, base_version=None)
    plan = approved(cast)
    assert (plan.status, plan.in_force) == (Status.ACTIVE, 1)
    version = plan.versions.get()
    assert (version.number, version.note, version.made_by) == (1, "Go.", cast.leader)
    content = version.content
    assert content["plan"] == {
        "year": YEAR, "currency": "NOK", "summary": "Grow.", "stance": "", "stance_reason": "",
    }  # fmt: skip
    assert [s["body"] for s in content["sections"]] == ["Service first."]
    assert content["targets"] == [
        {
            "id": cast.target.pk,
            "name": "Pumps",
            "line": cast.line.pk,
            "phasing": "even",
            "months": {f"{YEAR}-01-01": ["1200.00", "400.00", "0.000"]},
        }
    ]
    assert [g["title"] for g in content["goals"]] == ["More pumps"]
    assert [a["responsible"] for a in content["activities"]] == ["Kari Kam"]


def test_a_version_never_changes(cast, today):
    version = approved(cast).versions.get()
    for changes in ({"content": {}}, {"number": 2}):
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            PlanVersion.objects.filter(pk=version.pk).update(**changes)


def test_a_plan_of_a_coming_year_waits_for_its_first_day(cast, today):
    plan = AccountPlan.objects.create(account=cast.account, year=YEAR + 1, currency="NOK")
    plan = approved(cast, plan)
    assert plan.status == Status.APPROVED
    assert lifecycle.activate_due() == 0
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=Status.APPROVED)  # its year has begun
    assert lifecycle.activate_due() == 1
    assert lifecycle.activate_due() == 0
    cast.plan.refresh_from_db()
    assert cast.plan.status == Status.ACTIVE


def test_what_was_approved_changes_by_amendment_alone(cast, today):
    plan = approved(cast)
    january = date(YEAR, 1, 1)
    row = TargetMonth.objects.get(target=cast.target, month=january)
    edit = [CellEdit(cast.target.pk, january, Decimal(5), row.version)]
    with pytest.raises(PlanLocked, match="Amend"):
        targets.save_cells(plan, "revenue", edit)
    (row,) = targets.save_cells(plan, "forecast", edit)  # forecasts go on
    assert row.forecast == 5
    plan = lifecycle.amend(plan, cast.kam)
    assert (plan.status, plan.in_force) == (Status.AMENDING, 1)
    targets.save_cells(
        plan, "revenue", [CellEdit(cast.target.pk, january, Decimal(1500), row.version)]
    )
    with pytest.raises(IllegalTransition):
        lifecycle.amend(plan, cast.kam)
    plan = lifecycle.withdraw(lifecycle.submit(plan, cast.kam), cast.kam)
    assert plan.status == Status.AMENDING  # not a draft: version 1 is in force
    plan = approved(cast, plan)
    assert (plan.status, plan.in_force) == (Status.ACTIVE, 2)
    first, second = plan.versions.order_by("number")
    (change,) = [c for c in versions.compare(first.content, second.content) if c.group == "targets"]
    assert (change.name, change.how) == ("Pumps", "changed")
    assert [(f.label, f.difference) for f in change.fields] == [("revenue", Decimal(300))]


def test_comparing_names_what_came_went_and_changed(cast, today):
    before = versions.snapshot(cast.plan)
    sections.change_section(cast.section, {"body": "New words"}, base_version=None)
    cast.goal.archived_at = cast.goal.created_at
    cast.goal.save()
    cast.plan.goals.create(title="Fewer claims", metric="claims", target=3)
    found = versions.compare(before, versions.snapshot(cast.plan))
    assert {(c.group, c.name, c.how) for c in found} == {
        ("sections", "Strategy", "changed"),
        ("goals", "More pumps", "removed"),
        ("goals", "Fewer claims", "added"),
    }
    assert versions.compare(before, before) == []


def test_a_reader_finds_no_section_in_a_version_that_is_kept_from_them(cast, today, client):
    sections.change_section(
        cast.section,
        {"body": "Their margin is thin.", "audience": Audience.TEAM},
        base_version=None,
    )
    plan = approved(cast)
    version = plan.versions.get()
    seen = {
        name: "margin is thin"
        in cast.client(name).get(f"/plans/versions/{version.pk}/").content.decode()
        for name in ("kam", "contributor", "leader", "management", "administrator")
    }
    assert seen == {
        "kam": True, "contributor": True, "leader": False, "management": False,
        "administrator": False,
    }  # fmt: skip
    sections.change_section(cast.section, {"body": "Thinner."}, base_version=None)
    url = f"/plans/{plan.pk}/compare/"
    assert "Thinner" in cast.client("kam").get(url).content.decode()
    assert "Thinner" not in cast.client("leader").get(url).content.decode()


def test_what_was_kept_to_few_stays_so_when_the_section_is_opened(cast, today):
    secret = {"body": "Their margin is thin.", "audience": Audience.LEADERS}
    sections.change_section(cast.section, secret, base_version=None)
    plan = approved(cast)
    opened = {"body": "All is well.", "audience": Audience.ACCOUNT}
    sections.change_section(cast.section, opened, base_version=None)
    version = plan.versions.get()
    for address in (
        f"/plans/versions/{version.pk}/",
        f"/plans/{plan.pk}/compare/",
        f"/history/plans.section/{cast.section.pk}/",
    ):
        seen = {
            name: "margin is thin" in cast.client(name).get(address).content.decode()
            for name in ("kam", "leader", "management", "contributor", "administrator")
        }
        assert seen == {
            "kam": True, "leader": True, "management": True, "contributor": False,
            "administrator": False,
        }, address  # fmt: skip


def test_management_approves_from_an_amount_on(cast, today):
    # 1,200 NOK at 0.0875 are 105 EUR.
    settings = PlanSettings.current()
    settings.approval_amount = Decimal("105.00")
    settings.save()
    plan = lifecycle.submit(cast.plan, cast.kam)
    assert lifecycle.deciders(plan) == [cast.management]
    with pytest.raises(PlanRefusal, match="management"):
        lifecycle.approve(plan, cast.leader)
    settings.approval_amount = Decimal("105.01")
    settings.save()
    assert lifecycle.deciders(plan) == [cast.leader]
    assert lifecycle.approve(plan, cast.leader).status == Status.ACTIVE


def test_variances_split_into_volume_and_price(cast, today):
    TargetMonth.objects.filter(target=cast.target).update(revenue=1000, volume=10)
    plan = approved(cast)
    content = plan.versions.get().content
    fact(cast.account, cast.line, date(YEAR, 2, 1), 200, volume=12)  # beside 1,000 without volume
    (line,) = variances_of(plan, content)
    assert (line.approved, line.actual, line.difference) == (1000, 1200, 200)
    assert (line.by_volume, line.by_price) == (200, 0)


@pytest.mark.parametrize(
    ("approved_at", "sold", "parts"),
    [
        ((100, 10), (120, 10), (0, 20)),
        ((100, 10), (120, 12), (20, 0)),
        ((100, 10), (90, 12), (20, -30)),
        ((100, 3), (110, 4), (Decimal("33.33"), Decimal("-23.33"))),
        ((100, 0), (110, 4), None),
        ((100, 3), (0, 0), None),
    ],
)
def test_the_parts_of_a_difference_add_up(approved_at, sold, parts):
    found = split_difference(*map(Decimal, (*approved_at, *sold)))
    assert found == parts
    if parts is not None:
        assert sum(found) == sold[0] - approved_at[0]


def test_next_year_is_made_from_this_one(cast, today, last_year):
    sections.change_section(cast.section, {"body": "Service first."}, base_version=None)
    cast.goal.actual = 12
    cast.goal.save()
    new = copying.copy_forward(cast.plan, by=cast.kam, growth=Decimal(10))
    assert (new.year, new.status, new.summary) == (YEAR + 1, Status.DRAFT, "Grow.")
    assert [(s.kind, s.body) for s in new.sections.all()] == [("strategy", "Service first.")]
    (goal,) = new.goals.all()
    assert (goal.title, goal.baseline, goal.actual, goal.target) == ("More pumps", 12, None, 20)
    assert not new.activities.exists()
    assert new.targets.get().line == cast.line
    with pytest.raises(PlanExists):
        copying.copy_forward(cast.plan, by=cast.kam)


@pytest.mark.parametrize(
    ("numbers", "copied"),
    [((10, 90, 95), None), ((10, 2, 1), None), ((10, 90, 40), 40), ((10, 90, None), 10)],
)
def test_a_goal_that_was_reached_stays_behind(cast, today, numbers, copied):
    cast.goal.baseline, cast.goal.target, cast.goal.actual = numbers
    cast.goal.save()
    new = copying.copy_forward(cast.plan, by=cast.kam)
    assert [goal.baseline for goal in new.goals.all()] == ([] if copied is None else [copied])


def test_sections_of_one_place_are_copied_with_their_readers(cast, today):
    for title in ("One", "Two"):
        section = sections.add_section(
            cast.plan, kind="other", title=title, position=3, audience=Audience.NAMED
        )
        sections.set_readers(section, [cast.contributor])
    new = copying.copy_forward(cast.plan, by=cast.kam)
    copied = new.sections.filter(kind="other")
    assert sorted(s.title for s in copied) == ["One", "Two"]
    assert [s.readers.get().user for s in copied] == [cast.contributor] * 2


def test_a_plan_in_force_is_not_taken_away(cast, today):
    plan = approved(cast)
    with pytest.raises(PlanRefusal, match="Close"):
        plans.archive_plan(plan, by=cast.kam)
    assert plans.archive_plan(lifecycle.close(plan, cast.kam), by=cast.kam).archived_at is not None


@pytest.mark.parametrize("step", ["amending", "submitted", "returned"])
def test_a_plan_that_is_being_amended_is_not_taken_away_either(cast, today, step):
    """What was approved before counts in every roll-up until the amendment is decided on."""
    plan = lifecycle.amend(approved(cast), cast.kam)
    if step != "amending":
        plan = lifecycle.submit(plan, cast.kam)
    if step == "returned":
        plan = lifecycle.send_back(plan, cast.leader, "Not yet.")
    with pytest.raises(PlanRefusal, match="being amended"):
        plans.archive_plan(plan, by=cast.kam)


def test_many_plans_are_made_once(cast, today):
    accounts = [cast.account, cast.child]
    made = copying.make_many(accounts, YEAR, growth=None)
    assert (made.made, made.there, made.refused) == (1, 1, [])
    assert copying.make_many(accounts, YEAR, growth=None).made == 0
    plan = cast.child.plans.get()
    assert plan.sections.count() == 6
