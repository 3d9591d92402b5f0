"""An amendment that is given up: the version in force is what the plan says again."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import ProductLine
from kam.editing import archive
from kam.models import AuditEntry, Notification
from plans import versions
from plans.models import Activity, Audience, Goal, GoalStep, Strategy, Target, TargetMonth
from plans.services import goals, lifecycle, sections, targets
from plans.services.amendments import aims
from plans.services.portfolios import refresh_portfolios
from plans.services.refusals import IllegalTransition, PlanRefusal
from plans.services.steering import NotYours
from tests.conftest import YEAR
from tests.plans.test_rollup_in_force import LEVELS, figures_of

pytestmark = pytest.mark.django_db
JANUARY, JUNE = date(YEAR, 1, 1), date(YEAR, 6, 1)


def targets_told(cast):
    """Each level's target, and the sum of the lines that it opens into."""
    refresh_portfolios()
    told = {level: figures_of(cast, level) for level in LEVELS}
    return {level: (said["figures"]["target"], said["lines"]) for level, said in told.items()}


@pytest.fixture
def amended(cast, valves, today):
    """Kari's plan, approved, and every aim and text of it changed in an amendment."""
    TargetMonth.objects.create(
        target=cast.target, month=JUNE, revenue=600, margin=200, volume=3, forecast=500
    )
    cast.valves = targets.add_target(cast.plan, valves, {"revenue": Decimal(300)})
    cast.step = goals.add_step(cast.goal, on=date(YEAR, 6, 30), target=Decimal(5))
    cast.dropped = goals.add_goal(cast.plan, title="Fewer claims", metric="claims", target=3)
    cast.strategy = goals.add_strategy(cast.plan, title="Service first", goal=cast.goal)
    sections.change_section(cast.section, {"body": "As approved."}, base_version=None)
    plan = lifecycle.approve(lifecycle.submit(cast.plan, cast.kam), cast.leader, "Go.")
    cast.version = plan.versions.get()
    cast.before = targets_told(cast)

    plan = lifecycle.amend(plan, cast.kam)
    TargetMonth.objects.filter(target=cast.target, month=JANUARY).update(revenue=9000, margin=1)
    TargetMonth.objects.filter(target=cast.target, month=JUNE).update(volume=0, forecast=450)
    TargetMonth.objects.create(target=cast.target, month=date(YEAR, 9, 1), revenue=50, forecast=40)
    targets.archive_target(cast.valves)
    TargetMonth.objects.filter(target=cast.valves).update(revenue=1)
    targets.add_target(plan, ProductLine.objects.create(name="Seals"), {"revenue": Decimal(70)})
    goals.change_goal(
        cast.goal,
        {"title": "All pumps", "target": Decimal(99), "actual": Decimal(4)},
        base_version=None,
    )
    goals.change_step(cast.step, {"target": Decimal(50), "actual": Decimal(2)}, base_version=None)
    goals.add_step(cast.goal, on=date(YEAR, 9, 30), target=Decimal(7))
    goals.archive_goal(cast.dropped)
    goals.add_goal(plan, title="New thought", metric="x", target=1)
    goals.change_strategy(cast.strategy, {"title": "Price first", "goal": None}, base_version=None)
    goals.add_strategy(plan, title="Another way")
    sections.change_section(cast.section, {"body": "Half-written."}, base_version=None)
    Activity.objects.filter(pk=cast.activity.pk).update(status="done", done_on=JUNE)
    cast.plan = plan
    return cast


def test_what_only_an_amendment_changes_goes_back_and_the_rest_stays(amended):
    cast = amended
    plan = lifecycle.give_up(cast.plan, cast.kam)
    assert (plan.status, plan.in_force) == ("active", 1)
    assert (plan.decided_by, plan.decision_note) == (cast.leader, "Go.")
    now = versions.snapshot(plan)
    was = cast.version.content
    assert aims(now) == aims(was)
    assert now["steps"] == was["steps"]
    assert [t["phasing"] for t in now["targets"]] == [t["phasing"] for t in was["targets"]]
    # What goes on without any amendment
    assert Goal.objects.get(pk=cast.goal.pk).actual == 4
    assert GoalStep.objects.get(pk=cast.step.pk).actual == 2
    assert Activity.objects.get(pk=cast.activity.pk).status == "done"
    months = {m.month: m for m in cast.target.months.all()}
    assert (months[JUNE].forecast, months[date(YEAR, 9, 1)].forecast) == (450, 40)
    assert months[date(YEAR, 9, 1)].revenue == 0
    cast.section.refresh_from_db()
    assert cast.section.body == "Half-written."
    assert Strategy.objects.get(pk=cast.strategy.pk).title == "Price first"
    assert plan.versions.count() == 1
    # And it is a plan in force like any other
    assert lifecycle.close(plan, cast.kam).status == "closed"


def test_the_texts_go_back_where_that_is_asked_for(amended):
    cast = amended
    added = sections.add_section(cast.plan, kind="other", title="Late thought")
    plan = lifecycle.give_up(cast.plan, cast.kam, texts=True)
    now, was = versions.snapshot(plan), cast.version.content
    for group in ("plan", "sections", "strategies", "steps"):
        assert now[group] == was[group], group
    added.refresh_from_db()
    assert added.archived_at is not None
    cast.section.refresh_from_db()
    assert cast.section.confirmed_on == cast.version.made_at.date()
    left = {change.group for change in versions.compare(was, now)}
    assert left == {"goals", "activities"}  # what it has reached; what was done


