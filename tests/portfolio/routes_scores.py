from datetime import date
from typing import Any

from portfolio.models import AccountScore, CriteriaVersion, ScoringRun
from tests.route_table import (
    ADMINISTRATORS,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)

NIGHT = date(2026, 1, 2)


def run() -> ScoringRun:
    """A whole night by a version without criteria."""
    version = CriteriaVersion.objects.get_or_create(name="Routes")[0]
    recipe = {
        "criteria_version": version.pk,
        "inputs": [],
        "criteria": [],
        "profitability_cut": "50",
        "potential_cut": "50",
    }
    return ScoringRun.objects.get_or_create(
        night=NIGHT,
        defaults={
            "criteria_version": version,
            "recipe": recipe,
            "facts": {"currency": "EUR"},
            "state": "whole",
            "started_at": "2026-01-02T01:00Z",
        },
    )[0]


def score(account: Any) -> AccountScore:
    return AccountScore.objects.get_or_create(
        account=account,
        first_night=NIGHT,
        defaults={
            "criteria_version": run().criteria_version,
            "owner": account.owner,
            "raw": [],
            "as_of": [],
            "values": [],
        },
    )[0]


def own(c: Any) -> dict[str, Any]:
    return {"pk": score(c.account).account_id}


def foreign(c: Any) -> dict[str, Any]:
    return {"pk": score(c.foreign).account_id}


PAGES = ("portfolio:account_scores", "portfolio:score_history")
DETAILS = ("api:accountscore-detail", "api:accountscore-explanation")
ROUTES: list[Route] = [
    *[Route(name, "own", own, ok_for=SEES_ACCOUNT) for name in PAGES],
    *[Route(name, "foreign", foreign, ok_for=SEES_FOREIGN) for name in PAGES],
    Route("portfolio:run_list"),
    Route("portfolio:score_now", method="post", ok_for=ADMINISTRATORS, ok=302, otherwise=403),
    Route("api:accountscore-list"),
    *[
        Route(name, "own", lambda c: {"pk": score(c.account).pk}, ok_for=SEES_ACCOUNT)
        for name in DETAILS
    ],
    *[
        Route(name, "foreign", lambda c: {"pk": score(c.foreign).pk}, ok_for=SEES_FOREIGN)
        for name in DETAILS
    ],
    Route("api:scoringrun-list"),
    Route("api:scoringrun-detail", "directory", lambda c: {"pk": run().pk}, ok_for=EVERYBODY),
]
NO_FOREIGN_ROW: dict[str, str] = {
    "api:scoringrun-detail": "a run belongs to the company: what it scored by, no account's figures",
}
