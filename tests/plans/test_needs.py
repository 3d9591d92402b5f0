"""Needs from pain to value: steps and refusals, the index with its parts, pages and ranking."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Contact
from kam.periods import company_today
from plans.improvement import NeedValue, improvement_potential
from plans.models import AccountPlan, Need
from plans.services import needs
from plans.services.refusals import PlanLocked
from tests.conftest import YEAR
from tests.plans.test_plan_pages import queries

State = Need.State
TOLD = {
    "diagnosis": "Seals wear out.",
    "customer_line": "other_cost",
    "consequence": Decimal(1200),
    "capability": "Service twice a year.",
    "measure": "Stops a year",
    "measured": Decimal(9),
    "attainable": Decimal(4),
    "value": Decimal(1000),
    "chance": Decimal(60),
}


@pytest.fixture
def told(cast) -> Need:
    return needs.add_need(cast.plan, kind="pain", title="Unplanned stops", **TOLD)


def url(name, *args):
    return reverse(f"plans:{name}", args=args)


# --- the index ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("need", "potential"),
    [
        (NeedValue(Decimal(1000), None, Decimal(60)), 600),
        (NeedValue(Decimal(1000), Decimal(400), Decimal(50)), 300),
        (NeedValue(Decimal(1000), Decimal(1400), Decimal(50)), 0),  # more than was promised
        (NeedValue(None, None, Decimal(50)), None),
        (NeedValue(Decimal(1000)), None),  # nobody has said the chance
    ],
)
def test_potential_of_a_need(need, potential):
    assert need.potential == potential


def test_the_index_is_the_sum_of_what_is_known():
    found = improvement_potential(
        [
            NeedValue(Decimal(1000), None, Decimal(60)),
            NeedValue(Decimal(2000), Decimal(500), Decimal(20), agreed=True),
            NeedValue(Decimal(900)),
        ]
    )
    assert (found.attainable, found.present, found.index) == (3000, 500, 900)
    assert (found.agreed, found.counted, found.unknown) == (2000, 2, 1)
    assert found.chance == Decimal("0.36")  # 900 of the 2,500 that are left
    assert improvement_potential([]).chance is None


# --- steps ------------------------------------------------------------------------------------------
def test_a_need_goes_from_pain_to_value(cast, told):
    need = needs.propose(needs.diagnose(told))
    need = needs.agree(need, cast.contact, date(YEAR, 2, 1))
    assert (need.state, need.agreed_by) == (State.AGREED, cast.contact)
    need = needs.realise(need, Decimal(700), date(YEAR, 4, 1))
    assert (need.state, need.realised_value) == (State.REALISED, 700)


def test_a_step_says_what_is_missing(cast):
    need = needs.add_need(cast.plan, kind="gain", title="Less energy")
    with pytest.raises(ValidationError) as refused:
        needs.diagnose(need)
    assert set(refused.value.message_dict) == {"diagnosis", "consequence_text"}
    need = needs.change_need(
        need, {"diagnosis": "Old pumps", "consequence": Decimal(5)}, base_version=None
    )
    need = needs.diagnose(need)
    with pytest.raises(ValidationError) as refused:
        needs.propose(need)
    assert set(refused.value.message_dict) == {"capability", "measure"}


def test_a_step_leads_on_from_its_own_states_alone(cast, told):
    with pytest.raises(ValidationError) as refused:
        needs.agree(told, cast.contact, date(YEAR, 2, 1))
    assert refused.value.messages == [
        "“Unplanned stops” is “Found”; this step leads on from “Proposed” only."
    ]


def test_the_customer_agrees_by_one_of_theirs_on_a_day_that_was(cast, told):
    need = needs.propose(needs.diagnose(told))
    with pytest.raises(ValidationError) as refused:
        needs.agree(need, cast.foreign_contact, company_today() + timedelta(days=1))
    assert refused.value.message_dict == {
        "agreed_by": ["Dag Decider is no contact of Fjord Shipyards or its group."],
        "agreed_on": ["This day is still to come."],
    }
    with pytest.raises(ValidationError) as refused:
        needs.agree(need, None, None)
    assert set(refused.value.message_dict) == {"agreed_by", "agreed_on"}
    of_child = Contact.objects.create(account=cast.child, name="Bo Bergen")
    assert needs.agree(need, of_child, date(YEAR, 2, 1)).state == State.AGREED


def test_a_value_is_realised_after_it_was_agreed(cast, told):
    need = needs.agree(needs.propose(needs.diagnose(told)), cast.contact, date(YEAR, 2, 1))
    with pytest.raises(ValidationError) as refused:
        needs.realise(need, None, date(YEAR, 1, 31))
    assert refused.value.message_dict["realised_on"] == ["The customer agreed later than this."]
    assert "realised_value" in refused.value.message_dict


def test_what_a_state_rests_on_cannot_be_emptied(cast, told):
    need = needs.diagnose(told)
    with pytest.raises(ValidationError) as refused:
        needs.change_need(need, {"diagnosis": " "}, base_version=None)
    assert refused.value.message_dict == {
        "diagnosis": ["The need is “Diagnosed”. Say what causes it."]
    }
    need.refresh_from_db()
    assert need.diagnosis == "Seals wear out."


def test_dropped_and_taken_up_again_it_is_agreed_anew(cast, told):
    need = needs.agree(needs.propose(needs.diagnose(told)), cast.contact, date(YEAR, 2, 1))
    need = needs.drop(need)
    assert need.agreed_on == date(YEAR, 2, 1)  # it stays to be read
    need = needs.resume(need)
    assert (need.state, need.agreed_on, need.agreed_by) == (State.PROPOSED, None, None)


def test_one_step_back_takes_its_facts_along(cast, told):
    need = needs.agree(needs.propose(needs.diagnose(told)), cast.contact, date(YEAR, 2, 1))
    need = needs.realise(need, Decimal(1), date(YEAR, 3, 1))
    need = needs.step_back(need)
    assert (need.state, need.realised_on) == (State.AGREED, None)
    need = needs.step_back(need)
    assert (need.state, need.agreed_on) == (State.PROPOSED, None)


def test_needs_stand_still_with_their_plan(cast, told):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="closed")
    for act in (
        lambda: needs.diagnose(told),
        lambda: needs.change_need(told, {"title": "x"}, base_version=None),
        lambda: needs.add_need(cast.plan, kind="pain", title="x"),
        lambda: needs.archive_need(told),
    ):
        with pytest.raises(PlanLocked):
            act()


def test_a_proposition_is_for_one_of_their_people_about_a_need_of_the_plan(cast, told):
    with pytest.raises(ValidationError) as refused:
        needs.add_proposition(
            cast.foreign_plan, contact=cast.contact, need=told, proposition="Fewer stops"
        )
    assert set(refused.value.message_dict) == {"contact", "need"}
    row = needs.add_proposition(
        cast.plan, contact=cast.contact, need=told, proposition="Fewer stops"
    )
    assert row.contact == cast.contact


# --- pages ------------------------------------------------------------------------------------------
def test_the_panel_names_the_parts_of_the_index_in_three_queries(cast, told):
    Need.objects.bulk_create(
        Need(plan=cast.plan, kind="pain", title=f"Need {n}", value=10, chance=10) for n in range(49)
    )
    client = cast.client("kam")
    with queries(["kam_user", "plans_accountplan", "plans_need"]):
        answer = client.get(url("need_of_plan", cast.plan.pk), headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "Improvement potential index: 649 NOK" in text  # 600 and 49 of one each
    assert "(attainable value 1,490 − present value 0) × chance 44" in text
    assert len(answer.content) < 90_000


def test_the_page_of_a_need_makes_five_queries(cast, told):
    needs.add_proposition(cast.plan, contact=cast.contact, need=told, proposition="Fewer stops")
    client = cast.client("kam")
    with queries(
        [
            "kam_user",
            "plans_need",
            "plans_accountplan",
            "plans_valueproposition",
            "plans_activity",
        ]
    ):
        answer = client.get(url("need_detail", told.pk))
    text = answer.content.decode()
    assert "Seals wear out." in text
    assert "Fewer stops" in text


def test_the_propositions_name_who_has_none(cast, told):
    Contact.objects.create(account=cast.account, name="Ulf User", dmu_role="user")
    needs.add_proposition(cast.plan, contact=cast.contact, proposition="Fewer stops")
    client = cast.client("management")
    with queries(["kam_user", "plans_accountplan", "plans_valueproposition", "accounts_contact"]):
        answer = client.get(url("proposition_list", cast.plan.pk), headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "Without a value proposition:" in text
    assert text.index("Ulf User") > text.index("Without a value proposition:")


def test_a_refused_step_stays_on_the_page(cast):
    need = needs.add_need(cast.plan, kind="pain", title="Stops")
    answer = cast.client("kam").post(url("need_diagnose", need.pk))
    assert answer.status_code == 422
    assert "Say what causes it." in answer.content.decode()


def test_the_customers_word_is_asked_for(cast, told):
    needs.propose(needs.diagnose(told))
    client = cast.client("kam")
    page = client.get(url("need_agree", told.pk)).content.decode()
    assert "Brit Buyer" in page
    assert "Dag Decider" not in page
    refused = client.post(url("need_agree", told.pk), {"agreed_by": cast.contact.pk})
    assert refused.status_code == 422
    client.post(
        url("need_agree", told.pk), {"agreed_by": cast.contact.pk, "agreed_on": f"{YEAR}-01-05"}
    )
    told.refresh_from_db()
    assert told.state == State.AGREED
    impossible = client.get(url("need_agree", told.pk)).content.decode()
    assert "this step is not possible now" in impossible


def test_accounts_are_ranked_in_company_currency(cast, told):
    # 600 NOK are 52.5 EUR; the other account's needs are worth 40 EUR and 2 that nobody knows
    for value, chance in ((80, 50), (None, 50), (70, None)):
        needs.add_need(
            cast.foreign_plan, kind="pain", title="x", value=value, chance=chance, measure="m"
        )
    dropped = needs.add_need(cast.foreign_plan, kind="gain", title="y", value=10**6, chance=100)
    needs.drop(dropped)
    client = cast.client("management")
    with queries(
        [
            "kam_user",
            "plans_accountplan",  # the page's keys
            "plans_accountplan",  # its rows, with their parts
            "kam_savedview",
        ]
    ):
        answer = client.get(url("potential_list"))
    text = answer.content.decode()
    assert text.index("Fjord Shipyards") < text.index("Skåne Foods")
    assert ">53<" in text
    assert ">40<" in text
    assert "1 of 3" in text
    mine = cast.client("kam").get(url("potential_list") + "?year=all").content.decode()
    assert "Fjord" in mine
    assert "Skåne" not in mine


def test_the_list_of_needs_sorts_and_exports_by_potential(cast, told):
    needs.add_need(cast.foreign_plan, kind="gain", title="Less water", value=900, chance=90)
    client = cast.client("management")
    with queries(["kam_user", "plans_need", "plans_need", "kam_savedview"]):
        page = client.get(url("need_list")).content.decode()
    assert page.index("Less water") < page.index("Unplanned stops")
    answer = client.get(url("need_list") + "?export=csv&sort=potential")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Unplanned stops")
    assert "52.5" in lines[1]


def test_the_api_gives_the_index_with_its_parts(cast, told):
    answer = cast.client("kam").get(f"/api/v1/plans/{cast.plan.pk}/potential/").json()
    assert (answer["currency"], answer["index"], answer["counted"]) == ("NOK", "600.00", 1)
    assert answer["needs"][0]["potential"] == "600.00"
