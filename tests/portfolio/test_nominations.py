"""The classification process: each step, who is told, what is held, what is refused."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import Account
from kam.models import Notification, Role, Substitution
from kam.periods import company_today
from portfolio.demo.nominations import make_nominations
from portfolio.models import (
    AccountScore,
    CriteriaVersion,
    Nomination,
    PortfolioSettings,
    SegmentOverride,
    SegmentPlacement,
)
from portfolio.services import nominations as process
from portfolio.services.nominations import NominationRefusal, NotItsTurn
from tests.conftest import person
from tests.portfolio.conftest import make_version
from tests.portfolio.test_nominations_limit import set_limits


def score(account: Account, version: CriteriaVersion, **values) -> AccountScore:
    fields = {"profitability": Decimal(70), "potential": Decimal(60), "cell": "all"} | values
    return AccountScore.objects.create(
        account=account, criteria_version=version, owner=account.owner,
        first_night=date(2026, 1, 1), raw=[], as_of=[], completeness=80, **fields,
    )  # fmt: skip


def proposed(cast, **values) -> Nomination:
    values = {"reason": "They grow."} | values
    return process.propose(values.pop("account", cast.child), values.pop("by", cast.kam), **values)


def to_confirm(cast, **values) -> Nomination:
    row = process.accept(proposed(cast, **values), cast.leader)
    return process.validate(row, cast.leader, "We know them.")


def told(who, kind="nomination") -> list[str]:
    return [n.title for n in Notification.objects.filter(recipient=who, kind=kind).order_by("pk")]


def test_from_proposal_to_key_account(cast):
    row = proposed(cast, level="national")
    assert (row.state, row.owner, row.proposed_by) == ("proposed", cast.kam, cast.kam)
    assert row.due_on == company_today() + timedelta(days=14)
    assert told(cast.leader) == ["Fjord Shipyards Bergen: make it a key account"]
    row = process.accept(row, cast.leader, "Worth a look.")
    row = process.validate(row, cast.leader, "Ahead of the numbers.")
    assert told(cast.management) == ["Fjord Shipyards Bergen: make it a key account"]
    row = process.confirm(row, cast.management, "Yes.")
    child = Account.objects.get(pk=cast.child.pk)
    assert (child.is_key_account, child.level, child.owner) == (True, "national", cast.kam)
    assert told(cast.kam) == ["Fjord Shipyards Bergen: make it a key account – Confirmed"]
    assert row.due_on is None
    steps = [(s.state, s.by, s.note) for s in row.steps.all()]
    assert steps == [
        ("proposed", cast.kam, "They grow."),
        ("accepted", cast.leader, "Worth a look."),
        ("validated", cast.leader, "Ahead of the numbers."),
        ("confirmed", cast.management, "Yes."),
    ]


def test_an_end_is_confirmed_the_same_way(cast):
    row = to_confirm(cast, account=cast.account, kind="remove")
    process.confirm(row, cast.management)
    assert not Account.objects.get(pk=cast.account.pk).is_key_account


def test_the_new_owner_gets_the_account(cast):
    row = to_confirm(cast, owner=cast.other_kam)
    process.confirm(row, cast.management)
    assert Account.objects.get(pk=cast.child.pk).owner == cast.other_kam
    assert told(cast.other_kam, "account") == ["Fjord Shipyards Bergen is your account now"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda c: {"account": c.account}, "is a key account already"),
        (lambda c: {"account": c.foreign, "kind": "remove"}, "is no key account"),
        (lambda c: {"account": c.unowned}, "name one"),
        (lambda c: {"owner": c.contributor}, "cannot own accounts"),
        (lambda c: {"leaves": c.child}, "cannot make room for itself"),
        (lambda c: {"leaves": c.foreign}, "makes no room"),
    ],
)
def test_what_cannot_be_proposed_is_said(cast, values, words):
    with pytest.raises(NominationRefusal, match=words):
        proposed(cast, **values(cast))


def test_one_proposal_at_a_time(cast):
    row = proposed(cast)
    with pytest.raises(Exception, match="waits already"):
        proposed(cast, by=cast.leader)
    process.withdraw(row, cast.kam)
    assert proposed(cast).state == "proposed"


# --- the limit ------------------------------------------------------------------------------------
def test_over_the_company_limit_somebody_has_to_leave(cast):
    set_limits(company=1)
    with pytest.raises(NominationRefusal, match="name the one that leaves"):
        proposed(cast)
    row = to_confirm(cast, leaves=cast.account)
    process.confirm(row, cast.management)
    keys = Account.objects.filter(is_key_account=True)
    assert list(keys) == [cast.child]


def test_over_a_kams_limit_one_of_theirs_has_to_leave(cast):
    set_limits(per_kam=1)
    Account.objects.filter(pk=cast.foreign.pk).update(is_key_account=True)
    cast.foreign.refresh_from_db()
    with pytest.raises(NominationRefusal, match="the one of theirs that leaves"):
        proposed(cast, leaves=cast.foreign)
    assert proposed(cast, leaves=cast.account).leaves == cast.account


def test_a_limit_reached_since_the_proposal_stops_the_confirmation(cast):
    row = to_confirm(cast)
    set_limits(company=1)
    with pytest.raises(NominationRefusal, match=r"at most 1 key account.*Change who leaves"):
        process.confirm(row, cast.management)
    assert Nomination.objects.get(pk=row.pk).state == "validated"
    process.change(row, {"leaves": cast.account})
    process.confirm(row, cast.management)
    assert list(Account.objects.filter(is_key_account=True)) == [cast.child]


@pytest.mark.parametrize(
    ("values", "is_key", "words"),
    [({}, True, "is a key account already"), ({"kind": "remove"}, False, "is no key account")],
)
def test_what_became_so_meanwhile_is_not_confirmed(cast, values, is_key, words):
    Account.objects.filter(pk=cast.child.pk).update(is_key_account=not is_key)
    row = to_confirm(cast, **values)
    Account.objects.filter(pk=cast.child.pk).update(is_key_account=is_key, level="global")
    with pytest.raises(NominationRefusal, match=words):
        process.confirm(row, cast.management)
    assert Account.objects.get(pk=cast.child.pk).level == "global"
    assert Nomination.objects.get(pk=row.pk).state == "validated"


def test_where_there_is_room_meanwhile_nobody_leaves(cast):
    set_limits(company=1)
    row = to_confirm(cast, leaves=cast.account)
    set_limits(company=2)
    row = process.confirm(row, cast.management, "Yes.")
    assert Account.objects.filter(is_key_account=True).count() == 2
    note = row.steps.last().note
    assert note == (
        "Yes.\nThere is room without it: the account that was to leave stays a key account."
    )
    body = Notification.objects.filter(recipient=cast.kam).latest("pk").body
    assert "No key account any more" not in body


def test_without_a_limit_nobody_leaves(cast):
    process.confirm(to_confirm(cast, leaves=cast.account), cast.management)
    assert Account.objects.filter(is_key_account=True).count() == 2


def test_one_that_left_meanwhile_made_its_room(cast):
    set_limits(company=1)
    row = to_confirm(cast, leaves=cast.account)
    Account.objects.filter(pk=cast.account.pk).update(is_key_account=False)
    process.confirm(row, cast.management)
    assert list(Account.objects.filter(is_key_account=True)) == [cast.child]
    assert "stays" not in row.steps.last().note


def test_who_left_is_named_only_to_those_who_see_it(cast):
    set_limits(company=1)
    row = to_confirm(cast, account=cast.foreign, by=cast.leader, leaves=cast.account)
    process.confirm(row, cast.management)
    told_to = {
        n.recipient: n.body
        for n in Notification.objects.filter(title__endswith="Confirmed", kind="nomination")
    }
    assert "No key account any more: Fjord Shipyards." in told_to[cast.kam]
    assert "No key account any more: another key account." in told_to[cast.other_kam]
    assert "Fjord Shipyards" not in told_to[cast.other_kam]


# --- who, and when --------------------------------------------------------------------------------
def test_nobody_confirms_what_they_proposed(cast):
    row = to_confirm(cast, by=cast.management)
    with pytest.raises(NominationRefusal, match="proposed this yourself"):
        process.confirm(row, cast.management)
    # Nobody else is of management: the administrators are told.
    assert told(cast.administrator) == ["Fjord Shipyards Bergen: make it a key account"]
    assert process.confirm(row, cast.administrator).state == "confirmed"


def test_a_substitute_does_not_confirm_what_they_proposed_for_another(cast):
    other = person("Max Management", Role.MANAGEMENT)
    other.acting_for = cast.kam
    row = to_confirm(cast, by=other)
    first = row.steps.first()
    assert (first.by, first.acting_for, row.proposed_by) == (other, cast.kam, cast.kam)
    other.acting_for = None
    with pytest.raises(NominationRefusal, match="proposed this yourself"):
        process.confirm(row, other)
    assert process.confirm(row, cast.management)


def test_a_substitute_takes_back_what_the_absent_one_proposed(cast):
    today = company_today()
    Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=today, ends_on=today
    )
    row = proposed(cast)
    assert not Nomination.objects.proposed_by(cast.outsider).exists()
    cast.outsider.acting_for = cast.kam
    assert Nomination.objects.proposed_by(cast.outsider).get() == row


def test_steps_come_in_order_and_once(cast):
    row = proposed(cast)
    with pytest.raises(NotItsTurn):
        process.confirm(row, cast.management)
    row = process.accept(row, cast.leader)
    with pytest.raises(NotItsTurn, match="Lena Leader made it “To validate”"):
        process.accept(row, cast.region_leader)
    process.reject(row, cast.leader, "Too small.")
    with pytest.raises(NotItsTurn, match="Lena Leader has decided already: it is “Rejected”"):
        process.reject(row, cast.management, "Me too.")


def test_a_proposal_that_changed_since_is_looked_at_again(cast):
    row = proposed(cast)
    process.change(row, {"level": "global"})
    with pytest.raises(NotItsTurn, match="changed since you opened it"):
        process.accept(row, cast.leader, base_version=row.version)


def test_a_rejection_has_a_reason(cast):
    row = proposed(cast)
    with pytest.raises(NominationRefusal, match="Say why"):
        process.reject(row, cast.leader, " ")
    process.reject(row, cast.leader, "Too small.")
    assert told(cast.kam) == ["Fjord Shipyards Bergen: make it a key account – Rejected"]


def test_after_the_first_decision_only_who_leaves_changes(cast):
    row = process.accept(proposed(cast), cast.leader)
    with pytest.raises(NotItsTurn, match="does not change any more"):
        process.change(row, {"level": "global"})
    assert process.change(row, {"leaves": cast.account}).leaves == cast.account


def test_leaders_of_the_owner_decide_first_and_management_last(cast):
    row = proposed(cast)

    def may(name):
        return Nomination.objects.decided_by(getattr(cast, name)).exists()

    names = ("leader", "region_leader", "management", "administrator", "kam", "south_leader")
    assert [may(n) for n in names] == [True, True, True, True, False, False]
    row = process.validate(process.accept(row, cast.leader), cast.leader, "x")
    assert [may(n) for n in names] == [False, False, True, True, False, False]


# --- what the criteria say ------------------------------------------------------------------------
def test_what_the_criteria_say_is_kept_with_the_validation(cast):
    score(cast.child, make_version())
    row = process.validate(process.accept(proposed(cast), cast.leader), cast.leader)
    assert row.findings["meets"] is True
    assert row.findings["thresholds"][0] == {
        "axis": "profitability", "score": "70.00", "cut": "50.00", "holds": True,
    }  # fmt: skip
    AccountScore.objects.update(profitability=1)
    assert process.sentences(Nomination.objects.get(pk=row.pk).findings) == [
        "Profitability 70.00 reaches the threshold 50.00.",
        "Potential 60.00 reaches the threshold 50.00.",
        "Cell: Retain, nurture and develop.",
        "Without a score: Strength of the relation.",
    ]


@pytest.mark.parametrize(
    ("values", "sentence", "meets"),
    [
        (
            {"potential": None, "cell": ""},
            "Potential: no score, so the threshold 50.00 cannot",
            None,
        ),
        ({"potential": 20, "cell": "nurture"}, "Potential 20.00 stays below the threshold", False),
    ],
)
def test_what_is_missing_or_below_is_said_and_asks_for_words(cast, values, sentence, meets):
    score(cast.child, make_version(), **values)
    row = process.accept(proposed(cast), cast.leader)
    with pytest.raises(NominationRefusal, match="say why it goes on"):
        process.validate(row, cast.leader)
    row = process.validate(row, cast.leader, "Next year they build.")
    assert row.findings["meets"] is meets
    assert any(sentence in text for text in process.sentences(row.findings))


def test_an_account_without_a_score_says_so(cast):
    assert process.sentences(process.findings_of(cast.child)) == [
        "There is no score of this account: the nightly run has not reached it yet."
    ]


# --- deadlines ------------------------------------------------------------------------------------
def test_whose_turn_it_is_is_reminded_once_before_and_once_after(cast):
    row = proposed(cast)
    assert process.remind() == 0
    soon = row.due_on - timedelta(days=1)
    assert [process.remind(soon), process.remind(soon)] == [1, 0]
    late = row.due_on + timedelta(days=1)
    assert [process.remind(late), process.remind(late)] == [1, 0]
    bodies = [n.body for n in Notification.objects.filter(recipient=cast.leader).order_by("pk")]
    assert "Due on" in bodies[1]
    assert "Late: it was due on" in bodies[2]


def test_when_nothing_is_new_the_reminder_costs_two_queries(cast, django_assert_num_queries):
    row = proposed(cast)
    late = row.due_on + timedelta(days=1)
    process.remind(late)
    with django_assert_num_queries(2):
        process.remind(late)


# --- the demo company -----------------------------------------------------------------------------
def test_the_demo_has_nominations_in_every_step(cast):
    people = [person(f"Kam {n}", Role.KAM, cast.north) for n in range(6)]
    for n, owner in enumerate(people):
        for m in range(2):
            Account.objects.create(name=f"Firm {n}{m}", owner=owner)
    Account.objects.filter(pk=cast.child.pk).update(is_key_account=True)
    make_nominations(today=company_today())
    states = Nomination.objects.values_list("state", flat=True)
    assert set(states) == {*Nomination.State.values}
    settings = PortfolioSettings.current()
    assert (settings.key_account_limit, settings.key_accounts_per_kam) == (4, 3)
    assert Account.objects.filter(is_key_account=True).count() == 2  # one came, one left
    assert SegmentOverride.objects.count() == 3
    assert SegmentPlacement.objects.current().filter(by_hand=True).count() == 3
