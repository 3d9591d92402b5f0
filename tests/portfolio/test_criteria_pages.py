"""The pages of the criteria: what they show, in how many queries, what their forms do."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kam.periods import company_today
from portfolio.library import READY
from portfolio.models import AccountScore, CriteriaVersion, Criterion, PairwiseComparison
from portfolio.services import criteria, scoring
from tests.plans.test_plan_pages import queries

SOUND = ["contribution", "contribution_margin", "payment_reliability", "attainable", "needs"]
EARNS = "What the account earns us"


@pytest.fixture
def draft(db) -> CriteriaVersion:
    return criteria.create_version("2026", picks=SOUND)


@pytest.fixture
def ada(cast):
    return cast.client("administrator")


def url(name: str, *args) -> str:
    return reverse(f"portfolio:{name}", args=args)


def group_of(draft, name=EARNS):
    return draft.groups.get(name=name)


def text(response) -> str:
    return response.content.decode()


def whole(client, version) -> str:
    """The version's page with all of its panels."""
    page = text(client.get(url("version_detail", version.pk)))
    panels = re.findall(rf'hx-get="({url("version_detail", version.pk)}scores/[a-z]+/)"', page)
    return page + "".join(text(client.get(panel)) for panel in panels)


# --- reading --------------------------------------------------------------------------------------
def test_the_list_makes_two_queries(cast, ada, draft):
    for number in range(20):
        criteria.create_version(f"version {number}", picks=SOUND)
    with queries(["kam_user", "portfolio_criteriaversion"]):
        page = text(ada.get(url("version_list")))
    assert page.count('<th scope="row">') == 21
    assert page.count('<td class="num">5</td>') == 21


def test_the_list_says_what_to_do_first(cast, ada):
    assert "No criteria yet" in text(ada.get(url("version_list")))
    assert "New version" not in text(cast.client("management").get(url("version_list")))


def test_the_page_of_a_draft_makes_six_queries(cast, ada, draft):
    criteria.add_from_library(draft, ["size", "growth", "upsell", "logo", "relation"])
    with queries(
        [
            "kam_user",
            "portfolio_criteriaversion",
            "portfolio_criteriongroup",
            "portfolio_criterion",
            "portfolio_criteriongroup",  # is it sound?
            "portfolio_criterion",
        ]
    ):
        page = text(ada.get(url("version_detail", draft.pk)))
    assert url("version_activate", draft.pk) in page


def test_the_page_says_share_and_value_of_each_criterion(cast, draft):
    criteria.change_criterion(
        Criterion.objects.get(code="contribution"), {"weight": Decimal(3)}, base_version=None
    )
    page = whole(cast.client("kam"), draft)
    assert "37.5" in page  # half of the score times three quarters of the group
    assert "12.5" in page
    assert "Rank among all accounts: the highest is 100." in page
    assert "0 is 0, 40 is 100, linear between." in page
    assert "1 is 0, 5 is 100, linear between." in page
    assert "1: often overdue" in page
    assert url("version_activate", draft.pk) not in page


def test_long_text_keeps_its_paragraphs_and_no_markup_of_its_own(cast, draft):
    criteria.change_version(draft, {"note": "One & two\n\n<b>three</b>"}, base_version=None)
    page = text(cast.client("kam").get(url("version_detail", draft.pk)))
    assert "<p>One &amp; two</p>" in page
    assert "<p>&lt;b&gt;three&lt;/b&gt;</p>" in page


def test_what_is_in_force_is_read_only(cast, ada, draft):
    criteria.activate(draft, cast.administrator)
    page = whole(ada, draft)
    row = Criterion.objects.get(code="contribution")
    assert url("criterion_edit", row.pk, "weight") not in page
    assert url("version_edit", draft.pk, "potential_cut") not in page
    assert url("version_edit", draft.pk, "revise_by") in page
    assert ada.get(url("criterion_edit", row.pk, "weight")).status_code == 403
    assert ada.get(url("version_library", draft.pk)).status_code == 403


def test_what_a_draft_lacks_stands_on_its_page(cast, ada, draft):
    criteria.remove_group(group_of(draft, "Room to grow"))
    criteria.remove_group(group_of(draft, "Chance to win it"))
    page = text(ada.get(url("version_detail", draft.pk)))
    assert "Potential has no criteria; the matrix needs some." in page
    assert "Bring back Room to grow" in page
    assert url("version_activate", draft.pk) not in page
    assert "Potential has no criteria" in text(ada.get(url("version_activate", draft.pk)))


# --- making and changing --------------------------------------------------------------------------
def test_an_empty_draft_goes_on_to_the_library(cast, ada):
    answer = ada.post(url("version_create"), {"name": "2027", "copy_of": "", "note": ""})
    version = CriteriaVersion.objects.get(name="2027")
    assert answer.url == url("version_library", version.pk)
    answer = ada.post(answer.url, {"codes": ["contribution", "attainable"]})
    assert answer.url == url("version_detail", version.pk)
    assert Criterion.objects.filter(group__criteria_version=version).count() == 2
    page = text(ada.get(url("version_library", version.pk)))
    assert 'value="contribution"' not in page  # it is there already
    assert 'value="needs"' in page


