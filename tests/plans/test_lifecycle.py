"""Who decides on a plan, when, and who is told."""

import pytest
from django.urls import reverse

from kam import jobs
from kam.editing import archive
from kam.models import Notification, Role, User
from plans.models import AccountPlan
from plans.services import copying, lifecycle, plans
from plans.services.refusals import IllegalTransition, PlanRefusal
from plans.services.steering import NotYours
from tests.conftest import YEAR

Status = AccountPlan.Status
EVERY = [s.value for s in Status]


def in_state(plan: AccountPlan, status: str) -> AccountPlan:
    AccountPlan.objects.filter(pk=plan.pk).update(status=status)
    return AccountPlan.objects.get(pk=plan.pk)


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.order_by("pk").values_list("recipient__name", "title")
    return list(rows)


def test_from_draft_to_closed_and_who_is_told(cast):
    plan = lifecycle.submit(cast.plan, cast.kam)
    assert told() == [("Lena Leader", f"Fjord Shipyards {YEAR} waits for your decision")]
    plan = lifecycle.send_back(plan, cast.leader, "Where are the risks?")
    assert (plan.status, plan.decided_by, plan.decision_note) == (
        Status.RETURNED,
        cast.leader,
        "Where are the risks?",
    )
    assert plan.decided_at is not None
    plan = lifecycle.submit(plan, cast.kam)
    plan = lifecycle.approve(plan, cast.leader)
    assert (plan.status, plan.decision_note) == (Status.ACTIVE, "")
    plan = lifecycle.close(plan, cast.kam)
    plan = lifecycle.reopen(plan, cast.leader)
    assert plan.status == Status.ACTIVE
    assert told() == [
        ("Lena Leader", f"Fjord Shipyards {YEAR} waits for your decision"),
        ("Kari Kam", f"Fjord Shipyards {YEAR} was returned to you"),
        ("Lena Leader", f"Fjord Shipyards {YEAR} waits for your decision"),
        ("Kari Kam", f"Fjord Shipyards {YEAR} was approved"),
    ]
    states = plan.events.order_by("pgh_id").values_list("status", flat=True)
    assert list(states) == [
        "draft", "submitted", "returned", "submitted", "active", "closed", "active",
    ]  # fmt: skip


@pytest.mark.parametrize("name", lifecycle.STEPS)
@pytest.mark.parametrize("status", EVERY)
def test_each_step_leads_on_from_its_own_states_only(cast, name, status):
    plan = in_state(cast.plan, status)
    step = lifecycle.STEPS[name]
    act = {
        "submit": lifecycle.submit,
        "withdraw": lifecycle.withdraw,
        "approve": lifecycle.approve,
        "return": lambda p, by: lifecycle.send_back(p, by, "why"),
        "amend": lifecycle.amend,
        "give-up": lifecycle.give_up,
        "close": lifecycle.close,
        "reopen": lifecycle.reopen,
    }[name]
    if name == "give-up" and status in step.origins:  # tried in test_giving_up
        return
    if status in step.origins:
        assert act(plan, cast.leader).status == step.state
    else:
        with pytest.raises(IllegalTransition) as refused:
            act(plan, cast.leader)
        assert f"Fjord Shipyards {YEAR}" in refused.value.sentence
        assert AccountPlan.objects.get(pk=plan.pk).status == status
        assert told() == []


def test_an_edit_seat_fills_a_plan_and_does_not_lead_it(cast):
    """The KAM, their substitute, those above and administrators do; nothing has changed after a no."""
    acts = {
        "submit": lambda plan, by: lifecycle.submit(plan, by),
        "withdraw": lambda plan, by: lifecycle.withdraw(plan, by),
        "amend": lambda plan, by: lifecycle.amend(plan, by),
        "give-up": lambda plan, by: lifecycle.give_up(plan, by),
        "close": lambda plan, by: lifecycle.close(plan, by),
        "reopen": lambda plan, by: lifecycle.reopen(plan, by),
        "archive": lambda plan, by: plans.archive_plan(plan, by=by),
        "restore": lambda plan, by: plans.restore_plan(plan, by=by),
        "copy": lambda plan, by: copying.copy_forward(plan, by=by),
    }
    assert AccountPlan.objects.editable_by(cast.editor).filter(pk=cast.plan.pk).exists()
    for name, act in acts.items():
        origin = lifecycle.STEPS[name].origins[0] if name in lifecycle.STEPS else Status.DRAFT
        plan = in_state(cast.plan, origin)
        with pytest.raises(NotYours) as refused:
            act(plan, cast.editor)
        assert refused.value.sentence == (
            "Only those who answer for Fjord Shipyards do this: its KAM, and who leads them."
        ), name
        stands = AccountPlan.objects.get(pk=plan.pk)
        assert (stands.status, stands.archived_at) == (origin, None)
    assert told() == []
    cast.editor.acting_for = cast.kam
    for person in (cast.kam, cast.leader, cast.region_leader, cast.administrator, cast.editor):
        plan = in_state(cast.plan, Status.DRAFT)
        assert lifecycle.submit(plan, person).status == Status.SUBMITTED
        assert lifecycle.withdraw(plan, person).status == Status.DRAFT


