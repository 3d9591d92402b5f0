"""The classification process' and the segments' part of the route table."""

from portfolio.models import Nomination
from tests.api.routes import rows_of
from tests.plans.routes import DECIDES, DECIDES_FOREIGN
from tests.route_table import SEES_ACCOUNT, SEES_FOREIGN, Route

CONFIRMS = frozenset({"administrator", "management"})
#: Who may propose for Kari's account, and for Odd's.
PROPOSES = DECIDES | {"kam"}
PROPOSES_FOREIGN = DECIDES_FOREIGN | {"other_kam"}


def nomination(cast, state="proposed"):
    """A proposal to end Kari's key account; she proposed it."""
    row = Nomination.objects.get_or_create(
        account=cast.account,
        defaults={"kind": "remove", "reason": "x", "proposed_by": cast.kam},
    )[0]
    Nomination.objects.filter(pk=row.pk).update(state=state)
    return row


def foreign_nomination(cast, state="proposed"):
    """A proposal to make Odd's account a key account."""
    row = Nomination.objects.get_or_create(
        account=cast.foreign,
        defaults={
            "reason": "x",
            "level": "national",
            "owner": cast.other_kam,
            "proposed_by": cast.other_kam,
        },
    )[0]
    Nomination.objects.filter(pk=row.pk).update(state=state)
    return row


def at(state="proposed"):
    return lambda cast: {"pk": nomination(cast, state).pk}


def foreign_at(state="proposed"):
    return lambda cast: {"pk": foreign_nomination(cast, state).pk}


def words(cast):
    return {"note": "why"}


def step(name, state, allowed, foreign_allowed):
    """A step of the process as a page's button and over the API."""
    found = []
    for route, ok in ((f"portfolio:nomination_{name}", 302), (f"api:nomination-{name}", 200)):
        found += [
            Route(
                route, "own", at(state), "post", words,
                ok=ok, ok_for=allowed, refused=SEES_ACCOUNT - allowed,
            ),
            Route(
                route, "foreign", foreign_at(state), "post", words,
                ok=ok, ok_for=foreign_allowed, refused=SEES_FOREIGN - foreign_allowed,
            ),
        ]  # fmt: skip
    return found


def account(cast):
    return {"pk": cast.account.pk}


def foreign_account(cast):
    return {"pk": cast.foreign.pk}


def added(cast):
    return {
        "reason": "They grow.",
        "level": "national",
        "owner": f"{cast.other_kam} ({cast.other_kam.email})",
    }


def view(_cast):
    return {"do": "save_view", "name": "x"}


def own_row(cast):
    return nomination(cast)


API = [
    Route("api:nomination-list"),
    Route(
        "api:nomination-list", "own", method="post", ok=201,
        data=lambda c: {"account": c.account.pk, "kind": "remove", "reason": "x"},
        ok_for=PROPOSES | {"service"}, refused=SEES_ACCOUNT, otherwise=400,
    ),
    *rows_of("nomination", "own", own_row, SEES_ACCOUNT, PROPOSES | {"service"}, "patch"),
    *rows_of(
        "nomination", "foreign", foreign_nomination, SEES_FOREIGN,
        PROPOSES_FOREIGN | {"service"}, "patch",
    ),
]  # fmt: skip

ROUTES: list[Route] = [
    Route("portfolio:nomination_list"),
    Route("portfolio:nomination_list", query="?show=mine"),
    Route("portfolio:nomination_list", method="post", data=view, ok=302),
    Route("portfolio:home_nominations"),
    Route("portfolio:nomination_detail", "own", at(), ok_for=SEES_ACCOUNT),
    Route("portfolio:nomination_detail", "foreign", foreign_at(), ok_for=SEES_FOREIGN),
    Route("portfolio:account_nominations", "own", account, ok_for=SEES_ACCOUNT),
    Route("portfolio:account_nominations", "foreign", foreign_account, ok_for=SEES_FOREIGN),
    *(
        Route(
            "portfolio:nomination_edit", "own", at(), method, lambda c: {"reason": "y"},
            ok=ok, ok_for=PROPOSES, refused=SEES_ACCOUNT - PROPOSES,
        )
        for method, ok in (("get", 200), ("post", 302))
    ),
    Route(
        "portfolio:nomination_edit", "foreign", foreign_at(),
        ok_for=PROPOSES_FOREIGN, refused=SEES_FOREIGN - PROPOSES_FOREIGN,
    ),
    *(
        Route(
            "portfolio:nomination_propose", "own", account, method, lambda c: {"reason": "y"},
            ok=ok, ok_for=PROPOSES, refused=SEES_ACCOUNT - PROPOSES,
        )
        for method, ok in (("get", 200), ("post", 302))
    ),
    Route(
        "portfolio:nomination_propose", "foreign", foreign_account, "post", added, ok=302,
        ok_for=PROPOSES_FOREIGN, refused=SEES_FOREIGN - PROPOSES_FOREIGN,
    ),
    *step("accept", "proposed", DECIDES, DECIDES_FOREIGN),
    *step("validate", "accepted", DECIDES, DECIDES_FOREIGN),
    *step("confirm", "validated", CONFIRMS, CONFIRMS),
    *step("reject", "proposed", DECIDES, DECIDES_FOREIGN),
    *step("withdraw", "proposed", frozenset({"kam"}), frozenset({"other_kam"})),
    *API,
]  # fmt: skip
NO_FOREIGN_ROW: dict[str, str] = {}
