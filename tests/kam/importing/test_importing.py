"""From a file to rows: what is created, changed, left alone and refused, and why."""

from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import (
    Account,
    Industry,
)
from kam.importing import engine, services
from kam.importing.mapping import Map
from kam.importing.reading import FileRefused
from kam.importing.services import ImportRefused
from kam.models import ImportBatch, ImportMap, Team
from tests.kam.importing.files import checked, counts, imported, refusals, upload, workbook

pytestmark = pytest.mark.django_db


# --- accounts ---------------------------------------------------------------------------------------

ACCOUNTS = """number,name,parent,country,owner,industry
K3,Below below,K2,NO,kari.kam@example.com,
K2,Below,K1,Sweden,KARI.KAM@example.com,Shipping
K1,Top,,South Korea,,shipping
"""


def test_parents_may_stand_anywhere_in_the_file(cast):
    batch = imported(
        "accounts",
        ACCOUNTS,
        cast.administrator,
        columns={n: n for n in ("number", "name", "parent", "country", "owner", "industry")},
        create_missing=["industry"],
    )
    assert counts(batch) == (3, 0, 0, 0)
    top, below, last = (Account.objects.get(number=n) for n in ("K1", "K2", "K3"))
    assert last.path == [top.pk, below.pk, last.pk]
    assert (below.owner, top.country.code, below.country.code) == (cast.kam, "KR", "SE")
    assert Industry.objects.get().name == "Shipping"
    assert batch.report["new_words"] == {"industry": ["Shipping"]}


def test_the_same_file_twice_changes_nothing(cast):
    parts = {
        "columns": {n: n for n in ("number", "name", "parent", "country", "owner", "industry")},
        "create_missing": ["industry"],
    }
    imported("accounts", ACCOUNTS, cast.administrator, **parts)
    versions = list(Account.objects.order_by("pk").values_list("version", "updated_at"))
    again = imported("accounts", ACCOUNTS, cast.administrator, **parts)
    assert counts(again) == (0, 0, 3, 0)
    assert list(Account.objects.order_by("pk").values_list("version", "updated_at")) == versions


def test_a_change_is_shown_before_and_after_and_audited_with_its_batch(cast):
    batch = checked(
        "accounts", "number,name,owner\nA1,Fjord Yards,odd.other@example.com\n", cast.administrator
    )
    assert batch.report["rows"]["changed"] == [
        {
            "line": 2,
            "key": "A1",
            "changes": [
                {"column": "name", "before": "Fjord Shipyards", "after": "Fjord Yards"},
                {
                    "column": "key account manager",
                    "before": "kari.kam@example.com",
                    "after": "odd.other@example.com",
                },
            ],
        }
    ]
    assert Account.objects.get(number="A1").name == "Fjord Shipyards"
    services.apply(batch, user=cast.administrator)
    event = cast.account.events.latest("pgh_id")
    assert event.name == "Fjord Yards"
    assert event.pgh_context["source"] == "import"
    assert event.pgh_context["batch"] == batch.pk
    assert event.pgh_context["user"] == cast.administrator.pk


def test_columns_that_the_file_does_not_have_stay_as_they_are(cast):
    imported("accounts", "number,employees\nA1,250\n", cast.administrator)
    account = Account.objects.get(number="A1")
    assert (account.employees, account.name, account.owner) == (250, "Fjord Shipyards", cast.kam)


def test_circles_are_refused_with_the_names_and_what_hangs_below_them(cast):
    batch = checked(
        "accounts",
        "number,name,parent\nA1,Fjord,A2\nA2,Bergen,A1\nN1,New,N2\nN2,New too,N1\nN3,Lost,N1\n",
        cast.administrator,
    )
    assert counts(batch) == (0, 0, 0, 5)
    words = {line: expected for line, _c, expected in refusals(batch)}
    assert "A1 → A2 → A1" in words[2]
    assert "N1 → N2 → N1" in words[4]
    assert "line 4 is refused" in words[6]


def test_a_file_may_turn_a_tree_around(cast):
    imported("accounts", "number,parent\nA1,A2\nA2,\n", cast.administrator)
    top, below = Account.objects.get(number="A2"), Account.objects.get(number="A1")
    assert below.path == [top.pk, below.pk]


def test_a_circle_through_stored_accounts_is_refused(cast):
    batch = checked("accounts", "number,parent\nA1,A2\n", cast.administrator)  # A2 stands below A1
    assert counts(batch)[3] == 1
    assert "circle" in refusals(batch)[0][2]


