"""Lists: pages by key, counts, filters, saved views, bulk edit, files."""

import io
import random
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts import services
from accounts.models import Account, Contact, Industry
from kam.listing import Key, capped_count, key_page, with_id
from kam.listing.files import safe_text
from kam.models import Notification, SavedView
from tests.conftest import YEAR

URL = "/accounts/"


def many(cast, count: int, **more) -> list[Account]:
    rows = [Account(name=f"Account {i:04d}", owner=cast.kam, **more) for i in range(count)]
    return Account.objects.bulk_create(rows)


def walk(queryset, keys, size, *, backward=False) -> list[int]:
    """All ids in the order in which a reader meets them, page by page."""
    page = key_page(queryset, keys, size=size)
    if backward:
        while page.next:
            page = key_page(queryset, keys, after=page.next, size=size)
    met = [row.pk for row in page.rows]
    while cursor := (page.previous if backward else page.next):
        way = {"before": cursor} if backward else {"after": cursor}
        page = key_page(queryset, keys, size=size, **way)
        ids = [row.pk for row in page.rows]
        met = [pk for pk in ids if pk not in met] + met if backward else met + ids
    return met


# --- keyset paging --------------------------------------------------------------------------------
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.one_of(st.none(), st.integers(1, 3)), max_size=14),
    size=st.integers(1, 5),
    descending=st.booleans(),
)
def test_every_row_is_met_once_whatever_the_nulls_and_ties(cast, values, size, descending):
    Contact.objects.all().delete()
    Contact.objects.bulk_create(
        Contact(account=cast.account, name=f"C{i}", influence=v) for i, v in enumerate(values)
    )
    rows = Contact.objects.all()
    keys = with_id([Key("influence", nullable=True, descending=descending)])
    expected = [r.pk for r in rows.order_by(*(k.ordering(backward=False) for k in keys))]
    assert walk(rows, keys, size) == expected
    assert walk(rows, keys, size, backward=True) == expected


def test_empty_values_stand_last_in_both_directions(cast):
    Contact.objects.create(account=cast.account, name="Strong", influence=5)
    for descending in (False, True):
        keys = with_id([Key("influence", nullable=True, descending=descending)])
        assert key_page(Contact.objects.all(), keys).rows[0].name == "Strong"


def test_pages_do_not_shift_when_a_row_comes_before_them(cast):
    many(cast, 12)
    rows = Account.objects.filter(name__startswith="Account")
    keys = with_id([Key("name")])
    first = key_page(rows, keys, size=5)
    Account.objects.create(name="Account 0000 new", owner=cast.kam)
    second = key_page(rows, keys, after=first.next, size=5)
    assert second.rows[0].name == "Account 0005"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!",
        "bnVsbA",
        "W10",
        "W251bGwsIDEsIDJd",
        "WyJhIiwgImIiXQ",
        "WyJhIiwgMWU5OTld",
        "WyJcdTAwMDAiLCAxXQ",
        "WyJhIiwgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
        "W1tdLCB7fV0",
    ],
)
def test_a_broken_cursor_shows_the_first_page(cast, cursor):
    keys = with_id([Key("name")])
    page = key_page(Account.objects.all(), keys, after=cursor)
    assert len(page.rows) == 4
    assert cast.client("kam").get(URL, {"after": cursor}).status_code == 200


def test_going_back_to_the_beginning_shows_a_full_first_page(cast):
    many(cast, 12)
    rows, keys = Account.objects.filter(name__startswith="Account"), with_id([Key("name")])
    third = key_page(rows, keys, size=5, after=key_page(rows, keys, size=5).next)
    Account.objects.filter(name__in=["Account 0000", "Account 0001"]).delete()
    page = key_page(rows, keys, size=5, before=third.previous)
    assert [r.name for r in page.rows] == [f"Account {i:04d}" for i in range(2, 7)]
    assert page.previous is None


def test_counting_stops_at_the_cap(cast):
    many(cast, 7)
    assert capped_count(Account.objects.all(), 5) == (5, True)
    assert capped_count(Account.objects.all(), 50) == (11, False)


# --- the page -------------------------------------------------------------------------------------
def names(response) -> list[str]:
    return [row.name for row, _cells in response.context["rows"]]


