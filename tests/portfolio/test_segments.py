"""Segments: the rules, placing in one statement against the pure rules, segments by hand."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Account
from kam.periods import company_today
from portfolio.calc.segments import Candidate, Rule, place
from portfolio.models import (
    AccountScore,
    SegmentOverride,
    SegmentPlacement,
    SegmentRule,
    SegmentScheme,
)
from portfolio.services import segments
from tests.portfolio.conftest import make_version
from tests.portfolio.test_nominations import score

D = Decimal
FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


# --- the rules alone ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "value", "holds"),
    [
        (Rule("x", D(50)), D(50), True),
        (Rule("x", D(50)), D("49.99"), False),
        (Rule("x", None, D(50)), D(50), False),
        (Rule("x", None, D(50)), D("49.99"), True),
        (Rule("x", D(10), D(20)), D(15), True),
        (Rule("x", D(10), D(20)), D(20), False),
        (Rule("x", D(10)), None, False),
    ],
)
def test_a_rule_holds_from_its_floor_to_below_its_ceiling(rule, value, holds):
    assert rule.holds(value) is holds


@pytest.mark.parametrize(
    ("values", "segment"),
    [
        ({"p": D(60), "q": D(60)}, 1),
        ({"p": D(60), "q": D(40)}, 2),
        ({"p": D(60), "q": None}, 2),
        ({"p": D(10), "q": D(10)}, None),
        ({}, None),
    ],
)
def test_the_first_segment_by_rank_takes_the_account(values, segment):
    candidates = [
        Candidate(2, 5, (Rule("p", D(50)),)),
        Candidate(1, 1, (Rule("p", D(50)), Rule("q", D(50)))),
    ]
    assert place(candidates, values) == segment


def test_a_segment_without_rules_takes_the_rest():
    assert place([Candidate(1, 1, (Rule("p", D(50)),)), Candidate(2, 2)], {}) == 2


# --- placing --------------------------------------------------------------------------------------
@pytest.fixture
def scheme(db):
    made = segments.create_scheme(name="Tiers")
    segments.create_segment(made, name="Top", rank=1, rules={"profitability": (D(50), None)})
    segments.create_segment(made, name="Rest", rank=2)
    return made


@pytest.fixture
def scored(cast):
    version = make_version()
    return {a.pk: score(a, version) for a in (cast.account, cast.child, cast.foreign)}


def held(account, scheme):
    rows = SegmentPlacement.objects.filter(account=account, scheme=scheme).order_by("pk")
    return [(r.segment.name, r.by_hand, r.first_night, r.last_night) for r in rows]


def test_only_what_changes_is_written(cast, scheme, scored):
    assert segments.place_accounts(FIRST) == 4
    assert segments.place_accounts(FIRST) == 0
    assert segments.place_accounts(SECOND) == 0
    AccountScore.objects.filter(account=cast.account).update(profitability=D(10))
    assert segments.place_accounts(THIRD) == 1
    assert held(cast.account, scheme) == [
        ("Top", False, FIRST, SECOND),
        ("Rest", False, THIRD, None),
    ]
    assert held(cast.unowned, scheme) == [("Rest", False, FIRST, None)]


def test_a_night_that_is_placed_again_leaves_one_row(cast, scheme, scored):
    segments.place_accounts(FIRST)
    AccountScore.objects.filter(account=cast.account).update(profitability=None)
    segments.place_accounts(FIRST)
    assert held(cast.account, scheme) == [("Rest", False, FIRST, None)]


def test_an_archived_account_stands_in_no_segment(cast, scheme, scored):
    segments.place_accounts(FIRST)
    Account.objects.filter(pk=cast.account.pk).update(archived_at="2026-03-01T12:00Z")
    segments.place_accounts(SECOND)
    assert held(cast.account, scheme) == [("Top", False, FIRST, FIRST)]


def test_the_statement_places_as_the_pure_rules_do(cast, db):
    """Random rules over every subject, random accounts: both say the same of each."""
    chance = random.Random(7)
    version = make_version()
    subjects = SegmentRule.Subject.values

    def value(subject):
        if subject == "is_key_account":
            return D(1)
        most = 4 if subject == "level" else 1000 if subject[0] in "rca" else 100
        return D(chance.randint(0, most))

    scheme = segments.create_scheme(name="Random")
    for rank in range(1, 9):
        rules = {s: (value(s), None) for s in chance.sample(subjects, 2)}
        low = value("potential")
        rules["potential"] = (low, low + 40)
        segments.create_segment(scheme, name=f"S{rank}", rank=rank, rules=rules)
    Account.objects.bulk_create(
        Account(
            name=f"R{n}",
            is_key_account=chance.random() < 0.5,
            level=chance.choice(Account.Level.values),
        )
        for n in range(300)
    )
    names = [s for s in subjects if s not in ("is_key_account", "level")]
    for account in Account.objects.filter(name__startswith="R"):
        values = {s: None if chance.random() < 0.1 else value(s) for s in names}
        score(account, version, cell="", **values)
    segments.place_accounts(FIRST)
    got = dict(SegmentPlacement.objects.filter(scheme=scheme).values_list("account", "segment"))
    candidates = segments.candidates_of(scheme)
    levels = {level: D(n) for n, level in enumerate(segments.LEVELS, 1)}
    wanted = {}
    for row in AccountScore.objects.current().select_related("account"):
        values = {s: getattr(row, s) for s in names}
        values["is_key_account"] = D(int(row.account.is_key_account))
        values["level"] = levels[row.account.level]
        wanted[row.account_id] = place(candidates, values)
    assert got == {pk: segment for pk, segment in wanted.items() if segment is not None}
    assert len(set(got.values())) > 3


# --- by hand --------------------------------------------------------------------------------------
def override(cast, scheme, name="Rest", **values):
    values = {"reason": "Strategy.", "expires_on": company_today() + timedelta(days=30)} | values
    segment = scheme.segments.get(name=name)
    return segments.set_override(cast.account, segment, cast.kam, **values)


def test_a_segment_by_hand_wins_at_once_until_it_runs_out(cast, scheme, scored):
    today = company_today()
    segments.place_accounts(today - timedelta(days=5))
    row = override(cast, scheme)
    assert held(cast.account, scheme)[-1] == ("Rest", True, today, None)
    segments.place_accounts(row.expires_on)
    assert held(cast.account, scheme)[-1] == ("Rest", True, today, None)
    after = row.expires_on + timedelta(days=1)
    segments.place_accounts(after)
    assert held(cast.account, scheme)[-2:] == [
        ("Rest", True, today, row.expires_on),
        ("Top", False, after, None),
    ]


def test_a_second_one_takes_the_place_of_the_first(cast, scheme, scored):
    first = override(cast, scheme)
    override(cast, scheme, "Top", reason="Again.")
    assert held(cast.account, scheme) == [("Top", True, company_today(), None)]
    assert SegmentOverride.objects.get(pk=first.pk).archived_at is not None


def test_an_ended_one_gives_the_account_back_to_the_rules(cast, scheme, scored):
    row = override(cast, scheme)
    segments.end_override(row)
    assert held(cast.account, scheme) == [("Top", False, company_today(), None)]
    segments.restore_override(row)
    assert held(cast.account, scheme) == [("Rest", True, company_today(), None)]


@pytest.mark.parametrize(("days", "words"), [(-1, "has passed"), (1000, "within two years")])
def test_a_segment_by_hand_has_an_end(cast, scheme, days, words):
    with pytest.raises(ValidationError, match=words):
        override(cast, scheme, expires_on=company_today() + timedelta(days=days))


# --- schemes --------------------------------------------------------------------------------------
def test_the_ready_schemes_are_made_once(cast):
    made = segments.create_ready()
    assert [s.name for s in made] == ["Segment 1–3", "A–D", "Key account level"]
    assert segments.create_ready() == []
    segments.place_accounts(FIRST)
    level = made[2]
    assert [p.account for p in level.placements.all()] == [cast.account]
    assert level.placements.get().segment.name == "Territory"


def test_all_rules_of_a_segment_are_saved_at_once(scheme):
    top = scheme.segments.get(name="Top")
    segments.change_segment(top, {}, rules={"potential": (D(40), D(60))})
    in_use = SegmentRule.objects.active().filter(segment=top)
    assert [str(r) for r in in_use] == ["40 ≤ Potential, 0–100 < 60"]
    segments.change_segment(top, {}, rules={"profitability": (D(70), None)})
    assert [str(r) for r in in_use.all()] == ["70 ≤ Profitability, 0–100"]
    assert SegmentRule.objects.filter(segment=top).count() == 2  # archived, and back


def test_a_rule_that_nothing_can_meet_is_refused(scheme):
    with pytest.raises(ValidationError, match="nothing is at least 60 and below 50"):
        segments.create_segment(scheme, name="X", rank=9, rules={"potential": (D(60), D(50))})
    assert not scheme.segments.filter(name="X").exists()


def test_an_archived_scheme_places_nobody(cast, scheme, scored):
    segments.place_accounts(FIRST)
    segments.archive_scheme(scheme)
    assert not SegmentPlacement.objects.current().exists()
    assert SegmentScheme.objects.get(pk=scheme.pk).placements.count() == 4
