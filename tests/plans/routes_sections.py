"""The route table's rows of sections, templates and quality."""

from typing import Any

from plans import versions
from plans.models import PlanTemplate, Section, TemplateSection
from tests.api.routes import ALL_VERBS, NOBODY, key, rows_of
from tests.plans.route_rows import (
    STEERS,
    STEERS_FOREIGN,
    changed,
    edited,
    foreign_plan,
    foreign_section,
    plan,
    section,
    seen,
)
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ACCOUNT,
    EDITS_ALL,
    EDITS_FOREIGN,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
    nothing,
)

#: Templates are the company's: everybody reads them, administrators keep them.
DIRECTORY = "templates belong to the company: everybody reads the same"


def template(cast):
    return PlanTemplate.objects.get_or_create(name="Standard")[0]


def template_section(cast):
    return TemplateSection.objects.get_or_create(template=template(cast), kind="needs")[0]


def of_template(cast):
    return {"pk": template(cast).pk}


def of_template_section(cast):
    return {"pk": template_section(cast).pk}


def foreign_row(cast):
    return Section.objects.get(**foreign_section(cast))


def version_of(row):
    return row.versions.first() or versions.freeze(row, "approved", None)


def kept(name, args=nothing, *, method="post", ok=302):
    """What administrators alone do with templates."""
    row = "none" if args is nothing else "directory"
    return Route(
        f"plans:{name}", row, args, method=method, ok=ok, ok_for=ADMINISTRATORS, otherwise=403
    )


def listed(name, makes, ok):
    """A resource's list, and making a row of it without a word: refused as wrong, or at all."""
    return [
        Route(f"api:{name}-list"),
        Route(f"api:{name}-list", method="post", ok_for=makes, ok=ok, refused=EVERYBODY - makes),
    ]


ROUTES: list = [
    *edited("plans:section_edit", section, foreign_section, "body", "New words"),
    *seen("plans:section_list", plan, foreign_plan),
    *changed("plans:section_add", plan, foreign_plan, data=lambda c: {"kind": "x"}, ok=422),
    *seen("plans:quality", plan, foreign_plan),
    *changed("plans:guide", plan, foreign_plan, method="get", ok=200, foreign_ok=302),
    *changed("plans:guide", plan, foreign_plan, data=lambda c: {"do": "skip"}),
    *seen("plans:section_known", section, foreign_section),
    *changed("plans:section_confirm", section, foreign_section),
    *changed("plans:section_move", section, foreign_section),
    *changed("plans:section_archive", section, foreign_section),
    *changed("plans:section_restore", section, foreign_section),
    Route("plans:template_list"),
    Route("plans:template_detail", "directory", of_template),
    kept("template_create", method="get", ok=200),
    kept("template_create", ok=422),
    kept("template_ready"),
    kept("template_edit", of_template, method="get", ok=200),
    kept("template_edit", of_template, ok=422),
    kept("template_archive", of_template),
    kept("template_restore", of_template),
    kept("template_section_create", of_template, method="get", ok=200),
    kept("template_section_create", of_template, ok=422),
    kept("template_section_edit", of_template_section, method="get", ok=200),
    kept("template_section_edit", of_template_section, ok=422),
    kept("template_section_move", of_template_section),
    kept("template_section_archive", of_template_section),
    kept("template_section_restore", of_template_section),
    *listed("section", EVERYBODY, 400),
    *rows_of("section", "own", lambda c: c.section, SEES_ACCOUNT, EDITS_ACCOUNT, ALL_VERBS),
    *rows_of("section", "foreign", foreign_row, SEES_FOREIGN, EDITS_FOREIGN, ALL_VERBS),
    Route(
        "api:section-confirm", "own", section, "post", ok=400,
        ok_for=EDITS_ACCOUNT, refused=SEES_ACCOUNT - EDITS_ACCOUNT,
    ),
    Route(
        "api:section-confirm", "foreign", foreign_section, "post", ok=400,
        ok_for=EDITS_FOREIGN, refused=SEES_FOREIGN - EDITS_FOREIGN,
    ),
    *listed("plantemplate", EDITS_ALL, 400),
    *rows_of("plantemplate", "directory", template, EVERYBODY, EDITS_ALL, ALL_VERBS),
    *listed("templatesection", EDITS_ALL, 400),
    *rows_of("templatesection", "directory", template_section, EVERYBODY, EDITS_ALL, ALL_VERBS),
    Route("api:planversion-list"),
    *rows_of(
        "planversion", "own", lambda c: version_of(c.plan), SEES_ACCOUNT, NOBODY, ""
    ),
    *rows_of(
        "planversion", "foreign", lambda c: version_of(c.foreign_plan), SEES_FOREIGN, NOBODY, ""
    ),
    Route("api:planversion-changes", "own", key(lambda c: version_of(c.plan)), ok_for=SEES_ACCOUNT),
    Route(
        "api:planversion-changes", "foreign", key(lambda c: version_of(c.foreign_plan)),
        ok_for=SEES_FOREIGN,
    ),
    Route("api:plan-quality", "own", plan, ok_for=SEES_ACCOUNT),
    Route("api:plan-quality", "foreign", foreign_plan, ok_for=SEES_FOREIGN),
    Route(
        "api:plan-copy", "own", plan, "post", ok=201,
        ok_for=STEERS, refused=SEES_ACCOUNT - STEERS,
    ),
    Route(
        "api:plan-copy", "foreign", foreign_plan, "post", ok=201,
        ok_for=STEERS_FOREIGN, refused=SEES_FOREIGN - STEERS_FOREIGN,
    ),
]  # fmt: skip
NO_FOREIGN_ROW: dict[str, Any] = {
    route.name: DIRECTORY for route in ROUTES if route.row == "directory"
}