def test_unknown_references_are_refused_with_the_nearest_as_a_hint(cast):
    batch = checked(
        "accounts",
        "number,name,owner,country,parent,industry\n"
        "X1,One,kari.kamm@example.com,Norwey,A9,Fishing\n",
        cast.administrator,
    )
    words = {column: expected for _line, column, expected in refusals(batch)}
    assert "“kari.kam@example.com”" in words.get("key account manager (owner)", "") or words
    assert any("Norway" in expected for expected in words.values())


def test_only_those_who_can_own_accounts_become_owners(cast):
    batch = checked(
        "accounts", "number,owner\nA1,carl.contributor@example.com\n", cast.administrator
    )
    assert refusals(batch) == [
        (
            2,
            "key account manager (owner)",
            "somebody whose role lets them own accounts",
        )
    ]


REFUSED = [
    ("number,name,employees\nX,A,many\n", 2, "employees", "a number"),
    ("number,name,employees\nX,A,-3\n", 2, "employees", "a whole number"),
    ("number,name,employees\nX,A,99999999999\n", 2, "employees", "a whole number"),
    ("number,name,employees\nX,A,1.5\n", 2, "employees", "a whole number"),
    (
        "number,name,customer_revenue\nX,A,1e9\n",
        2,
        "customer's own revenue (customer_revenue)",
        "a number",
    ),
    (
        "number,name,customer_revenue\nX,A,12345678901234567890\n",
        2,
        "customer's own revenue (customer_revenue)",
        "a number below",
    ),
    (
        "number,name,customer_revenue\nX,A,1.5555\n",
        2,
        "customer's own revenue (customer_revenue)",
        "2 decimals",
    ),
    ("number,name,currency\nX,A,XXX\n", 2, "currency", "known here"),
    ("number,name,is_key_account\nX,A,maybe\n", 2, "key account (is_key_account)", "yes or no"),
    ("number,name,level\nX,A,galactic\n", 2, "level", "one of"),
    ("number,name,website\nX,A,javascript:alert(1)\n", 2, "website", "web address"),
    ("number,name\nX,=cmd|' /C calc'!A0\n", 2, "name", "formula"),
    ("number,name\nX,\n", 2, "name", "empty"),
    ("number,name\n,A\n", 2, "number", "empty"),
    (f"number,name\nX,{'a' * 201}\n", 2, "name", "at most 200"),
    ("number,name,parent\nX,A,Nowhere\n", 2, "parent", "one that is known"),
    ("number,name\nX,A,shifted\n", 2, "", "shifted columns"),
    ("number,employees\nX,5\n", 2, "name", "required"),
]


@pytest.mark.parametrize(("file", "line", "column", "expected"), REFUSED)
def test_what_is_wrong_is_refused_with_line_column_and_what_was_expected(
    cast, file, line, column, expected
):
    before = Account.objects.count()
    batch = checked("accounts", file, cast.administrator)
    assert batch.refused == 1
    found = refusals(batch)[0]
    assert (found[0], found[1]) == (line, column)
    assert expected in found[2]
    with pytest.raises(ImportRefused):
        services.apply(batch, user=cast.administrator)
    assert Account.objects.count() == before


def test_formulas_of_a_workbook_are_refused_where_they_stand(cast):
    file = workbook([["number", "name", "employees"], ["X1", "One", 5], ["X2", "Two", "=A1"]])
    batch = checked("accounts", file, cast.administrator)
    assert counts(batch) == (1, 0, 0, 1)
    assert refusals(batch)[0][:2] == (3, "employees")


def test_keys_that_stand_twice_are_refused_in_both_lines(cast):
    batch = checked("accounts", "number,name\nX,A\nY,B\nX,A\n", cast.administrator)
    assert counts(batch) == (1, 0, 0, 2)
    assert [line for line, _c, _e in refusals(batch)] == [2, 4]


def test_the_same_row_may_repeat_where_the_map_says_so(cast):
    file = "name\nWest\nWest\nEast\n"
    batch = imported("teams", file, cast.administrator, columns={"name": "name"}, once=True)
    assert counts(batch) == (2, 0, 0, 0)
    assert batch.report["repeated"] == 1


