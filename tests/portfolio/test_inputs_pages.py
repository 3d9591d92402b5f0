"""What the pages of inputs show and save, and in how many queries."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, ProductLine, SalesFact
from kam.models import AuditEntry, Substitution
from kam.periods import add_months, company_today, company_year, month_of
from portfolio.library import READY
from portfolio.models import (
    Capacity,
    CriteriaVersion,
    Criterion,
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)
from portfolio.services.hours import monday
from tests.portfolio.routes_inputs import judged

D = Decimal

CACHED = ("SAVEPOINT", "RELEASE", 'FROM "django_session"', 'FROM "kam_company"')
FRAGMENT = {"HX-Request": "true"}


def made(client, address):
    """The page and the SQL that it took."""
    with CaptureQueriesContext(connection) as found:
        answer = client.get(address)
    return answer, [q["sql"] for q in found if not any(word in q["sql"] for word in CACHED)]


def url(name, *args):
    return reverse(f"portfolio:{name}", args=args)


@pytest.fixture
def last_month(cast):
    return add_months(month_of(company_today()), -1)


@pytest.fixture
def estimate(cast, last_month):
    """A wallet of 10,000, of which 2,500 is ours (the cast's own facts are left aside)."""
    SalesFact.objects.filter(account=cast.account).delete()
    SalesFact.objects.create(
        account=cast.account, product=cast.product, month=last_month, currency="NOK",
        revenue=2500, cost=1500,
    )  # fmt: skip
    return LineEstimate.objects.create(
        account=cast.account, line=cast.line, currency="NOK", wallet=10000, potential=5000,
        chance=40, source="Purchasing", as_of=company_today(),
    )  # fmt: skip


def test_the_panel_shows_share_white_space_and_improvement(cast, estimate):
    page = cast.client("kam").get(url("account_estimates", cast.account.pk), headers=FRAGMENT)
    text = page.content.decode()
    assert "25 %" in text.replace("\xa0", " ")
    assert "7,500" in text
    assert "1,000" in text  # (5,000 − 2,500) × 40 %
    assert "Purchasing" in text


def test_lines_that_are_bought_without_an_estimate_are_named(cast, estimate):
    LineEstimate.objects.all().delete()
    page = cast.client("kam").get(url("account_estimates", cast.account.pk), headers=FRAGMENT)
    assert f"?line={cast.line.pk}" in page.content.decode()


def test_sales_of_lines_below_count_in_the_line(cast, estimate):
    below = ProductLine.objects.create(name="Small pumps", parent=cast.line)
    cast.product.line = below
    cast.product.save()
    page = cast.client("kam").get(url("account_estimates", cast.account.pk), headers=FRAGMENT)
    assert "25 %" in page.content.decode().replace("\xa0", " ")


def test_a_line_above_or_below_is_refused_because_a_sale_would_count_twice(cast, estimate):
    below = ProductLine.objects.create(name="Small pumps", parent=cast.line)
    values = {
        "line": below.pk, "currency": "NOK", "wallet": "5", "source": "x",
        "as_of": "2026-01-01", "confidence": "low",
    }  # fmt: skip
    answer = cast.client("kam").post(url("estimate_add", cast.account.pk), values)
    assert answer.status_code == 422
    assert "count twice" in answer.content.decode()


def test_an_archived_estimate_comes_back_with_what_is_typed(cast, estimate):
    client = cast.client("kam")
    client.post(url("input_archive", "estimate", estimate.pk))
    values = {
        "line": cast.line.pk, "currency": "NOK", "wallet": "12000", "source": "Talk",
        "as_of": "2026-01-01", "confidence": "high",
    }  # fmt: skip
    assert client.post(url("estimate_add", cast.account.pk), values).status_code == 302
    row = LineEstimate.objects.get()
    assert (row.pk, row.archived_at, row.wallet) == (estimate.pk, None, D(12000))


@pytest.mark.parametrize("more", [0, 30])
def test_the_panel_of_estimates_makes_five_queries(cast, estimate, more):
    for n in range(more):
        LineEstimate.objects.create(
            account=cast.account, line=ProductLine.objects.create(name=f"L{n}"), currency="NOK",
            wallet=n, source="x", as_of=company_today(),
        )  # fmt: skip
    _page, sql = made(cast.client("kam"), url("account_estimates", cast.account.pk))
    # the person, the account with what may be done, rates, estimates, sales
    assert len(sql) == 5, "\n".join(sql)


def test_a_judgement_keeps_value_evidence_and_who_gave_it(cast):
    judged(cast)
    client = cast.client("kam")
    address = url("judgement_edit", cast.account.pk, "trust")
    values = {"value": "4", "evidence": "They call first.", "judged_on": "2026-01-05"}
    assert client.post(address, values).status_code == 302
    row = Judgement.objects.get()
    assert (row.value, row.evidence, row.judged_by) == (4, "They call first.", cast.kam)
    assert AuditEntry.objects.filter(model="portfolio.judgement", row_id=row.pk).exists()
    panel, sql = made(client, url("account_judgements", cast.account.pk))
    assert "They call first." in panel.content.decode()
    assert len(sql) == 4, "\n".join(sql)


def test_two_who_judge_at_once_are_asked(cast):
    judged(cast)
    row = Judgement.objects.create(
        account=cast.account, code="trust", value=2, judged_on=company_today()
    )
    Judgement.objects.filter(pk=row.pk).update(value=5)
    values = {"value": "3", "judged_on": "2026-01-05", "version": 1}
    answer = cast.client("kam").post(url("judgement_edit", cast.account.pk, "trust"), values)
    assert answer.status_code == 409
    assert Judgement.objects.get().value == 5


def test_an_unknown_criterion_is_not_there(cast):
    address = url("judgement_edit", cast.account.pk, "no-such")
    assert cast.client("kam").get(address).status_code == 404


def test_return_opens_to_revenue_goods_hours_and_costs(cast, estimate, last_month):
    PortfolioSettings.objects.create(pk=1, hourly_cost=D(10))
    HoursSpent.objects.create(
        account=cast.account, user=cast.kam, week=monday(last_month + timedelta(days=10)), hours=2
    )
    ServiceCost.objects.create(
        account=cast.account, month=last_month, kind="logistics", currency="EUR", amount=30
    )
    page, sql = made(cast.client("kam"), url("account_resources", cast.account.pk))
    text = page.content.decode()
    # 2,500 × 0.0875 − 1,500 × 0.0875 − 2 × 10 − 30 = 37.5 EUR; ÷ 2 hours
    assert ">38 " in text
    assert "18.75" in text
    # person, account, rates, planned, spent, costs, sales, settings
    assert len(sql) == 8, "\n".join(sql)


# --- the week -----------------------------------------------------------------------------------------
def test_a_week_is_saved_at_once_and_shown_beside_the_plan(cast):
    year = company_year().year
    PlannedHours.objects.create(account=cast.account, user=cast.kam, year=year, hours=120)
    client = cast.client("kam")
    values = {f"h-{cast.account.pk}": "7.5", f"n-{cast.account.pk}": "Visit",
              f"i-{cast.account.pk}": "|", f"h-{cast.child.pk}": "2", f"i-{cast.child.pk}": "|",
              "other-account": "", "other-hours": "", "other-note": ""}  # fmt: skip
    assert client.post(url("hours"), values).status_code == 302
    rows = HoursSpent.objects.order_by("hours").values_list("account", "user", "hours", "note")
    assert list(rows) == [
        (cast.child.pk, cast.kam.pk, D(2), ""),
        (cast.account.pk, cast.kam.pk, D("7.5"), "Visit"),
    ]
    page, sql = made(client, url("hours"))
    assert "9.50" in page.content.decode()
    # person, accounts, this week, sums; meetings: taken over, activities, reviews
    assert len(sql) == 7, "\n".join(sql)


def test_an_emptied_field_takes_the_hours_away_and_typing_brings_them_back(cast):
    week = monday(company_today())
    row = HoursSpent.objects.create(account=cast.account, user=cast.kam, week=week, hours=3)
    client = cast.client("kam")
    name = cast.account.pk
    client.post(url("hours"), {f"h-{name}": "", f"i-{name}": "3|", f"v-{name}": row.version})
    row.refresh_from_db()
    assert row.archived_at is not None
    client.post(url("hours"), {f"h-{name}": "4", f"i-{name}": "|", f"v-{name}": row.version})
    row.refresh_from_db()
    assert (row.archived_at, row.hours) == (None, D(4))


def test_hours_written_elsewhere_meanwhile_are_not_lost(cast):
    week = monday(company_today())
    row = HoursSpent.objects.create(account=cast.account, user=cast.kam, week=week, hours=3)
    HoursSpent.objects.filter(pk=row.pk).update(hours=5)
    client, name = cast.client("kam"), cast.account.pk
    typed = {f"h-{name}": "4", f"i-{name}": "3|", f"v-{name}": "1"}
    answer = client.post(url("hours"), typed)
    assert answer.status_code == 409
    assert "Meanwhile it says 5.00" in answer.content.decode()
    untouched = {f"h-{name}": "3", f"i-{name}": "3|", f"v-{name}": "1"}
    assert client.post(url("hours"), untouched).status_code == 302
    row.refresh_from_db()
    assert row.hours == D(5)


@pytest.mark.parametrize(("typed", "words"), [("-1", "greater than"), ("x", "number")])
def test_what_is_no_number_of_hours_is_said_at_its_row(cast, typed, words):
    name = cast.account.pk
    answer = cast.client("kam").post(url("hours"), {f"h-{name}": typed, f"i-{name}": "|"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not HoursSpent.objects.exists()


def test_a_week_has_168_hours(cast):
    typed = {}
    for account in (cast.account, cast.child):
        typed |= {f"h-{account.pk}": "100", f"i-{account.pk}": "|"}
    answer = cast.client("kam").post(url("hours"), typed)
    assert answer.status_code == 422
    assert not HoursSpent.objects.exists()


def test_a_coming_week_is_this_week(cast):
    page = cast.client("kam").get(url("hours"), {"week": "2090-01-01"})
    assert page.context["week"].monday == monday(company_today())


def test_a_foreign_account_cannot_be_named(cast):
    typed = {"other-account": "B1", "other-hours": "3", "other-note": ""}
    answer = cast.client("kam").post(url("hours"), typed)
    assert answer.status_code == 422
    typed = {f"h-{cast.foreign.pk}": "3", f"i-{cast.foreign.pk}": "|"}
    cast.client("kam").post(url("hours"), typed)
    assert not HoursSpent.objects.exists()


def test_a_substitute_s_hours_are_their_own_and_those_of_the_absent_stay(cast):
    theirs = HoursSpent.objects.create(
        account=cast.account, user=cast.kam, week=monday(company_today()), hours=5
    )
    today = company_today()
    row = Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=today, ends_on=today
    )
    client = cast.client("outsider")
    client.post("/act-for/", {"substitution": row.pk})
    typed = {f"h-{cast.account.pk}": "3", f"i-{cast.account.pk}": "|"}
    assert client.post(url("hours"), typed).status_code == 302
    assert HoursSpent.objects.exclude(pk=theirs.pk).get().user == cast.outsider
    page = client.get(url("hours")).content.decode()
    assert "You stand in for Kari Kam. The hours here are your own." in page
    # by page, API and history: seen, and left alone
    address = f"/api/v1/hours-spent/{theirs.pk}/"
    assert client.get(address).status_code == 200
    answer = client.patch(address, {"hours": "1"}, content_type="application/json")
    assert answer.status_code == 403
    data = {"account": cast.child.pk, "user": cast.kam.pk, "week": f"{theirs.week}", "hours": "2"}
    answer = client.post("/api/v1/hours-spent/", data, content_type="application/json")
    assert answer.status_code == 403
    theirs.refresh_from_db()
    assert (theirs.hours, theirs.version) == (5, 1)
    assert HoursSpent.objects.count() == 2


# --- the API ------------------------------------------------------------------------------------------
def test_the_api_makes_changes_and_refuses_a_second_row(cast):
    client = cast.client("kam")
    data = {"account": cast.account.pk, "line": cast.line.pk, "currency": "NOK", "wallet": "5",
            "source": "x", "as_of": "2026-01-01"}  # fmt: skip
    made_ = client.post("/api/v1/line-estimates/", data, content_type="application/json")
    assert made_.status_code == 201, made_.content
    again = client.post("/api/v1/line-estimates/", data, content_type="application/json")
    assert again.status_code == 400
    address = f"/api/v1/line-estimates/{made_.json()['id']}/"
    patched = client.patch(address, {"wallet": "7"}, content_type="application/json")
    assert patched.json()["wallet"] == "7.00"


def test_the_api_makes_no_hours_for_others_and_no_capacity_by_a_kam(cast):
    client = cast.client("kam")
    data = {"account": cast.account.pk, "user": cast.editor.pk, "week": "2026-01-05", "hours": "2"}
    answer = client.post("/api/v1/hours-spent/", data, content_type="application/json")
    assert answer.status_code == 403
    data = {"user": cast.kam.pk, "year": 2026, "hours": "10"}
    answer = client.post("/api/v1/capacities/", data, content_type="application/json")
    assert answer.status_code == 403
    assert not HoursSpent.objects.exists()
    assert not Capacity.objects.exists()
    leader = cast.client("leader")
    answer = leader.post("/api/v1/capacities/", data, content_type="application/json")
    assert answer.status_code == 201
    data["user"] = cast.other_kam.pk
    answer = leader.post("/api/v1/capacities/", data, content_type="application/json")
    assert answer.status_code == 403


def test_at_an_archived_account_nothing_new_comes(cast):
    Account.objects.filter(pk=cast.account.pk).update(archived_at="2026-01-01T00:00Z")
    data = {"account": cast.account.pk, "user": cast.kam.pk, "week": "2026-01-05", "hours": "2"}
    answer = cast.client("kam").post("/api/v1/hours-spent/", data, content_type="application/json")
    assert answer.status_code == 400


def sent(client, verb, path, data):
    return getattr(client, verb)(f"/api/v1/{path}", data, content_type="application/json")


def test_over_the_api_too_a_week_has_168_hours_on_all_accounts(cast):
    client = cast.client("kam")
    data = {"account": cast.account.pk, "user": cast.kam.pk, "week": "2026-01-05", "hours": "100"}
    assert sent(client, "post", "hours-spent/", data).status_code == 201
    data["account"] = cast.child.pk
    answer = sent(client, "post", "hours-spent/", data)
    assert answer.status_code == 400
    assert "168" in answer.content.decode()
    row = sent(client, "post", "hours-spent/", {**data, "hours": "68"}).json()
    address = f"hours-spent/{row['id']}/"
    assert sent(client, "patch", address, {"hours": "68.01"}).status_code == 400
    assert sent(client, "patch", address, {"hours": "60"}).status_code == 200
    # the archived row counts nothing, stays as it is, and comes back only where it fits
    assert client.delete(f"/api/v1/{address}").status_code == 204
    assert sent(client, "patch", address, {"hours": "1"}).status_code == 400
    first = HoursSpent.objects.get(account=cast.account)
    assert sent(client, "patch", f"hours-spent/{first.pk}/", {"hours": "120"}).status_code == 200
    assert sent(client, "post", f"{address}restore/", {}).status_code == 400
    assert sent(client, "post", "hours-spent/", {**data, "hours": "50"}).status_code == 400
    rows = HoursSpent.objects.active().values_list("account", "hours")
    assert list(rows) == [(cast.account.pk, D(120))]


@pytest.mark.parametrize(("week", "status"), [("1989-12-25", 400), ("1990-01-01", 201)])
def test_hours_are_kept_from_1990_on(cast, week, status):
    data = {"account": cast.account.pk, "user": cast.kam.pk, "week": week, "hours": "2"}
    assert sent(cast.client("kam"), "post", "hours-spent/", data).status_code == status


def test_what_is_known_is_not_of_a_day_to_come(cast, estimate):
    judged(cast)
    client, today = cast.client("kam"), company_today()
    late = today + timedelta(days=1)
    data = {"account": cast.account.pk, "code": "trust", "value": 3, "judged_on": late}
    assert sent(client, "post", "judgements/", data).status_code == 400
    row = sent(client, "post", "judgements/", {**data, "judged_on": today}).json()
    address = f"judgements/{row['id']}/"
    assert sent(client, "patch", address, {"judged_on": late}).status_code == 400
    typed = {"value": "4", "judged_on": late, "version": 1}
    page = client.post(url("judgement_edit", cast.account.pk, "trust"), typed)
    assert page.status_code == 422
    assert "has not come yet" in page.content.decode()
    client.delete(f"/api/v1/{address}")
    assert sent(client, "patch", address, {"value": 5}).status_code == 400
    address = f"line-estimates/{estimate.pk}/"
    assert sent(client, "patch", address, {"as_of": late}).status_code == 400
    data = {"line": cast.line.pk, "currency": "NOK", "wallet": "5", "source": "x",
            "as_of": late, "confidence": "low"}  # fmt: skip
    api = sent(client, "post", "line-estimates/", {**data, "account": cast.child.pk})
    assert api.status_code == 400
    page = client.post(url("estimate_add", cast.child.pk), data)
    assert page.status_code == 422
    assert "has not come yet" in page.content.decode()
    assert LineEstimate.objects.get().as_of == today
    assert Judgement.objects.get().judged_on == today


@pytest.mark.parametrize("state", ["draft", "active", "archived"])
def test_a_judgement_is_of_a_criterion_in_any_version_or_of_the_library(cast, state):
    judged(cast)
    CriteriaVersion.objects.update(state=state)
    client = cast.client("kam")
    ready = next(r.code for r in READY if r.kind == Criterion.Kind.JUDGED)
    data = {"account": cast.account.pk, "value": 3}
    for code, status in (("trust", 201), (ready, 201), ("no-such", 400)):
        assert sent(client, "post", "judgements/", {**data, "code": code}).status_code == status
