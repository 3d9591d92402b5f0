"""A pseudo-language: every text that passes gettext comes back in marks; what is visible without
marks must be data. Walks every page of the route table."""

import re
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.db import models
from django.urls import reverse
from django.utils import translation
from django_countries import countries as known

from accounts.models import Account
from kam.importing.forms import ENCODING_NAMES
from kam.importing.resource import resources
from kam.money import CURRENCIES
from kam.person_forms import TIME_ZONES
from kam.templatetags import kam_format
from tests.kam.test_routes import TABLE

OPEN, CLOSE = "⟦", "⟧"
SHOWN_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt", "aria-description"}
#: Code is the same in every language: columns of files, tokens.
UNSEEN = {"script", "style", "code"}
#: Words that are the same in every language.
NAMES = {
    "KAM", "Ctrl", "Enter", "Esc", "CSV", "XLSX", "PDF", "API", "DMU", "NPS", "UTC", "kB", "MB",
    *(code for code, _label in CURRENCIES),
    *TIME_ZONES,
    *(LANG_INFO[code]["name_local"] for code, _name in settings.LANGUAGES),
}  # fmt: skip
#: Pages that show no text of ours, and why.
LEFT_OUT = {
    "kam:styleguide": "development only; its text is sample data",
    "kam:lookup": "names of rows alone",
}


def import_words() -> set[str]:
    """Columns' keys, encodings, and what stands in the table's sample file."""
    columns = {column.name for resource in resources() for column in resource.columns}
    return columns | set(ENCODING_NAMES.values()) | {"West"}


APPS = ("kam", "accounts", "portfolio", "salesprocess", "plans", "incentives")


@pytest.fixture
def pseudo(monkeypatch):
    """gettext that marks everything it is asked for."""
    real = translation._trans
    real.gettext("")  # the real functions are there from now on
    for countries in (known, Account._meta.get_field("country").countries):
        monkeypatch.setattr(countries, "_iter_cache", {}, raising=False)  # names already spoken
    monkeypatch.setattr(kam_format, "_short_date", kam_format._short_date.__wrapped__)  # days too

    def marked(text):
        return f"{OPEN}{text}{CLOSE}" if str(text).strip() else text

    monkeypatch.setattr(real, "gettext", marked)
    monkeypatch.setattr(real, "pgettext", lambda _context, text: marked(text))
    monkeypatch.setattr(real, "ngettext", lambda one, many, n: marked(one if n == 1 else many))
    monkeypatch.setattr(
        real, "npgettext", lambda _context, one, many, n: marked(one if n == 1 else many)
    )


class Visible(HTMLParser):
    """Collects what a reader sees or hears that stands outside of marks."""

    def __init__(self):
        super().__init__()
        self.depth = 0
        self.unseen = 0
        self.unmarked = []

    def handle_starttag(self, tag, attrs):
        self.unseen += tag in UNSEEN
        values = dict(attrs)
        for name in SHOWN_ATTRIBUTES & set(values):
            self.unmarked.append(outside(values[name] or "")[0])
        if tag == "input" and values.get("type") in ("submit", "button"):
            self.unmarked.append(outside(values.get("value") or "")[0])

    def handle_endtag(self, tag):
        self.unseen -= tag in UNSEEN

    def handle_data(self, data):
        if not self.unseen:
            text, self.depth = outside(data, self.depth)
            self.unmarked.append(text)


def outside(text, depth=0):
    """The part of a text that stands outside of marks, and how deep it ends."""
    kept = []
    for letter in text:
        if letter == OPEN:
            depth += 1
        elif letter == CLOSE:
            depth -= 1
        elif depth == 0:
            kept.append(letter)
    return "".join(kept), depth


def data_in_database() -> set[str]:
    """Every text that stands in a row: names, addresses, sentences of people."""
    found = set()
    for label in APPS:
        if not apps.is_installed(label):
            continue
        for model in apps.get_app_config(label).get_models():
            names = [
                f.name
                for f in model._meta.concrete_fields
                if isinstance(f, models.CharField | models.TextField) and not f.choices
            ]
            for values in model._default_manager.values_list(*names) if names else []:
                found |= {str(value) for value in values if value}
    return found


def escaped_words(html: str, known: set[str]) -> list[str]:
    """Visible words that neither passed gettext nor are data."""
    parser = Visible()
    parser.feed(html)
    parser.close()
    left = "\n".join(parser.unmarked)
    for text in sorted(known | {n for n in NAMES if not n.isalpha()}, key=len, reverse=True):
        left = left.replace(text, " ")
    return sorted(set(re.findall(r"[^\W\d_]{2,}", left)) - NAMES)


def pages():
    """(route, person): one person for each page of the table that shows something."""
    for route in TABLE:
        if route.is_api or route.method != "get" or route.ok != 200 or route.name in LEFT_OUT:
            continue
        for person in ("administrator", "kam", "leader"):
            if route.expected(person) == 200:
                yield pytest.param(route, person, id=f"{route}-{person}")
                break


@pytest.mark.parametrize(("route", "person"), pages())
def test_no_visible_text_escapes_translation(cast, pseudo, route, person):
    address = reverse(route.name, kwargs=dict(route.args(cast))) + route.query
    response = cast.client(person).get(address)
    if response.status_code != 200 or "html" not in response["Content-Type"]:
        return
    html = response.content.decode()
    assert OPEN in html
    known = data_in_database() | {cast.kam.get_short_name()}
    if route.name.startswith("kam:import"):
        known |= import_words()
    assert " ".join(escaped_words(html, known)) == ""


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>⟦Saved⟧</p>", []),
        ("<p>Saved</p>", ["Saved"]),
        ("<p>⟦By <b>Kari</b> today⟧</p>", []),
        ("<p>Kari 12 %</p>", []),
        ("<input placeholder='Find'>", ["Find"]),
        ("<a aria-label='⟦Open⟧'>Kari</a>", []),
        ("<script>let word</script><p>⟦x⟧</p>", []),
    ],
)
def test_the_search_for_escaped_words_finds_them(html, words):
    assert escaped_words(html, {"Kari"}) == words
