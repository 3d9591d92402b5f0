"""Pages that span apps are shells of panels; each panel is an address in its own app.

The apps above stand here by string only: a panel whose route does not exist yet is left out. The
shell names the panels and their addresses, htmx loads them as they come into sight, and without
script each is a link to a page of its own. The permission check stands in each panel's view.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kam.htmx import render
from kam.scoping import Role


def _by_pk(row: Any) -> dict[str, Any]:
    return {"pk": row.pk}


def _by_model(row: Any) -> dict[str, Any]:
    return {"model": row._meta.label_lower, "pk": row.pk}


def _no_row(row: Any) -> dict[str, Any]:
    return {}


def _named(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda _row: {"name": name}


EVERYBODY = frozenset(Role)
KAM = frozenset({Role.KAM})
LEADER = frozenset({Role.LEADER})
DECIDES = frozenset({Role.LEADER, Role.MANAGEMENT})
READS_FIGURES = frozenset({Role.KAM, Role.LEADER, Role.MANAGEMENT})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
CONTRIBUTOR = frozenset({Role.CONTRIBUTOR})


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a page: its name, its title, its route, and whether it stands aside.

    ``at_once`` loads with the page; the others when they are scrolled into sight. ``roles`` are those
    to whom it says something; what they may see stands in the panel's view.
    """

    name: str
    title: Any
    route: str
    aside: bool = False
    at_once: bool = False
    args: Callable[[Any], dict[str, Any]] = _by_pk
    roles: frozenset[str] = EVERYBODY


@dataclass(frozen=True, slots=True)
class PlacedPanel:
    """A panel on one row's page."""

    id: str
    title: Any
    url: str
    trigger: str


def _home(name: str, title: Any, route: str, roles: frozenset[str], aside: bool = False) -> Panel:
    return Panel(name, title, route, aside=aside, at_once=True, args=_no_row, roles=roles)


PANELS: Mapping[str, tuple[Panel, ...]] = {
    "account": (
        Panel("profile", _("Profile"), "accounts:profile_panel", at_once=True),
        Panel("plans", _("Plans"), "plans:account_panel", at_once=True),
        Panel("scores", _("Scores"), "portfolio:account_scores"),
        Panel("activities", _("Open activities"), "plans:account_activities"),
        Panel("sales", _("Sales"), "accounts:sales_panel"),
        Panel("estimates", _("Wallet and potential"), "portfolio:account_estimates"),
        Panel("judgements", _("Judgements"), "portfolio:account_judgements"),
        Panel("resources", _("Time and return"), "portfolio:account_resources"),
        Panel("nominations", _("Key account"), "portfolio:account_nominations", aside=True),
        Panel("segments", _("Segments"), "portfolio:account_segments", aside=True),
        Panel("hierarchy", _("Group"), "accounts:hierarchy_panel"),
        Panel("team", _("Account team"), "accounts:team_panel", aside=True, at_once=True),
        Panel("contacts", _("Contacts"), "accounts:contacts_panel", aside=True, at_once=True),
        Panel("history", _("History"), "kam:history", aside=True, args=_by_model),
    ),
    "contact": (Panel("history", _("History"), "kam:history", aside=True, args=_by_model),),
    "dashboard": (
        _home("year", _("The year so far"), "plans:home_figures", READS_FIGURES),
        *(
            Panel(name, title, "portfolio:dashboard_tile", args=_named(name))
            for name, title in (
                ("cells", _("Where the accounts stand")),
                ("key-share", _("Key accounts and the others")),
                ("pareto", _("How far sales hang on few")),
                ("bridge", _("From last year to this")),
                ("portfolios", _("Portfolios")),
                ("key-accounts", _("The largest key accounts")),
                ("improvement", _("Where most is to be won")),
                ("moves", _("Accounts in another cell")),
                ("trend", _("Concentration over the years")),
            )
        ),
    ),
    "home": (
        _home("installation", _("The installation"), "kam:home_installation", ADMINISTRATOR),
        _home("approvals", _("Plans that wait for you"), "plans:home_approvals", DECIDES),
        _home(
            "nominations", _("Nominations that wait for you"), "portfolio:home_nominations", DECIDES
        ),
        _home("reviews", _("Reviews"), "plans:home_reviews", READS_FIGURES),
        _home("activities", _("Due and late"), "plans:home_activities", EVERYBODY),
        _home("plans", _("Plans to work on"), "plans:home_plans", KAM),
        _home("figures", _("The year so far"), "plans:home_figures", READS_FIGURES),
        _home("team-late", _("Late in the team"), "plans:home_late", DECIDES),
        _home("accounts", _("My accounts"), "accounts:home_accounts", CONTRIBUTOR),
        _home("messages", _("Unread"), "kam:home_messages", EVERYBODY, aside=True),
    ),
}


class Home:
    """Where the panels of the start page lead back to."""

    def __str__(self) -> str:
        return gettext("Home")

    def get_absolute_url(self) -> str:
        return reverse("kam:home")


def panels_for(
    page: str, row: Any, *, aside: bool, roles: Set[str] = EVERYBODY
) -> list[PlacedPanel]:
    """The panels of one column of a row's page, with their addresses."""
    placed = []
    for panel in PANELS[page]:
        if panel.aside != aside or not panel.roles & roles:
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