@pytest.mark.parametrize("count", [3, 120])
def test_the_list_makes_five_queries_at_most(cast, count, django_assert_num_queries):
    many(cast, count)
    services.refresh_account_years()
    client = cast.client("kam")
    client.get(URL)
    # 1 the person with the frame, 2 the order, 3 the rows, 4 saved views; 5 the capped count where
    # there is more than a page.
    with django_assert_num_queries(4 if count == 3 else 5):
        assert client.get(URL).status_code == 200


FIRST = [
    "Nordlys",
    "Fjord",
    "Viken",
    "Aurora",
    "Saimaa",
    "Skagen",
    "Vänern",
    "Kattegat",
    "Polar",
    "Boreal",
    "Sund",
    "Nidaros",
]
TRADE = [
    "Verft",
    "Foods",
    "Steel",
    "Marine",
    "Papir",
    "Energi",
    "Mejeri",
    "Robotics",
    "Cement",
    "Shipping",
    "Kemi",
    "Timber",
]
TOWN = [
    "Bergen",
    "Oslo",
    "Turku",
    "Malmö",
    "Aarhus",
    "Tromsø",
    "Oulu",
    "Odense",
    "Gävle",
    "Hamburg",
    "Narvik",
    "Vaasa",
]


def test_a_page_of_fifty_rows_is_light(cast):
    industry = Industry.objects.create(name="Industrial machinery")
    words = random.Random(1)
    for row in many(cast, 60, industry=industry, country="NO", is_key_account=True):
        parts = (FIRST, TRADE, TOWN, ("AS", "AB", "ApS", "Oy", "GmbH"))
        row.name = " ".join(words.choice(part) for part in parts)
        row.number = str(words.randrange(10**7))
        row.save()
        row.figures.__class__.objects.filter(pk=row.pk).update(
            revenue=words.randrange(10**7), revenue_before=words.randrange(10**7), year=YEAR
        )
    client = cast.client("kam")
    plain = client.get(URL)
    packed = client.get(URL, headers={"accept-encoding": "gzip"})
    assert len(plain.context["rows"]) == 50
    assert len(plain.content) <= 40 * 1024
    assert len(packed.content) <= 6 * 1024


@pytest.mark.parametrize(
    "column",
    [
        "name",
        "number",
        "owner",
        "level",
        "is_key_account",
        "industry",
        "country",
        "revenue",
        "before",
        "changed",
    ],
)
def test_every_column_sorts_both_ways(cast, column):
    services.refresh_account_years()
    client = cast.client("administrator")
    up = names(client.get(URL, {"sort": column}))
    down = names(client.get(URL, {"sort": f"-{column}"}))
    assert sorted(up) == sorted(down)
    assert len(up) == 4


def test_revenue_sorts_in_company_currency(cast):
    services.refresh_account_years()
    # 1,000 NOK are 87.50 EUR, less than 500 EUR; those without facts stand last.
    top = names(cast.client("administrator").get(URL, {"sort": "-revenue"}))
    assert top[:2] == ["Skåne Foods", "Fjord Shipyards"]


def test_an_order_that_is_not_a_column_is_the_lists_own(cast):
    response = cast.client("kam").get(URL, {"sort": "owner__password"})
    assert response.context["sort"] == "name"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "skane"}, ["Skåne Foods"]),
        ({"q": "bergen fjord"}, ["Fjord Shipyards Bergen"]),
        ({"q": "C1"}, ["Nobody Mills"]),
        ({"who": "nobody"}, ["Nobody Mills"]),
        ({"owner": "odd.other@example.com"}, ["Skåne Foods"]),
        ({"is_key_account": "yes"}, ["Fjord Shipyards"]),
        ({"archived": "yes"}, []),
        ({"q": "100%"}, []),
        ({"country": "NO"}, []),
    ],
)
def test_filters_narrow_the_list(cast, query, found):
    assert names(cast.client("management").get(URL, query)) == found


def test_a_team_filter_takes_the_teams_below(cast):
    client = cast.client("management")
    assert len(names(client.get(URL, {"team": cast.region.pk}))) == 3
    assert len(names(client.get(URL, {"team": cast.north.pk}))) == 2


def test_mine_and_my_teams(cast):
    assert names(cast.client("kam").get(URL, {"who": "mine"})) == [
        "Fjord Shipyards",
        "Fjord Shipyards Bergen",
    ]
    assert len(names(cast.client("region_leader").get(URL, {"who": "team"}))) == 3


