"""The nightly run: the statement against the pure sums, twice, killed, resumed, over time."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import Account, SalesFact
from kam.periods import add_months, company_today, month_of
from portfolio import matrix
from portfolio.calc import scores
from portfolio.explain import explain
from portfolio.models import (
    AccountScore,
    Criterion,
    HoursSpent,
    Judgement,
    LineEstimate,
    PortfolioNight,
    PortfolioSettings,
    ScoreStage,
    ScoringRun,
    ServiceCost,
)
from portfolio.recipe import Recipe
from portfolio.services import scoring
from tests.portfolio.conftest import make_version, sell

D = Decimal


@pytest.fixture
def tonight(cast) -> date:
    return company_today()


@pytest.fixture
def end(tonight) -> date:
    return month_of(tonight)


def current(account: Account) -> AccountScore:
    return AccountScore.objects.get(account=account, last_night=None)


def fact(row: AccountScore, code: str) -> Decimal | None:
    recipe = Recipe.from_json(ScoringRun.objects.get(night=row.first_night).recipe)
    return row.raw[recipe.inputs.index(code)]


@pytest.fixture
def crowd(cast, version, end):
    """Forty accounts with sales, estimates and judgements of all kinds, some missing."""
    random = Random(7)
    accounts = [
        Account.objects.create(name=f"Crowd {i}", number=f"X{i}", owner=cast.kam) for i in range(40)
    ]
    for account in accounts:
        for back in random.sample(range(1, 24), random.randint(0, 9)):
            revenue = random.randint(-50, 400)
            sell(account, cast.product, add_months(end, -back), revenue, random.randint(0, 200))
        if random.random() < 0.6:
            LineEstimate.objects.create(
                account=account, line=cast.line, currency=random.choice(["EUR", "NOK"]),
                wallet=random.randint(0, 9000), potential=random.randint(0, 9000),
                chance=random.randint(0, 100), source="guess", as_of=end,
            )  # fmt: skip
        for code in ("openness", "trust"):
            if random.random() < 0.7:
                Judgement.objects.create(
                    account=account, code=code, value=random.randint(1, 5), judged_on=end
                )
    return accounts


def test_the_statement_and_the_pure_sums_agree_on_every_account(crowd, tonight):
    """Values, scores, completeness and cells of each row are recomputed from its raw facts."""
    run = scoring.score_night(tonight)
    recipe = Recipe.from_json(run.recipe)
    rows = list(AccountScore.objects.all())
    assert len(rows) == run.scored == run.changed == Account.objects.count()
    assert len({row.cell for row in rows}) > 2
    raws = {
        code: [row.raw[i] for row in rows if row.raw[i] is not None]
        for i, code in enumerate(recipe.inputs)
    }
    for row in rows:
        values = []
        for criterion in recipe.criteria:
            raw = row.raw[recipe.inputs.index(criterion.rule.input)]
            rank = None
            if criterion.rule.function == "percentile" and raw is not None:
                rank = scores.mid_rank(raw, raws[criterion.rule.input], up=criterion.rule.up)
            values.append(criterion.rule.value(raw, rank))
        assert row.values == values
        for axis, groups in recipe.axes.items():
            score = scores.axis_score(
                [g for _n, g, _p in groups], [[values[i] for i in p] for _n, _g, p in groups]
            )
            assert getattr(row, axis) == score
        assert row.strategic is None
        assert row.completeness == scores.completeness(
            {axis: [g for _n, g, _p in groups] for axis, groups in recipe.axes.items()},
            {
                axis: [
                    [row.raw[recipe.inputs.index(recipe.criteria[i].rule.input)] is not None
                     for i in p]
                    for _n, _g, p in groups
                ]
                for axis, groups in recipe.axes.items()
            },
        )  # fmt: skip
        assert row.cell == scores.cell(row.profitability, row.potential, D(50), D(50))


def test_each_fact_is_measured_as_it_is_defined(cast, version, tonight, end):
    account = cast.account
    SalesFact.objects.all().delete()
    PortfolioSettings.objects.create(pk=1, hourly_cost=D(10))
    sell(account, cast.product, add_months(end, -1), 600, 200)
    sell(account, cast.product, add_months(end, -12), 200, 100)
    sell(account, cast.product, add_months(end, -13), 400, 0)  # the twelve months before
    sell(account, cast.product, end, 5000)  # not closed yet
    LineEstimate.objects.create(
        account=account, line=cast.line, currency="EUR", wallet=3200, potential=2000, chance=50,
        source="call", as_of=date(2026, 2, 3),
    )  # fmt: skip
    HoursSpent.objects.create(
        account=account, user=cast.kam, week=_monday(add_months(end, -1)), hours=D(8)
    )
    ServiceCost.objects.create(
        account=account, month=add_months(end, -2), kind="logistics", currency="EUR", amount=D(40)
    )
    scoring.score_night(tonight)
    row = current(account)
    expected = {
        "revenue_12m": D(800),
        "contribution_12m": D(800 - 300 - 80 - 40),
        "contribution_margin": D("47.5"),
        "growth": D(100),
        "attainable_revenue": D(2000),
        "white_space": D(2400),
        "share_of_wallet": D(25),
        "improvement_potential": D(600),
        "lines_bought": D(1),
        "penetration": D(100),
        "months_bought": D(2),
        "hours_12m": D(8),
        "return_per_hour": D("47.5"),
        "employees": None,
    }
    assert {code: fact(row, code) for code in expected} == expected
    assert (row.revenue, row.contribution, row.attainable, row.hours) == (800, 380, 2000, 8)
    recipe = Recipe.from_json(ScoringRun.objects.get().recipe)
    dates = dict(zip(recipe.inputs, row.as_of, strict=True))
    assert dates["revenue_12m"] == end - timedelta(days=1)
    assert dates["white_space"] == date(2026, 2, 3)
    assert dates["employees"] is None


def _monday(day: date) -> date:
    return day + timedelta(days=(7 - day.weekday()) % 7)


def test_an_amount_without_a_rate_makes_the_fact_unknown(cast, version, tonight, end):
    SalesFact.objects.create(
        account=cast.account, product=cast.product, month=add_months(end, -1), currency="CHF",
        revenue=10_000_000,
    )  # fmt: skip
    scoring.score_night(tonight)
    assert fact(current(cast.account), "revenue_12m") is None
    assert current(cast.account).revenue is None


def test_a_second_run_of_the_night_changes_nothing(crowd, tonight):
    scoring.score_night(tonight)
    before = list(AccountScore.objects.order_by("pk").values())
    nights = list(
        PortfolioNight.objects.order_by("owner", "cell", "is_key_account").values(
            "owner", "cell", "accounts"
        )
    )
    run = scoring.score_night(tonight)
    assert run.changed == 0
    assert list(AccountScore.objects.order_by("pk").values()) == before
    again = list(
        PortfolioNight.objects.order_by("owner", "cell", "is_key_account").values(
            "owner", "cell", "accounts"
        )
    )
    assert again == nights


def test_a_night_writes_only_what_changed_and_the_past_stays(crowd, cast, tonight):
    yesterday = tonight - timedelta(days=1)
    scoring.score_night(yesterday)
    was = current(crowd[0])
    judgement = Judgement.objects.filter(account=crowd[0]).first() or Judgement(
        account=crowd[0], code="trust", judged_on=tonight
    )
    judgement.value = 1 if judgement.value != 1 else 5
    judgement.save()
    run = scoring.score_night(tonight)
    assert run.changed == 1
    assert AccountScore.objects.on_night(yesterday).get(account=crowd[0]).pk == was.pk
    assert AccountScore.objects.on_night(tonight).get(account=crowd[0]).pk != was.pk
    assert AccountScore.objects.on_night(yesterday).count() == Account.objects.count()


def test_archived_accounts_leave_and_come_back(crowd, cast, tonight):
    from kam.editing import archive, restore

    scoring.score_night(tonight - timedelta(days=2))
    archive(crowd[0])
    scoring.score_night(tonight - timedelta(days=1))
    assert not AccountScore.objects.current().filter(account=crowd[0]).exists()
    restore(crowd[0])
    scoring.score_night(tonight)
    assert current(crowd[0]).first_night == tonight


def test_killed_in_the_middle_it_goes_on_and_the_night_before_is_seen(
    crowd, cast, tonight, monkeypatch
):
    yesterday = tonight - timedelta(days=1)
    scoring.score_night(yesterday)
    seen = {(r.account_id, tuple(r.values)) for r in AccountScore.objects.current()}
    for account in (crowd[0], crowd[39]):
        SalesFact.objects.filter(account=account).delete()
        sell(account, cast.product, add_months(month_of(tonight), -1), 900)
    monkeypatch.setattr(scoring, "SLICE", 10)

    def stop(done: int, total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scoring.score_night(tonight, told=stop)
    stopped = ScoringRun.objects.get(night=tonight)
    assert (stopped.state, stopped.scored) == ("running", 20)
    assert ScoreStage.objects.count() == 20
    assert {(r.account_id, tuple(r.values)) for r in AccountScore.objects.current()} == seen
    began: list[int] = []
    run = scoring.score_night(tonight, told=lambda done, total: began.append(done))
    assert began[0] == 30  # not from the start
    assert run.state == "whole"
    assert ScoreStage.objects.count() == 0
    got = {row.account_id: (row.raw, row.values) for row in AccountScore.objects.current()}
    AccountScore.objects.all().delete()
    ScoringRun.objects.all().delete()
    scoring.score_night(tonight)
    assert {r.account_id: (r.raw, r.values) for r in AccountScore.objects.current()} == got


def test_a_stopped_run_begins_anew_when_the_criteria_have_changed(
    crowd, version, tonight, monkeypatch
):
    monkeypatch.setattr(scoring, "SLICE", 10)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scoring.score_night(tonight, told=stop)
    Criterion.objects.filter(code="revenue").update(best=D(50))
    began: list[int] = []
    scoring.score_night(tonight, told=lambda done, total: began.append(done))
    assert began[0] == 10


def test_another_version_rewrites_every_row_from_that_night_on(crowd, version, tonight):
    yesterday = tonight - timedelta(days=1)
    scoring.score_night(yesterday)
    version.state = "archived"
    version.save()
    other = make_version("Next")
    run = scoring.score_night(tonight)
    assert run.changed == Account.objects.count()
    assert set(AccountScore.objects.current().values_list("criteria_version", flat=True)) == {
        other.pk
    }
    on_that_night = AccountScore.objects.on_night(yesterday)
    assert set(on_that_night.values_list("criteria_version", flat=True)) == {version.pk}


def test_no_version_and_an_earlier_night_are_refused(cast, tonight):
    with pytest.raises(ValidationError, match="No version"):
        scoring.score_night(tonight)
    assert scoring.due_night() is None
    make_version()
    assert scoring.due_night() == tonight
    scoring.score_night(tonight)
    assert scoring.due_night() is None
    with pytest.raises(ValidationError, match="later night"):
        scoring.score_night(tonight - timedelta(days=1))


def test_one_run_at_a_time(crowd, tonight):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('portfolio:scoring'))")
        with pytest.raises(scoring.AnotherRunError):
            scoring.score_night(tonight)
        with other.cursor() as cursor:  # the server notices a closed connection only later
            cursor.execute("SELECT pg_advisory_unlock(hashtext('portfolio:scoring'))")
    finally:
        other.close()
    assert scoring.score_night(tonight).state == "whole"


def test_the_nights_sums_are_those_of_the_scores(crowd, cast, tonight):
    scoring.score_night(tonight)
    rows = AccountScore.objects.current()
    sums = PortfolioNight.objects.filter(night=tonight)
    assert sum(s.accounts for s in sums) == rows.count()
    assert sum(s.revenue for s in sums) == sum(r.revenue or 0 for r in rows)
    mine = [s for s in sums if s.owner_id == cast.kam.pk]
    assert sum(s.accounts for s in mine) == rows.filter(owner=cast.kam).count()


def test_what_a_draft_would_change_is_what_its_activation_changes(crowd, version, tonight):
    Account.objects.filter(number__in=["X1", "X2", "X3"]).update(is_key_account=True)
    scoring.score_night(tonight - timedelta(days=1))
    before = {row.account_id: row.cell for row in AccountScore.objects.current()}
    draft = make_version("Next", state="draft")
    draft.profitability_cut = D(20)
    draft.save()
    Criterion.objects.filter(group__criteria_version=draft, code="attainable").update(best=D(1500))
    preview = scoring.preview(draft)
    assert preview is not None
    assert AccountScore.objects.current().first().criteria_version_id == version.pk
    version.state, draft.state = "archived", "active"
    version.save()
    draft.save()
    scoring.score_night(tonight)
    after = {row.account_id: row.cell for row in AccountScore.objects.current()}
    moves: dict[tuple[str, str], int] = {}
    for account, cell in before.items():
        moves[cell, after[account]] = moves.get((cell, after[account]), 0) + 1
    assert preview.moves == moves
    assert len(moves) > 4
    moved = {m.account: (m.before, m.after) for m in preview.key_accounts + preview.others}
    assert moved == {a: (c, after[a]) for a, c in before.items() if c != after[a]}
    assert preview.up > 0


def test_while_the_night_is_scored_again_the_first_result_stays_explained(
    crowd, version, tonight, monkeypatch
):
    """An activation by day, and a run that fails: people still see the night, by its own recipe."""
    first = scoring.score_night(tonight)
    Criterion.objects.filter(code="revenue").delete()
    monkeypatch.setattr(scoring, "SLICE", 10)

    def fail(done: int, total: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        scoring.score_night(tonight, told=fail)
    assert matrix.run_on(crowd[0].owner, None).pk == first.pk
    found = explain(current(crowd[0]))
    assert found.run.pk == first.pk
    assert "revenue" in {line.code for axis in found.axes for line in axis.criteria}
    again = scoring.score_night(tonight)
    assert ScoringRun.objects.filter(night=tonight).get().pk == again.pk
    found = explain(current(crowd[0]))
    assert "revenue" not in {line.code for axis in found.axes for line in axis.criteria}
