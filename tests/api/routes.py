"""The API's part of the route table; see tests/route_table.py."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import AccountTeamMember, AccountYear, Industry, SalesFact
from kam.models import ApiToken, BudgetRate, ImportBatch, Job, Notification, SavedView, Substitution
from kam.periods import company_today
from plans.models import Activity, Goal, Target, TargetMonth
from tests.conftest import YEAR
from tests.kam.importing import routes as imports
from tests.plans.route_rows import DECIDES, DECIDES_FOREIGN, STEERS, STEERS_FOREIGN
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ACCOUNT,
    EDITS_ALL,
    EDITS_FOREIGN,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    SEES_UNOWNED,
    Route,
)

Pick = Callable[[Any], Any]
NOBODY: frozenset[str] = frozenset()
OWNS = frozenset({"administrator", "service", "region_leader", "leader", "kam"})
OWNS_FOREIGN = frozenset({"administrator", "service", "region_leader", "south_leader", "other_kam"})


def key(pick: Pick) -> Callable[[Any], dict[str, Any]]:
    return lambda cast: {"pk": pick(cast).pk}


def rows_of(
    name: str, row: str, pick: Pick, sees: frozenset[str], edits: frozenset[str], verbs: str
) -> list[Route]:
    """A resource's routes to one row: read, and what may be written of it.

    ``verbs``: of patch, delete, restore. Who sees the row but may not change it gets 403.
    """
    refused = sees - edits
    found = [Route(f"api:{name}-detail", row, key(pick), ok_for=sees)]
    for verb, method, ok in (("patch", "patch", 200), ("delete", "delete", 204)):
        if verb in verbs:
            found.append(
                Route(
                    f"api:{name}-detail",
                    row,
                    key(pick),
                    method,
                    ok_for=edits,
                    ok=ok,
                    refused=refused,
                )
            )
    if "restore" in verbs:
        found.append(
            Route(
                f"api:{name}-restore",
                row,
                key(pick),
                "post",
                ok_for=edits,
                ok=204,
                refused=refused,
            )
        )
    return found


def foreign_goal(cast):
    return Goal.objects.get_or_create(plan=cast.foreign_plan, title="x", metric="y")[0]


def foreign_activity(cast):
    return Activity.objects.get_or_create(plan=cast.foreign_plan, title="x")[0]


def foreign_target(cast):
    return Target.objects.get_or_create(plan=cast.foreign_plan, line=cast.line)[0]


def month_of(target):
    return TargetMonth.objects.get_or_create(target=target, month=f"{YEAR}-01-01")[0]


def seat_of(account, user):
    return AccountTeamMember.objects.get_or_create(account=account, user=user, function="bids")[0]


def year_of(account):
    return AccountYear.objects.get_or_create(
        account=account,
        year=YEAR,
        currency="EUR",
        defaults={"revenue": 1, "cost": 1, "volume": 1},
    )[0]


ALL_VERBS = "patch delete restore"
ROUTES: list[Route] = [
    *rows_of("account", "own", lambda c: c.account, SEES_ACCOUNT, EDITS_ACCOUNT, "patch"),
    *rows_of("account", "foreign", lambda c: c.foreign, SEES_FOREIGN, EDITS_FOREIGN, "patch"),
    *rows_of("contact", "own", lambda c: c.contact, SEES_ACCOUNT, EDITS_ACCOUNT, ALL_VERBS),
    *rows_of(
        "contact", "foreign", lambda c: c.foreign_contact, SEES_FOREIGN, EDITS_FOREIGN, ALL_VERBS
    ),
    *rows_of(
        "accountteammember",
        "own",
        lambda c: seat_of(c.account, c.outsider),
        SEES_ACCOUNT | {"outsider"},
        OWNS,
        ALL_VERBS,
    ),
    *rows_of(
        "accountteammember",
        "foreign",
        lambda c: seat_of(c.foreign, c.outsider),
        SEES_FOREIGN | {"outsider"},
        OWNS_FOREIGN,
        ALL_VERBS,
    ),
    *rows_of("accountyear", "own", lambda c: year_of(c.account), SEES_ACCOUNT, NOBODY, ""),
    *rows_of("accountyear", "foreign", lambda c: year_of(c.foreign), SEES_FOREIGN, NOBODY, ""),
    *rows_of(
        "salesfact",
        "own",
        lambda c: SalesFact.objects.get(account=c.account),
        SEES_ACCOUNT,
        NOBODY,
        "",
    ),
    *rows_of(
        "salesfact",
        "foreign",
        lambda c: SalesFact.objects.get(account=c.foreign),
        SEES_FOREIGN,
        NOBODY,
        "",
    ),
    *rows_of("plan", "own", lambda c: c.plan, SEES_ACCOUNT, EDITS_ACCOUNT, "patch"),
    *rows_of("plan", "own", lambda c: c.plan, SEES_ACCOUNT, STEERS, "delete restore"),
    *rows_of("plan", "foreign", lambda c: c.foreign_plan, SEES_FOREIGN, EDITS_FOREIGN, ALL_VERBS),
    *rows_of("target", "own", lambda c: c.target, SEES_ACCOUNT, EDITS_ACCOUNT, "patch delete"),
    *rows_of("target", "foreign", foreign_target, SEES_FOREIGN, EDITS_FOREIGN, "patch delete"),
    *rows_of(
        "targetmonth", "own", lambda c: month_of(c.target), SEES_ACCOUNT, EDITS_ACCOUNT, "patch"
    ),
    *rows_of(
        "targetmonth",
        "foreign",
        lambda c: month_of(foreign_target(c)),
        SEES_FOREIGN,
        EDITS_FOREIGN,
        "patch",
    ),
    *rows_of("goal", "own", lambda c: c.goal, SEES_ACCOUNT, EDITS_ACCOUNT, ALL_VERBS),
    *rows_of("goal", "foreign", foreign_goal, SEES_FOREIGN, EDITS_FOREIGN, ALL_VERBS),
    *rows_of("activity", "own", lambda c: c.activity, SEES_ACCOUNT, EDITS_ACCOUNT, ALL_VERBS),
    *rows_of("activity", "foreign", foreign_activity, SEES_FOREIGN, EDITS_FOREIGN, ALL_VERBS),
]

# --- what is made: an empty body is refused with the fields that are missing ----------------------
ROUTES += [
    row
    for name in (
        "account",
        "accountteammember",
        "contact",
        "plan",
        "target",
        "goal",
        "activity",
        "substitution",
    )
    for row in (Route(f"api:{name}-list"), Route(f"api:{name}-list", method="post", ok=400))
]
ROUTES += [
    Route("api:accountyear-list"),
    Route("api:targetmonth-list"),
    Route("api:salesfact-list"),
    Route(
        "api:salesfact-list", method="post", ok_for=EDITS_ALL, ok=400, refused=EVERYBODY - EDITS_ALL
    ),
    *rows_of("account", "team", lambda c: c.child, OWNS | {"management"}, OWNS, "delete restore"),
    Route(  # it is in use: its own line is taken
        "api:target-restore",
        "own",
        key(lambda c: c.target),
        "post",
        ok_for=EDITS_ACCOUNT,
        ok=400,
        refused=SEES_ACCOUNT - EDITS_ACCOUNT,
    ),
    Route(
        "api:target-restore",
        "foreign",
        key(foreign_target),
        "post",
        ok_for=EDITS_FOREIGN,
        ok=400,
        refused=SEES_FOREIGN - EDITS_FOREIGN,
    ),
    Route("api:plan-pdf", "own", key(lambda c: c.plan), ok_for=SEES_ACCOUNT),
    Route("api:plan-pdf", "foreign", key(lambda c: c.foreign_plan), ok_for=SEES_FOREIGN),
]

# --- the steps of a plan: a draft is submitted by its KAM and those above; nothing else leads on --
for name, ok in (
    ("submit", 200),
    ("withdraw", 400),
    ("amend", 400),
    ("give-up", 400),
    ("close", 400),
):
    for row, pick, sees, edits in (
        ("own", lambda c: c.plan, SEES_ACCOUNT, STEERS),
        ("foreign", lambda c: c.foreign_plan, SEES_FOREIGN, STEERS_FOREIGN),
    ):
        ROUTES.append(
            Route(
                f"api:plan-{name}",
                row,
                key(pick),
                "post",
                ok_for=edits,
                ok=ok,
                refused=sees - edits,
            )
        )
for name in ("approve", "send-back", "reopen"):
    for row, pick, sees, decides in (
        ("own", lambda c: c.plan, SEES_ACCOUNT, DECIDES),
        ("foreign", lambda c: c.foreign_plan, SEES_FOREIGN, DECIDES_FOREIGN),
    ):
        if name == "reopen":  # by who answers for the account, too
            decides |= STEERS if row == "own" else STEERS_FOREIGN
        ROUTES.append(
            Route(
                f"api:plan-{name}",
                row,
                key(pick),
                "post",
                ok_for=decides,
                ok=400,
                refused=sees - decides,
            )
        )

# --- what all read and administrators keep ----------------------------------------------------------
DIRECTORY: dict[str, Pick] = {
    "user": lambda c: c.outsider,
    "team": lambda c: c.north,
    "budgetrate": lambda c: BudgetRate.objects.get(),
    "industry": lambda c: Industry.objects.get_or_create(name="Mills")[0],
    "productline": lambda c: c.line,
    "product": lambda c: c.product,
}
KEEPS: dict[str, frozenset[str]] = dict.fromkeys(DIRECTORY, EDITS_ALL)
KEEPS["user"] = ADMINISTRATORS
REFUSES_DELETE = {"team", "productline"}  # not empty
for name, pick in DIRECTORY.items():
    keeps = KEEPS[name]
    ROUTES += rows_of(name, "directory", pick, EVERYBODY, keeps, "patch restore")
    ROUTES += [
        Route(f"api:{name}-list"),
        Route(
            f"api:{name}-list",
            method="post",
            ok_for=EDITS_ALL,
            ok=400,
            refused=EVERYBODY - EDITS_ALL,
        ),
        Route(
            f"api:{name}-detail",
            "directory",
            key(pick),
            "delete",
            ok_for=keeps,
            ok=400 if name in REFUSES_DELETE else 204,
            refused=EVERYBODY - keeps,
        ),
    ]


def stands_in(cast):
    today = company_today()
    return Substitution.objects.create(
        absent=cast.kam, substitute=cast.other_kam, starts_on=today, ends_on=today
    )


HANDS_OVER = frozenset({"administrator", "kam"})
ROUTES += rows_of("substitution", "directory", stands_in, EVERYBODY, HANDS_OVER, "patch delete")
ROUTES += [
    Route(
        "api:substitution-restore",
        "directory",
        key(stands_in),
        "post",
        ok_for=HANDS_OVER,
        ok=204,
        refused=EVERYBODY - HANDS_OVER,
    ),
    Route("api:company-list"),
    *rows_of("company", "directory", lambda c: c.company, EVERYBODY, EDITS_ALL, "patch"),
]

# --- what belongs to one person -----------------------------------------------------------------------
ONLY_KARI = frozenset({"kam"})
KARI_AND_ADMIN = frozenset({"administrator", "kam"})
IMPORTERS = EDITS_ALL


def message(cast):
    return Notification.objects.get_or_create(recipient=cast.kam, occasion="x", title="x")[0]


def view(cast):
    return SavedView.objects.get_or_create(user=cast.kam, page="x", name="x")[0]


def token(cast):
    return ApiToken.issue(cast.kam, "x")[0]


def job(cast):
    return Job.objects.get_or_create(kind="report", title="x", created_by=cast.kam)[0]


def batch(cast):
    return ImportBatch.objects.get_or_create(
        resource="x", created_by=cast.kam, applied_at=timezone.now()
    )[0]


ROUTES += [
    Route("api:notification-list"),
    Route("api:notification-read", "personal", key(message), "post", ok_for=ONLY_KARI, ok=204),
    Route("api:savedview-list"),
    *rows_of("savedview", "personal", view, ONLY_KARI, NOBODY, ""),
    Route("api:apitoken-list"),
    *rows_of("apitoken", "personal", token, ONLY_KARI, NOBODY, ""),
    Route("api:apitoken-revoke", "personal", key(token), "post", ok_for=ONLY_KARI, ok=204),
    Route("api:job-list"),
    *rows_of("job", "personal", job, KARI_AND_ADMIN, NOBODY, ""),
    Route("api:job-cancel", "personal", key(job), "post", ok_for=KARI_AND_ADMIN, ok=204),
    Route("api:job-result", "personal", key(job), ok_for=KARI_AND_ADMIN, ok=404),
    Route("api:import-list"),
    Route("api:import-list", method="post", ok_for=EDITS_ALL, ok=400, otherwise=403),
    *rows_of("import", "personal", batch, IMPORTERS | {"kam"}, NOBODY, ""),
    Route(  # without a map
        "api:import-detail", "personal", imports.of("checked"), "patch", ok_for=IMPORTERS, ok=400
    ),
    Route(  # Kari's own, from when she was an administrator
        "api:import-detail",
        "personal",
        key(batch),
        "patch",
        ok_for=IMPORTERS,
        ok=400,
        refused=ONLY_KARI,
    ),
    Route("api:import-rows", "personal", key(batch), ok_for=IMPORTERS | {"kam"}),
    Route(
        "api:import-apply",
        "personal",
        imports.of("checked"),
        "post",
        ok_for=IMPORTERS,
        ok=202,
    ),
    Route(  # Kari's own, from when she was an administrator
        "api:import-apply",
        "personal",
        key(batch),
        "post",
        ok_for=IMPORTERS,
        ok=409,
        refused=ONLY_KARI,
    ),
    Route(
        "api:import-cancel", "personal", imports.of("uploaded"), "post", ok_for=IMPORTERS, ok=200
    ),
]

# --- the roll-up ----------------------------------------------------------------------------------------
SEES_KARI = frozenset({"administrator", "management", "service", "region_leader", "leader", "kam"})
SEES_ODD = frozenset(
    {"administrator", "management", "service", "region_leader", "south_leader", "other_kam"}
)
for name in ("rollup", "rollup-lines", "rollup-pdf"):
    ROUTES += [
        Route(f"api:{name}", args=lambda c: {"level": "company"}, ok_for=SEES_UNOWNED),
        Route(
            f"api:{name}-of",
            "own",
            lambda c: {"level": "kam", "pk": c.kam.pk},
            ok_for=SEES_KARI,
        ),
        Route(
            f"api:{name}-of",
            "foreign",
            lambda c: {"level": "kam", "pk": c.other_kam.pk},
            ok_for=SEES_ODD,
        ),
    ]

ROUTES += [
    Route("api:api-root"),
    Route("api:schema", but={"nobody": 200}),
    Route("api:docs", but={"nobody": 200}),
]

DIRECTORY_ROW = "a directory: everybody sees every row"
PERSONAL_ROW = "belongs to one person: tried as everybody else"
NO_FOREIGN_ROW = {
    **{
        f"api:{name}-{verb}": DIRECTORY_ROW
        for name in (*DIRECTORY, "substitution")
        for verb in ("detail", "restore")
    },
    "api:company-detail": DIRECTORY_ROW,
    **{
        f"api:{name}": PERSONAL_ROW
        for name in (
            "notification-read",
            "savedview-detail",
            "apitoken-detail",
            "apitoken-revoke",
            "job-detail",
            "job-cancel",
            "job-result",
            "import-detail",
            "import-rows",
            "import-apply",
            "import-cancel",
        )
    },
    "api:account-restore": "tried with the child, seen through the team and not by others",
    "api:rollup": "the level stands in the address, no row",
    "api:rollup-lines": "the level stands in the address, no row",
    "api:rollup-pdf": "the level stands in the address, no row",
}