def test_a_filter_that_cannot_be_read_is_said_and_never_widens_bulk_edit(cast):
    client = cast.client("kam")
    page = client.get(URL, {"owner": "Nobody Known"})
    assert "Nothing is called" in page.content.decode()
    assert client.get(URL, {"owner": "Nobody Known", "bulk": "all"}).status_code == 404


def test_an_empty_list_says_what_to_do_first(cast):
    text = cast.client("outsider").get(URL).content.decode()
    assert "No accounts yet" in text
    text = cast.client("kam").get(URL, {"q": "zzz"}).content.decode()
    assert "Nothing matches" in text


# --- saved views ----------------------------------------------------------------------------------
def test_a_view_is_saved_applied_and_deleted(cast):
    client = cast.client("kam")
    client.post(f"{URL}?level=global&sort=-revenue&after=xyz", {"do": "save_view", "name": "Top"})
    view = SavedView.objects.get(user=cast.kam)
    assert view.query == "level=global&sort=-revenue"
    page = client.get(f"{URL}?{view.query}")
    assert page.context["views"] == [(view, True)]
    assert not client.get(URL).context["views"][0][1]
    client.post(URL, {"do": "delete_view", "view": view.pk})
    assert not SavedView.objects.exists()


def test_another_ones_view_cannot_be_deleted(cast):
    view = SavedView.objects.create(user=cast.other_kam, page="accounts", name="Mine")
    answer = cast.client("kam").post(URL, {"do": "delete_view", "view": view.pk})
    assert answer.status_code == 404
    assert SavedView.objects.exists()


# --- bulk edit ------------------------------------------------------------------------------------
def test_bulk_edit_changes_the_editable_and_names_the_others(cast):
    many(cast, 3)
    seat = cast.account.team_members.get(user=cast.contributor)
    seat.user = cast.other_kam
    seat.save()
    ids = [cast.foreign.pk, cast.account.pk]
    answer = cast.client("other_kam").post(
        URL, {"do": "bulk", "which": "ids", "ids": ids, "level": "global"}, follow=True
    )
    words = [str(m) for m in answer.context["messages"]]
    assert words[0] == "1 row changed."
    assert "1 row was left as it is" in words[1]
    assert "Fjord Shipyards" in words[1]
    assert Account.objects.get(pk=cast.foreign.pk).level == "global"
    assert Account.objects.get(pk=cast.account.pk).level == "territory"


def test_bulk_edit_never_reaches_rows_out_of_sight(cast):
    cast.client("other_kam").post(
        URL, {"do": "bulk", "which": "ids", "ids": [cast.account.pk], "level": "global"}
    )
    assert Account.objects.get(pk=cast.account.pk).level == "territory"


def test_too_many_rows_are_refused_with_a_way_back(cast, monkeypatch):
    monkeypatch.setattr("kam.listing.bulk.BULK_CAP", 2)
    many(cast, 3)
    text = cast.client("kam").get(URL, {"q": "Account 0", "bulk": "all"}).content.decode()
    assert "More than 2 rows can not be changed at once" in text
    assert "Change 2 rows" not in text
    assert 'class="btn" href="?q=Account+0"' in text


def test_the_links_to_other_pages_have_a_name_by_which_they_keep_the_focus(cast):
    """Pages are swapped in place: the focus comes back to the element of the same id."""
    many(cast, 120)
    client = cast.client("kam")
    first = client.get(URL)
    assert 'id="page-next" rel="next"' in first.content.decode()
    second = client.get(URL, {"after": first.context["page"].next}).content.decode()
    assert 'id="page-previous" rel="prev"' in second
    assert 'id="page-next" rel="next"' in second


def test_all_of_a_filter_are_changed_in_a_fixed_number_of_queries(cast):
    many(cast, 70)
    client = cast.client("administrator")
    industry = Industry.objects.create(name="Shipping")
    asked = {"do": "bulk", "which": "all", "industry": industry.pk}
    client.post(f"{URL}?who=&q=account", {**asked, "owner": "kari.kam@example.com"})
    asked["owner"] = "lena.leader@example.com"
    with CaptureQueriesContext(connection_of()) as queries:
        client.post(f"{URL}?who=&q=account", asked)
    few = len(queries)
    assert Account.objects.filter(industry=industry, owner=cast.leader).count() == 70
    assert Account.objects.get(pk=cast.account.pk).industry is None
    assert Notification.objects.filter(recipient=cast.leader).count() == 1
    many(cast, 70)
    with CaptureQueriesContext(connection_of()) as queries:
        client.post(f"{URL}?who=&q=account", asked)
    assert len(queries) == few


