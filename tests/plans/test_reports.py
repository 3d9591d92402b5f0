"""PDF reports: what stands in them, for whom, at once or as a job."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import Account, SalesFact
from kam import jobs
from kam.models import Job, User
from plans import reports
from plans.models import AccountPlan, Section, TargetMonth
from plans.reports import making, rollup
from plans.services.portfolios import refresh_portfolios

YEAR = 2026


@pytest.fixture
def north(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(
        summary="We grow by **service**.\n\n<script>alert(1)</script>"
    )
    Section.objects.create(plan=cast.plan, kind="risks", body="A price war.")
    for month in range(2, 13):
        TargetMonth.objects.create(
            target=cast.target, month=date(YEAR, month, 1), revenue=100, margin=30
        )
    SalesFact.objects.create(
        account=cast.account, product=cast.product, month=date(YEAR, 2, 1), currency="USD",
        revenue=Decimal(700),
    )  # fmt: skip
    refresh_portfolios()
    return cast


def read(content: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(content))
    text = " ".join(" ".join(p.extract_text() for p in reader.pages).split())
    return reader, text.replace("\u00a0", " ")


def bookmarks(reader: PdfReader) -> list[str]:
    def flat(items):
        for item in items:
            yield from flat(item) if isinstance(item, list) else [item.title]

    return list(flat(reader.outline))


def test_an_account_plan(north):
    response = north.client("kam").get(reverse("plans:plan_pdf", args=[north.plan.pk]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert "plan-fjord-shipyards-2026.pdf" in response["Content-Disposition"]
    reader, text = read(response.content)
    for words in (
        "Fjord Shipyards", "We grow by service.", "A price war.", "Pumps", "More pumps",
        "Visit the yard", "Kari Kam", "Page 2 of", "Contents", "USD 700",
    ):  # fmt: skip
        assert words in text, words
    assert "<script>" not in response.content.decode("latin-1")
    assert reader.metadata.title.startswith("Account plan")
    assert reader.metadata.author == "Kari Kam"
    assert "Fjord Shipyards" in reader.metadata["/Keywords"]
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert {"Targets", "Goals", "Activities"} <= set(bookmarks(reader))


@pytest.mark.parametrize(
    ("who", "level", "row", "words", "absent"),
    [
        ("management", "company", None, ["Nordics", "Accounts without an owner", "USD 700"], []),
        ("region_leader", "team", "region", ["North", "South"], ["Accounts without an owner"]),
        ("leader", "team", "north", ["Kari Kam"], ["Odd Other"]),
        ("kam", "kam", "kam", ["Fjord Shipyards Bergen", "No plan", "NOK"], ["Skåne"]),
        ("management", "unowned", None, ["Nobody Mills"], ["Fjord"]),
    ],
)  # fmt: skip
def test_each_level(north, who, level, row, words, absent):
    pk = getattr(north, row).pk if row else None
    prepared = reports.prepare(getattr(north, who), level, pk, YEAR)
    reader, text = read(reports.make(prepared))
    for word in [*words, "Figures as of", "How the figures come about"]:
        assert word in text, word
    for word in absent:
        assert word not in text, word
    assert len(reader.pages) >= 3
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_reports_numbers_are_the_pages(north):
    client = north.client("management")
    node = client.get(reverse("plans:rollup_company") + "?year=2026").context["node"]
    prepared = reports.prepare(north.management, "company", None, YEAR)
    assert prepared.context["node"].figures == node.figures
    assert prepared.context["node"].counts == node.counts


def test_a_foreign_plan_has_no_report(north):
    url = reverse("plans:plan_pdf", args=[north.foreign_plan.pk])
    assert north.client("kam").get(url).status_code == 404
    assert north.client("outsider").get(url).status_code == 404


@pytest.mark.django_db(transaction=True)  # progress is written on a connection of its own
def test_a_long_report_is_a_job_with_progress(north):
    for index in range(reports.AT_ONCE + 5):
        Account.objects.create(name=f"More {index:03}", owner=north.kam)
    refresh_portfolios()
    client = north.client("kam")
    response = client.get(reverse("plans:rollup_pdf", args=["kam", north.kam.pk]) + "?year=2026")
    job = Job.objects.get()
    assert response["Location"] == reverse("kam:job_detail", args=[job.pk])
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 10, 10)
    assert job.result_name == "kam-kari-kam-2026.pdf"
    _reader, text = read(job.result.read())
    assert "More 034" in text


def test_a_job_holds_what_its_asker_may_see_when_it_runs(north):
    job = jobs.start(
        "report", "PDF", north.leader, level="team", pk=north.north.pk, year=YEAR, language="en"
    )
    User.objects.filter(pk=north.leader.pk).update(role="contributor")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "may see" in job.message
    assert not job.result


@pytest.mark.django_db(transaction=True)
def test_a_job_can_be_stopped(north, monkeypatch):
    monkeypatch.setattr(jobs, "_wake", lambda *_: None)
    job = jobs.start(
        "report", "PDF", north.kam, level="kam", pk=north.kam.pk, year=YEAR, language="en"
    )
    prepare = making.prepare

    def asked_to_stop(*args):
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return prepare(*args)

    monkeypatch.setattr(making, "prepare", asked_to_stop)
    monkeypatch.setattr(jobs, "timedelta", lambda seconds: __import__("datetime").timedelta(0))
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not job.result


def test_what_is_too_long_is_cut_with_a_word(north, monkeypatch):
    monkeypatch.setattr(rollup, "ACCOUNTS_LISTED", 1)
    prepared = reports.prepare(north.kam, "kam", north.kam.pk, YEAR)
    _reader, text = read(reports.make(prepared))
    assert "The first 1 of 2 accounts are listed" in text


def test_above_the_limit_of_rows_the_reader_is_told(north, monkeypatch):
    from dataclasses import replace

    from plans.views import reports as views

    prepared = replace(reports.prepare(north.kam, "kam", north.kam.pk, YEAR), rows=6_000)
    monkeypatch.setattr(views.reports, "prepare", lambda *_: prepared)
    monkeypatch.setattr(views.reports, "AT_ONCE", 10_000)
    response = north.client("kam").get(
        reverse("plans:rollup_pdf", args=["kam", north.kam.pk]) + "?year=2026", follow=True
    )
    assert "This report would have 6,000 rows" in response.content.decode()


def test_the_command_writes_files(north, tmp_path, capsys):
    for level, pk in (
        ("company", None), ("team", north.north.pk), ("kam", north.kam.pk),
        ("account", north.account.pk),
    ):  # fmt: skip
        file = tmp_path / f"{level}.pdf"
        args = [level] if pk is None else [level, str(pk)]
        call_command("export_pdf", *args, year=YEAR, output=str(file))
        assert file.read_bytes().startswith(b"%PDF")
        assert str(file) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["team"], "team needs an ID"),
        (["team", "999999"], "sees no team 999999"),
        (["account", "999999"], "no account 999999"),
        (["company", "--as", "nobody@example.com"], "no active person"),
    ],
)
def test_the_command_says_why_not(north, tmp_path, args, words):
    with pytest.raises(CommandError, match=words):
        call_command("export_pdf", *args, "--year", "2026", "--output", str(tmp_path / "x.pdf"))


def test_the_command_takes_somebodys_view(north, tmp_path):
    with pytest.raises(CommandError, match="sees no company"):
        call_command(
            "export_pdf", "company", "--as", north.kam.email,
            "--year", "2026", "--output", str(tmp_path / "x.pdf"),
        )  # fmt: skip
