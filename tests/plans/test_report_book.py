"""The plan book: in order, with pages that are right, going on where it was broken off."""

import json

import pytest
from django.http import Http404
from pypdf import PdfReader

from accounts.models import Account
from kam import jobs
from kam.models import Job, User
from kam.pdf import Press, ReportTooHeavy
from plans.models import AccountPlan, Section, SentReport
from plans.reports import book
from plans.services import reports
from tests.conftest import YEAR


@pytest.fixture
def three(cast):
    """Three plans of Kari's."""
    for name in ("Aker Yard", "Zeta Lines"):
        account = Account.objects.create(name=name, owner=cast.kam, currency="NOK")
        plan = AccountPlan.objects.create(account=account, year=YEAR, currency="NOK")
        Section.objects.create(plan=plan, kind="risks", body=f"The risk of {name}.")
    return cast


def flat(items):
    for item in items:
        yield from flat(item) if isinstance(item, list) else [item]


def test_contents_and_bookmarks_lead_to_the_pages(three, tmp_path):
    made = book.make_book(three.kam, "kam_book", three.kam.pk, YEAR, tmp_path)
    reader = PdfReader(made.file)
    names = [done.account for done in made.chapters]
    assert names == ["Aker Yard", "Fjord Shipyards", "Zeta Lines"]
    assert len(reader.pages) == made.pages
    front = reader.page_labels.index("1")
    assert reader.page_labels[:2] == ["i", "ii"]
    contents = " ".join(page.extract_text() for page in reader.pages[:front])
    places = {item.title: reader.get_destination_page_number(item) for item in flat(reader.outline)}
    for done in made.chapters:
        page = reader.pages[front + done.first_page - 1]
        text = " ".join(page.extract_text().split())
        assert done.account in text
        assert text.endswith(f"Page {done.first_page}") or f"Page {done.first_page}" in text
        assert places[done.account] == front + done.first_page - 1
        assert done.account in contents
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_it_goes_on_where_it_was_broken_off(three, tmp_path, monkeypatch):
    laid = []
    lay_out = Press.lay_out

    def counted(self, job, file, **more):
        if len(laid) == 2:
            raise KeyboardInterrupt  # the worker is gone
        laid.append(file.name)
        return lay_out(self, job, file, **more)

    monkeypatch.setattr(Press, "lay_out", counted)
    with pytest.raises(KeyboardInterrupt):
        book.make_book(three.kam, "kam_book", three.kam.pk, YEAR, tmp_path)
    assert laid == ["0000.pdf", "0001.pdf"]
    before = (tmp_path / "0000.pdf").stat().st_mtime_ns
    monkeypatch.setattr(
        Press,
        "lay_out",
        lambda self, job, file, **m: laid.append(file.name) or lay_out(self, job, file, **m),
    )
    made = book.make_book(three.kam, "kam_book", three.kam.pk, YEAR, tmp_path)
    assert laid[2:] == ["0002.pdf", "front.pdf"]
    assert (tmp_path / "0000.pdf").stat().st_mtime_ns == before
    assert len(made.chapters) == 3
    # Who may no longer read one of the plans gets nothing of what was laid out before.
    Account.objects.filter(name="Aker Yard").update(owner=three.other_kam)
    del laid[:]
    made = book.make_book(three.kam, "kam_book", three.kam.pk, YEAR, tmp_path)
    assert laid == ["0000.pdf", "0001.pdf", "front.pdf"]
    assert [done.account for done in made.chapters] == ["Fjord Shipyards", "Zeta Lines"]


@pytest.mark.django_db(transaction=True)
def test_a_job_gives_its_place_up_and_ends_in_the_archive(three, monkeypatch):
    monkeypatch.setattr(jobs, "_wake", lambda *_: None)
    monkeypatch.setattr(
        book.make_book, "__kwdefaults__", {**book.make_book.__kwdefaults__, "turn_seconds": 0}
    )
    job = reports.order(three.kam, "kam_book", three.kam.pk, YEAR)
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    monkeypatch.setattr(
        book.make_book, "__kwdefaults__", {**book.make_book.__kwdefaults__, "turn_seconds": 900}
    )
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "done"
    row = SentReport.objects.get()
    assert row.job == job
    assert row.pages > 6
    assert not book.folder_of(job).exists()
    assert three.client("kam").get(job.url).status_code == 200
    assert three.client("leader").get(job.url).status_code == 404


def test_a_plan_that_is_too_heavy_keeps_no_other_back(three, tmp_path, monkeypatch):
    lay_out = Press.lay_out
    refused = []

    def once(self, job, file, **more):
        if file.name == "0001.pdf" and not refused:
            refused.append(file)
            raise ReportTooHeavy("memory")
        return lay_out(self, job, file, **more)

    monkeypatch.setattr(Press, "lay_out", once)
    made = book.make_book(three.kam, "kam_book", three.kam.pk, YEAR, tmp_path)
    assert [done.pages for done in made.chapters][1] == 1
    text = " ".join(page.extract_text() for page in PdfReader(made.file).pages)
    assert "could not be laid out" in " ".join(text.split())
    assert "The risk of Zeta Lines." in " ".join(text.split())


def test_nobody_makes_a_foreign_book(three, tmp_path):
    with pytest.raises(Http404):
        book.make_book(three.other_kam, "kam_book", three.kam.pk, YEAR, tmp_path)
    assert book.plans_of(three.leader, "plan_book", None, YEAR)
    assert not set(book.plans_of(three.leader, "plan_book", None, YEAR)) & {three.foreign_plan.pk}


def test_a_book_that_is_too_long_says_so(three, monkeypatch):
    monkeypatch.setattr(book, "MOST", 2)
    with pytest.raises(book.BookTooLong, match="at most 2 plans"):
        book.plans_of(three.kam, "kam_book", three.kam.pk, YEAR)


def test_folders_of_jobs_that_are_over_are_swept(db, settings):
    alive = Job.objects.create(kind="kept-report", title="x")
    over = Job.objects.create(kind="kept-report", title="x", state="done")
    for job in (alive, over):
        book.folder_of(job).mkdir(parents=True)
        (book.folder_of(job) / "plans.json").write_text(json.dumps([]))
    book.sweep()
    assert book.folder_of(alive).exists()
    assert not book.folder_of(over).exists()
    assert User.objects.count() == 0
