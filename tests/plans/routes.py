"""The plans' part of the route table; see tests/route_table.py."""

from plans.models import Target
from tests.conftest import YEAR
from tests.plans import (
    routes_levels,
    routes_library,
    routes_life,
    routes_needs,
    routes_reviews,
    routes_sections,
    routes_sharing,
    routes_work,
)
from tests.plans.route_rows import (
    DECIDES,
    DECIDES_FOREIGN,
    READS_FOREIGN,
    STEERS,
    STEERS_FOREIGN,
    account,
    activity,
    changed,
    edited,
    foreign_account,
    foreign_activity,
    foreign_goal,
    foreign_plan,
    foreign_target,
    goal,
    plan,
    seen,
    steered,
    step,
    target,
)
from tests.route_table import EDITS_FOREIGN, SEES_ACCOUNT, Route

PARTS = (
    routes_sections,
    routes_work,
    routes_needs,
    routes_sharing,
    routes_life,
    routes_reviews,
    routes_levels,
    routes_library,
)

ROUTES = [
    Route("plans:list"),
    Route("plans:list", query="?export=csv"),
    Route("plans:list", method="post", data=lambda c: {"do": "save_view", "name": "x"}, ok=302),
    Route("plans:unplanned_list"),
    Route(
        "plans:unplanned_list",
        method="post",
        data=lambda c: {"do": "save_view", "name": "x"},
        ok=302,
    ),
    Route("plans:activity_list"),
    Route(
        "plans:activity_list",
        method="post",
        data=lambda c: {"do": "save_view", "name": "x"},
        ok=302,
    ),
    Route(
        "plans:create",
        "own",
        method="get",
        data=lambda c: {"account": c.account.pk},
        ok_for=STEERS,
        refused=SEES_ACCOUNT - STEERS,
    ),
    Route(
        "plans:create",
        "own",
        method="post",
        data=lambda c: {"account": c.account.pk, "year": YEAR, "growth": "0"},
        ok=302,
        ok_for=STEERS,
        refused=SEES_ACCOUNT - STEERS,
    ),
    Route(
        "plans:create",
        "foreign",
        method="post",
        data=lambda c: {"account": c.foreign.pk, "year": YEAR, "growth": "0"},
        ok=302,
        ok_for=EDITS_FOREIGN,
        refused=READS_FOREIGN,
    ),
    *seen("plans:detail", plan, foreign_plan),
    *seen("plans:why", plan, foreign_plan),
    *edited("plans:edit", plan, foreign_plan, "summary", "New words"),
    *step("plans:submit", STEERS, STEERS_FOREIGN),
    *step("plans:withdraw", STEERS, STEERS_FOREIGN),
    *step("plans:amend", STEERS, STEERS_FOREIGN),
    *step("plans:give-up", STEERS, STEERS_FOREIGN),
    *step("plans:close", STEERS, STEERS_FOREIGN),
    *step("plans:approve", DECIDES, DECIDES_FOREIGN),
    *step("plans:return", DECIDES, DECIDES_FOREIGN),
    *step("plans:reopen", STEERS | DECIDES, STEERS_FOREIGN | DECIDES_FOREIGN),
    *steered("plans:archive", plan, foreign_plan),
    *steered("plans:restore", plan, foreign_plan),
    *seen("plans:target_list", plan, foreign_plan),
    *changed("plans:target_add", plan, foreign_plan, method="get", ok=200),
    *changed("plans:target_add", plan, foreign_plan, ok=422),
    *changed("plans:target_suggest", plan, foreign_plan, data=lambda c: {"growth": "5"}),
    *changed("plans:target_edit", plan, foreign_plan, data=lambda c: {"measure": "revenue"}),
    *changed(
        "plans:target_phase",
        target,
        foreign_target,
        data=lambda c: {
            f"phasing-{pk}": "even" for pk in Target.objects.values_list("pk", flat=True)
        },
    ),
    *changed("plans:target_archive", target, foreign_target),
    *changed("plans:target_restore", target, foreign_target, ok=302),
    *seen("plans:goal_list", plan, foreign_plan),
    *changed(
        "plans:goal_add",
        plan,
        foreign_plan,
        data=lambda c: {"title": "x", "metric": "y", "side": "ours"},
    ),
    *edited("plans:goal_edit", goal, foreign_goal, "title", "New words"),
    *changed("plans:goal_archive", goal, foreign_goal),
    *changed("plans:goal_restore", goal, foreign_goal),
    *seen("plans:plan_activities", plan, foreign_plan),
    *changed("plans:activity_add", plan, foreign_plan, data=lambda c: {"title": "x"}),
    *edited("plans:activity_edit", activity, foreign_activity, "title", "New words"),
    *changed("plans:activity_finish", activity, foreign_activity),
    *changed("plans:activity_resume", activity, foreign_activity),
    *changed("plans:activity_archive", activity, foreign_activity),
    *changed("plans:activity_restore", activity, foreign_activity),
    *seen("plans:account_panel", account, foreign_account),
    *seen("plans:account_activities", account, foreign_account),
]

#: Whose figures: the company's and nobody's accounts; Kari's and Odd's portfolios and teams.
OVERSEES = frozenset({"administrator", "management"})
LEADS_NORTH = OVERSEES | {"region_leader", "leader"}
LEADS_SOUTH = OVERSEES | {"region_leader", "south_leader"}
KARIS = LEADS_NORTH | {"kam"}
ODDS = LEADS_SOUTH | {"other_kam"}


def level_kam(cast):
    return {"level": "kam", "pk": cast.kam.pk}


def level_other_kam(cast):
    return {"level": "kam", "pk": cast.other_kam.pk}


ROUTES += [
    # Everybody is sent to the top of what they may open.
    Route("plans:rollup", ok=302),
    Route("plans:rollup_company", ok_for=OVERSEES),
    Route("plans:rollup_unowned", ok_for=OVERSEES),
    Route("plans:rollup_team", "team", lambda c: {"pk": c.north.pk}, ok_for=LEADS_NORTH),
    Route("plans:rollup_team", "foreign", lambda c: {"pk": c.south.pk}, ok_for=LEADS_SOUTH),
    Route("plans:rollup_kam", "own", lambda c: {"pk": c.kam.pk}, ok_for=KARIS),
    Route("plans:rollup_kam", "foreign", lambda c: {"pk": c.other_kam.pk}, ok_for=ODDS),
    *seen("plans:rollup_account", account, foreign_account),
    Route("plans:rollup_lines", "none", lambda c: {"level": "company"}, ok_for=OVERSEES),
    Route("plans:rollup_lines", "own", level_kam, ok_for=KARIS),
    Route("plans:rollup_lines", "foreign", level_other_kam, ok_for=ODDS),
    Route("plans:rollup_pdf", "own", level_kam, ok_for=KARIS),
    Route("plans:rollup_pdf", "foreign", level_other_kam, ok_for=ODDS),
    *seen("plans:plan_pdf", plan, foreign_plan),
]
ROUTES += [route for part in PARTS for route in part.ROUTES]
NO_FOREIGN_ROW = {name: why for part in PARTS for name, why in part.NO_FOREIGN_ROW.items()}
