"""The pages of segments: what they show, in how many queries, what their forms do."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django_filters import FilterSet

from accounts.models import Account
from kam import jobs
from kam.models import Job
from kam.periods import company_today
from portfolio.filters.segments import SegmentFilter
from portfolio.models import Segment, SegmentOverride, SegmentRule, SegmentScheme
from portfolio.services import segments
from tests.api.conftest import api  # noqa: F401 - the client with a token
from tests.plans.test_plan_pages import queries

SIGNED_IN = "kam_user"


def url(name, *args):
    return reverse(f"portfolio:{name}", args=args)


@pytest.fixture
def placed(cast):
    segments.create_ready()
    segments.place_accounts(company_today())


def of(scheme, name):
    return Segment.objects.get(scheme__name=scheme, name=name)


def test_the_schemes_take_three_queries(cast, placed):
    client = cast.client("kam")
    with queries(
        [SIGNED_IN, "portfolio_segmentscheme", "portfolio_segment", "portfolio_segmentrule"]
    ):
        html = client.get(url("scheme_list")).content.decode()
    assert "Segment 1–3" in html
    assert "Profitability, 0–100: at least 50" in html
    assert "Revenue of twelve months, company currency: at least 1,000,000" in html
    assert "Level: at least National" in html
    assert "New scheme" not in html


def test_an_empty_page_says_what_to_do_first(cast):
    html = cast.client("administrator").get(url("scheme_list")).content.decode()
    assert "Three are ready to be taken" in html
    assert "Take the ready schemes" in html


def test_one_button_makes_the_ready_schemes_and_places(cast):
    response = cast.client("administrator").post(url("scheme_ready"))
    assert SegmentScheme.objects.count() == 3
    job = Job.objects.get(kind="segments")
    assert response["Location"] == reverse("kam:job_detail", args=[job.pk])
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "9 placements are new.")


def test_the_accounts_of_a_segment_are_those_that_one_sees(cast, placed):
    client = cast.client("kam")
    pk = of("A–D", "D").pk
    client.get(url("segment_accounts", pk))
    with queries(
        [
            SIGNED_IN,
            "portfolio_segment",
            "accounts_account",
            "accounts_account",
            "portfolio_segmentplacement",  # since when, and how
            "kam_savedview",
        ]
    ):
        html = client.get(url("segment_accounts", pk)).content.decode()
    assert "Fjord Shipyards Bergen" in html
    assert "Skåne Foods" not in html


def test_the_panel_of_an_account_takes_six_queries(cast, placed):
    client = cast.client("kam")
    with queries(
        [
            SIGNED_IN,
            "accounts_account",
            "portfolio_segmentplacement",
            "portfolio_segmentoverride",
            "portfolio_segmentscheme",
            "accounts_account",  # whether this person may edit it
        ]
    ):
        html = client.get(url("account_segments", cast.account.pk)).content.decode()
    assert "Territory" in html
    assert "By hand" in html


def test_a_segment_by_hand_through_the_form(cast, placed):
    a = of("A–D", "A")
    address = url("override_set", cast.account.pk, a.scheme_id)
    data = {
        "segment": a.pk,
        "reason": "Strategy.",
        "expires_on": company_today() + timedelta(days=9),
    }
    client = cast.client("editor")
    assert client.post(address, data | {"reason": ""}).status_code == 422
    assert client.post(address, data | {"expires_on": "2020-01-01"}).status_code == 422
    assert client.post(address, data).status_code == 302
    row = SegmentOverride.objects.get()
    assert (row.author, row.segment) == (cast.editor, a)
    html = client.get(url("account_segments", cast.account.pk)).content.decode()
    assert "Strategy." in html
    client.post(url("override_end", row.pk))
    assert not SegmentOverride.objects.active().exists()


def test_a_segment_and_its_rules_are_saved_together(cast, placed):
    top = of("Segment 1–3", "Segment 1")
    client = cast.client("administrator")
    html = client.get(url("segment_edit", top.pk)).content.decode()
    assert 'name="profitability-at_least" value="50"' in html
    data = {"name": "First", "rank": 1, "version": top.version, "potential-at_least": "60"}
    assert client.post(url("segment_edit", top.pk), data).status_code == 302
    in_use = SegmentRule.objects.active().filter(segment=top)
    assert [(r.subject, r.at_least) for r in in_use] == [("potential", Decimal(60))]
    assert Segment.objects.get(pk=top.pk).name == "First"
    taken = client.post(url("segment_edit", top.pk), data | {"rank": 2})
    assert taken.status_code == 422
    assert "has a segment of this rank already" in taken.content.decode()


def test_rules_that_another_one_changed_meanwhile_are_not_lost(cast, placed):
    top = of("Segment 1–3", "Segment 1")
    address = url("segment_edit", top.pk)
    client = cast.client("administrator")
    pages = [client.get(address).context for _n in range(2)]
    sent = [
        {
            "name": "Segment 1", "rank": 1,
            "version": page["version"], "rules_version": page["rules_version"],
            "profitability-at_least": "50", "potential-at_least": "50", **mine,
        }
        for page, mine in zip(
            pages, [{"risk-at_least": "20"}, {"relation-at_least": "30"}], strict=True
        )
    ]  # fmt: skip
    assert client.post(address, sent[0]).status_code == 302
    answer = client.post(address, sent[1])
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Somebody else changed the rules" in html
    assert "Few alternatives to us, 0–100: at least 20" in html
    in_use = SegmentRule.objects.active().filter(segment=top)
    assert {r.subject for r in in_use} == {"profitability", "potential", "risk"}
    again = sent[1] | {"rules_version": answer.context["rules_version"], "risk-at_least": "20"}
    assert client.post(address, again).status_code == 302
    assert in_use.all().count() == 4


def test_a_rule_that_is_there_already_is_a_conflict(cast, placed, api):  # noqa: F811
    top = of("Segment 1–3", "Segment 1")
    client = api("administrator")
    sent = {"segment": top.pk, "subject": "potential", "at_least": "60"}
    answer = client.call("post", "segment-rules/", sent)
    assert answer.status_code == 409
    assert "already" in answer.json()["detail"]
    assert SegmentRule.objects.get(segment=top, subject="potential").at_least == 50
    upside_down = {"segment": top.pk, "subject": "risk", "at_least": "60", "below": "60"}
    assert client.call("post", "segment-rules/", upside_down).status_code == 400
    assert client.call("post", "segment-rules/", upside_down | {"below": "61"}).status_code == 201
    rule = SegmentRule.objects.get(segment=top, subject="risk")
    path = f"segment-rules/{rule.pk}/"
    assert client.call("patch", path, {"below": "60"}).status_code == 400
    assert client.call("delete", path).status_code == 204
    assert client.call("post", "segment-rules/", upside_down | {"below": "70"}).status_code == 201


def test_a_rule_under_which_nothing_falls_is_refused(cast, placed):
    top = of("Segment 1–3", "Segment 1")
    with pytest.raises(ValidationError, match="nothing is at least 60 and below 60"):
        segments.set_rule(top, "risk", Decimal(60), Decimal(60))
    with pytest.raises(IntegrityError, match="portfolio_rule_holds"), transaction.atomic():
        SegmentRule.objects.create(segment=top, subject="risk", at_least=60, below=60)


def test_a_segment_by_hand_does_not_move_to_an_archived_one(cast, placed):
    a, b = of("A–D", "A"), of("A–D", "B")
    day = company_today() + timedelta(days=9)
    row = segments.set_override(cast.account, a, cast.kam, reason="x", expires_on=day)
    segments.archive_segment(b)
    with pytest.raises(ValidationError, match="B is archived"):
        segments.change_override(row, {"segment": Segment.objects.get(pk=b.pk)})
    assert SegmentOverride.objects.get(pk=row.pk).segment == a


def test_the_filter_narrows_any_list_of_accounts(cast, placed, rf):
    class Accounts(FilterSet):
        segment = SegmentFilter()

        class Meta:
            model = Account
            fields: list[str] = []

    request = rf.get("/")
    request.user = cast.kam
    segment = of("Key account level", "Territory")
    rows = Accounts({"segment": segment.pk}, Account.objects.all(), request=request)
    assert list(rows.qs) == [cast.account]
    assert ("A–D: A") in str(rows.form["segment"])
