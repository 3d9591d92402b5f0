"""The dashboard: the same figures prepared and summed, filtered, as of a night, sent once."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from accounts.models import SalesFact
from accounts.services import refresh_account_years
from kam import jobs
from kam.models import Job, Role
from kam.periods import add_months, company_today, company_year, month_of
from portfolio import dashboard
from portfolio.dashboard import asked
from portfolio.models import CriteriaVersion, DashboardMail
from portfolio.services import dashboards, scoring
from tests.portfolio.conftest import sell

D = Decimal


@pytest.fixture
def tonight(cast) -> date:
    return company_today()


@pytest.fixture
def scored(cast, version, tonight):
    end = month_of(tonight)
    sell(cast.account, cast.product, add_months(end, -2), 600, 100)
    sell(cast.child, cast.product, add_months(end, -2), 100, 50)
    sell(cast.foreign, cast.product, add_months(end, -3), 300, 100)
    scoring.score_night(tonight)
    return cast


def rows_of(user, name: str, **query: str) -> list[list[object]]:
    table = dashboard.TILES[name].make(dashboard.Asked(user, query))
    return [[cell.value for cell in row] for row in table.rows]


@pytest.mark.parametrize("name", ["cells", "key-share", "portfolios"])
def test_prepared_sums_and_scores_say_the_same(scored, name, monkeypatch):
    prepared = rows_of(scored.management, name)
    assert prepared
    monkeypatch.setattr(asked, "PREPARED", {"nothing"})
    monkeypatch.setattr(asked, "SEES_ALL", set())
    assert rows_of(scored.management, name) == prepared


def test_each_person_sees_their_own_part(scored):
    def total(person):
        return sum(row[2] for row in rows_of(person, "portfolios"))

    facts = D(1000) * D("0.0875")  # the January fact of the cast lies within the twelve months
    end = month_of(company_today())
    january = date(2026, 1, 1)
    inside = facts if add_months(end, -12) <= january < end else D(0)
    foreign = D(500) if inside else D(0)
    assert total(scored.kam) == 700 + inside
    assert total(scored.leader) == 700 + inside
    assert total(scored.other_kam) == 300 + foreign
    assert total(scored.management) == 1000 + inside + foreign
    assert rows_of(scored.outsider, "portfolios") == []
    assert total(scored.contributor) == 600 + inside


def test_a_filter_counts_in_every_tile(scored):
    assert [row[0] for row in rows_of(scored.management, "key-accounts")] == ["Fjord Shipyards"]
    assert rows_of(scored.management, "key-accounts", team=str(scored.south.pk)) == []
    found = rows_of(scored.management, "portfolios", team=str(scored.south.pk))
    assert [row[0] for row in found] == ["Odd Other"]


def test_a_past_night_and_its_moves(scored, tonight, cast):
    from portfolio.models import AccountScore, ScoringRun

    AccountScore.objects.update(
        first_night=tonight - timedelta(days=5), cell_since=tonight - timedelta(days=5)
    )
    ScoringRun.objects.update(night=tonight - timedelta(days=5))
    from portfolio.models import PortfolioNight

    PortfolioNight.objects.update(night=tonight - timedelta(days=5))
    CriteriaVersion.objects.update(profitability_cut=D(1), potential_cut=D(1))
    scoring.score_night(tonight)
    moved = rows_of(scored.management, "moves")
    assert {row[0] for row in moved} >= {"Fjord Shipyards"}
    then = (tonight - timedelta(days=5)).isoformat()
    assert rows_of(scored.management, "moves", night=then) == []
    now, before = (
        {row[0]: row[1] for row in rows_of(scored.management, "cells", **q)}
        for q in ({}, {"night": then})
    )
    assert now != before


def test_the_page_offers_each_role_its_panels_and_keeps_the_choice(scored):
    client = scored.client("kam")
    address = reverse("portfolio:dashboard")
    text = client.get(address + "?is_key_account=yes").content.decode()
    assert "panels/cells/?is_key_account=yes" in text
    client.post(reverse("portfolio:dashboard_choose"), {"panels": ["moves", "cells", "secrets"]})
    text = client.get(address).content.decode()
    assert text.index("/panels/moves/") < text.index("/panels/cells/")
    assert "/panels/portfolios/" not in text.split("</form>", 3)[-1].replace("checkbox", "")
    assert client.get(address + "?night=nonsense").status_code == 400


@pytest.mark.parametrize("name", list(dashboard.TILES))
def test_a_tile_asks_a_fixed_number_of_questions(scored, name, django_assert_max_num_queries):
    client = scored.client("management")
    address = reverse("portfolio:dashboard_tile", args=[name])
    client.get(address)
    with django_assert_max_num_queries(8):  # person, run, rows; the run and rows a year before
        assert client.get(address).status_code == 200


def test_the_table_comes_as_workbook_and_the_whole_as_pdf(scored):
    client = scored.client("management")
    answer = client.get(
        reverse("portfolio:dashboard_tile", args=["key-accounts"]), {"export": "xlsx"}
    )
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    lines = list(sheet.iter_rows(values_only=True))
    assert lines[0][:2] == ("Account", "Cell")
    assert lines[1][0] == "Fjord Shipyards"
    answer = client.get(reverse("portfolio:dashboard_pdf"))
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert "The largest key accounts" in text
    assert "Fjord Shipyards" in text


@pytest.mark.parametrize("person", ["kam", "leader", "management"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cells", "with high profitability and high potential"),
        ("key-share", "Key accounts make"),
        ("portfolios", "The largest portfolio"),
        ("pareto", "customer"),
        ("bridge", "last year"),
    ],
)
def test_a_picture_says_its_message_and_its_table_stands_below(scored, person, name, message):
    year = company_year().first
    SalesFact.objects.all().delete()
    for account, before, now in ((scored.account, 100, 80), (scored.foreign, 50, 60)):
        sell(account, scored.product, add_months(year, -6), before)
        sell(account, scored.product, add_months(year, 1), now)
    refresh_account_years()
    html = scored.client(person).get(reverse("portfolio:dashboard_tile", args=[name])).content
    text = html.decode()
    caption = text.split("<figcaption>")[1].split("</figcaption>")[0]
    assert message in caption
    assert text.index("<svg") < text.index('<table class="table"')


def test_risk_tiles_hold_to_the_filters_and_the_scope(scored):
    start = company_year().first
    SalesFact.objects.filter(month__gte=start).delete()
    sell(scored.account, scored.product, start, 300)
    sell(scored.foreign, scored.product, start, 700)
    refresh_account_years()

    def largest(person, **query):
        return next(row[1] for row in rows_of(person, "pareto", **query))

    assert largest(scored.management) == D("0.7")
    assert largest(scored.management, team=str(scored.north.pk)) == 1
    assert largest(scored.kam) == 1
    assert rows_of(scored.outsider, "pareto") == []
    where = {"country": scored.account.country}
    same = where["country"] == scored.foreign.country
    assert largest(scored.management, **where) == (D("0.7") if same else 1)


def test_next_days():
    weekly, monthly = DashboardMail.Rhythm.WEEKLY, DashboardMail.Rhythm.MONTHLY
    assert dashboards.next_day(weekly, date(2026, 11, 22)) == date(2026, 11, 23)
    assert dashboards.next_day(weekly, date(2026, 11, 23)) == date(2026, 11, 30)
    assert dashboards.next_day(monthly, date(2026, 12, 31)) == date(2027, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_made_and_sent_once_by_however_many_callers(cast, tonight):
    row = dashboards.order_mail(cast.kam, "weekly", "")
    DashboardMail.objects.filter(pk=row.pk).update(next_on=tonight)
    barrier = Barrier(4)
    begun: list[int] = []

    def call() -> None:
        try:
            barrier.wait()
            begun.append(dashboards.start_due_mails())
        finally:
            connection.close()

    threads = [Thread(target=call) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [0, 0, 0, 1]
    job = Job.objects.get(kind="dashboard-mail")
    jobs.run(job.pk)
    assert [m.to for m in mail.outbox] == [[cast.kam.email]]
    _name, content, kind = mail.outbox[0].attachments[0]
    assert (kind, content[:4]) == ("application/pdf", b"%PDF")
    Job.objects.filter(pk=job.pk).update(state="queued")
    jobs.run(job.pk)  # begun again after the mail went out
    assert len(mail.outbox) == 1
    row.refresh_from_db()
    assert row.next_on == dashboards.next_day("weekly", tonight)


def test_a_mail_for_somebody_who_left_is_not_sent(cast, tonight):
    row = dashboards.order_mail(cast.kam, "monthly", "")
    DashboardMail.objects.filter(pk=row.pk).update(next_on=tonight)
    cast.kam.is_active = False
    cast.kam.save()
    assert dashboards.start_due_mails() == 0
    assert cast.kam.role == Role.KAM


def test_ones_mails_are_listed_paused_resumed_and_ended(scored, tonight):
    client = scored.client("kam")
    page = reverse("portfolio:dashboard_mails")
    assert "No dashboard comes by mail" in client.get(page).content.decode()
    order = {"rhythm": "weekly", "query": f"team={scored.north.pk}&is_key_account=yes"}
    client.post(reverse("portfolio:dashboard_mail_order"), order)
    row = DashboardMail.objects.get()
    assert row.words == f"Team: {scored.north} · Key account: Yes"
    assert row.words in client.get(page).content.decode()
    assert row.words not in scored.client("leader").get(page).content.decode()
    DashboardMail.objects.update(next_on=tonight)
    client.post(reverse("portfolio:dashboard_mail_pause", args=[row.pk]))
    assert "Paused" in client.get(page).content.decode()
    assert dashboards.start_due_mails(tonight) == 0
    client.post(reverse("portfolio:dashboard_mail_resume", args=[row.pk]))
    row.refresh_from_db()
    assert row.paused_on is None
    assert row.next_on == dashboards.next_day("weekly", tonight)  # the pause is not made up
    client.post(reverse("portfolio:dashboard_mail_end", args=[row.pk]))
    assert "No dashboard comes by mail" in client.get(page).content.decode()
    answer = client.post(reverse("portfolio:dashboard_mail_resume", args=[row.pk]))
    assert answer.status_code == 404
    assert page in client.get(reverse("portfolio:dashboard")).content.decode()


def test_nothing_stands_for_a_year_that_was_not_scored(scored):
    assert {row[2] for row in rows_of(scored.management, "cells")} == {None}
    assert {row[4] for row in rows_of(scored.management, "cells")} == {None}


def test_a_filter_that_cannot_be_read_shows_and_sends_nothing(scored):
    client = scored.client("management")
    tile = reverse("portfolio:dashboard_tile", args=["cells"])
    text = client.get(tile, {"team": "999999"}).content.decode()
    assert "Team" in text
    assert "<table" not in text
    assert client.get(tile, {"team": "999999", "export": "xlsx"}).status_code == 400
    assert client.get(reverse("portfolio:dashboard_pdf"), {"team": "999999"}).status_code == 400
    client.post(
        reverse("portfolio:dashboard_mail_order"), {"rhythm": "weekly", "query": "team=999999"}
    )
    assert not DashboardMail.objects.exists()


def test_accounts_without_a_rate_are_named(scored, tonight):
    sale = sell(scored.foreign, scored.product, add_months(month_of(tonight), -1), 10)
    type(sale).objects.filter(pk=sale.pk).update(currency="CHF")
    scoring.score_night(tonight)
    text = scored.client("management").get(reverse("portfolio:dashboard")).content.decode()
    assert "1 account is left out of sums" in text


def test_a_night_that_was_not_scored_is_told(scored, tonight, cast):
    client = cast.client("management")
    url = reverse("portfolio:dashboard")
    tile = reverse("portfolio:dashboard_tile", args=["cells"])
    later, early = tonight + timedelta(days=3), tonight - timedelta(days=300)
    assert "the last one until" in client.get(url, {"night": later}).content.decode()
    assert "the last one until" not in client.get(url, {"night": tonight}).content.decode()
    for address in (url, tile):
        text = client.get(address, {"night": early}).content.decode()
        assert "No night up to" in text
        assert "once a version of the criteria is active" not in text
    assert client.get(url, {"night": "banana"}).status_code == 400
