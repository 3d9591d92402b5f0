"""The report library: asked for, kept, by mail, once; spreadsheets; the API."""

import io
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from kam import jobs
from kam.editing import archive
from kam.models import ApiToken, Job, User
from plans.models import Goal, ReportSchedule, SentReport
from plans.services import reports
from tests.conftest import YEAR


@pytest.fixture(autouse=True)
def _nobody_wakes(monkeypatch):
    monkeypatch.setattr(jobs, "_wake", lambda *_: None)


@pytest.fixture
def cheap(monkeypatch):
    """Reports without layout: what is kept and mailed is at stake here."""
    made = []

    def make(progress, user, kind, subject, year):
        reports.subject_name(user, kind, subject)
        made.append(kind)
        return reports.Made(reports.ContentFile(b"%PDF-1.7 x"), f"{kind}.pdf", 3)

    monkeypatch.setattr(reports, "_make", make)
    return made


def due(person, **more):
    fields = {"kind": "portfolio", "subject": person.pk, "rhythm": "weekly"} | more
    return ReportSchedule.objects.create(user=person, next_on=date(2020, 1, 6), **fields)


def run_waiting():
    for job in Job.objects.filter(state="queued"):
        jobs.run(job.pk)


def test_asking_on_the_page(cast, cheap):
    client, page = cast.client("kam"), reverse("plans:report_library")
    response = client.post(page, {"kind": "plan", "account": "Fjord Shipyards", "year": YEAR})
    job = Job.objects.get()
    assert response["Location"] == reverse("kam:job_detail", args=[job.pk])
    run_waiting()
    content = client.get(page).content.decode()
    assert "Account plan: Fjord Shipyards, 2026" in content
    row = SentReport.objects.get()
    download = client.get(reverse("plans:report_download", args=[row.pk]))
    assert b"".join(download.streaming_content).startswith(b"%PDF")
    assert (
        cast.client("leader").get(reverse("plans:report_download", args=[row.pk])).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "plan"}, "Say of which account."),
        ({"kind": "portfolio"}, "Say of which KAM."),
        ({"kind": "team"}, "Say of which team."),
        ({"kind": "plan", "account": "Skåne Foods"}, "Nothing is called"),
        ({"kind": "company"}, "There is nothing here that you may see."),
        ({"kind": "review"}, "Select a valid choice"),
    ],
)
def test_what_is_not_said_or_not_seen(cast, data, words):
    response = cast.client("kam").post(reverse("plans:report_library"), {"year": YEAR, **data})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Job.objects.exists()


def test_the_page_takes_few_queries(cast, django_assert_max_num_queries):
    client = cast.client("kam")
    for kind, subject in (
        ("plan", cast.account.pk),
        ("portfolio", cast.kam.pk),
        ("team", cast.north.pk),
    ):
        due(cast.kam, kind=kind, subject=subject)
    for index in range(30):
        SentReport.objects.create(user=cast.kam, kind="plan", title=f"Report {index}")
    page = reverse("plans:report_library")
    client.get(page)
    # session and person, owners, teams, archive, schedules, names of accounts, people, teams
    with django_assert_max_num_queries(9):
        response = client.get(page)
    assert len(response.content) < 40_000
    assert "Fjord Shipyards" in response.content.decode()


def test_a_report_by_mail_comes_once_with_its_file(cast, cheap, mailoutbox):
    row = due(cast.kam)
    assert reports.send_scheduled() == 1
    assert reports.send_scheduled() == 0
    run_waiting()
    assert [mail.to for mail in mailoutbox] == [[cast.kam.email]]
    assert mailoutbox[0].attachments[0][0] == "portfolio.pdf"
    row.refresh_from_db()
    assert row.next_on.weekday() == 0
    assert row.next_on > timezone.localdate() - timedelta(days=1)
    kept = SentReport.objects.get()
    assert kept.mailed
    # The job is begun again after the mail went out: no second mail, no second row.
    Job.objects.update(state="queued")
    run_waiting()
    assert len(mailoutbox) == 1
    assert SentReport.objects.count() == 1


def test_a_worker_that_dies_before_the_mail_sends_it_later(cast, cheap, mailoutbox, monkeypatch):
    due(cast.kam)
    reports.send_scheduled()
    claim = reports._claim
    monkeypatch.setattr(reports, "_claim", lambda *_: 1 / 0)
    run_waiting()
    assert not mailoutbox
    assert SentReport.objects.count() == 1
    monkeypatch.setattr(reports, "_claim", claim)
    Job.objects.update(state="queued")
    run_waiting()
    assert len(mailoutbox) == 1
    assert SentReport.objects.count() == 1


