"""The pages of the classification process: what they show, in how many queries, what their forms do."""

import pytest
from django.urls import reverse

from accounts.models import Account
from portfolio.models import Nomination
from portfolio.services import nominations as process
from tests.api.conftest import api  # noqa: F401 - the client with a token
from tests.plans.test_plan_pages import queries
from tests.portfolio.conftest import make_version
from tests.portfolio.test_nominations import proposed, score, to_confirm
from tests.portfolio.test_nominations_limit import set_limits

SIGNED_IN = "kam_user"


def url(name, *args):
    return reverse(f"portfolio:{name}", args=args)


def page(cast, who, name, *args):
    response = cast.client(who).get(url(name, *args))
    assert response.status_code == 200
    return response.content.decode()


def test_the_detail_takes_a_fixed_number_of_queries(cast):
    set_limits(company=5, per_kam=3)
    score(cast.child, make_version())
    row = proposed(cast)
    client = cast.client("leader")
    with queries(
        [
            SIGNED_IN,
            "portfolio_nomination",  # with its account, people and this person's rights
            "portfolio_nominationstep",
            "portfolio_accountscore",  # with the version, its axes and the run's recipe
            "portfolio_portfoliosettings",
            "accounts_account",  # key accounts by owner
        ]
    ):
        html = client.get(url("nomination_detail", row.pk)).content.decode()
    assert "The company has 1 key account; its limit is 5." in html
    assert "Kari Kam has 1; the limit for a KAM is 3." in html
    assert "Profitability 70.00 reaches the threshold 50.00." in html
    assert url("nomination_accept", row.pk) in html


def test_the_queue_takes_a_fixed_number_of_queries(cast):
    proposed(cast)
    client = cast.client("leader")
    client.get(url("nomination_list"))
    with queries([SIGNED_IN, "portfolio_nomination", "portfolio_nomination", "kam_savedview"]):
        html = client.get(url("nomination_list")).content.decode()
    assert "Fjord Shipyards Bergen" in html


@pytest.mark.parametrize(
    ("who", "shown", "seen"),
    [
        ("leader", "mine", True),
        ("kam", "mine", False),
        ("kam", "", True),
        ("kam", "decided", False),
    ],
)
def test_the_queue_shows_what_waits_for_whom(cast, who, shown, seen):
    proposed(cast)
    html = cast.client(who).get(url("nomination_list"), {"show": shown}).content.decode()
    assert ("Fjord Shipyards Bergen" in html) is seen


def test_the_home_panel_names_what_waits(cast):
    row = to_confirm(cast)
    client = cast.client("management")
    with queries([SIGNED_IN, "portfolio_nomination"]):
        html = client.get(url("home_nominations")).content.decode()
    assert url("nomination_detail", row.pk) in html
    assert "No nomination waits" in page(cast, "leader", "home_nominations")


def test_what_one_proposed_oneself_does_not_wait_for_oneself(cast):
    row = to_confirm(cast, by=cast.management)
    assert "No nomination waits" in page(cast, "management", "home_nominations")
    html = page(cast, "management", "nomination_detail", row.pk)
    assert "You proposed this yourself" in html
    assert url("nomination_confirm", row.pk) not in html


def test_the_account_panel_says_since_when(cast):
    client = cast.client("kam")
    with queries(
        [
            SIGNED_IN,
            "accounts_account",
            "portfolio_nomination",
            "accounts_accountevent",
            "accounts_account",  # whether this person decides on it
        ]
    ):
        html = client.get(url("account_nominations", cast.account.pk)).content.decode()
    assert "since " in html
    assert "Propose to end it" in html
    assert "Propose as key account" in page(cast, "kam", "account_nominations", cast.child.pk)
    assert "Propose" not in page(cast, "contributor", "account_nominations", cast.account.pk)


def test_one_proposes_and_management_confirms_by_plain_forms(cast):
    response = cast.client("kam").post(
        url("nomination_propose", cast.child.pk),
        {"level": "national", "owner": "Kari Kam", "leaves": "", "reason": "They grow."},
    )
    row = Nomination.objects.get()
    assert response["Location"] == url("nomination_detail", row.pk)
    for who, step in (("leader", "accept"), ("leader", "validate"), ("management", "confirm")):
        version = Nomination.objects.get(pk=row.pk).version
        answer = cast.client(who).post(
            url(f"nomination_{step}", row.pk), {"note": "Yes.", "version": version}
        )
        assert answer.status_code == 302
    assert Account.objects.get(pk=cast.child.pk).is_key_account


