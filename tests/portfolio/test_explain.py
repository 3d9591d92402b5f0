"""Every score opens: contributions add up to it, moves to their causes, in page, command and API."""

import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import SalesFact
from kam.models import ApiToken, Job
from kam.periods import add_months, company_today, month_of
from portfolio.explain import causes, explain, score_on
from portfolio.models import Judgement
from portfolio.services import scoring
from tests.portfolio.conftest import sell

D = Decimal


@pytest.fixture
def tonight(cast) -> date:
    return company_today()


@pytest.fixture
def scored(cast, version, tonight):
    end = month_of(tonight)
    sell(cast.account, cast.product, add_months(end, -2), 600, 100)
    sell(cast.foreign, cast.product, add_months(end, -2), 300, 100)
    Judgement.objects.create(
        account=cast.account, code="openness", value=4, evidence="They said so", source="Visit",
        judged_on=date(2026, 5, 4),
    )  # fmt: skip
    scoring.score_night(tonight)
    return cast.account


def test_contributions_add_up_to_the_score_and_shares_to_one(scored):
    found = explain(score_on(scored))
    assert {axis.axis for axis in found.axes} == {"profitability", "potential", "relation"}
    for axis in found.axes:
        parts = [line.contribution for line in axis.criteria if line.contribution is not None]
        if axis.score is None:
            assert parts == []
            continue
        assert abs(sum(parts) - axis.score) < D("0.006")
        assert abs(sum(line.share for line in axis.criteria if line.share is not None) - 1) < D(
            "1e-9"
        )
    openness = next(line for a in found.axes for line in a.criteria if line.code == "openness")
    assert (openness.raw, openness.value, openness.source, openness.as_of) == (
        4, 75, "Visit", date(2026, 5, 4),
    )  # fmt: skip
    trust = next(line for a in found.axes for line in a.criteria if line.code == "trust")
    assert trust.is_missing
    assert trust.contribution is None


def test_what_moved_is_told_by_its_causes(cast, scored, tonight):
    before = explain(score_on(scored))
    Judgement.objects.filter(code="openness").update(value=1)
    Judgement.objects.create(account=scored, code="trust", value=5, judged_on=tonight)
    from portfolio.models import AccountScore, ScoringRun

    AccountScore.objects.update(first_night=tonight - timedelta(days=3))
    ScoringRun.objects.update(night=tonight - timedelta(days=3))
    scoring.score_night(tonight)
    after = explain(score_on(scored))
    found = causes(before, after)
    assert [c.name for c in found] == ["Trust", "Openness"]
    assert found[0].points == D(100)
    moved = after.score.potential - before.score.potential
    assert abs(sum(c.points for c in found if str(c.axis) == "Potential") - moved) < D("0.011")


def test_the_panel_opens_each_score(cast, scored, django_assert_num_queries):
    client = cast.client("kam")
    address = reverse("portfolio:account_scores", args=[scored.pk])
    client.get(address)
    # person, account, score, run with version, judgements, earlier than a month, the earliest
    with django_assert_num_queries(7):
        text = client.get(address).content.decode()
    assert "Openness" in text
    assert "Visit" in text
    assert "Revenue, twelve months" in text
    assert cast.client("other_kam").get(address).status_code == 404
    assert "No scores yet" in client.get(address + "?night=2020-01-01").content.decode()


@pytest.mark.parametrize("night", ["nonsense", "2026-02-30", "0001-01-01", "%00"])
def test_an_odd_night_is_refused_in_one_way(cast, scored, night):
    pages = [
        reverse("portfolio:account_scores", args=[scored.pk]),
        reverse("portfolio:matrix"),
        reverse("portfolio:dashboard"),
    ]
    client = cast.client("kam")
    for page in pages:
        answer = client.get(f"{page}?night={night}")
        assert answer.status_code == 400
        assert "A night is a date such as 2026-03-31." in answer.content.decode() or night == "%00"
    row = score_on(scored).pk
    for address in ("matrix/", f"account-scores/{row}/explanation/"):
        assert client.get(f"/api/v1/{address}?night={night}").status_code == 400


@pytest.mark.django_db(transaction=True)  # events carry the time of their transaction
def test_a_past_night_tells_what_was_said_then(cast, scored, tonight):
    """A judgement corrected, or made by somebody else, after the night does not change its story."""
    from portfolio.models import AccountScore, ScoringRun

    past = tonight - timedelta(days=3)
    AccountScore.objects.update(first_night=past)
    ScoringRun.objects.update(night=past)
    row = Judgement.objects.get(code="openness")
    row.source, row.judged_by, row.evidence = "Survey", cast.leader, "A form"
    row.save()
    scoring.score_night(tonight)

    def told(night):
        found = explain(score_on(scored, night), night)
        line = next(line for a in found.axes for line in a.criteria if line.code == "openness")
        return line.source, line.judged_by, line.evidence

    assert told(past) == ("Visit", "", "They said so")
    assert told(tonight) == told(None) == ("Survey", str(cast.leader), "A form")
    row.value, row.source = 2, "Complaint"
    row.save()  # not scored yet: the newest night still stands on the survey
    assert told(None) == ("Survey", str(cast.leader), "A form")


def test_a_rank_alone_is_half_and_says_so(cast, version, tonight):
    SalesFact.objects.all().delete()
    sell(cast.account, cast.product, add_months(month_of(tonight), -2), 600, 100)
    scoring.score_night(tonight)
    found = explain(score_on(cast.account))
    line = next(line for a in found.axes for line in a.criteria if line.code == "margin")
    assert line.value == 50
    assert "alone, or all alike: 50" in line.how


def test_a_command_explains_in_words_and_json(scored):
    out = StringIO()
    call_command("explain_score", "A1", "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert answer["account"] == scored.pk
    assert {s["axis"] for s in answer["scores"]} == {"profitability", "potential", "relation"}
    out = StringIO()
    call_command("explain_score", str(scored.pk), stdout=out)
    assert "Openness: 4" in out.getvalue()
    with pytest.raises(CommandError, match="no account"):
        call_command("explain_score", "nobody")


def test_a_command_scores(cast, version):
    out = StringIO()
    call_command("score", stdout=out)
    assert "4 accounts scored, 4 changed" in out.getvalue()


def test_the_api_explains_and_knows_nights(cast, scored, tonight):
    token = ApiToken.issue(cast.kam, "test")[1]
    headers = {"authorization": f"Bearer {token}"}
    rows = cast.client("kam").get("/api/v1/account-scores/", headers=headers).json()["results"]
    assert {row["account"] for row in rows} == {cast.account.pk, cast.child.pk}
    row = next(row for row in rows if row["account"] == scored.pk)
    address = f"/api/v1/account-scores/{row['id']}/explanation/"
    assert cast.client("kam").get(address, headers=headers).json()["account"] == scored.pk
    past = (tonight - timedelta(days=1)).isoformat()
    listed = cast.client("kam").get(f"/api/v1/account-scores/?night={past}", headers=headers)
    assert listed.json()["results"] == []


@pytest.mark.django_db(transaction=True)  # the progress is told on a connection of its own
def test_an_administrator_scores_with_a_button(cast, version):
    from kam import jobs

    client = cast.client("administrator")
    assert client.post(reverse("portfolio:score_now")).status_code == 302
    job = Job.objects.get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "4 accounts scored, 4 changed.")
    assert "whole" in client.get(reverse("portfolio:run_list")).content.decode().lower()