def test_an_edit_seat_is_offered_no_step_and_no_link(cast):
    for status in (Status.DRAFT, Status.SUBMITTED, Status.ACTIVE, Status.CLOSED):
        plan = in_state(cast.plan, status)
        page = cast.client("editor").get(plan.get_absolute_url()).content.decode()
        mine = cast.client("kam").get(plan.get_absolute_url()).content.decode()
        address = plan.get_absolute_url()
        steps = ["submit", "withdraw", "amend", "close", "reopen", "archive", "copy"]
        offered = {name for name in steps if f'"{address}{name}/"' in mine}
        assert {"archive", "copy"} < offered, status
        assert not [name for name in steps if f'"{address}{name}/"' in page]
    links = cast.client("editor").get(f"{address}links/").content.decode()
    assert "Share with the customer" not in links


def test_an_edit_seat_fills_a_plan_and_makes_none(cast):
    """Neither by the service, nor by a page, many at once, nor by the worker; the KAM does."""
    mine = AccountPlan.objects.filter(account=cast.account)
    with pytest.raises(NotYours):
        plans.make_plan(cast.account, YEAR + 1, by=cast.editor)
    editor = cast.client("editor")
    asked = {"account": cast.account.pk, "year": YEAR + 1, "growth": "0"}
    assert editor.get(reverse("plans:create"), asked).status_code == 403
    assert editor.post(reverse("plans:create"), asked).status_code == 403
    panel = reverse("plans:account_panel", args=[cast.account.pk])
    without = reverse("plans:unplanned_list") + f"?year={YEAR + 1}"
    bulk = {"do": "bulk", "which": "ids", "ids": [cast.account.pk], "growth": "0"}
    assert editor.post(without, bulk).status_code == 422  # none of these is theirs to plan
    assert f'value="{cast.account.pk}">Create<' not in editor.get(without).content.decode()
    job = copying.start_making(cast.editor, [cast.account.pk], YEAR + 1, None, None)
    jobs.run(job.pk)
    assert mine.filter(year=YEAR + 1).count() == 0
    archive(cast.plan)
    AccountPlan.objects.filter(pk=cast.plan.pk).update(year=YEAR - 1)
    assert "plans/create/" not in editor.get(panel).content.decode()
    kam = cast.client("kam")
    assert "plans/create/" in kam.get(panel).content.decode()
    assert f'value="{cast.account.pk}">Create<' in kam.get(without).content.decode()
    assert kam.post(without, bulk).status_code == 302
    cast.editor.acting_for = cast.kam
    assert plans.make_plan(cast.account, YEAR + 1, by=cast.editor).pk


def test_what_an_edit_seat_archives_no_more_it_does_not_bring_back_by_the_history(cast):
    archive(cast.plan)
    url = reverse("kam:history_restore", args=["plans.accountplan", cast.plan.pk])
    assert cast.client("editor").post(url).status_code == 403
    assert cast.client("kam").post(url).status_code == 302


def test_the_second_decider_is_told_who_decided(cast):
    stale = in_state(cast.plan, Status.SUBMITTED)
    lifecycle.approve(stale, cast.leader)
    with pytest.raises(IllegalTransition) as refused:
        lifecycle.send_back(stale, cast.region_leader, "No.")
    assert refused.value.sentence == (
        f"Lena Leader has decided on Fjord Shipyards {YEAR}: it is “Active”."
    )


def test_returning_needs_words(cast):
    plan = in_state(cast.plan, Status.SUBMITTED)
    with pytest.raises(PlanRefusal):
        lifecycle.send_back(plan, cast.leader, "  ")


def test_an_archived_plan_takes_no_step(cast):
    from kam.editing import archive

    archive(cast.plan)
    with pytest.raises(IllegalTransition) as refused:
        lifecycle.submit(cast.plan, cast.kam)
    assert "archived" in refused.value.sentence


def test_the_decider_is_the_nearest_leader_above_the_kam(cast):
    assert lifecycle.deciders(cast.plan) == [cast.leader]
    cast.leader.is_active = False
    cast.leader.save()
    assert lifecycle.deciders(cast.plan) == [cast.region_leader]


def test_a_leader_with_an_account_of_their_own_is_decided_on_from_above(cast):
    cast.account.owner = cast.leader
    cast.account.save()
    plan = AccountPlan.objects.get(pk=cast.plan.pk)
    assert lifecycle.deciders(plan) == [cast.region_leader]
    submitted = AccountPlan.objects.all()
    assert not submitted.approvable_by(cast.leader).filter(pk=plan.pk).exists()
    assert submitted.approvable_by(cast.region_leader).filter(pk=plan.pk).exists()


def test_without_a_leader_management_decides(cast):
    cast.account.owner = None
    cast.account.save()
    assert lifecycle.deciders(AccountPlan.objects.get(pk=cast.plan.pk)) == [cast.management]


def test_everybody_who_is_asked_may_decide(cast):
    for plan in AccountPlan.objects.all():
        for person in lifecycle.deciders(plan):
            assert AccountPlan.objects.approvable_by(person).filter(pk=plan.pk).exists()


def test_nobody_approves_their_own_plan_by_standing_in_for_their_leader(cast):
    cast.kam.acting_for = cast.leader
    assert AccountPlan.objects.visible_to(cast.kam).filter(pk=cast.plan.pk).exists()
    assert not AccountPlan.objects.approvable_by(cast.kam).filter(pk=cast.plan.pk).exists()


def test_each_is_told_in_their_language_and_once(cast):
    User.objects.filter(pk=cast.leader.pk).update(language="nb")
    plan = in_state(cast.plan, Status.DRAFT)
    lifecycle.submit(plan, cast.kam)
    assert Notification.objects.count() == 1
    assert Notification.objects.get().recipient.role == Role.LEADER
