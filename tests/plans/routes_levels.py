"""The route table's rows of plans of levels, cascades, forecasts, roll-ups along other lines."""

from typing import Any

from plans.models import CascadeShare, LevelGoal, LevelPlan
from tests.conftest import YEAR
from tests.plans.route_rows import foreign_plan, plan, seen
from tests.route_table import Route

#: Whose figures: the company's; Kari's and Odd's portfolios and teams.
OVERSEES = frozenset({"administrator", "management"})
LEADS_NORTH = OVERSEES | {"region_leader", "leader"}
LEADS_SOUTH = OVERSEES | {"region_leader", "south_leader"}
KARIS = LEADS_NORTH | {"kam"}
ODDS = LEADS_SOUTH | {"other_kam"}
#: Over the API service accounts do what administrators do.
API = frozenset({"service"})


def _plan(cast, **key):
    return LevelPlan.objects.get_or_create(year=YEAR, **key)[0]


def karis(cast):
    return {"pk": _plan(cast, level="kam", owner=cast.kam).pk}


def odds(cast):
    return {"pk": _plan(cast, level="kam", owner=cast.other_kam).pk}


def norths(cast):
    return {"pk": _plan(cast, level="team", team=cast.north).pk}


def companys(cast):
    return {"pk": _plan(cast, level="company").pk}


def _goal(plan):
    return LevelGoal.objects.get_or_create(plan_id=plan["pk"], title="x", metric="y")[0]


def karis_goal(cast):
    return {"pk": _goal(karis(cast)).pk}


def odds_goal(cast):
    return {"pk": _goal(odds(cast)).pk}


def of_kam(cast):
    return {"level": "kam", "pk": cast.kam.pk}


def of_other_kam(cast):
    return {"level": "kam", "pk": cast.other_kam.pk}


def both(name, own, foreign, *, field="", **more):
    """A page or write about Kari's portfolio for those who steer it, and about Odd's."""

    def named(args):
        return (lambda c: {**args(c), "field": field}) if field else args

    return [
        Route(name, "own", named(own), ok_for=KARIS, **more),
        Route(name, "foreign", named(foreign), ok_for=ODDS, **more),
    ]


def saved(field, value):
    return {
        "field": field,
        "method": "post",
        "ok": 302,
        "data": lambda c: {field: value, "version": "1", "_touched": field},
    }


MEMBERS = LEADS_NORTH | {"kam"}

ROUTES: list = [
    *both("plans:level_panel", of_kam, of_other_kam),
    Route("plans:level_panel", "team", lambda c: {"level": "team", "pk": c.north.pk}, ok_for=LEADS_NORTH),
    Route("plans:level_panel", "none", lambda c: {"level": "company"}, ok_for=OVERSEES),
    *both("plans:level_begin", of_kam, of_other_kam, method="post", ok=302),
    Route("plans:level_begin", "none", lambda c: {"level": "company"}, method="post", ok=302, ok_for=OVERSEES),
    *both("plans:level_detail", karis, odds),
    Route("plans:level_detail", "team", norths, ok_for=MEMBERS),
    Route("plans:level_detail", "directory", companys),
    *both("plans:level_edit", karis, odds, field="summary"),
    *both("plans:level_edit", karis, odds, **saved("summary", "New words")),
    Route(
        "plans:level_edit", "own", lambda c: {**karis(c), "field": "revenue"},
        ok_for=LEADS_NORTH, refused=KARIS - LEADS_NORTH,
    ),
    *both("plans:level_goals", karis, odds),
    *both(
        "plans:level_goal_add", karis, odds, method="post", ok=302,
        data=lambda c: {"title": "x", "metric": "y", "perspective": "finance", "measured_by": "hand"},
    ),
    *both("plans:level_goal_edit", karis_goal, odds_goal, field="title"),
    *both("plans:level_goal_edit", karis_goal, odds_goal, **saved("title", "New words")),
    *both("plans:level_goal_archive", karis_goal, odds_goal, method="post", ok=302),
    *both("plans:level_goal_restore", karis_goal, odds_goal, method="post", ok=302),
]  # fmt: skip
NO_FOREIGN_ROW: dict[str, Any] = {
    "api:along": "the top of what one may open; a level's own: api:along-of",
    "api:accuracy": "the top of what one may open; a level's own: api:accuracy-of",
}


def measured_goal(plan):
    return LevelGoal.objects.get_or_create(
        plan_id=plan["pk"], title="z", metric="y", measured_by="satisfaction"
    )[0]


