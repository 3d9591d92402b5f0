"""The editions of a plan's report: everything, one page, the customer's; the management summary."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from accounts.models import SalesFact
from kam import logo
from kam.models import Company
from plans import reports
from plans.models import (
    Activity,
    Audience,
    Goal,
    LevelGoal,
    LevelPlan,
    Need,
    PlanShare,
    Section,
    SharedActivity,
    SharedGoal,
    SharedSection,
    Strategy,
    TargetMonth,
)
from plans.services.portfolios import refresh_portfolios
from plans.versions import freeze
from tests.conftest import YEAR
from tests.plans.test_reports import bookmarks, read

LONG = "Anlagenmodernisierungsgesamtverantwortung " * 40


def words_of(user, level, pk=None):
    reader, text = read(reports.make(reports.prepare(user, level, pk, YEAR)))
    return reader, text


@pytest.fixture
def full(cast):
    """A plan with something in every part, and an approved version."""
    plan = cast.plan
    cast.goal.due_on = date(YEAR, 12, 1)
    cast.goal.save()
    strategy = Strategy.objects.create(plan=plan, goal=cast.goal, title="Service first")
    Activity.objects.create(plan=plan, goal=cast.goal, strategy=strategy, title="Train the crew")
    Activity.objects.create(plan=plan, title="Call the bank")
    Section.objects.filter(pk=cast.section.pk).update(
        body="Win the **dock**.", source="Annual report", source_on=date(YEAR, 1, 4)
    )
    Section.objects.create(
        plan=plan, kind="risks", body="Secret of the leaders.", audience=Audience.LEADERS
    )
    Need.objects.create(
        plan=plan, kind="pain", title="Stops", value=900, chance=50, measure="Stops a year",
        measured=9, attainable=4, state="agreed", agreed_on=date(YEAR, 1, 5), diagnosis="Our view",
    )  # fmt: skip
    Need.objects.create(plan=plan, kind="gain", title="Unspoken need", diagnosis="Our guess")
    freeze(plan, "approved", cast.leader)
    plan.in_force, plan.status, plan.summary = 1, "amending", "Grow **more**."
    plan.save()
    refresh_portfolios()
    return cast


def test_the_full_plan_holds_every_part(full):
    reader, text = words_of(full.kam, "plan", full.plan.pk)
    for words in (
        "Win the dock.", "Annual report", "Service first", "Train the crew", "Call the bank",
        "Stops a year", "Unspoken need", "Improvement potential", "What was changed since",
        "Grow more.", "Version 1", "Secret of the leaders.", "Page 3 of",
    ):  # fmt: skip
        assert words in text, words
    assert {"Needs to value", "Goals", "Compared with what was approved"} <= set(bookmarks(reader))


def test_a_kept_section_is_not_for_the_team(full):
    _reader, text = words_of(full.contributor, "plan", full.plan.pk)
    assert "Win the dock." in text
    assert "Secret of the leaders." not in text


@pytest.mark.parametrize("much", [False, True])
def test_one_page_is_one_page(full, much):
    if much:
        full.plan.summary = LONG
        full.plan.stance, full.plan.stance_reason = "expand", LONG[:1900]
        full.plan.save()
        type(full.account).objects.filter(pk=full.account.pk).update(name="Werft" * 28)
        for index in range(40):
            Goal.objects.create(
                plan=full.plan, title=f"{index} {LONG}"[:200], metric="m", target=10**12,
                baseline=1, actual=10**11, due_on=date(YEAR, 6, 1),
            )  # fmt: skip
            Activity.objects.create(
                plan=full.plan, title="W" * 200, due_on=date(YEAR, 2, 1), responsible=full.kam
            )
    reader, text = words_of(full.kam, "one_page", full.plan.pk)
    assert len(reader.pages) == 1
    assert ("(shortened; the full plan has it all)" in text) is much
    assert ("more goals are in the full plan" in text) is much
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize(
    ("size", "shown"),
    [(Decimal("0.02"), "0"), (Decimal(10**8), "100,000,000"), (Decimal(10**12), "1,000 bn")],
)
def test_figures_of_any_size_fit_on_the_page(full, size, shown):
    """No figure reaches into its neighbour's cell; negative sales keep their sign."""
    TargetMonth.objects.filter(target__plan=full.plan).update(revenue=size)
    SalesFact.objects.filter(account=full.account).update(revenue=-size)
    Goal.objects.filter(plan=full.plan).update(target=size, actual=-size, baseline=0)
    refresh_portfolios()
    reader, text = words_of(full.kam, "one_page", full.plan.pk)
    assert len(reader.pages) == 1
    assert f"Target NOK {shown} " in text
    assert (f"Actual NOK −{shown} " in text) is (size >= 1)
    longest = max(re.findall(r"[−\d,.]*\d{3}(?:[,.]\d{3})+", text), key=len, default="")
    assert len(longest) <= len("−999,999,999"), longest