def test_who_was_archived_gets_no_report_any_more(cast, cheap, mailoutbox):
    due(cast.kam)
    assert reports.send_scheduled() == 1
    archive(cast.kam)  # between the night's claim and the worker
    run_waiting()
    due(cast.kam, kind="portfolio", subject=cast.kam.pk, rhythm="monthly")
    assert reports.send_scheduled() == 0
    assert not mailoutbox
    assert not SentReport.objects.exists()


def test_who_lost_the_right_reads_so_once(cast, cheap, mailoutbox):
    row = due(cast.leader, kind="portfolio", subject=cast.kam.pk)
    User.objects.filter(pk=cast.leader.pk).update(role="contributor")
    reports.send_scheduled()
    run_waiting()
    Job.objects.update(state="queued")
    run_waiting()
    assert len(mailoutbox) == 1
    assert "nothing of it that you may see" in mailoutbox[0].body
    assert not mailoutbox[0].attachments
    assert not SentReport.objects.exists()
    row.refresh_from_db()
    assert row.archived_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_begin_it_once(cast):
    due(cast.kam)
    together, begun = Barrier(2), []

    def tick():
        together.wait()
        begun.append(reports.send_scheduled())
        connection.close()

    threads = [Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [0, 1]
    assert Job.objects.count() == 1


def test_old_reports_are_deleted_with_their_files(cast, cheap):
    reports.order(cast.kam, "portfolio", cast.kam.pk, YEAR)
    run_waiting()
    row = SentReport.objects.get()
    path = row.file.path
    assert reports.drop_old() == 0
    SentReport.objects.update(made_at=timezone.now() - timedelta(days=reports.KEPT_DAYS + 1))
    assert reports.drop_old() == 1
    with pytest.raises(FileNotFoundError):
        open(path, "rb").close()


def test_the_plans_tables_as_a_workbook(cast):
    Goal.objects.create(plan=cast.plan, title="=1+1", metric="m")
    response = cast.client("kam").get(reverse("plans:plan_xlsx", args=[cast.plan.pk]))
    book = load_workbook(io.BytesIO(response.content))
    assert book.sheetnames == ["Months", "Targets", "Goals", "Activities", "Needs"]
    cells = [row[0] for row in book["Goals"].iter_rows(min_row=2)]
    assert {cell.value for cell in cells} == {"More pumps", "=1+1"}
    assert {cell.data_type for cell in cells} == {"s"}
    assert book["Targets"]["B2"].value == 1200


def test_a_levels_tables_as_a_workbook(cast):
    url = reverse("plans:rollup_xlsx", args=["kam", cast.kam.pk]) + f"?year={YEAR}"
    book = load_workbook(io.BytesIO(cast.client("leader").get(url).content))
    assert book.sheetnames == ["Months", "Accounts"]
    names = {row[0].value for row in book["Accounts"].iter_rows(min_row=2)}
    assert names == {"Fjord Shipyards", "Fjord Shipyards Bergen"}
    top = reverse("plans:rollup_xlsx", args=["company"]) + f"?year={YEAR}"
    book = load_workbook(io.BytesIO(cast.client("management").get(top).content))
    assert "What it consists of" in book.sheetnames


def test_over_the_api(cast, cheap):
    from rest_framework.test import APIClient

    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.issue(cast.kam, 'x', may_write=True)[1]}")
    body = {"kind": "portfolio", "subject": cast.kam.pk, "year": YEAR}
    answer = api.post(reverse("api:report-list"), body, format="json")
    assert answer.status_code == 202, answer.data
    assert answer["Location"].endswith(reverse("api:job-detail", args=[Job.objects.get().pk]))
    run_waiting()
    listed = api.get(reverse("api:report-list")).data["results"]
    assert [row["pages"] for row in listed] == [3]
    file = api.get(reverse("api:report-file", args=[listed[0]["id"]]))
    assert b"".join(file.streaming_content).startswith(b"%PDF")
    foreign = api.post(
        reverse("api:report-list"),
        {"kind": "portfolio", "subject": cast.other_kam.pk},
        format="json",
    )
    assert foreign.status_code == 400
    del body["year"]
    made = api.post(reverse("api:report-schedule-list"), body | {"rhythm": "weekly"}, format="json")
    assert made.status_code == 201, made.data
    again = api.post(
        reverse("api:report-schedule-list"), body | {"rhythm": "weekly"}, format="json"
    )
    assert again.status_code in (400, 409)
    assert (
        api.delete(reverse("api:report-schedule-detail", args=[made.data["id"]])).status_code == 204
    )
