"""Route × role × kind of row: who gets which answer. A route that is not in the table fails."""

import importlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from kam.middleware import ACTING_FOR
from kam.models import ApiToken, Substitution
from kam.periods import company_today
from tests.conftest import Cast, make_cast
from tests.route_table import NOBODY, PEOPLE, STAND_IN, Route

TESTS = Path(__file__).parents[1]
FILES = [
    importlib.import_module(f"tests.{path.parent.name}.routes")
    for path in sorted(TESTS.glob("*/routes.py"))
]
TABLE: list[Route] = [route for module in FILES for route in module.ROUTES]
NO_FOREIGN_ROW = {
    name: why for module in FILES for name, why in getattr(module, "NO_FOREIGN_ROW", {}).items()
}
WITH_FOREIGN_ROW = {(route.name, route.method) for route in TABLE if route.row == "foreign"}
#: allauth's pages are allauth's to prove; ours begin where somebody has signed in.
NOT_OURS = "sign-in/"
ROWS = {"none", "own", "team", "foreign", "personal", "directory"}


def named_routes(resolver: URLResolver, spaces=(), prefix="") -> Iterator[tuple[str, bool]]:
    """(name, whether a row stands in the address) of every route of the project."""
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        if here.startswith(NOT_OURS):
            continue
        if isinstance(pattern, URLPattern):
            assert pattern.name, f"the route {here} has no name"
            yield ":".join([*spaces, pattern.name]), "<" in here
        else:
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from named_routes(pattern, inner, here)


PROJECT = dict(named_routes(get_resolver()))


def test_every_route_is_in_the_table():
    assert sorted(set(PROJECT) - {route.name for route in TABLE}) == []


def test_the_table_names_only_routes_that_exist():
    assert sorted({route.name for route in TABLE} - set(PROJECT)) == []
    assert sorted(set(NO_FOREIGN_ROW) - set(PROJECT)) == []


def test_rows_are_of_a_known_kind():
    assert {route.row for route in TABLE} <= ROWS


def test_every_route_to_a_row_is_tried_with_a_foreign_row():
    kinds = defaultdict(set)
    for route in TABLE:
        kinds[route.name].add(route.row)
    untried = [
        name
        for name, has_row in PROJECT.items()
        if has_row and "foreign" not in kinds[name] and name not in NO_FOREIGN_ROW
    ]
    assert untried == []


class Standing:
    """The cast, and a signed-in client for each of them, made once for all rows of the table."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.pages = {NOBODY: Client(), STAND_IN: self._stand_in()}
        self.api = {NOBODY: Client()}
        for person in PEOPLE:
            self.pages[person] = cast.client(person)
            token = ApiToken.issue(getattr(cast, person), "table", may_write=True)[1]
            self.api[person] = Client(headers={"Authorization": f"Bearer {token}"})
        self.cookies = {name: client.cookies.output() for name, client in self.pages.items()}

    def _stand_in(self) -> Client:
        client = self.cast.client("outsider")
        session = client.session
        session[ACTING_FOR] = self.cast.kam.pk
        session.save()
        return client

    def _hand_over(self) -> None:
        today = company_today()
        Substitution.objects.create(
            absent=self.cast.kam,
            substitute=self.cast.outsider,
            starts_on=today - timedelta(days=1),
            ends_on=today + timedelta(days=1),
        )

    def answer(self, route: Route, person: str, method: str) -> int:
        """The status of one request; what it writes, in rows and cookies, is taken back."""
        client = (self.api if route.is_api else self.pages)[person]
        client.raise_request_exception = False
        with transaction.atomic():
            address = reverse(route.name, kwargs=dict(route.args(self.cast))) + route.query
            data = dict(route.data(self.cast))
            if person == STAND_IN:
                self._hand_over()
            send = getattr(client, method)
            if method == "get":
                response = send(address, data)
            elif route.is_api:
                body = json.dumps(data, default=str)
                response = send(address, body, content_type="application/json")
            else:
                response = send(address, data)
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(True)
        if not route.is_api:
            client.cookies.clear()
            client.cookies.load(self.cookies[person].replace("Set-Cookie: ", ""))
        return response.status_code


@pytest.fixture(scope="module")
def standing(test_database, django_db_blocker) -> Iterator[Standing]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Standing(make_cast())
        transaction.set_rollback(True)


@pytest.mark.parametrize("route", TABLE, ids=str)
def test_each_person_gets_the_answer_of_the_table(standing, db, route):
    people = route.tried(both_sides=(route.name, route.method) in WITH_FOREIGN_ROW)
    if route.row in ("own", "team", "foreign") and not route.is_api:
        people.append(STAND_IN)
    expected = {person: route.expected(person) for person in people}
    got = {person: standing.answer(route, person, route.method) for person in people}
    assert got == expected


@pytest.mark.parametrize("name", sorted(PROJECT))
def test_a_method_that_the_table_does_not_name_is_refused(standing, db, name):
    """A page that also writes needs its own row for that."""
    rows = [route for route in TABLE if route.name == name]
    if not rows:
        pytest.skip("not in the table; another test says so")
    named = {route.method for route in rows}
    methods = {"get", "post"} | ({"put", "patch", "delete"} if rows[0].is_api else set())
    first = next((r for r in rows if r.row != "foreign"), rows[0])
    refusals = {405, first.ok} if first.ok == 404 else {405}
    got = {m: standing.answer(first, "administrator", m) for m in methods - named}
    assert {m: status for m, status in got.items() if status not in refusals} == {}
