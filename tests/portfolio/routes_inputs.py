"""Routes of estimates, judgements, costs, hours, capacity and the portfolio's settings."""

from datetime import date

from plans.models import AccountPlan, Activity
from portfolio.models import (
    Capacity,
    CriteriaVersion,
    Criterion,
    CriterionGroup,
    HoursSpent,
    Judgement,
    LineEstimate,
    MeetingHours,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)
from tests.accounts.routes import edited, foreign, own, seen
from tests.api.routes import ALL_VERBS, rows_of
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

POST = {"method": "post", "ok": 302}
YEAR = 2026
MONDAY = date(2026, 3, 2)
#: Whose figures of Kari (`kam`) and Odd (`other_kam`) one may open; who sets their capacity.
OPENS_KARI = frozenset({"administrator", "management", "region_leader", "leader", "kam"})
OPENS_ODD = frozenset({"administrator", "management", "region_leader", "south_leader", "other_kam"})
SETS_KARI = OPENS_KARI - {"management", "kam"}
SETS_ODD = OPENS_ODD - {"management", "other_kam"}


def estimate(account, cast):
    return LineEstimate.objects.get_or_create(
        account=account,
        line=cast.line,
        defaults={"currency": "EUR", "wallet": 10_000, "source": "x", "as_of": MONDAY},
    )[0]


def judgement(account, cast):
    return Judgement.objects.get_or_create(
        account=account, code="trust", defaults={"value": 3, "judged_on": MONDAY}
    )[0]


def cost(account, cast):
    return ServiceCost.objects.get_or_create(
        account=account, month=date(YEAR, 1, 1), kind="logistics", currency="EUR",
        defaults={"amount": 10},
    )[0]  # fmt: skip


def planned(account, cast):
    return PlannedHours.objects.get_or_create(
        account=account, user=account.owner, year=YEAR, defaults={"hours": 10}
    )[0]


def spent(account, cast):
    return HoursSpent.objects.get_or_create(
        account=account, user=account.owner, week=MONDAY, defaults={"hours": 4}
    )[0]


def met(account, cast):
    """Two hours from an activity, among those that the owner spent."""
    row = spent(account, cast)
    HoursSpent.objects.filter(pk=row.pk).update(hours=4, from_meetings=2)
    visit, _new = Activity.objects.get_or_create(
        plan=AccountPlan.objects.get(account=account), title="Visit", responsible=account.owner, status="done",
        defaults={"done_on": MONDAY},
    )  # fmt: skip
    return MeetingHours.objects.get_or_create(
        user=account.owner, kind="activity", source=visit.pk,
        defaults={"spent": row, "title": "Visit", "happened_on": MONDAY, "hours": 2},
    )[0]  # fmt: skip


def capacity(person):
    return Capacity.objects.get_or_create(user=person, year=YEAR, defaults={"hours": 1600})[0]


def settings(cast):
    return PortfolioSettings.current()


def judged(cast, args=own):
    """A judged criterion in the active version, so that there is something to judge."""
    version = CriteriaVersion.objects.get_or_create(name="Our criteria", state="active")[0]
    group = CriterionGroup.objects.get_or_create(
        criteria_version=version, axis="strategic", name="Their trust"
    )[0]
    Criterion.objects.get_or_create(group=group, code="trust", defaults={"name": "Trust in us"})
    return {**args(cast), "code": "trust"}


ROWS = {"estimate": estimate, "judgement": judgement, "cost": cost, "planned": planned}


def of(make, account):
    return lambda cast: make(getattr(cast, account), cast)


def at(make, account, **more):
    return lambda cast: {"pk": make(getattr(cast, account), cast).pk, **more}


def both(name, make, kind="", field="", **more):
    """A route to an input of Kari's and of Odd's account."""
    extra = ({"kind": kind} if kind else {}) | ({"field": field} if field else {})
    return edited(name, at(make, "account", **extra), at(make, "foreign", **extra), **more)


