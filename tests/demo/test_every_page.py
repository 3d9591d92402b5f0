"""Every page as every role: nothing on the console, nothing against the policy, nothing in the way.

The walk starts at home and follows each link to a route that this person has not seen yet.
"""

import re
from collections import deque
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Error as PlaywrightError

pytestmark = pytest.mark.browser
ROLES = ("admin", "management", "leader", "kam", "contributor")
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
#: Addresses that are no pages: files, and what others made.
NO_PAGE = (
    "export=",
    "/static/",
    "/file/",
    "/result/",
    "/pdf/",
    "/api/v1/schema/",
    "mailto:",
    "tel:",
)
#: Pages of another project: only their console is ours.
FOREIGN = {"api:docs"}
#: Where everybody who signs in comes to.
SEEN_BY_ALL = {
    "kam:home",
    "kam:search",
    "kam:notifications",
    "kam:preferences",
    "accounts:list",
    "accounts:detail",
    "plans:list",
    "plans:detail",
    "plans:activity_list",
}
#: Beyond what links lead to.
MORE = (
    "/search/?q=vik",
    "/accounts/?sort=-revenue",
    "/accounts/?q=nothing-is-called-so",
    "/no-such-page/",
)

#: The rows of a list are made of one template: the first ones speak for the others.
AXE_LEAVES = {"exclude": [["tbody tr:nth-child(n+7)"]]}

_axe_script = Axe().axe_script
_examined: set[str] = set()


class Walk:
    """One person's way through the site, and what was wrong on it."""

    def __init__(self, page) -> None:
        self.page = page
        self.here = ""
        self.problems: list[str] = []
        self.seen: set[str] = set()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._note(f"script error: {error}"))
        page.on("requestfailed", self._on_failed)
        page.on("response", self._on_response)

    def _note(self, what: str) -> None:
        self.problems.append(f"{self.here}: {what}")

    def _on_console(self, message) -> None:
        if message.type in ("error", "warning") and "404 (Not Found)" not in message.text:
            self._note(f"console: {message.text}")

    def _on_failed(self, request) -> None:
        # What the page itself broke off, by leaving, is no failure.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"request failed: {request.url} {request.failure}")

    def _on_response(self, response) -> None:
        if response.status >= 400 and not self.here.startswith("/no-such-page"):
            self._note(f"{response.status} from {response.url}")

    def visit(self, path: str) -> list[str]:
        """Looks at one page from all sides; returns the addresses that it leads to."""
        self.here = path
        self.page.set_viewport_size(WIDE)
        try:
            self.page.goto(path, wait_until="load")
        except PlaywrightError as error:
            if "Download is starting" in str(error):  # a file, no page
                return []
            raise
        self._let_panels_load()
        name = route_of(self.page.url)
        if name in FOREIGN:
            return []
        links = self.page.evaluate(
            "() => [...document.querySelectorAll('a[href]:not([download])')]"
            ".map(a => new URL(a.getAttribute('href'), location.href).href)"
        )
        if name not in _examined:  # once for all roles: the pages are made of the same parts
            _examined.add(name)
            self.page.evaluate(_axe_script)
            self._axe("light")
            self.page.emulate_media(color_scheme="dark")
            self._axe("dark", only=["color-contrast"])  # the rest is the same page
            self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(NARROW)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW["width"]:
            self._note(f"is {width} px wide on a screen of 360: {self._widest()}")
        return links

    def _let_panels_load(self) -> None:
        """Scrolls through the page, again and again, until every panel that loads itself has done so."""
        self.page.wait_for_function(
            """() => {
                const below = window.scrollY + window.innerHeight;
                window.scrollTo(0, below < document.body.scrollHeight ? window.scrollY + window.innerHeight / 2 : 0);
                return !document.querySelector('.htmx-request, .htmx-settling, [data-panel] > .loading');
            }""",
            polling=250,
        )

    def _axe(self, colours: str, only: list[str] | None = None) -> None:
        options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
        if only:
            options["runOnly"] = only
        found = self.page.evaluate("([what, how]) => axe.run(what, how)", [AXE_LEAVES, options])
        for rule in found["violations"]:
            if rule["impact"] in ("serious", "critical"):
                where = "; ".join(str(node["target"]) for node in rule["nodes"][:3])
                self._note(f"axe, {colours}: {rule['id']} ({rule['help']}) at {where}")

    def _widest(self) -> str:
        return self.page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > 361)
                .filter(e => { for (let p = e.parentElement; p; p = p.parentElement)
                    if (getComputedStyle(p).overflowX !== 'visible') return false; return true; })
                .slice(0, 3).map(e => e.tagName + '.' + e.className).join(', ')"""
        )


def route_of(url: str) -> str:
    """The name of an address' route; nothing for addresses of others."""
    try:
        return resolve(urlsplit(url).path).view_name
    except Resolver404:
        return ""


def walk(page, site, start: tuple[str, ...]) -> Walk:
    found = Walk(page)
    ways = deque(start)
    while ways:
        path = ways.popleft()
        for url in found.visit(path):
            name = route_of(url)
            if (
                not url.startswith(site.url)
                or not name
                or name in found.seen
                or any(part in url for part in NO_PAGE)
            ):
                continue
            found.seen.add(name)
            ways.append(url.removeprefix(site.url).split("#")[0])
    return found


@pytest.mark.parametrize("name", ROLES)
def test_every_page_is_sound(chromium, demo_site, name):
    context = demo_site.context(chromium, name)
    try:
        found = walk(context.new_page(), demo_site, ("/", *MORE))
        assert found.problems == []
        assert SEEN_BY_ALL - found.seen == set()
    finally:
        context.close()


def test_the_sign_in_page_is_sound(chromium, demo_site):
    context = demo_site.context(chromium, None)
    try:
        found = walk(context.new_page(), demo_site, ("/sign-in/login/",))
        assert found.problems == []
    finally:
        context.close()


def test_somebody_signs_in_works_and_signs_out(chromium, demo_site):
    """The way in, by hand: the form, home, and out again."""
    context = demo_site.context(chromium, None)
    page = context.new_page()
    try:
        page.goto("/")
        page.get_by_label(re.compile("^E-?mail$")).fill("kam@example.com")
        page.get_by_label("Password", exact=True).fill("keyaccount")
        page.keyboard.press("Enter")
        page.wait_for_url(demo_site.url + "/")
        assert page.get_by_text("Kari Solheimsvik").first.is_visible()
    finally:
        context.close()
