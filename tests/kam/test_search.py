"""The global search: through the scope, without case and accents, few queries, by indexes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Contact
from kam.search import LONGEST, cleaned, search


def found(user, text):
    return {str(g.label): [hit.title for hit in g.hits] for g in search(user, text)}


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("fjord", "Fjord Shipyards"),
        ("SHIPYARDS fjo", "Fjord Shipyards"),
        ("  fjord   shipyards ", "Fjord Shipyards"),
        ("yard", "Fjord Shipyards"),
        ("A1", "Fjord Shipyards"),
        ("sh", "Fjord Shipyards"),
    ],
)
def test_finds_by_any_part_in_any_order(cast, text, hit):
    assert hit in found(cast.kam, text)["Accounts"]


@pytest.mark.parametrize("text", ["skane", "Skåne", "SKÅNE", "skåne foo"])
def test_accents_and_case_do_not_matter(cast, text):
    assert found(cast.management, text)["Accounts"] == ["Skåne Foods"]


@pytest.mark.parametrize("text", ["华东", "精密", "华", "制造有限公司"])
def test_chinese_is_found_anywhere_in_the_name(cast, text):
    Account.objects.create(name="华东精密制造有限公司", owner=cast.kam)
    assert found(cast.kam, text)["Accounts"] == ["华东精密制造有限公司"]


@pytest.mark.parametrize("text", ["ørsted", "orsted", "Orsted"])
def test_nordic_letters_are_found_with_and_without(cast, text):
    Contact.objects.create(account=cast.account, name="Åse Ørsted")
    assert found(cast.kam, text)["Contacts"] == ["Åse Ørsted"]


def test_each_sees_only_what_they_may_see(cast):
    assert "Accounts" not in found(cast.other_kam, "fjord")
    assert "Contacts" not in found(cast.kam, "dag")
    assert found(cast.south_leader, "dag")["Contacts"] == ["Dag Decider"]
    assert "Plans" not in found(cast.outsider, "fjord")
    assert found(cast.kam, "fjord 2026")["Plans"] == ["Fjord Shipyards 2026"]
    assert "Plans" not in found(cast.kam, "fjord 2031")


def test_colleagues_are_everybodys_but_no_service_accounts(cast):
    assert found(cast.outsider, "lena")["People"] == ["Lena Leader"]
    assert "People" not in found(cast.outsider, "erp")


def test_archived_rows_are_left_out(cast):
    Account.objects.filter(pk=cast.child.pk).update(archived_at="2026-01-01T00:00Z")
    assert found(cast.kam, "bergen") == {}


def test_what_begins_with_the_text_comes_first(cast):
    Account.objects.create(name="Alfa Bergen Fjord", owner=cast.kam)
    assert found(cast.kam, "fjord")["Accounts"][0].startswith("Fjord")


def test_names_that_begin_with_the_text_are_not_crowded_out_by_numbers(cast):
    Account.objects.bulk_create(
        Account(name=f"Aside {n} 77", number=f"77-{n}", path=[900 + n]) for n in range(9)
    )
    for n in range(8):
        Account.objects.create(name=f"77 Firm {n}")
    assert found(cast.management, "77")["Accounts"] == [f"77 Firm {n}" for n in range(8)]


def test_others_follow_where_fewer_names_than_shown_begin_with_the_text(cast):
    Account.objects.bulk_create(
        Account(name=f"Zink {n}", path=[900 + n], owner=cast.kam) for n in range(8)
    )
    Account.objects.create(name="Aurora Zink", number="zink-1", owner=cast.kam)
    assert found(cast.kam, "zink")["Accounts"] == [f"Zink {n}" for n in range(8)]
    Account.objects.filter(name="Zink 7").delete()
    assert found(cast.kam, "zink")["Accounts"][-2:] == ["Zink 6", "Aurora Zink"]


def test_at_most_eight_of_a_kind(cast):
    Account.objects.bulk_create(Account(name=f"Fjord {i}", owner=cast.kam) for i in range(30))
    assert len(found(cast.kam, "fjord")["Accounts"]) == 8


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "100%", "a\\_b", "%%%%"])
def test_signs_of_patterns_are_letters_like_others(cast, text):
    assert found(cast.administrator, text) == {}


def test_text_is_cleaned_and_cut():
    assert cleaned(" a\n\tb\x00c\u200b ") == "a b c"
    assert len(cleaned("x" * 10_000)) == LONGEST
    assert cleaned("   ") == ""


def test_one_query_for_each_kind(cast):
    with CaptureQueriesContext(connection) as queries:
        found(cast.kam, "fjord")
    # accounts, contacts, plans, people
    assert len(queries) == 4


def test_ten_thousand_letters_are_answered(cast):
    response = cast.client("kam").get("/search/", {"q": "å" * 10_000})
    assert response.status_code == 200


def test_the_palette_gets_a_fragment_and_everybody_else_a_page(cast):
    client = cast.client("kam")
    part = client.get("/search/?q=fjord", headers={"HX-Request": "true"})
    page = client.get("/search/?q=fjord")
    assert b"<html" not in part.content
    assert b"<html" in page.content
    assert "Fjord Shipyards" in part.content.decode()
    assert "HX-Request" in part["Vary"]
    assert "HX-Request" in page["Vary"]


def test_the_search_reads_indexes(cast):
    """With sequential scans made costly, no kind still needs one over accounts or contacts."""
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found(cast.administrator, "shipyard")
        plans = []
        for query in [q["sql"] for q in queries if "kam_fold" in q["sql"]]:
            cursor.execute("EXPLAIN " + query)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert len(plans) == 4
    for plan in plans:
        assert "Seq Scan on accounts" not in plan, plan
        assert "Seq Scan on plans" not in plan, plan
