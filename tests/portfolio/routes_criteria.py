"""Criteria: all read them, administrators keep them, everybody compares on a sheet of their own."""

from decimal import Decimal

from portfolio.models import CriteriaVersion, CriterionGroup
from portfolio.services import criteria
from tests.route_table import ADMINISTRATORS, EDITS_ALL, EVERYBODY, Route

OTHERS = EVERYBODY - ADMINISTRATORS
SOUND = ["contribution", "contribution_margin", "attainable", "needs"]


def draft(_cast):
    found = CriteriaVersion.objects.filter(name="draft").first()
    return found or criteria.create_version("draft", picks=SOUND)


def version(cast):
    return {"pk": draft(cast).pk}


def retired(cast):
    found = CriteriaVersion.objects.filter(name="retired").first()
    return {"pk": (found or criteria.archive_version(criteria.create_version("retired"))).pk}


def axis(cast):
    return {**version(cast), "axis": "profitability"}


def group(cast):
    groups = draft(cast).groups.filter(axis="profitability")
    return {"pk": groups.order_by("pk").first().pk}


def criterion(cast):
    return {"pk": CriterionGroup.objects.get(**group(cast)).criteria.order_by("pk").first().pk}


def change(name, args, ok=302, method="post", data=None):
    """A page or step that administrators alone may open or take."""
    return Route(
        f"portfolio:{name}",
        "directory" if args else "none",
        args or (lambda _cast: {}),
        method,
        data or (lambda _cast: {}),
        ok_for=ADMINISTRATORS,
        ok=ok,
        refused=OTHERS,
    )


def fields(args, field):
    return lambda cast: {**args(cast), "field": field}


ROUTES: list[Route] = [
    Route("portfolio:version_list"),
    Route("portfolio:version_detail", "directory", version),
    Route("portfolio:version_axis", "directory", axis),
    Route("portfolio:axis_comparison", "directory", axis),
    Route("portfolio:axis_comparison", "directory", axis, "post", ok=422),
    Route("portfolio:group_comparison", "directory", group),
    Route("portfolio:group_comparison", "directory", group, "post", ok=422),
    change("version_create", None, 200, "get"),
    change("version_create", None, 422),
    change("version_library", version, 200, "get"),
    change("version_library", version),
    change("version_activate", version, 200, "get"),
    change("version_activate", version),
    change("version_unschedule", version),
    change("criterion_move", criterion, 200, "get"),
    change("criterion_move", criterion, 422),
    change("version_preview", version, 200, "get"),
    change("version_archive", version, 200, "get"),
    change("version_archive", version),
    change("version_restore", retired),
    change("group_add", version, 200, "get"),
    change("group_add", version, 422),
    change("axis_weights", axis),
    change("group_weights", group),
    change("group_remove", group),
    change("group_restore", group),
    change("criterion_create", group, 200, "get"),
    change("criterion_create", group, 422),
    change("criterion_remove", criterion),
    change("criterion_restore", criterion),
]
for name, args in (("version", version), ("group", group), ("criterion", criterion)):
    field = fields(args, "name")
    ROUTES += [
        change(f"{name}_edit", field, 200, "get"),
        change(f"{name}_edit", field, data=lambda _cast: {"name": "x", "version": 1}),
    ]


# --- the API --------------------------------------------------------------------------------------
def sheet(cast):
    """Kari's own sheet."""
    chosen = CriterionGroup.objects.get(**group(cast))
    made = criteria.save_comparison(draft(cast), chosen.axis, chosen, cast.kam, [Decimal(3)])
    return {"pk": made.pk}


def in_use(name, args, verb, method, ok_for, ok, data=None):
    return Route(
        f"api:{name}-{verb}",
        "directory",
        args,
        method,
        data or (lambda _cast: {}),
        ok_for=ok_for,
        ok=ok,
        refused=EVERYBODY - ok_for,
    )


def compared(_cast):
    return {"axis": "profitability"}


for name, args in (
    ("criteriaversion", version),
    ("criteriongroup", group),
    ("criterion", criterion),
):
    ROUTES += [
        Route(f"api:{name}-list"),
        Route(
            f"api:{name}-list",
            method="post",
            ok_for=EDITS_ALL,
            ok=400,
            refused=EVERYBODY - EDITS_ALL,
        ),
        Route(f"api:{name}-detail", "directory", args),
        in_use(name, args, "detail", "patch", EDITS_ALL, 200),
        in_use(name, args, "detail", "delete", EDITS_ALL, 204),
        in_use(
            name,
            retired if name == "criteriaversion" else args,
            "restore",
            "post",
            EDITS_ALL,
            204,
        ),
    ]
KARI = ADMINISTRATORS | {"service", "kam"}
ROUTES += [
    in_use("criteriaversion", version, "activate", "post", ADMINISTRATORS, 200),
    in_use("criteriaversion", version, "unschedule", "post", EDITS_ALL, 400),
    in_use("criterion", criterion, "move", "post", EDITS_ALL, 400),
    in_use("criteriaversion", version, "apply-weights", "post", EDITS_ALL, 400),
    Route("api:criteriaversion-weighing", "directory", version, data=compared, ok=204),
    Route("api:pairwisecomparison-list"),
    Route("api:pairwisecomparison-list", method="post", ok=400),
    Route("api:pairwisecomparison-detail", "directory", sheet),
    in_use("pairwisecomparison", sheet, "detail", "patch", KARI, 200),
    in_use("pairwisecomparison", sheet, "detail", "delete", KARI, 204),
    in_use("pairwisecomparison", sheet, "restore", "post", KARI, 204),
]

NO_FOREIGN_ROW: dict[str, str] = {
    route.name: "a directory: everybody sees every row" for route in ROUTES if route.row != "none"
}