ROUTES: list[Route] = [
    *seen("portfolio:account_estimates"),
    *seen("portfolio:account_judgements"),
    *seen("portfolio:account_resources"),
    *edited("portfolio:estimate_add"),
    *edited(
        "portfolio:estimate_add",
        data=lambda c: {
            "line": c.line.pk,
            "currency": "EUR",
            "wallet": "10000",
            "source": "Talk",
            "as_of": "2026-03-02",
            "confidence": "low",
        },
        **POST,
    ),
    *edited("portfolio:cost_add"),
    *edited(
        "portfolio:cost_add",
        data=lambda c: {"month": "2026-02-01", "kind": "other", "amount": "5", "currency": "EUR"},
        **POST,
    ),
    *edited("portfolio:planned_add"),
    *edited(
        "portfolio:planned_add",
        data=lambda c: {"user": "carl.contributor@example.com", "year": YEAR, "hours": "5"},
        **POST,
    ),
    *edited("portfolio:judgement_edit", judged, lambda c: judged(c, foreign)),
    *edited(
        "portfolio:judgement_edit",
        judged,
        lambda c: judged(c, foreign),
        data=lambda c: {"value": "4", "judged_on": "2026-03-02"},
        **POST,
    ),
    *both("portfolio:estimate_edit", estimate, field="wallet"),
    *both(
        "portfolio:estimate_edit",
        estimate,
        field="wallet",
        data=lambda c: {"wallet": "5", "version": 1},
        **POST,
    ),
    *both("portfolio:cost_edit", cost, field="amount"),
    *both(
        "portfolio:cost_edit",
        cost,
        field="amount",
        data=lambda c: {"amount": "5", "version": 1},
        **POST,
    ),
    *both("portfolio:planned_edit", planned, field="hours"),
    *both(
        "portfolio:planned_edit",
        planned,
        field="hours",
        data=lambda c: {"hours": "5", "version": 1},
        **POST,
    ),
    *(
        row
        for kind, make in ROWS.items()
        for act in ("archive", "restore")
        for row in both(f"portfolio:input_{act}", make, kind=kind, **POST)
    ),
    Route("portfolio:hours"),
    Route("portfolio:hours", method="post", ok=302),
    Route("portfolio:hours_list"),
    Route("portfolio:hours_list", query="?export=csv&meetings=yes"),
    Route(
        "portfolio:hours_list",
        method="post",
        data=lambda c: {"do": "save_view", "name": "x"},
        ok=302,
    ),
    Route("api:resources-meetings"),
    Route("portfolio:resources"),
    Route(
        "portfolio:resources",
        query="?year=2027&try=moves",
        ok_for=EVERYBODY,
    ),
    Route("portfolio:resources", query="?filters"),
    Route("api:resources-load"),
    Route("api:resources-cells"),
    Route("api:resources-suggestions", ok=400),
    Route("portfolio:replan", "own", lambda c: {"pk": c.kam.pk}, ok_for=OPENS_KARI, **POST),
    Route(
        "portfolio:replan", "foreign", lambda c: {"pk": c.other_kam.pk}, ok_for=OPENS_ODD, **POST
    ),
    *(
        Route(
            "portfolio:capacity_edit",
            row,
            lambda c, name=name: {"pk": getattr(c, name).pk},
            ok_for=sets,
            refused=opens - sets,
            **more,
        )
        for row, name, sets, opens in (
            ("own", "kam", SETS_KARI, OPENS_KARI),
            ("foreign", "other_kam", SETS_ODD, OPENS_ODD),
        )
        for more in ({}, {**POST, "data": lambda c: {"hours": "1500"}})
    ),
    Route("portfolio:settings", ok_for=ADMINISTRATORS, otherwise=403),
    Route(
        "portfolio:settings",
        method="post",
        data=lambda c: {"hourly_cost": ""},
        ok=422,
        ok_for=ADMINISTRATORS,
        otherwise=403,
    ),
]

# --- the API ------------------------------------------------------------------------------------------
for basename, make in (
    ("lineestimate", estimate),
    ("judgement", judgement),
    ("servicecost", cost),
    ("plannedhours", planned),
):
    ROUTES += [
        *rows_of(basename, "own", of(make, "account"), SEES_ACCOUNT, EDITS_ACCOUNT, ALL_VERBS),
        *rows_of(basename, "foreign", of(make, "foreign"), SEES_FOREIGN, EDITS_FOREIGN, ALL_VERBS),
        Route(f"api:{basename}-list"),
        Route(f"api:{basename}-list", method="post", ok=400),
    ]
OWN_HOURS = EDITS_ALL | {"kam"}
ROUTES += [
    *rows_of("hoursspent", "own", of(spent, "account"), SEES_ACCOUNT, OWN_HOURS, ALL_VERBS),
    *rows_of(
        "hoursspent",
        "foreign",
        of(spent, "foreign"),
        SEES_FOREIGN,
        EDITS_ALL | {"other_kam"},
        ALL_VERBS,
    ),
    Route("api:hoursspent-list"),
    Route("api:hoursspent-list", method="post", ok=400),
    *rows_of("meetinghours", "own", of(met, "account"), SEES_ACCOUNT, OWN_HOURS, "delete restore"),
    *rows_of(
        "meetinghours",
        "foreign",
        of(met, "foreign"),
        SEES_FOREIGN,
        EDITS_ALL | {"other_kam"},
        "delete restore",
    ),
    Route("api:meetinghours-list"),
    Route("api:meetinghours-list", method="post", ok=400),
    *rows_of(
        "capacity",
        "own",
        lambda c: capacity(c.kam),
        OPENS_KARI | {"service"},
        SETS_KARI | {"service"},
        ALL_VERBS,
    ),
    *rows_of(
        "capacity",
        "foreign",
        lambda c: capacity(c.other_kam),
        OPENS_ODD | {"service"},
        SETS_ODD | {"service"},
        ALL_VERBS,
    ),
    Route("api:capacity-list"),
    Route("api:capacity-list", method="post", ok=400),
    Route("api:portfoliosettings-list"),
    *rows_of("portfoliosettings", "directory", settings, EVERYBODY, EDITS_ALL, "patch"),
]

NO_FOREIGN_ROW: dict[str, str] = {
    "api:portfoliosettings-detail": "a directory: everybody sees the row",
}