def test_a_refusal_stands_beside_the_words_that_were_typed(cast):
    row = proposed(cast)
    answer = cast.client("leader").post(url("nomination_reject", row.pk), {"note": ""})
    assert answer.status_code == 422
    assert "Say why." in answer.content.decode()
    process.change(row, {"level": "global"})
    answer = cast.client("leader").post(
        url("nomination_accept", row.pk), {"note": "My words", "version": row.version}
    )
    html = answer.content.decode()
    assert "changed since you opened it" in html
    assert "My words" in html


def test_over_the_limit_the_form_asks_who_leaves(cast):
    set_limits(company=1)
    address = url("nomination_propose", cast.child.pk)
    client = cast.client("kam")
    assert "One more needs another to leave." in client.get(address).content.decode()
    data = {"level": "national", "owner": "Kari Kam", "reason": "They grow."}
    answer = client.post(address, data)
    assert answer.status_code == 422
    assert "name the one that leaves" in answer.content.decode()
    assert client.post(address, data | {"leaves": "Fjord Shipyards (A1)"}).status_code == 302


def test_after_the_first_decision_the_form_changes_only_who_leaves(cast):
    row = process.accept(proposed(cast), cast.leader)
    html = page(cast, "kam", "nomination_edit", row.pk)
    assert 'name="leaves"' in html
    assert 'name="reason"' not in html
    data = {"leaves": "Fjord Shipyards (A1)", "version": row.version}
    assert cast.client("kam").post(url("nomination_edit", row.pk), data).status_code == 302
    assert Nomination.objects.get(pk=row.pk).leaves == cast.account


@pytest.mark.parametrize(("name", "sees"), [("management", True), ("other_kam", False)])
def test_who_leaves_is_named_only_to_those_who_see_it(cast, api, name, sees):  # noqa: F811
    row = proposed(cast, account=cast.foreign, by=cast.leader, leaves=cast.account)
    html = page(cast, name, "nomination_detail", row.pk)
    assert (cast.account.get_absolute_url() in html, "Fjord Shipyards" in html) == (sees, sees)
    assert ("another key account" in html) is not sees
    sent = api(name).call("get", f"nominations/{row.pk}/").json()
    listed = api(name).call("get", "nominations/").json()["results"][0]
    expected = (cast.account.pk if sees else None, not sees)
    assert (sent["leaves"], sent["leaves_unseen"]) == expected
    assert (listed["leaves"], listed["leaves_unseen"]) == expected


def test_who_leaves_is_not_named_in_the_form_either(cast):
    row = proposed(cast, account=cast.foreign, by=cast.other_kam)
    process.change(row, {"leaves": cast.account})
    html = page(cast, "other_kam", "nomination_edit", row.pk)
    assert "Fjord Shipyards" not in html
    page_form = cast.client("other_kam").get(url("nomination_edit", row.pk)).context["form"]
    data = {"version": Nomination.objects.get(pk=row.pk).version}
    for bound in page_form:
        value = bound.field.prepare_value(bound.value()) or ""
        data |= {bound.html_name: value, bound.html_initial_name: value}
    answer = cast.client("other_kam").post(
        url("nomination_edit", row.pk), data | {"reason": "Newer."}
    )
    assert answer.status_code == 302
    changed = Nomination.objects.get(pk=row.pk)
    assert (changed.leaves, changed.reason) == (cast.account, "Newer.")


@pytest.mark.parametrize("changes", [{"state": "confirmed"}, {"kind": "remove"}])
def test_state_and_kind_are_not_patched(cast, api, changes):  # noqa: F811
    row = proposed(cast)
    answer = api("kam").call("patch", f"nominations/{row.pk}/", changes | {"reason": "Newer."})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == next(iter(changes))
    held = Nomination.objects.get(pk=row.pk)
    assert (held.state, held.kind, held.reason) == ("proposed", "add", "They grow.")


def test_a_tab_is_no_filter_and_says_what_it_lacks(cast):
    client = cast.client("management")
    for tab, words in (
        ("", "No nominations yet"),
        ("mine", "Nothing waits for you"),
        ("decided", "Nothing has been decided yet"),
    ):
        text = client.get(url("nomination_list"), {"show": tab}).content.decode()
        assert words in text
        assert "Nothing matches" not in text
        assert "Take this filter away" not in text
    text = client.get(url("nomination_list"), {"show": "mine", "q": "zzz"}).content.decode()
    assert "Nothing matches" in text