def test_an_undecided_decimal_sign_is_asked_for_and_not_guessed(cast):
    file = "number;name;customer_revenue\nX;A;1.234\n"
    batch = checked("accounts", file, cast.administrator)
    assert batch.state == "refused"
    assert "line 2" in batch.report["error"]
    assert "1.234" in batch.report["error"]
    columns = {"number": "number", "name": "name", "customer_revenue": "customer_revenue"}
    batch = imported(
        "accounts", file, cast.administrator, columns=columns, reading={"decimal": ","}
    )
    assert Account.objects.get(number="X").customer_revenue == Decimal(1234)


# --- all or nothing ---------------------------------------------------------------------------------

MIXED = "number,name,employees\nX1,One,5\nX2,Two,many\nX3,Three,7\n"


def test_one_bad_row_keeps_everything_out(cast):
    batch = checked("accounts", MIXED, cast.administrator)
    assert counts(batch) == (2, 0, 0, 1)
    with pytest.raises(ImportRefused, match="1 row is refused"):
        services.apply(batch, user=cast.administrator)
    batch.refresh_from_db()
    assert batch.state == "refused"
    assert not Account.objects.filter(number__startswith="X").exists()


def test_good_rows_only_when_asked(cast):
    batch = checked("accounts", MIXED, cast.administrator)
    services.apply(batch, user=cast.administrator, good_rows_only=True)
    batch.refresh_from_db()
    assert (batch.state, batch.good_rows_only, counts(batch)) == ("applied", True, (2, 0, 0, 1))
    assert set(Account.objects.filter(number__startswith="X").values_list("number", flat=True)) == {
        "X1",
        "X3",
    }


def test_a_batch_is_applied_once(cast):
    batch = imported("accounts", "number,name\nX,A\n", cast.administrator)
    with pytest.raises(ImportRefused, match="already"):
        services.apply(batch, user=cast.administrator)


def test_a_rule_that_only_the_database_knows_writes_nothing(cast, monkeypatch):
    """Whatever breaks while rows are written, nothing of them is left."""
    batch = checked("accounts", "number,name\nX1,A\nX2,B\n", cast.administrator)
    write = engine.Run.write

    def half(run, of):
        write(run, of)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(engine.Run, "write", half)
    with pytest.raises(ImportRefused, match="database refused"):
        services.apply(batch, user=cast.administrator)
    assert not Account.objects.filter(number__startswith="X").exists()


def test_files_that_are_longer_than_what_is_held_are_read_again(cast, monkeypatch):
    monkeypatch.setattr("kam.importing.engine.run.KEPT", 1)
    monkeypatch.setattr("kam.importing.engine.run.CHUNK", 2)
    batch = checked("accounts", MIXED + "X4,Four,1\nX5,Five,2\n", cast.administrator)
    services.apply(batch, user=cast.administrator, good_rows_only=True)
    assert Account.objects.filter(number__startswith="X").count() == 4


def test_a_map_is_kept_under_its_name(cast):
    services.save_map("accounts", "ERP", Map(columns={"number": "a"}), user=cast.administrator)
    services.save_map("accounts", "ERP", Map(columns={"number": "b"}), user=cast.administrator)
    assert ImportMap.objects.get().content == {"columns": {"number": "b"}}


def test_a_file_that_is_refused_at_the_door_is_not_kept(cast):
    with pytest.raises(FileRefused):
        upload("accounts", "number,name\n", cast.administrator)
    assert not ImportBatch.objects.exists()


# --- seen before, or not ------------------------------------------------------------------------
def test_a_file_without_a_preview_is_applied_where_that_is_asked_for(cast):
    batch = upload("teams", "name\nFar North\n")
    with pytest.raises(services.ImportRefused, match="Only a checked file"):
        services.apply(batch, user=None)
    assert not Team.objects.filter(name="Far North").exists()
    report = services.apply(batch, user=None, unseen=True)
    assert (report.created, report.refused) == (1, 0)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.APPLIED
    with pytest.raises(services.ImportRefused, match="imported already"):
        services.apply(batch, user=None, unseen=True)


def test_a_file_without_a_preview_is_refused_as_a_whole_with_its_report(cast):
    batch = upload("teams", "name,parent\nFar North,\nFar South,Nowhere\n")
    with pytest.raises(services.ImportRefused, match="1 row is refused"):
        services.apply(batch, user=None, unseen=True)
    batch.refresh_from_db()
    assert (batch.state, batch.refused) == (ImportBatch.State.REFUSED, 1)
    assert batch.report["rows"]["refused"][0]["line"] == 3
    assert not Team.objects.filter(name="Far North").exists()
    with pytest.raises(services.ImportRefused, match="Only a checked file"):
        services.apply(batch, user=None, unseen=True)
