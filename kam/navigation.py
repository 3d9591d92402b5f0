"""The side navigation, by role. Names of the apps above stand here as strings only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from kam.scoping import Role, principal, signed_in

ALL = frozenset(Role) - {Role.SERVICE}
LEADING = frozenset({Role.LEADER, Role.MANAGEMENT, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the navigation and the roles that are shown it."""

    label: Any
    route: str
    icon: str
    roles: frozenset[str] = ALL
    #: Places beside its own that belong to it.
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NavItem:
    label: Any
    url: str
    icon: str
    current: bool


ENTRIES: Sequence[Entry] = (
    Entry(_("Home"), "kam:home", "home"),
    Entry(_("Accounts"), "accounts:list", "accounts"),
    Entry(_("Contacts"), "accounts:contact_list", "people"),
    Entry(_("Dashboard"), "portfolio:dashboard", "portfolio"),
    Entry(_("Matrix"), "portfolio:matrix", "columns"),
    Entry(_("Concentration"), "portfolio:concentration", "sales"),
    Entry(_("Resources"), "portfolio:resources", "calendar", also=("portfolio:hours",)),
    Entry(_("Nominations"), "portfolio:nomination_list", "star"),
    Entry(_("Criteria"), "portfolio:version_list", "filter", LEADING),
    Entry(_("Segments"), "portfolio:scheme_list", "accounts", LEADING),
    Entry(_("Plans"), "plans:list", "plans"),
    Entry(_("Needs"), "plans:need_list", "star"),
    Entry(_("Activities"), "plans:activity_list", "check"),
    Entry(_("Reviews"), "plans:review_list", "calendar"),
    Entry(_("Roll-up"), "plans:rollup", "roll-up"),
    Entry(_("Reports"), "plans:report_library", "pdf"),
    Entry(_("Plan templates"), "plans:template_list", "plans", LEADING),
    Entry(_("Settings of plans"), "plans:settings", "settings", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Products"), "accounts:product_list", "columns", frozenset({Role.ADMINISTRATOR})),
    Entry(_("People"), "kam:user_list", "user", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Teams"), "kam:team_list", "people", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Industries"), "accounts:industry_list", "filter", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Budget rates"), "kam:rates", "swap", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Import"), "kam:import_list", "import", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Audit trail"), "kam:audit", "history", frozenset({Role.ADMINISTRATOR})),
    Entry(_("Settings"), "kam:settings", "settings", frozenset({Role.ADMINISTRATOR})),
)


def navigation(request: HttpRequest) -> list[NavItem]:
    """The entries for this person, the current one marked."""
    person = principal(request.user)
    if person is None:
        return []
    # Administration belongs to the person themselves, never to whom they stand in for.
    roles = {person.role} - {Role.ADMINISTRATOR} | (
        {signed_in(request).role} & {Role.ADMINISTRATOR}
    )
    urls = {entry: _address(entry) for entry in ENTRIES if roles & entry.roles}
    inside = {
        place: url
        for entry, url in urls.items()
        for place in (url, *(_address_of(name) for name in entry.also))
        if url and place and _inside(request.path, place)
    }
    here = inside[max(inside, key=len)] if inside else ""  # the nearest, not every one around it
    return [
        NavItem(entry.label, url, entry.icon, url == here) for entry, url in urls.items() if url
    ]


def _address(entry: Entry) -> str:
    return _address_of(entry.route)


def _address_of(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _inside(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
