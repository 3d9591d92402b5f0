"""The classification process' and the segments' part of the route table."""

from datetime import timedelta

from kam.periods import company_today
from portfolio.models import (
    Nomination,
    Segment,
    SegmentOverride,
    SegmentPlacement,
    SegmentRule,
    SegmentScheme,
)
from tests.api.routes import rows_of
from tests.plans.route_rows import DECIDES, DECIDES_FOREIGN
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ACCOUNT,
    EDITS_ALL,
    EDITS_FOREIGN,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)

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


# --- segments -------------------------------------------------------------------------------------
def scheme(cast=None):
    return SegmentScheme.objects.get_or_create(name="Tiers")[0]


def segment(cast=None):
    return Segment.objects.get_or_create(scheme=scheme(), name="Top", rank=1)[0]


def rule(cast=None):
    return SegmentRule.objects.get_or_create(
        segment=segment(), subject="potential", defaults={"at_least": 50}
    )[0]


def override_of(account):
    return SegmentOverride.objects.get_or_create(
        account=account,
        scheme=scheme(),
        segment=segment(),
        defaults={"reason": "x", "expires_on": company_today() + timedelta(days=9)},
    )[0]


def placement_of(account):
    return SegmentPlacement.objects.get_or_create(
        account=account,
        scheme=scheme(),
        segment=segment(),
        defaults={"first_night": company_today()},
    )[0]


def by_hand(cast):
    """What is posted to put an account into a segment."""
    return {
        "segment": segment().pk,
        "reason": "Strategy",
        "expires_on": company_today() + timedelta(days=9),
    }


def directory(name, pick, method="get", ok=200, data=lambda c: {}):
    """A page or write about a scheme, for those who keep them."""
    return Route(
        f"portfolio:{name}", "directory", lambda c: {"pk": pick(c).pk}, method, data,
        ok=ok, ok_for=ADMINISTRATORS, otherwise=403,
    )  # fmt: skip


def keepers(name, method="get", ok=200, data=lambda c: {}):
    return Route(
        f"portfolio:{name}", method=method, data=data, ok=ok, ok_for=ADMINISTRATORS, otherwise=403
    )


def of_scheme(pick):
    return lambda cast: {"pk": pick(cast).pk, "scheme": scheme().pk}


ROUTES += [
    Route("portfolio:scheme_list"),
    keepers("scheme_create"),
    keepers("scheme_create", "post", 302, lambda c: {"name": "New"}),
    keepers("scheme_ready", "post", 302),
    keepers("scheme_place", "post", 302),
    directory("scheme_edit", scheme),
    directory("scheme_edit", scheme, "post", 302, lambda c: {"name": "Other"}),
    directory("scheme_archive", scheme, "post", 302),
    directory("scheme_restore", scheme, "post", 302),
    directory("segment_create", scheme),
    directory("segment_create", scheme, "post", 302, lambda c: {"name": "Low", "rank": 2}),
    directory("segment_edit", segment),
    directory("segment_edit", segment, "post", 302, lambda c: {"name": "Low", "rank": 2}),
    directory("segment_archive", segment, "post", 302),
    directory("segment_restore", segment, "post", 302),
    Route("portfolio:segment_accounts", "directory", lambda c: {"pk": segment().pk}),
    Route(
        "portfolio:segment_accounts", "directory", lambda c: {"pk": segment().pk}, "post", view,
        ok=302,
    ),
    Route("portfolio:account_segments", "own", account, ok_for=SEES_ACCOUNT),
    Route("portfolio:account_segments", "foreign", foreign_account, ok_for=SEES_FOREIGN),
    *(
        Route(
            "portfolio:override_set", row, of_scheme(pick), method, by_hand, ok=ok,
            ok_for=edits, refused=sees - edits,
        )
        for row, pick, sees, edits in (
            ("own", lambda c: c.account, SEES_ACCOUNT, EDITS_ACCOUNT),
            ("foreign", lambda c: c.foreign, SEES_FOREIGN, EDITS_FOREIGN),
        )
        for method, ok in (("get", 200), ("post", 302))
    ),
    Route(
        "portfolio:override_end", "own", lambda c: {"pk": override_of(c.account).pk}, "post",
        ok=302, ok_for=EDITS_ACCOUNT, refused=SEES_ACCOUNT - EDITS_ACCOUNT,
    ),
    Route(
        "portfolio:override_end", "foreign", lambda c: {"pk": override_of(c.foreign).pk}, "post",
        ok=302, ok_for=EDITS_FOREIGN, refused=SEES_FOREIGN - EDITS_FOREIGN,
    ),
]  # fmt: skip
for name, pick in (("segmentscheme", scheme), ("segment", segment), ("segmentrule", rule)):
    ROUTES += [
        Route(f"api:{name}-list"),
        Route(
            f"api:{name}-list", method="post", ok_for=EDITS_ALL, ok=400,
            refused=EVERYBODY - EDITS_ALL,
        ),
        *rows_of(name, "directory", pick, EVERYBODY, EDITS_ALL, "patch delete restore"),
    ]  # fmt: skip
ROUTES += [
    Route("api:segmentoverride-list"),
    Route(
        "api:segmentoverride-list", "own", method="post", ok=201,
        data=lambda c: {**by_hand(c), "account": c.account.pk},
        ok_for=EDITS_ACCOUNT, refused=SEES_ACCOUNT - EDITS_ACCOUNT, otherwise=400,
    ),
    *rows_of(
        "segmentoverride", "own", lambda c: override_of(c.account), SEES_ACCOUNT, EDITS_ACCOUNT,
        "patch delete restore",
    ),
    *rows_of(
        "segmentoverride", "foreign", lambda c: override_of(c.foreign), SEES_FOREIGN,
        EDITS_FOREIGN, "patch delete restore",
    ),
    Route("api:segmentplacement-list"),
    *rows_of(
        "segmentplacement", "own", lambda c: placement_of(c.account), SEES_ACCOUNT, frozenset(), ""
    ),
    *rows_of(
        "segmentplacement", "foreign", lambda c: placement_of(c.foreign), SEES_FOREIGN,
        frozenset(), "",
    ),
]  # fmt: skip

SCHEMES = "schemes and segments are the company's: everybody reads them, administrators keep them"
NO_FOREIGN_ROW: dict[str, str] = {
    **{
        f"portfolio:{name}": SCHEMES
        for name in (
            "scheme_edit",
            "scheme_archive",
            "scheme_restore",
            "segment_create",
            "segment_edit",
            "segment_archive",
            "segment_restore",
        )
    },
    "portfolio:segment_accounts": "the list shows the accounts that one sees",
    **{
        f"api:{name}-{verb}": SCHEMES
        for name in ("segmentscheme", "segment", "segmentrule")
        for verb in ("detail", "restore")
    },
}