def test_the_customers_edition_holds_what_was_shared_and_nothing_else(full):
    plan, inner = full.plan, Goal.objects.create(plan=full.plan, title="Inner aim", metric="x")
    share = PlanShare.objects.create(
        plan=plan, contact=full.contact, token_hash="d" * 64, expires_on=date(YEAR, 12, 31)
    )
    kept = Section.objects.create(plan=plan, kind="swot", body="Kept words", audience="team")
    SharedSection.objects.create(share=share, section=full.section)
    SharedSection.objects.create(share=share, section=kept)
    SharedGoal.objects.create(share=share, goal=full.goal)
    SharedActivity.objects.create(share=share, activity=full.activity)
    _reader, text = words_of(full.kam, "customer", plan.pk)
    for words in ("Win the dock.", "More pumps", "Visit the yard", "Stops a year"):
        assert words in text, words
    for words in (
        "Margin", "margin", "Inner aim", "Kept words", "Secret of the leaders.", "Call the bank",
        "Unspoken need", "Our view", "Grow more", "1,200", "1,000", "Attainment", "Target NOK",
    ):  # fmt: skip
        assert words not in text, words
    assert inner.pk
    PlanShare.objects.filter(pk=share.pk).update(archived_at="2026-01-01T00:00Z")
    _reader, text = words_of(full.kam, "customer", plan.pk)
    assert "Win the dock." not in text
    assert "More pumps" not in text


def test_the_management_summary_is_two_pages(full):
    level = LevelPlan.objects.create(level="company", year=YEAR, revenue=5000, priorities="Ships")
    LevelGoal.objects.create(plan=level, title="Margin up", metric="%", target=30, actual=15)
    SalesFact.objects.create(
        account=full.account, product=full.product, month=date(YEAR, 2, 1), currency="NOK",
        revenue=Decimal(4000),
    )  # fmt: skip
    refresh_portfolios()
    reader, text = words_of(full.management, "management")
    assert len(reader.pages) == 2
    for words in ("Fjord Shipyards", "Margin up", "ten largest deviations", "Plans approved"):
        assert words in text, words
    _reader, text = words_of(full.management, "company")
    for words in ("Target from above", "Ships", "Margin up", "5,000"):
        assert words in text, words
    _reader, text = words_of(full.south_leader, "management")
    assert "Fjord" not in text


def picture(kind="PNG", size=(300, 90)):
    out = io.BytesIO()
    Image.new("RGB", size, "#c03020").save(out, kind)
    return SimpleUploadedFile(f"x.{kind.lower()}", out.getvalue())


def test_logo_and_colour_stand_on_the_cover(full, django_capture_on_commit_callbacks):
    client = full.client("administrator")
    with django_capture_on_commit_callbacks(execute=True):
        assert (
            client.post(reverse("kam:settings_logo"), {"logo": picture("JPEG")}).status_code == 302
        )
    Company.objects.filter(pk=1).update(accent="#c03020")
    Company.forget()
    assert b"data:image/png" in client.get(reverse("kam:settings")).content
    reader, _text = words_of(full.kam, "plan", full.plan.pk)
    assert len(reader.pages[0].images) == 1
    company = Company.objects.get(pk=1)
    assert company.version > 1
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("kam:settings_logo"), {"remove": "1"})
    assert logo.logo_address(Company.objects.get(pk=1)) == ""


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n broken"),
        SimpleUploadedFile("a.png", b"0" * (logo.MAX_BYTES + 1)),
    ],
)
def test_what_is_no_logo_is_refused(upload):
    with pytest.raises(ValidationError):
        logo.cleaned(upload)


def test_our_part_is_small_beside_the_layout(full):
    from time import perf_counter

    for index in range(40):
        Goal.objects.create(plan=full.plan, title=f"Goal {index}", metric="m", target=5)
    reports.measured(reports.prepare(full.kam, "plan", full.plan.pk, YEAR))  # warm
    begun = perf_counter()
    prepared = reports.prepare(full.kam, "plan", full.plan.pk, YEAR)
    ours = perf_counter() - begun
    made = reports.measured(prepared)
    ours += made.template_seconds
    assert ours < made.engine_seconds * 0.2
    assert PdfReader(io.BytesIO(made.pdf)).pages