def test_a_section_that_is_kept_from_the_person_stays(amended):
    cast = amended
    sections.change_section(
        cast.section, {"audience": Audience.NAMED, "body": "Not for Lena."}, base_version=None
    )
    lifecycle.give_up(cast.plan, cast.leader, texts=True)
    cast.section.refresh_from_db()
    assert (cast.section.body, cast.section.archived_at) == ("Not for Lena.", None)


def test_a_section_whose_approved_words_the_person_may_not_read_stays(amended):
    cast = amended
    changes = {"audience": Audience.NAMED, "body": "Kept to few, and approved."}
    sections.change_section(cast.section, changes, base_version=None)
    plan = lifecycle.approve(lifecycle.submit(cast.plan, cast.kam), cast.leader)
    plan = lifecycle.amend(plan, cast.kam)
    changes = {"audience": Audience.ACCOUNT, "body": "Open to all."}
    sections.change_section(cast.section, changes, base_version=None)
    lifecycle.give_up(plan, cast.leader, texts=True)
    cast.section.refresh_from_db()
    assert (cast.section.body, cast.section.archived_at) == ("Open to all.", None)


def test_the_roll_ups_stay_as_they_were_through_it_all(amended):
    cast = amended
    lifecycle.give_up(cast.plan, cast.kam)
    assert targets_told(cast) == cast.before


def test_a_returned_amendment_is_given_up_too_and_the_history_keeps_all_of_it(amended):
    cast = amended
    plan = lifecycle.submit(cast.plan, cast.kam)
    with pytest.raises(IllegalTransition):
        lifecycle.give_up(plan, cast.kam)
    plan = lifecycle.send_back(plan, cast.leader, "No.")
    last = AuditEntry.objects.latest("pk").pk
    plan = lifecycle.give_up(plan, cast.leader)
    assert (plan.status, plan.decision_note) == ("active", "Go.")
    said = set(AuditEntry.objects.filter(pk__gt=last).values_list("model", flat=True))
    assert {"plans.accountplan", "plans.goal", "plans.target", "plans.targetmonth"} <= said
    titles = cast.goal.events.order_by("pgh_id").values_list("title", flat=True)
    assert list(titles)[-3:] == ["More pumps", "All pumps", "More pumps"]
    note = Notification.objects.get(kind="plan_amendment_given_up")
    assert (note.recipient, "given up" in note.title) == (cast.kam, True)


def test_nothing_is_half_put_back(amended):
    cast = amended
    Target.objects.filter(pk=cast.valves.pk).delete()
    with pytest.raises(PlanRefusal, match="there no more"):
        lifecycle.give_up(cast.plan, cast.kam)
    cast.plan.refresh_from_db()
    assert cast.plan.status == "amending"
    assert Goal.objects.get(pk=cast.goal.pk).title == "All pumps"
    assert TargetMonth.objects.get(target=cast.target, month=JANUARY).revenue == 9000


def test_what_was_never_approved_is_not_given_up(cast, today):
    plan = lifecycle.send_back(lifecycle.submit(cast.plan, cast.kam), cast.leader, "No.")
    with pytest.raises(PlanRefusal, match="No version"):
        lifecycle.give_up(plan, cast.kam)
    page = cast.client("kam").get(plan.get_absolute_url()).content.decode()
    assert "give-up" not in page
    page = cast.client("kam").get(reverse("plans:give-up", args=[plan.pk])).content.decode()
    assert "not possible now" in page


def test_a_plan_of_a_coming_year_waits_for_its_first_day_again(cast, today):
    plan = cast.plan.__class__.objects.create(account=cast.account, year=YEAR + 1, currency="NOK")
    plan = lifecycle.approve(lifecycle.submit(plan, cast.kam), cast.leader)
    plan = lifecycle.give_up(lifecycle.amend(plan, cast.kam), cast.kam)
    assert plan.status == "approved"


def test_it_is_for_those_who_answer_for_the_account(amended):
    cast = amended
    with pytest.raises(NotYours):
        lifecycle.give_up(cast.plan, cast.editor)
    archive(cast.plan)
    with pytest.raises(IllegalTransition):
        lifecycle.give_up(cast.plan, cast.kam)


def test_of_a_version_without_steps_the_page_says_that_they_stay(cast, today, monkeypatch):
    monkeypatch.delitem(versions.FORM, "steps")
    lifecycle.approve(lifecycle.submit(cast.plan, cast.kam), cast.leader)
    lifecycle.amend(cast.plan, cast.kam)
    monkeypatch.undo()
    url = reverse("plans:give-up", args=[cast.plan.pk])
    assert "the steps of goals" in cast.client("kam").get(url).content.decode()


def test_by_the_page(amended):
    cast = amended
    client, url = cast.client("kam"), reverse("plans:give-up", args=[cast.plan.pk])
    assert f'"{url}"' in client.get(cast.plan.get_absolute_url()).content.decode()
    page = client.get(url).content.decode()
    assert reverse("plans:compare", args=[cast.plan.pk]) in page
    assert "the steps of goals" not in page
    assert client.post(url, {"texts": "on"}).status_code == 302
    cast.plan.refresh_from_db()
    assert cast.plan.status == "active"
    cast.section.refresh_from_db()
    assert cast.section.body == "As approved."
    assert cast.client("editor").get(url).status_code == 403