def connection_of():
    from django.db import connection

    return connection


def test_bulk_edit_counts_up_versions_and_leaves_history(cast):
    before = cast.account.version
    services.change_accounts(Account.objects.filter(pk=cast.account.pk), {"lifecycle": "core"})
    row = Account.objects.get(pk=cast.account.pk)
    assert row.version == before + 1
    assert row.events.filter(lifecycle="core").exists()
    assert services.change_accounts(Account.objects.filter(pk=row.pk), {"lifecycle": "core"}) == 0


def test_bulk_edit_refuses_an_owner_who_cannot_own(cast):
    answer = cast.client("administrator").post(
        URL,
        {
            "do": "bulk",
            "which": "ids",
            "ids": [cast.account.pk],
            "owner": "mona.management@example.com",
        },
    )
    assert answer.status_code == 422


def test_bulk_edit_without_a_change_says_so(cast):
    answer = cast.client("kam").post(URL, {"do": "bulk", "which": "ids", "ids": [cast.account.pk]})
    assert answer.status_code == 422
    assert "Choose what to change" in answer.content.decode()


def test_not_key_account_is_a_change_too(cast):
    cast.client("administrator").post(
        URL, {"do": "bulk", "which": "ids", "ids": [cast.account.pk], "is_key_account": "no"}
    )
    assert not Account.objects.get(pk=cast.account.pk).is_key_account


# --- files ----------------------------------------------------------------------------------------
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1+1", "－1", "\tx", "\rx", "\nx"]


@pytest.mark.parametrize("text", EVIL)
def test_text_that_looks_like_a_formula_stays_text(cast, text):
    assert safe_text(text) == f"'{text}"
    assert safe_text(Decimal("-5")) == Decimal("-5")


def test_text_stays_text_where_the_file_is_parted_otherwise():
    assert safe_text("x;=1+1") == "x;'=1+1"
    assert safe_text("x\t@A1\n-1") == "x\t'@A1\n'-1"
    assert safe_text("\t=1") == "'\t'=1"
    assert safe_text("a; b, c = d - e") == "a; b, c = d - e"


def test_the_csv_holds_what_the_filter_shows(cast):
    Account.objects.create(name="=cmd|' /C calc'!A0", owner=cast.kam)
    services.refresh_account_years()
    answer = cast.client("kam").get(URL, {"export": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0].startswith("Account,Parent,Number,KAM")
    assert lines[1].startswith("'=cmd|")
    assert "Fjord Shipyards Bergen,Fjord Shipyards,A2,Kari Kam" in lines[3]
    assert ",87.50," in lines[2]
    assert len(lines) == 4
    assert "attachment" in answer["Content-Disposition"]


def test_the_workbook_holds_text_as_text(cast):
    Account.objects.create(name="=1+1\x07", owner=cast.kam)
    answer = cast.client("kam").get(URL, {"export": "xlsx", "q": "1+1"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    cell = sheet["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_file_has_a_cap_with_a_clear_word(cast, monkeypatch):
    monkeypatch.setattr("kam.listing.export.CSV_CAP", 1)
    answer = cast.client("kam").get(URL, {"export": "csv"}, follow=True)
    assert "at most 1 rows" in str(next(iter(answer.context["messages"])))


def test_an_export_makes_a_fixed_number_of_queries(cast, django_assert_num_queries):
    many(cast, 30)
    client = cast.client("kam")
    client.get(URL)
    # 1 the person, 2 the capped count, 3 the rows (server-side cursor in its own transaction)
    with django_assert_num_queries(3):
        b"".join(client.get(URL, {"export": "csv"}).streaming_content)


def test_dates_and_numbers_sort_the_same_in_files(cast):
    Contact.objects.filter(pk=cast.contact.pk).update(last_contact_on=date(YEAR, 5, 1))
    answer = cast.client("kam").get(
        "/accounts/contacts/", {"export": "csv", "sort": "-last_contact_on"}
    )
    assert f"{YEAR}-05-01" in b"".join(answer.streaming_content).decode()


def test_the_order_of_the_list_uses_the_index_of_the_figures(cast):
    from django.db import connection

    rows = Account.objects.filter(figures__year__gte=0).order_by(
        F("figures__revenue").desc(nulls_last=True), "-id"
    )[:51]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    assert "accounts_figures_top" in rows.explain()
