"""Pages that span apps are shells of panels; each panel is an address in its own app.

The apps above stand here by string only: a panel whose route does not exist yet is left out. The
shell names the panels and their addresses, htmx loads them as they come into sight, and without
script each is a link to a page of its own. The permission check stands in each panel's view.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from kam.htmx import render


def _by_pk(row: Any) -> dict[str, Any]:
    return {"pk": row.pk}


def _by_model(row: Any) -> dict[str, Any]:
    return {"model": row._meta.label_lower, "pk": row.pk}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a page: its name, its title, its route, and whether it stands aside.

    ``at_once`` loads with the page; the others when they are scrolled into sight.
    """

    name: str
    title: Any
    route: str
    aside: bool = False
    at_once: bool = False
    args: Callable[[Any], dict[str, Any]] = _by_pk


@dataclass(frozen=True, slots=True)
class PlacedPanel:
    """A panel on one row's page."""

    id: str
    title: Any
    url: str
    trigger: str


PANELS: Mapping[str, tuple[Panel, ...]] = {
    "account": (
        Panel("profile", _("Profile"), "accounts:profile_panel", at_once=True),
        Panel("plans", _("Plans"), "plans:account_panel", at_once=True),
        Panel("activities", _("Open activities"), "plans:account_activities"),
        Panel("sales", _("Sales"), "accounts:sales_panel"),
        Panel("hierarchy", _("Group"), "accounts:hierarchy_panel"),
        Panel("team", _("Account team"), "accounts:team_panel", aside=True, at_once=True),
        Panel("contacts", _("Contacts"), "accounts:contacts_panel", aside=True, at_once=True),
        Panel("history", _("History"), "kam:history", aside=True, args=_by_model),
    ),
    "contact": (Panel("history", _("History"), "kam:history", aside=True, args=_by_model),),
}


def panels_for(page: str, row: Any, *, aside: bool) -> list[PlacedPanel]:
    """The panels of one column of a row's page, with their addresses."""
    placed = []
    for panel in PANELS[page]:
        if panel.aside != aside:
            continue
        try:
            url = reverse(panel.route, kwargs=panel.args(row))
        except NoReverseMatch:
            continue
        trigger = "load" if panel.at_once else "revealed"
        placed.append(PlacedPanel(f"panel-{panel.name}", panel.title, url, trigger))
    return placed


def render_panel(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    title: Any,
    row: Any,
    status: int = 200,
) -> HttpResponse:
    """A panel's inside for htmx; with the frame around it, and the way back, for everybody else."""
    return render(
        request,
        "kam/panels/page.html",
        {"panel_template": template, "panel_title": title, "panel_row": row, **context},
        fragment=template,
        status=status,
    )
