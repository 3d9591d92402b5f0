"""The route table's rows of strategies, steps of goals, scorecard, and the views of activities."""

from typing import Any

from plans.models import ActivityPerson, GoalStep, Strategy
from plans.services.feeds import issue_feed
from tests.conftest import YEAR
from tests.plans.route_rows import (
    READS_ACCOUNT,
    READS_FOREIGN,
    activity,
    changed,
    edited,
    foreign_activity,
    foreign_goal,
    foreign_plan,
    goal,
    plan,
    seen,
)
from tests.route_table import (
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)


def step(cast):
    row = GoalStep.objects.get_or_create(goal=cast.goal, on=f"{YEAR}-06-30")[0]
    return {"pk": row.pk}


def foreign_step(cast):
    on = f"{YEAR}-06-30"
    return {"pk": GoalStep.objects.get_or_create(goal_id=foreign_goal(cast)["pk"], on=on)[0].pk}


def strategy(cast):
    return {"pk": Strategy.objects.get_or_create(plan=cast.plan, title="By service")[0].pk}


def foreign_strategy(cast):
    return {"pk": Strategy.objects.get_or_create(plan=cast.foreign_plan, title="By service")[0].pk}


def person(cast):
    row = ActivityPerson.objects.get_or_create(activity=cast.activity, user=cast.contributor)[0]
    return {"pk": row.pk}


def foreign_person(cast):
    pk = foreign_activity(cast)["pk"]
    return {"pk": ActivityPerson.objects.get_or_create(activity_id=pk, user=cast.other_kam)[0].pk}


def secret(cast):
    return {"secret": issue_feed(cast.kam)[1]}


#: An actual is kept where it is known: the goal's is typed first.
def known_step(cast):
    type(cast.goal).objects.filter(pk=cast.goal.pk).update(actual=3)
    return step(cast)


def known_foreign_step(cast):
    found = foreign_step(cast)
    row = GoalStep.objects.get(pk=found["pk"])
    type(row.goal).objects.filter(pk=row.goal_id).update(actual=3)
    return found


ROUTES: list = [
    *seen("plans:scorecard", plan, foreign_plan),
    *seen("plans:goal_detail", goal, foreign_goal),
    *changed("plans:step_add", goal, foreign_goal, data=lambda c: {"on": f"{YEAR}-03-31"}),
    *edited("plans:step_edit", step, foreign_step, "target", "12"),
    *changed("plans:step_keep", known_step, known_foreign_step),
    *changed("plans:step_archive", step, foreign_step),
    *changed("plans:step_restore", step, foreign_step),
    *changed("plans:strategy_add", plan, foreign_plan, data=lambda c: {"title": "By service"}),
    *edited("plans:strategy_edit", strategy, foreign_strategy, "title", "New words"),
    *changed("plans:strategy_archive", strategy, foreign_strategy),
    *changed("plans:strategy_restore", strategy, foreign_strategy),
    *seen("plans:plan_timeline", plan, foreign_plan),
    Route("plans:activity_board"),
    Route("plans:activity_board", query="?whose=all&when=late"),
    *seen("plans:activity_detail", activity, foreign_activity),
    *changed(
        "plans:activity_move", activity, foreign_activity, data=lambda c: {"status": "in_progress"}
    ),
    Route(
        "plans:person_add",
        "own",
        activity,
        method="post",
        data=lambda c: {"user": c.contributor.pk},
        ok=302,
        ok_for=EDITS_ACCOUNT,
        refused=READS_ACCOUNT,
    ),
    Route(
        "plans:person_add",
        "foreign",
        foreign_activity,
        method="post",
        data=lambda c: {"user": c.other_kam.pk},
        ok=302,
        ok_for=EDITS_FOREIGN,
        refused=READS_FOREIGN,
    ),
    *changed("plans:person_archive", person, foreign_person),
    Route("plans:calendar_feed"),
    Route("plans:feed_issue", method="post"),
    Route("plans:feed_revoke", method="post", ok=302),
    # The secret in the address is the key, whoever asks; a wrong one opens nothing.
    Route("plans:calendar", "personal", secret, but={"nobody": 200, "service": 200}),
    Route(
        "plans:calendar",
        "personal",
        lambda c: {"secret": "guessed"},
        ok_for=frozenset(),
        but=dict.fromkeys((*EVERYBODY, "nobody", "stand_in"), 404),
    ),
]
NO_FOREIGN_ROW: dict[str, Any] = {
    "plans:calendar": "the secret in the address is the key; a wrong one is 404",
}

# --- over the API -----------------------------------------------------------------------------------
for name, own, foreign, verbs in (
    ("goalstep", step, foreign_step, ("patch", "delete", "restore")),
    ("strategy", strategy, foreign_strategy, ("patch", "delete", "restore")),
    ("activityperson", person, foreign_person, ("delete", "restore")),
):
    ROUTES += [
        Route(f"api:{name}-list"),
        Route(f"api:{name}-list", method="post", ok=400),
    ]
    for row, args, sees, edits in (
        ("own", own, SEES_ACCOUNT, EDITS_ACCOUNT),
        ("foreign", foreign, SEES_FOREIGN, EDITS_FOREIGN),
    ):
        ROUTES.append(Route(f"api:{name}-detail", row, args, ok_for=sees))
        for verb, route, method, ok in (
            ("patch", f"api:{name}-detail", "patch", 200),
            ("delete", f"api:{name}-detail", "delete", 204),
            ("restore", f"api:{name}-restore", "post", 204),
        ):
            if verb in verbs:
                ROUTES.append(
                    Route(route, row, args, method, ok_for=edits, ok=ok, refused=sees - edits)
                )
ROUTES += [
    Route("api:plan-scorecard", "own", plan, ok_for=SEES_ACCOUNT),
    Route("api:plan-scorecard", "foreign", foreign_plan, ok_for=SEES_FOREIGN),
    Route("api:goal-reading", "own", goal, ok_for=SEES_ACCOUNT),
    Route("api:goal-reading", "foreign", foreign_goal, ok_for=SEES_FOREIGN),
]
