"""How rows of the plans' routes are written: whose row, who sees, who changes."""

from plans.models import Activity, Goal, Section, Target
from tests.route_table import (
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)

READS_ACCOUNT = SEES_ACCOUNT - EDITS_ACCOUNT
READS_FOREIGN = SEES_FOREIGN - EDITS_FOREIGN
#: Who decides on Kari's plan, and on Odd's: those who lead them, management, administrators.
DECIDES = frozenset({"administrator", "management", "region_leader", "leader"})
DECIDES_FOREIGN = frozenset({"administrator", "management", "region_leader", "south_leader"})


#: Who leads Kari's plan through its life, and Odd's: the KAM and those above, never an edit seat.
STEERS = EDITS_ACCOUNT - {"editor"}
STEERS_FOREIGN = EDITS_FOREIGN


def plan(cast):
    return {"pk": cast.plan.pk}


def foreign_plan(cast):
    return {"pk": cast.foreign_plan.pk}


def goal(cast):
    return {"pk": cast.goal.pk}


def foreign_goal(cast):
    row = Goal.objects.get_or_create(plan=cast.foreign_plan, title="x", metric="y")[0]
    return {"pk": row.pk}


def activity(cast):
    return {"pk": cast.activity.pk}


def foreign_activity(cast):
    return {"pk": Activity.objects.get_or_create(plan=cast.foreign_plan, title="x")[0].pk}


def target(cast):
    return {"pk": cast.target.pk}


def foreign_target(cast):
    row = Target.objects.get_or_create(plan=cast.foreign_plan, line=cast.line)[0]
    return {"pk": row.pk}


def account(cast):
    return {"pk": cast.account.pk}


def foreign_account(cast):
    return {"pk": cast.foreign.pk}


def seen(name, own, foreign, **more):
    """A page that everybody opens who sees the account."""
    return [
        Route(name, "own", own, ok_for=SEES_ACCOUNT, **more),
        Route(name, "foreign", foreign, ok_for=SEES_FOREIGN, **more),
    ]


def changed(name, own, foreign, *, ok=302, data=None, foreign_ok=None, method="post", field=""):
    """A page or write for those who may change the account; 403 for those who only read it."""

    def named(args):
        return (lambda cast: {**args(cast), "field": field}) if field else args

    body = data or (lambda cast: {})
    return [
        Route(
            name, "own", named(own), method=method, data=body, ok=ok,
            ok_for=EDITS_ACCOUNT, refused=READS_ACCOUNT,
        ),
        Route(
            name, "foreign", named(foreign), method=method, data=body, ok=foreign_ok or ok,
            ok_for=EDITS_FOREIGN, refused=READS_FOREIGN,
        ),
    ]  # fmt: skip


def steered(name, own, foreign, *, ok=302, data=None, method="post"):
    """A page or write for those who answer for the account; 403 for an edit seat and who reads."""
    body = data or (lambda cast: {})
    return [
        Route(
            name, "own", own, method=method, data=body, ok=ok,
            ok_for=STEERS, refused=SEES_ACCOUNT - STEERS,
        ),
        Route(
            name, "foreign", foreign, method=method, data=body, ok=ok,
            ok_for=STEERS_FOREIGN, refused=SEES_FOREIGN - STEERS_FOREIGN,
        ),
    ]  # fmt: skip


def step(name, allowed, foreign_allowed):
    """A step of the plan's life: its question, and taking it."""
    note = {"data": lambda cast: {"note": "why"}}
    return [
        Route(name, "own", plan, ok_for=allowed, refused=SEES_ACCOUNT - allowed),
        Route(
            name, "own", plan, method="post", ok=302,
            ok_for=allowed, refused=SEES_ACCOUNT - allowed, **note,
        ),
        Route(
            name, "foreign", foreign_plan, method="post", ok=302,
            ok_for=foreign_allowed, refused=SEES_FOREIGN - foreign_allowed, **note,
        ),
    ]  # fmt: skip


def edited(name, own, foreign, field, value):
    """A field edited in place: its form, and saving it."""
    return [
        *changed(name, own, foreign, method="get", ok=200, field=field),
        *changed(
            name, own, foreign, field=field,
            data=lambda cast: {field: value, "version": "1", "_touched": field},
        ),
    ]  # fmt: skip


def section(cast):
    return {"pk": cast.section.pk}


def foreign_section(cast):
    row = Section.objects.get_or_create(plan=cast.foreign_plan, kind="strategy")[0]
    return {"pk": row.pk}