ROUTES += both(
    "plans:level_goal_lines",
    lambda c: {"pk": measured_goal(karis(c)).pk},
    lambda c: {"pk": measured_goal(odds(c)).pk},
)


def _share(plan, **part):
    found = CascadeShare.objects.filter(plan_id=plan["pk"], **part).first()
    return found or CascadeShare.objects.create(plan_id=plan["pk"], basis="hand", revenue=5, **part)


def karis_share(cast):
    return {"pk": _share(norths(cast), owner=cast.kam).pk}


def odds_share(cast):
    plan = {"pk": _plan(cast, level="team", team=cast.south).pk}
    return {"pk": _share(plan, owner=cast.other_kam).pk}


ACCEPT = {"method": "post", "data": lambda c: {"do": "accept"}, "ok": 302}
ROUTES += [
    *both("plans:level_shares", karis, odds),
    *both("plans:level_propose", karis, odds),
    *both("plans:level_propose", karis, odds, method="post", data=lambda c: {"do": "preview"}),
    Route("plans:level_propose", "team", norths, ok_for=LEADS_NORTH, refused=frozenset({"kam"})),
    # Seen by those above and by who receives it; answered by the latter alone.
    *[
        Route(
            "plans:share_answer", row, args, ok_for=frozenset({who}), refused=sees - {who}, **more
        )
        for row, args, who, sees in (
            ("own", karis_share, "kam", KARIS),
            ("foreign", odds_share, "other_kam", ODDS),
        )
        for more in ({}, {**ACCEPT})
    ],
    *seen("plans:share_offer", plan, foreign_plan),
]

ROUTES += [
    *both("plans:accuracy", of_kam, of_other_kam),
    Route(
        "plans:accuracy", "team", lambda c: {"level": "team", "pk": c.north.pk}, ok_for=LEADS_NORTH
    ),
    Route("plans:accuracy", "none", lambda c: {"level": "company"}, ok_for=OVERSEES),
]


def along_of(who):
    return lambda c: {"line": "industry", "level": "kam", "pk": getattr(c, who).pk}


for _name in ("plans:along", "plans:along_lines"):
    ROUTES += [
        *both(_name, along_of("kam"), along_of("other_kam")),
        Route(
            _name,
            "none",
            lambda c: {"line": "group", "level": "company"},
            ok_for=OVERSEES,
        ),
    ]

# --- the API --------------------------------------------------------------------------------------
API_ALL = OVERSEES | API
API_KARIS, API_ODDS = KARIS | API, ODDS | API


def api(name, own, foreign, sees=API_KARIS, sees_foreign=API_ODDS, **more):
    return [
        Route(f"api:{name}", "own", own, ok_for=sees, **more),
        Route(f"api:{name}", "foreign", foreign, ok_for=sees_foreign, **more),
    ]


for _name, _own, _foreign in (
    ("levelplan", karis, odds),
    ("levelgoal", karis_goal, odds_goal),
):
    ROUTES += [
        Route(f"api:{_name}-list"),
        Route(f"api:{_name}-list", method="post", ok=400),
        *api(f"{_name}-detail", _own, _foreign),
        *api(f"{_name}-detail", _own, _foreign, method="patch"),
        *api(f"{_name}-detail", _own, _foreign, method="delete", ok=204),
        *api(f"{_name}-restore", _own, _foreign, method="post", ok=204),
    ]


def _answers(row, args, who, sees, name, ok, data):
    return Route(
        f"api:cascadeshare-{name}", row, args, "post", lambda c: data,
        ok_for=frozenset({who}), ok=ok, refused=sees - {who},
    )  # fmt: skip


ROUTES += [
    *api("levelplan-gap", karis, odds),
    *api("levelplan-propose", karis, odds, method="post", ok=400),
    Route("api:cascadeshare-list"),
    *api("cascadeshare-detail", karis_share, odds_share),
    *[
        _answers(row, args, who, sees, name, ok, data)
        for row, args, who, sees in (
            ("own", karis_share, "kam", API_KARIS),
            ("foreign", odds_share, "other_kam", API_ODDS),
        )
        for name, ok, data in (("accept", 200, {}), ("argue", 400, {}))
    ],
    Route("api:along", "none", lambda c: {"level": "company", "line": "level"}, ok_for=API_ALL),
    *api("along-of", along_of("kam"), along_of("other_kam")),
    Route("api:accuracy", "none", lambda c: {"level": "company"}, ok_for=API_ALL),
    *api("accuracy-of", of_kam, of_other_kam),
]