def test_a_copy_opens_at_once(cast, ada, draft):
    answer = ada.post(url("version_create"), {"name": "2027", "copy_of": draft.pk, "note": "x"})
    version = CriteriaVersion.objects.get(name="2027")
    assert answer.url == url("version_detail", version.pk)
    assert Criterion.objects.filter(group__criteria_version=version).count() == 5


def test_a_weight_is_edited_where_it_stands(cast, ada, draft):
    row = Criterion.objects.get(code="contribution")
    where = url("criterion_edit", row.pk, "weight")
    assert 'value="1"' in text(ada.get(where))
    answer = ada.post(where, {"weight": "2.5", "version": 1}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")
    row.refresh_from_db()
    assert row.weight == Decimal("2.5")


def test_how_a_fact_becomes_a_value_is_edited_together(cast, ada, draft):
    row = Criterion.objects.get(code="attainable")
    where = url("criterion_edit", row.pk, "value")
    form = {
        "version": 1,
        "kind": "measured",
        "measure": "attainable_revenue",
        "direction": "up",
        "function": "bands",
        "band_floors": "10000; 50000.5; 100000",
        "band_values": "25; 60; 100",
        "missing": "default",
        "default_value": "20",
    }
    assert ada.post(where, form | {"band_values": "25"}).status_code == 422
    assert ada.post(where, form).status_code == 302
    row.refresh_from_db()
    assert row.band_floors == [Decimal(10000), Decimal("50000.5"), Decimal(100000)]
    page = whole(ada, draft)
    assert "Bands: from 10,000: 25 · from 50,000.5: 60 · from 100,000: 100." in page
    assert "Missing: counts as 20." in page
    assert 'value="10000; 50000.5; 100000"' in text(ada.get(where))


def test_two_people_who_change_the_same_weight_are_told(cast, ada, draft):
    row = Criterion.objects.get(code="contribution")
    criteria.change_criterion(row, {"weight": Decimal(9)}, base_version=None)
    answer = ada.post(url("criterion_edit", row.pk, "weight"), {"weight": "2", "version": 1})
    assert answer.status_code == 409


def test_a_group_and_a_criterion_of_ones_own(cast, ada, draft):
    answer = ada.post(url("group_add", draft.pk), {"axis": "risk", "name": "Ties", "weight": "1"})
    group = group_of(draft, "Ties")
    assert answer.url == url("version_detail", draft.pk)
    values = {
        "code": "ties", "name": "Ties", "weight": "1", "kind": "judged", "direction": "up",
        "function": "linear", "missing": "exclude",
    }  # fmt: skip
    assert (
        ada.post(url("criterion_create", group.pk), values | {"code": "growth"}).status_code == 422
    )
    assert ada.post(url("criterion_create", group.pk), values).status_code == 302
    row = Criterion.objects.get(code="ties")
    ada.post(url("criterion_remove", row.pk))
    assert "Bring back Ties" in whole(ada, draft)
    ada.post(url("criterion_restore", row.pk))
    row.refresh_from_db()
    assert row.archived_at is None


# --- comparing ------------------------------------------------------------------------------------
def test_comparing_makes_four_queries_whoever_has_compared(cast, draft):
    group = group_of(draft)
    for person in (cast.kam, cast.leader, cast.administrator):
        criteria.save_comparison(draft, "profitability", group, person, [Decimal(3)])
    kam = cast.client("kam")
    with queries(["kam_user", "portfolio_criteriongroup", "portfolio_criterion", "comparison"]):
        page = text(kam.get(url("group_comparison", group.pk)))
    assert page.count("75.0") == 4
    radio = re.search(r'<input[^>]*value="2"[^>]*>', page)
    assert radio is not None
    assert "checked" in radio[0]


def test_everybody_compares_on_a_sheet_of_their_own(cast, draft):
    group = group_of(draft)
    items = ",".join(str(row.pk) for row in criteria.compared_rows(draft, "profitability", group))
    kam = cast.client("kam")
    where = url("group_comparison", group.pk)
    assert kam.post(where, {"items": items}).status_code == 422
    assert kam.post(where, {"items": items, "pair-0-1": "8"}).url == where
    assert PairwiseComparison.objects.get().person == cast.kam
    late = kam.post(where, {"items": "1,2", "pair-0-1": "8"})
    assert "have changed in the meantime" in text(late)
    assert kam.post(url("group_weights", group.pk)).status_code == 403
    cast.client("administrator").post(url("group_weights", group.pk))
    weights = group.criteria.order_by("pk").values_list("weight", flat=True)
    assert list(weights) == [90, 10]


def test_a_contradiction_names_the_judgement_to_reconsider(cast, draft):
    criteria.add_from_library(draft, ["size", "return_per_hour"])
    group = group_of(draft)
    said = [Decimal(n) for n in ("2", "4", "0.125", "2", "4", "2")]
    criteria.save_comparison(draft, "profitability", group, cast.leader, said)
    page = text(cast.client("kam").get(url("group_comparison", group.pk)))
    assert "Lena Leader should reconsider “Contribution” against “Return on our time”" in page
    assert "said 1/8" in page


def test_groups_are_compared_as_well(cast, ada, draft):
    where = url("axis_comparison", draft.pk, "potential")
    rows = criteria.compared_rows(draft, "potential", None)
    items = ",".join(str(row.pk) for row in rows)
    assert ada.post(where, {"items": items, "pair-0-1": "-2"}).url == where
    assert ada.post(url("axis_weights", draft.pk, "potential")).status_code == 302
    assert [row.weight for row in criteria.compared_rows(draft, "potential", None)] == [25, 75]
    assert ada.get(url("axis_comparison", draft.pk, "luck")).status_code == 404


# --- moving and weight of the page ----------------------------------------------------------------
def test_a_criterion_is_moved_on_a_page_of_its_own(cast, ada, draft):
    row, other = Criterion.objects.get(code="contribution"), Criterion.objects.get(code="needs")
    where = url("criterion_move", row.pk)
    assert where in whole(ada, draft)
    page = text(ada.get(where))
    assert f'value="{row.group_id}-0" selected' in page
    assert "after Fit with their needs" in page or f"{other.group_id}-{other.pk}" in page
    values = {"place": f"{other.group_id}-{other.pk}", "version": row.version}
    assert ada.post(where, values | {"place": "1-1"}).status_code == 422
    assert ada.post(where, values).url == url("version_detail", draft.pk)
    row.refresh_from_db()
    assert (row.group, row.position) == (other.group, 2)
    assert cast.client("management").post(where, values).status_code == 403


def test_the_page_and_each_panel_of_thirty_criteria_are_light(cast, ada, draft):
    criteria.add_from_library(draft, [ready.code for ready in READY][:30])
    page = ada.get(url("version_detail", draft.pk))
    assert len(page.content) < 40_000
    panels = re.findall(r'hx-get="([^"]+/scores/[a-z]+/)"', text(page))
    assert len(panels) == 3
    for panel in panels:
        with CaptureQueriesContext(connection) as found:
            answer = ada.get(panel, headers={"HX-Request": "true"})
        assert len(answer.content) < 40_000, panel
        assert len(found) <= 8  # session, person, version, groups, criteria
    assert ada.get(url("version_axis", draft.pk, "luck")).status_code == 404


# --- activation -----------------------------------------------------------------------------------
def test_activation_asks_first(cast, ada, draft):
    page = text(ada.get(url("version_activate", draft.pk)))
    assert "Put “2026” in force?" in page
    assert url("version_preview", draft.pk) in page
    ada.post(url("version_activate", draft.pk))
    draft.refresh_from_db()
    assert (draft.state, draft.activated_by) == ("active", cast.administrator)
    assert "not possible now" in text(ada.get(url("version_activate", draft.pk)))


def test_a_date_to_come_is_shown_and_can_be_taken_back(cast, ada, draft):
    day = company_today() + timedelta(days=30)
    ada.post(url("version_activate", draft.pk), {"activate_on": "no date"})
    draft.refresh_from_db()
    assert draft.is_open
    ada.post(url("version_activate", draft.pk), {"activate_on": day.isoformat()})
    page = whole(ada, draft)
    assert "comes into force by the night of" in page
    row = Criterion.objects.get(code="contribution")
    assert url("criterion_edit", row.pk, "weight") not in page
    assert ada.get(url("criterion_edit", row.pk, "weight")).status_code == 403
    assert ada.get(url("version_library", draft.pk)).status_code == 403
    assert "Scheduled" in text(cast.client("kam").get(url("version_list")))
    assert cast.client("management").post(url("version_unschedule", draft.pk)).status_code == 403
    ada.post(url("version_unschedule", draft.pk))
    draft.refresh_from_db()
    assert draft.is_open


def test_the_preview_says_when_there_is_nothing_to_compare_with(cast, ada, draft):
    page = text(ada.get(url("version_preview", draft.pk)))
    assert "Nothing to compare with yet" in page


def test_the_preview_names_key_accounts_that_move(cast, ada, draft):
    """Yesterday's night placed the key account in the best cell; the draft's cut-off is above it."""
    criteria.activate(draft, cast.administrator)
    scoring.score_night(date(2026, 2, 1))
    AccountScore.objects.filter(account=cast.account).update(cell="all")
    stricter = criteria.create_version("stricter", copy_of=draft)
    criteria.change_version(stricter, {"profitability_cut": Decimal(100)}, base_version=None)
    page = text(ada.get(url("version_preview", stricter.pk), headers={"HX-Request": "true"}))
    lost = page[page.index("lost from the highest cell") :]
    assert cast.account.name in lost
    assert "Retain, nurture and develop →" in lost
    assert "<html" not in page


def test_a_draft_is_archived_and_comes_back(cast, ada, draft):
    assert "Archive this draft?" in text(ada.get(url("version_archive", draft.pk)))
    ada.post(url("version_archive", draft.pk))
    assert "Restore the draft" in text(ada.get(url("version_detail", draft.pk)))
    ada.post(url("version_restore", draft.pk))
    draft.refresh_from_db()
    assert draft.state == "draft"
