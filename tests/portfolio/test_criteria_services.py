"""Versions of the criteria: made, changed, weighed, put in force."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.utils import translation

import portfolio.tasks  # noqa: F401 - registers what the minute's tick does
from kam.models import Notification
from kam.periods import company_today
from kam.tasks import every_minute
from portfolio.library import BY_CODE, READY
from portfolio.measures import MEASURES
from portfolio.models import Axis, CriteriaVersion, Criterion, CriterionGroup, PairwiseComparison
from portfolio.services import criteria, scoring
from portfolio.services.criteria import CriteriaRefusal, NoDraft

SOUND = ["contribution", "contribution_margin", "payment_reliability", "attainable", "needs"]
DAY = date(2026, 5, 1)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def D(*numbers: int) -> list[Decimal]:
    return [Decimal(n) for n in numbers]


@pytest.fixture
def draft(db) -> CriteriaVersion:
    """Two groups of profitability (2 and 1 criteria), two of potential."""
    return criteria.create_version("2026", picks=SOUND)


def criterion(version, code) -> Criterion:
    return Criterion.objects.get(group__criteria_version=version, code=code)


# --- the library ----------------------------------------------------------------------------------
def test_the_library_names_no_code_twice_and_only_measures_that_exist():
    assert len(BY_CODE) == len(READY)
    assert {ready.measure for ready in READY if ready.measure} == set(MEASURES)
    assert {ready.axis for ready in READY} == set(Axis)


@pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.code)
def test_each_ready_criterion_can_be_used_as_it_is(ready):
    made = Criterion(**ready.fields(), group=CriterionGroup(pk=1))
    made.full_clean(exclude=["group"], validate_constraints=False)
    assert criteria.shortcomings(made) == {}
    assert made.guidance
    if made.kind == Criterion.Kind.JUDGED:
        assert all(f"{n}:" in made.guidance for n in (1, 3, 5))


# --- making versions ------------------------------------------------------------------------------
def test_a_version_begins_empty(db):
    version = criteria.create_version("2027")
    assert (version.state, version.groups.count()) == ("draft", 0)


def test_picks_of_the_library_come_in_their_groups(draft):
    groups = {
        (g.axis, g.name): sorted(c.code for c in g.criteria.all()) for g in draft.groups.all()
    }
    assert groups == {
        ("profitability", "What the account earns us"): ["contribution", "contribution_margin"],
        ("profitability", "How it buys and pays"): ["payment_reliability"],
        ("potential", "Room to grow"): ["attainable"],
        ("potential", "Chance to win it"): ["needs"],
    }
    margin = criterion(draft, "contribution_margin")
    assert (margin.measure, margin.worst, margin.best) == ("contribution_margin", 0, 40)


def test_picking_twice_adds_nothing_and_keeps_what_was_changed(draft):
    margin = criterion(draft, "contribution_margin")
    criteria.change_criterion(margin, {"best": Decimal(30)}, base_version=None)
    assert criteria.add_from_library(draft, SOUND) == []
    assert criterion(draft, "contribution_margin").best == 30


def test_picking_what_was_removed_brings_it_back(draft):
    needs = criterion(draft, "needs")
    criteria.remove_criterion(needs)
    criteria.remove_group(needs.group)
    assert criteria.add_from_library(draft, ["needs"]) == [needs]
    needs.refresh_from_db()
    assert needs.archived_at is None
    assert needs.group.archived_at is None or not CriterionGroup.objects.archived().exists()


def test_a_pick_weighs_as_much_as_those_beside_it(draft):
    for code, weight in (("contribution", 70), ("contribution_margin", 30)):
        criteria.change_criterion(
            criterion(draft, code), {"weight": Decimal(weight)}, base_version=None
        )
    (added,) = criteria.add_from_library(draft, ["size"])
    assert added.weight == 50


def test_what_the_library_does_not_have_is_refused(draft):
    with pytest.raises(CriteriaRefusal, match="no criterion “luck”"):
        criteria.add_from_library(draft, ["needs", "luck"])


def test_a_copy_has_everything_but_what_was_removed(draft):
    criteria.remove_criterion(criterion(draft, "needs"))
    criteria.change_version(draft, {"potential_cut": Decimal(60)}, base_version=None)
    draft.refresh_from_db()
    copy = criteria.create_version("2027", copy_of=draft)
    assert copy.potential_cut == 60
    codes = Criterion.objects.filter(group__criteria_version=copy).values_list("code", flat=True)
    assert set(codes) == set(SOUND) - {"needs"}
    assert criterion(copy, "contribution").pk != criterion(draft, "contribution").pk


# --- changing a draft -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "changes", "field"),
    [
        ("contribution", {"measure": "luck"}, "measure"),
        ("contribution", {"measure": ""}, "__all__"),
        ("needs", {"measure": "growth"}, "measure"),
        ("needs", {"code": "growth"}, "code"),
        ("needs", {"function": "bands"}, "band_values"),
        ("needs", {"function": "bands", "band_floors": D(1, 3), "band_values": D(50)}, "band_values"),
        ("needs", {"function": "bands", "band_floors": D(3, 1), "band_values": D(5, 9)}, "band_floors"),
        ("needs", {"function": "bands", "band_floors": D(1), "band_values": D(101)}, "band_values"),
        ("needs", {"worst": Decimal(1)}, "best"),
        ("contribution_margin", {"worst": Decimal(50)}, "direction"),
        ("contribution_margin", {"direction": "down"}, "direction"),
        ("contribution_margin", {"weight": Decimal(-1)}, "weight"),
    ],
)  # fmt: skip
def test_a_criterion_that_gives_no_value_is_not_saved(draft, code, changes, field):
    row = criterion(draft, code)
    with pytest.raises(ValidationError) as refusal:
        criteria.change_criterion(row, changes, base_version=None)
    assert field in refusal.value.message_dict
    assert criterion(draft, code).version == row.version


def test_a_criterion_of_ones_own(draft):
    group = draft.groups.get(name="Room to grow")
    made = criteria.add_criterion(group, {"code": "sites", "name": "Sites", "weight": Decimal(2)})
    assert made.kind == "judged"
    with pytest.raises(ValidationError):
        criteria.add_criterion(group, {"code": "sites", "name": "Sites again"})


def test_what_is_removed_comes_back(draft):
    needs = criterion(draft, "needs")
    criteria.remove_criterion(needs)
    assert not needs.group.criteria.active().exists()
    criteria.restore_criterion(needs)
    assert needs.group.criteria.active().get() == needs


def test_nothing_changes_in_a_version_that_is_no_draft(cast, draft):
    criteria.activate(draft, cast.administrator, today=DAY)
    needs = criterion(draft, "needs")
    for refused in (
        lambda: criteria.change_criterion(needs, {"weight": Decimal(3)}, base_version=None),
        lambda: criteria.change_group(needs.group, {"name": "x"}, base_version=None),
        lambda: criteria.change_version(draft, {"potential_cut": Decimal(1)}, base_version=None),
        lambda: criteria.remove_criterion(needs),
        lambda: criteria.remove_group(needs.group),
        lambda: criteria.add_group(draft, "risk", "x"),
        lambda: criteria.add_criterion(needs.group, {"code": "x", "name": "x"}),
        lambda: criteria.add_from_library(draft, ["growth"]),
        lambda: criteria.save_comparison(draft, "potential", None, cast.kam, [Decimal(2)]),
        lambda: criteria.apply_weights(draft, "potential", None),
    ):
        with pytest.raises(NoDraft):
            refused()
    later = criteria.change_version(draft, {"revise_by": DAY}, base_version=None)
    assert later.revise_by == DAY


# --- activation -----------------------------------------------------------------------------------
def test_activation_archives_what_was_in_force(cast, draft):
    first = criteria.activate(draft, cast.administrator, today=DAY)
    assert (first.state, first.active_from, first.activated_by) == (
        "active",
        DAY,
        cast.administrator,
    )
    second = criteria.create_version("2027", copy_of=first)
    criteria.activate(second, cast.administrator, today=DAY + timedelta(days=30))
    first.refresh_from_db()
    assert (first.state, first.active_to) == ("archived", DAY + timedelta(days=30))
    assert CriteriaVersion.objects.in_force().get() == second


def test_what_was_removed_does_not_come_into_force(cast, draft):
    criteria.add_from_library(draft, ["upsell"])
    criteria.remove_criterion(criterion(draft, "upsell"))
    criteria.activate(draft, cast.administrator)
    assert not Criterion.objects.filter(group__criteria_version=draft, code="upsell").exists()


@pytest.mark.parametrize("who", ["management", "leader", "kam", "service"])
def test_only_administrators_activate(cast, draft, who):
    with pytest.raises(PermissionDenied):
        criteria.activate(draft, getattr(cast, who))


def test_an_empty_draft_lacks_both_axes(cast, db):
    version = criteria.create_version("empty")
    with pytest.raises(CriteriaRefusal, match="Profitability has no criteria") as refusal:
        criteria.activate(version, cast.administrator)
    assert "Potential has no criteria" in refusal.value.sentence
    version.refresh_from_db()
    assert version.state == "draft"


def test_what_a_draft_lacks_is_said(draft):
    assert criteria.faults(draft) == []
    criteria.add_group(draft, Axis.STRATEGIC, "Aims")
    criteria.change_criterion(criterion(draft, "needs"), {"weight": Decimal(0)}, base_version=None)
    Criterion.objects.filter(code="contribution").update(measure="gone")
    found = " ".join(criteria.faults(draft))
    assert "Strategic importance: the group “Aims” is empty" in found
    assert "Strategic importance: nothing has a weight above zero" in found
    assert "Potential: no criterion of the group “Chance to win it” has a weight" in found
    assert "Contribution: Choose what is measured." in found


def test_an_archived_draft_comes_back_and_what_was_in_force_does_not(cast, draft):
    criteria.archive_version(draft)
    assert criteria.restore_version(draft).state == "draft"
    criteria.activate(draft, cast.administrator, today=DAY)
    with pytest.raises(CriteriaRefusal):
        criteria.restore_version(draft)
    gone = criteria.archive_version(draft)
    assert (gone.state, bool(gone.active_to)) == ("archived", True)
    with pytest.raises(CriteriaRefusal, match="was in force"):
        criteria.restore_version(draft)


@pytest.mark.django_db(transaction=True)
def test_of_many_activations_at_once_one_version_is_in_force(cast):
    drafts = [criteria.create_version(f"draft {n}", picks=SOUND) for n in range(4)]
    barrier = threading.Barrier(len(drafts))
    errors = []

    def run(draft):
        try:
            translation.activate("en")
            barrier.wait(timeout=20)
            criteria.activate(draft, cast.administrator, today=DAY)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    states = sorted(CriteriaVersion.objects.values_list("state", flat=True))
    assert states == ["active", "archived", "archived", "archived"]


# --- weights from comparisons ---------------------------------------------------------------------
def sheet(draft, person, *ratios, axis="profitability", group="What the account earns us"):
    row = draft.groups.get(axis=axis, name=group) if group else None
    return criteria.save_comparison(draft, axis, row, person, [Decimal(r) for r in ratios])


def test_weights_come_from_all_sheets_together(cast, draft):
    """2:1 and 8:1 make 4:1."""
    sheet(draft, cast.kam, "2")
    sheet(draft, cast.leader, "8")
    group = draft.groups.get(name="What the account earns us")
    result = criteria.apply_weights(draft, "profitability", group)
    assert result.consistent
    assert criterion(draft, "contribution").weight == 80
    assert criterion(draft, "contribution_margin").weight == 20


def test_the_groups_of_a_score_are_weighed_as_well(cast, draft):
    sheet(draft, cast.kam, "3", group=None)
    criteria.apply_weights(draft, "profitability", None)
    weights = (
        draft.groups.filter(axis="profitability").order_by("pk").values_list("weight", flat=True)
    )
    assert list(weights) == [75, 25]


def test_a_person_has_one_sheet(cast, draft):
    sheet(draft, cast.kam, "2")
    again = sheet(draft, cast.kam, "0.33")
    assert PairwiseComparison.objects.get() == again
    assert again.ratios == [Decimal("0.333333333")]


def test_a_sheet_of_criteria_that_have_changed_counts_no_more(cast, draft):
    sheet(draft, cast.kam, "2")
    criteria.add_from_library(draft, ["size"])
    group = draft.groups.get(name="What the account earns us")
    with pytest.raises(CriteriaRefusal, match="Nobody has compared"):
        criteria.apply_weights(draft, "profitability", group)
    with pytest.raises(CriteriaRefusal, match="in the meantime"):
        criteria.save_comparison(
            draft, "profitability", group, cast.kam, [Decimal(1)] * 3, items=[1, 2]
        )


@pytest.mark.parametrize("ratios", [[], ["2", "2"], ["10"], ["0"], ["-3"], ["2.5"]])
def test_what_is_no_judgement_is_refused(cast, draft, ratios):
    with pytest.raises(CriteriaRefusal) as refusal:
        sheet(draft, cast.kam, *ratios)
    assert "ratios" in refusal.value.message_dict


def test_one_thing_alone_is_not_compared(cast, draft):
    with pytest.raises(CriteriaRefusal, match="2 to 10"):
        sheet(draft, cast.kam, group="How it buys and pays")


# --- the reminder ---------------------------------------------------------------------------------
def test_people_are_reminded_once_two_weeks_before(cast, draft):
    criteria.change_version(draft, {"revise_by": DAY}, base_version=None)
    assert criteria.remind_of_revision(DAY) == 0  # a draft is in force nowhere
    criteria.activate(draft, cast.administrator, today=DAY - timedelta(days=60))
    assert criteria.remind_of_revision(DAY - timedelta(days=15)) == 0
    assert criteria.remind_of_revision(DAY - timedelta(days=14)) == 2
    assert criteria.remind_of_revision(DAY - timedelta(days=14)) == 0
    told = Notification.objects.filter(kind="criteria_revision")
    assert {n.recipient for n in told} == {cast.administrator, cast.management}
    assert told[0].url == f"/portfolio/criteria/{draft.pk}/"


def test_the_minutes_tick_reminds(cast, draft):
    criteria.change_version(draft, {"revise_by": DAY}, base_version=None)
    criteria.activate(draft, cast.administrator, today=DAY)
    every_minute()
    assert Notification.objects.filter(kind="criteria_revision").count() == 2


# --- moving ---------------------------------------------------------------------------------------
def names(group) -> list[str]:
    return list(group.criteria.active().order_by("position", "pk").values_list("code", flat=True))


def test_a_criterion_moves_within_its_group_and_into_another(draft):
    money = draft.groups.get(name="What the account earns us")
    pays = draft.groups.get(name="How it buys and pays")
    margin = criterion(draft, "contribution_margin")
    assert names(money) == ["contribution", "contribution_margin"]
    criteria.move_criterion(margin, money, None)
    assert names(money) == ["contribution_margin", "contribution"]
    criteria.move_criterion(margin, money, criterion(draft, "contribution"))
    assert names(money) == ["contribution", "contribution_margin"]
    criteria.move_criterion(margin, pays, None)
    assert (names(money), names(pays)) == (
        ["contribution"], ["contribution_margin", "payment_reliability"],
    )  # fmt: skip
    criteria.add_from_library(draft, ["size"])
    assert names(criterion(draft, "size").group)[-1] == "size"  # a new one stands last


def test_a_criterion_does_not_move_where_it_cannot_be(draft, cast):
    other = criteria.create_version("other", picks=SOUND)
    pays = draft.groups.get(name="How it buys and pays")
    margin = criterion(draft, "contribution_margin")
    with pytest.raises(CriteriaRefusal, match="a group of this draft"):
        criteria.move_criterion(margin, other.groups.first(), None)
    with pytest.raises(CriteriaRefusal, match="a criterion of that group"):
        criteria.move_criterion(margin, pays, criterion(draft, "contribution"))
    criteria.add_criterion(pays, {"code": "contribution_margin2", "name": "x"})
    twin = criterion(draft, "contribution_margin2")
    Criterion.objects.filter(pk=twin.pk).update(code="contribution_margin", archived_at=NOW)
    with pytest.raises(CriteriaRefusal, match="already"):
        criteria.move_criterion(margin, pays, None)
    criteria.activate(draft, cast.administrator)
    with pytest.raises(NoDraft):
        criteria.move_criterion(margin, pays, None)


# --- from a date to come --------------------------------------------------------------------------
def test_a_draft_waits_for_its_date_and_stands_still_until_then(draft, cast):
    tomorrow = company_today() + timedelta(days=1)
    with pytest.raises(PermissionDenied):
        criteria.schedule(draft, cast.management, tomorrow)
    with pytest.raises(CriteriaRefusal, match="a day to come"):
        criteria.schedule(draft, cast.administrator, company_today())
    held = criteria.schedule(draft, cast.administrator, tomorrow)
    assert (held.state, held.activate_on, held.scheduled_by) == (
        "draft", tomorrow, cast.administrator,
    )  # fmt: skip
    with pytest.raises(NoDraft, match="take that back first"):
        criteria.change_version(held, {"potential_cut": Decimal(60)}, base_version=None)
    with pytest.raises(NoDraft):
        criteria.remove_criterion(criterion(draft, "needs"))
    opened = criteria.unschedule(held)
    assert opened.is_open
    criteria.remove_criterion(criterion(draft, "needs"))


def test_the_night_of_the_date_puts_it_in_force_once(draft, cast, monkeypatch):
    former = criteria.activate(criteria.create_version("former", picks=SOUND), cast.administrator)
    day = company_today() + timedelta(days=1)
    criteria.schedule(draft, cast.administrator, day)
    scoring.score_night()
    assert CriteriaVersion.objects.in_force().get() == former  # not yet
    assert criteria.activate_due(day) == []  # whoever scores a night to come
    monkeypatch.setattr("portfolio.services.criteria.versions.company_today", lambda: day)
    monkeypatch.setattr(scoring, "company_today", lambda: day)
    run = scoring.score_night()
    assert run.criteria_version == draft
    active = CriteriaVersion.objects.in_force().get()
    assert (active, active.active_from, active.activate_on) == (draft, day, None)
    assert active.activated_by == cast.administrator
    former.refresh_from_db()
    assert (former.state, former.active_to) == ("archived", day)
    assert criteria.activate_due(day) == []
    told = Notification.objects.filter(kind="criteria_in_force", recipient=cast.administrator)
    assert told.get().title == "“2026” is in force"


def test_without_a_version_in_force_the_night_of_the_first_one_is_due(draft, cast):
    day = company_today()
    criteria.schedule(draft, cast.administrator, day, today=day - timedelta(days=2))
    assert scoring.due_night() == day
    scoring.score_night()
    assert CriteriaVersion.objects.in_force().get() == draft


def test_a_draft_that_is_no_longer_sound_is_opened_instead(draft, cast):
    day = company_today()
    criteria.schedule(draft, cast.administrator, day, today=day - timedelta(days=2))
    Criterion.objects.filter(code="contribution").update(measure="gone")
    assert criteria.activate_due(day) == []
    draft.refresh_from_db()
    assert draft.is_open
    told = Notification.objects.filter(kind="criteria_in_force", recipient=cast.administrator).get()
    assert told.title == "“2026” did not come into force"
    assert "Choose what is measured." in told.body
