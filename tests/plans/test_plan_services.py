"""Making plans, targets, goals and activities; what is refused, and with which words."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Contact
from kam.editing import EditConflict
from kam.models import Role, User
from plans.models import AccountPlan, Activity, Goal, Target, TargetMonth
from plans.selectors import people_who_see
from plans.services import activities, goals, plans, targets
from plans.services.refusals import PlanExists, PlanLocked, PlanRefusal
from tests.conftest import YEAR
from tests.plans.conftest import fact

Status = AccountPlan.Status


def month(number: int) -> date:
    return date(YEAR, number, 1)


def revenue(target: Target) -> list[int]:
    return [int(m.revenue) for m in target.months.order_by("month")]


def test_a_plan_is_made_with_targets_as_last_year(cast, last_year):
    AccountPlan.objects.filter(account=cast.account).delete()
    plan = plans.create_plan(cast.account, YEAR, growth=Decimal(10))
    assert (plan.currency, plan.status) == ("NOK", Status.DRAFT)
    by_line = {t.line.name: t for t in plan.targets.all()}
    assert revenue(by_line["Pumps"]) == [110, 330] + [0] * 10
    # 70 EUR at 0.0875 EUR for a NOK are 800 NOK, and a tenth more
    assert revenue(by_line["Valves"]) == [0, 0, 880] + [0] * 9
    assert by_line["Pumps"].phasing == Target.Phasing.LAST_YEAR
    margin = [int(m.margin) for m in by_line["Pumps"].months.order_by("month")]
    assert margin == [44, 132] + [0] * 10


def test_an_account_has_one_plan_a_year(cast):
    with pytest.raises(PlanExists) as refused:
        plans.create_plan(cast.account, YEAR)
    assert refused.value.plan == cast.plan
    assert refused.value.sentence == f"Fjord Shipyards has a plan for {YEAR} already."


def test_sales_without_a_rate_are_in_no_target(cast, valves):
    fact(cast.account, valves, date(YEAR - 1, 3, 1), 70, currency="JPY")
    AccountPlan.objects.filter(account=cast.account).delete()
    plan = plans.create_plan(cast.account, YEAR, growth=Decimal(0))
    assert not plan.targets.exists()


def test_a_target_covers_its_sub_lines_so_they_have_none(cast, small_pumps):
    with pytest.raises(PlanRefusal) as refused:
        targets.add_target(cast.plan, small_pumps, {"revenue": Decimal(5)})
    assert refused.value.sentence.startswith("Small pumps is a part of Pumps")
    targets.archive_target(cast.target)
    below = targets.add_target(cast.plan, small_pumps, {"revenue": Decimal(24)})
    assert revenue(below) == [2] * 12
    with pytest.raises(PlanRefusal) as refused:
        targets.restore_target(Target.objects.get(pk=cast.target.pk))
    assert refused.value.sentence.startswith("Small pumps is a part of Pumps")


def test_an_archived_target_of_the_line_comes_back(cast):
    targets.archive_target(cast.target)
    again = targets.add_target(cast.plan, cast.line, {"revenue": Decimal(120)})
    assert again.pk == cast.target.pk
    assert revenue(again) == [10] * 12
    # the margin of its one month was not named, and stays
    assert again.months.get(month=month(1)).margin == 400


def test_the_years_total_is_phased_as_the_target_says(cast, last_year):
    target = targets.add_target(cast.foreign_plan, cast.line, {"revenue": Decimal(100)})
    assert sum(revenue(target)) == 100
    target = targets.set_phasing(target, "last_year", [1] * 12)
    assert revenue(target) == [9] * 4 + [8] * 8  # the foreign account bought nothing: evenly
    versions = [m.version for m in target.months.order_by("month")]
    targets.save_cells(
        cast.foreign_plan,
        "revenue",
        [targets.CellEdit(target.pk, month(1), Decimal(36), versions[0])],
    )
    target.refresh_from_db()
    assert target.phasing == Target.Phasing.OWN
    versions = [m.version for m in target.months.order_by("month")]
    targets.set_total(target, "revenue", Decimal(254), versions)
    assert sum(revenue(target)) == 254
    assert revenue(target)[0] == 72  # the proportions typed by hand stay


def test_phasing_as_last_year_follows_the_lines_sales(cast, last_year):
    targets.archive_target(cast.target)
    Target.objects.all().delete()
    target = targets.add_target(
        cast.plan, cast.line, {"revenue": Decimal(1000)}, phasing="last_year"
    )
    assert revenue(target) == [250, 750] + [0] * 10


def test_a_month_that_two_people_typed_is_a_conflict_with_its_name(cast):
    edit = targets.CellEdit(cast.target.pk, month(1), Decimal(1300), 1)
    targets.save_cells(cast.plan, "revenue", [edit])
    other = targets.CellEdit(cast.target.pk, month(1), Decimal(1400), 1)
    free = targets.CellEdit(cast.target.pk, month(2), Decimal(7), 0)
    with pytest.raises(EditConflict) as refused:
        targets.save_cells(cast.plan, "revenue", [other, free])
    [field] = refused.value.fields
    assert field.name == f"c-{cast.target.pk}-{YEAR}-01"
    assert (field.before, field.theirs, field.yours) == (1200, 1300, 1400)
    # all or none
    assert revenue(cast.target)[0] == 1300
    assert not cast.target.months.filter(month=month(2), revenue=7).exists()


def test_another_measure_of_the_same_month_is_no_conflict(cast):
    targets.save_cells(
        cast.plan, "revenue", [targets.CellEdit(cast.target.pk, month(1), Decimal(1300), 1)]
    )
    targets.save_cells(
        cast.plan, "margin", [targets.CellEdit(cast.target.pk, month(1), Decimal(500), 1)]
    )
    row = cast.target.months.get(month=month(1))
    assert (row.revenue, row.margin) == (1300, 500)


def test_two_people_who_fill_an_empty_month_are_told(cast):
    first = targets.CellEdit(cast.target.pk, month(3), Decimal(10), 0)
    second = targets.CellEdit(cast.target.pk, month(3), Decimal(20), 0)
    targets.save_cells(cast.plan, "revenue", [first])
    with pytest.raises(EditConflict):
        targets.save_cells(cast.plan, "revenue", [second])
    targets.save_cells(
        cast.plan, "forecast", [targets.CellEdit(cast.target.pk, month(3), Decimal(9), 0)]
    )
    row = cast.target.months.get(month=month(3))
    assert (row.revenue, row.forecast) == (10, 9)


def test_a_target_below_zero_is_refused_by_its_month(cast):
    edit = targets.CellEdit(cast.target.pk, month(1), Decimal(-1), 1)
    with pytest.raises(ValidationError) as refused:
        targets.save_cells(cast.plan, "revenue", [edit])
    assert refused.value.message_dict == {edit.name: ["Jan 2026: A target is not below zero."]}


def test_a_month_of_another_plan_is_refused(cast):
    edit = targets.CellEdit(cast.target.pk, month(1), Decimal(1), 1)
    with pytest.raises(PlanRefusal):
        targets.save_cells(cast.foreign_plan, "revenue", [edit])


def test_bulk_written_months_leave_their_trace(cast, valves):
    target = targets.add_target(cast.plan, valves, {"revenue": Decimal(12)})
    events = TargetMonth.events.rel.related_model.objects.filter(pgh_obj__target=target)
    assert events.filter(pgh_label="insert").count() == 12
    targets.archive_target(target)
    targets.add_target(cast.plan, valves, {"revenue": Decimal(24)})
    assert events.filter(pgh_label="update").count() == 12
    assert set(events.filter(pgh_label="update").values_list("revenue", flat=True)) == {2}


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.CLOSED])
def test_what_is_decided_on_stands_still(cast, valves, status):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=status)
    plan = AccountPlan.objects.get(pk=cast.plan.pk)
    edit = targets.CellEdit(cast.target.pk, month(1), Decimal(1), 1)
    for refused in (
        lambda: plans.change_plan(plan, {"summary": "x"}, base_version=None),
        lambda: targets.add_target(plan, valves, {}),
        lambda: targets.save_cells(plan, "revenue", [edit]),
        lambda: targets.archive_target(cast.target),
        lambda: goals.add_goal(plan, title="x", metric="y"),
        lambda: goals.change_goal(cast.goal, {"title": "x"}, base_version=None),
    ):
        with pytest.raises(PlanLocked):
            refused()


def test_activities_go_on_while_a_plan_waits_but_not_when_it_is_closed(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=Status.SUBMITTED)
    assert activities.finish(cast.activity).status == Activity.Status.DONE
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=Status.CLOSED)
    with pytest.raises(PlanLocked) as refused:
        activities.take_up_again(cast.activity)
    assert refused.value.sentence == "The plan is closed. Open it again to change it."


def test_done_is_done_on_a_day(cast, today):
    done = activities.finish(cast.activity)
    assert (done.status, done.done_on) == ("done", today)
    again = activities.finish(done)
    assert again.version == done.version
    planned = activities.take_up_again(done)
    assert (planned.status, planned.done_on) == ("planned", None)
    changed = activities.change_activity(planned, {"status": "done"}, base_version=None)
    assert changed.done_on == today


def test_many_are_done_or_postponed_at_once_and_each_leaves_its_trace(cast, today):
    second = activities.add_activity(cast.plan, title="Call")
    closed = activities.add_activity(cast.foreign_plan, title="Write")
    AccountPlan.objects.filter(pk=cast.foreign_plan.pk).update(status=Status.CLOSED)
    everything = Activity.objects.all()
    assert activities.postpone_many(everything, date(YEAR, 6, 1)) == 2
    assert activities.finish_many(everything) == 2
    second.refresh_from_db()
    assert (second.status, second.due_on, second.version) == ("done", date(YEAR, 6, 1), 3)
    assert second.events.count() == 3
    closed.refresh_from_db()
    assert closed.status == "planned"


def test_an_activity_names_people_and_goals_of_its_own_account(cast):
    with pytest.raises(ValidationError) as refused:
        activities.add_activity(
            cast.plan,
            title="Meet",
            contact=cast.foreign_contact,
            responsible=cast.other_kam,
            goal=Goal.objects.create(plan=cast.foreign_plan, title="x", metric="y"),
        )
    assert set(refused.value.message_dict) == {"contact", "responsible", "goal"}
    in_group = Contact.objects.create(account=cast.child, name="Siri Subsidiary")
    activities.add_activity(cast.plan, title="Meet", contact=in_group, responsible=cast.editor)


def test_who_may_be_responsible_agrees_with_who_sees_the_account(cast):
    for account in (cast.account, cast.child, cast.foreign, cast.unowned):
        seeing = {
            person.pk
            for person in User.objects.exclude(role=Role.SERVICE)
            if type(account).objects.visible_to(person).filter(pk=account.pk).exists()
        }
        assert set(people_who_see(account).values_list("pk", flat=True)) == seeing
