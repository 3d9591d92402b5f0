"""The route table's rows of needs and value propositions."""

from typing import Any

from plans.models import Need, ValueProposition
from tests.conftest import YEAR
from tests.plans.route_rows import (
    READS_ACCOUNT,
    READS_FOREIGN,
    changed,
    edited,
    foreign_plan,
    plan,
    seen,
)
from tests.route_table import (
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)


def made(of_plan, **fields):
    return Need.objects.get_or_create(
        plan=of_plan,
        title="Stops",
        defaults={
            "kind": "pain",
            "diagnosis": "Wear",
            "consequence_text": "Lost hours",
            "capability": "Service",
            "measure": "Stops",
            "attainable": 4,
            "value": 900,
            "chance": 50,
            **fields,
        },
    )[0]


def in_state(state, **fields):
    """The arguments of a need's route, the need in this state: Kari's, and Odd's."""

    def own(cast):
        return {"pk": made(cast.plan, state=state, **fields).pk}

    def foreign(cast):
        return {"pk": made(cast.foreign_plan, state=state, **fields).pk}

    return own, foreign


need, foreign_need = in_state("found")
AGREED = {"agreed_on": f"{YEAR}-01-05"}


def proposition(cast):
    row = ValueProposition.objects.get_or_create(
        plan=cast.plan, contact=cast.contact, proposition="Fewer stops"
    )[0]
    return {"pk": row.pk}


def foreign_proposition(cast):
    row = ValueProposition.objects.get_or_create(
        plan=cast.foreign_plan, contact=cast.foreign_contact, proposition="Fewer stops"
    )[0]
    return {"pk": row.pk}


def asked(name, state, data, foreign_data, **fields):
    """A step that asks first: its question, and taking it."""
    own, foreign = in_state(state, **fields)
    return [
        *changed(name, own, foreign, method="get", ok=200),
        Route(
            name, "own", own, method="post", data=data, ok=302,
            ok_for=EDITS_ACCOUNT, refused=READS_ACCOUNT,
        ),
        Route(
            name, "foreign", foreign, method="post", data=foreign_data, ok=302,
            ok_for=EDITS_FOREIGN, refused=READS_FOREIGN,
        ),
    ]  # fmt: skip


ROUTES: list = [
    Route("plans:need_list"),
    Route("plans:need_list", query="?export=csv"),
    Route(
        "plans:need_list", method="post", data=lambda c: {"do": "save_view", "name": "x"}, ok=302
    ),
    Route("plans:potential_list"),
    Route("plans:potential_list", query="?export=csv"),
    Route(
        "plans:potential_list",
        method="post",
        data=lambda c: {"do": "save_view", "name": "x"},
        ok=302,
    ),
    *seen("plans:need_of_plan", plan, foreign_plan),
    *changed(
        "plans:need_add", plan, foreign_plan, data=lambda c: {"title": "Stops", "kind": "pain"}
    ),
    *seen("plans:need_detail", need, foreign_need),
    *edited("plans:need_edit", need, foreign_need, "title", "New words"),
    *changed("plans:need_diagnose", *in_state("found")),
    *changed("plans:need_propose", *in_state("diagnosed")),
    *changed("plans:need_back", *in_state("proposed")),
    *changed("plans:need_drop", *in_state("found")),
    *changed("plans:need_resume", *in_state("dropped")),
    *asked(
        "plans:need_agree",
        "proposed",
        lambda c: {"agreed_by": c.contact.pk, "agreed_on": f"{YEAR}-01-05"},
        lambda c: {"agreed_by": c.foreign_contact.pk, "agreed_on": f"{YEAR}-01-05"},
    ),
    *asked(
        "plans:need_realise",
        "agreed",
        lambda c: {"realised_value": "700", "realised_on": f"{YEAR}-01-06"},
        lambda c: {"realised_value": "700", "realised_on": f"{YEAR}-01-06"},
        **AGREED,
    ),
    *changed("plans:need_archive", need, foreign_need),
    *changed("plans:need_restore", need, foreign_need),
    *seen("plans:proposition_list", plan, foreign_plan),
    Route(
        "plans:proposition_add",
        "own",
        plan,
        method="post",
        data=lambda c: {"contact": c.contact.pk, "proposition": "Fewer stops"},
        ok=302,
        ok_for=EDITS_ACCOUNT,
        refused=READS_ACCOUNT,
    ),
    Route(
        "plans:proposition_add",
        "foreign",
        foreign_plan,
        method="post",
        data=lambda c: {"contact": c.foreign_contact.pk, "proposition": "Fewer stops"},
        ok=302,
        ok_for=EDITS_FOREIGN,
        refused=READS_FOREIGN,
    ),
    *edited("plans:proposition_edit", proposition, foreign_proposition, "proposition", "New words"),
    *changed("plans:proposition_archive", proposition, foreign_proposition),
    *changed("plans:proposition_restore", proposition, foreign_proposition),
]
NO_FOREIGN_ROW: dict[str, Any] = {}

# --- over the API -----------------------------------------------------------------------------------
for name, pick, foreign_pick in (
    ("need", need, foreign_need),
    ("proposition", proposition, foreign_proposition),
):
    ROUTES += [
        Route(f"api:{name}-list"),
        Route(f"api:{name}-list", method="post", ok=400),
    ]
    for row, args, sees, edits in (
        ("own", pick, SEES_ACCOUNT, EDITS_ACCOUNT),
        ("foreign", foreign_pick, SEES_FOREIGN, EDITS_FOREIGN),
    ):
        ROUTES.append(Route(f"api:{name}-detail", row, args, ok_for=sees))
        for route, method, ok in (
            (f"api:{name}-detail", "patch", 200),
            (f"api:{name}-detail", "delete", 204),
            (f"api:{name}-restore", "post", 204),
        ):
            ROUTES.append(
                Route(route, row, args, method, ok_for=edits, ok=ok, refused=sees - edits)
            )
for name, state, ok in (
    ("diagnose", "found", 200),
    ("propose", "diagnosed", 200),
    ("back", "proposed", 200),
    ("drop", "found", 200),
    ("resume", "dropped", 200),
    ("agree", "proposed", 400),  # nobody has said who and when
    ("realise", "agreed", 400),
):
    own, foreign = in_state(state, **(AGREED if state == "agreed" else {}))
    for row, args, sees, edits in (
        ("own", own, SEES_ACCOUNT, EDITS_ACCOUNT),
        ("foreign", foreign, SEES_FOREIGN, EDITS_FOREIGN),
    ):
        ROUTES.append(
            Route(f"api:need-{name}", row, args, "post", ok_for=edits, ok=ok, refused=sees - edits)
        )
ROUTES += [
    Route("api:plan-potential", "own", plan, ok_for=SEES_ACCOUNT),
    Route("api:plan-potential", "foreign", foreign_plan, ok_for=SEES_FOREIGN),
]
