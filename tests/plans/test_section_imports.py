"""The texts of plans' sections from files: written, dated, refused; what is kept to few stays so."""

import csv
import io
from datetime import date

import pytest

from kam.importing import services
from kam.periods import company_today
from plans.models import AccountPlan, Section
from tests.conftest import YEAR
from tests.kam.importing.files import checked, counts, imported, refusals

pytestmark = pytest.mark.django_db
HEAD = ("account", "year", "kind", "body", "source", "source_on")
STRATEGY = "Win the *north*.\n\n- first the yard\n- then, “the fleet”; carefully"


def file(*rows: tuple[object, ...], head: tuple[str, ...] = HEAD) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue()


def row(kind: str, body: str = STRATEGY, number: str = "A1") -> tuple[object, ...]:
    return (number, YEAR, kind, body, "Annual report", f"{YEAR}-02-01")


def test_a_text_is_written_with_its_source_and_is_of_today(cast):
    text = file(row("strategy"))
    assert counts(imported("sections", text, cast.administrator)) == (0, 1, 0, 0)
    cast.section.refresh_from_db()
    assert cast.section.body == STRATEGY
    assert (cast.section.source, cast.section.source_on) == ("Annual report", date(YEAR, 2, 1))
    assert (cast.section.confirmed_on, cast.section.version) == (company_today(), 2)
    assert counts(imported("sections", text, cast.administrator)) == (0, 0, 1, 0)


def test_what_the_api_gives_reads_back_the_same(cast):
    Section.objects.filter(pk=cast.section.pk).update(body=STRATEGY.replace("\n", "\r\n"))
    Section.objects.create(plan=cast.plan, kind="risks", body="One yard.", source="We", position=1)
    answer = cast.client("administrator").get(f"/api/v1/sections/?plan={cast.plan.pk}")
    given = answer.json()["results"]
    rows = [("A1", YEAR, *((s[name] or "").replace("\r", "") for name in HEAD[2:])) for s in given]
    assert len(rows) == 2
    batch = imported("sections", file(*rows), cast.administrator)
    assert counts(batch) == (0, 0, 2, 0)


def test_a_section_that_the_plan_lacks_is_added_at_its_end(cast):
    text = file(row("risks", "One yard."), row("needs", ""), row("risks", "x", number="B1"))
    assert counts(imported("sections", text, cast.service)) == (3, 0, 0, 0)
    added = Section.objects.filter(plan=cast.plan).exclude(pk=cast.section.pk)
    assert list(added.values_list("kind", "position", "confirmed_on")) == [
        ("risks", 1, company_today()),
        ("needs", 2, None),
    ]
    assert cast.foreign_plan.sections.get().position == 0


def test_fields_that_no_column_feeds_stay_and_an_empty_cell_empties(cast):
    imported("sections", file(row("strategy")), cast.administrator)
    short = file(("A1", YEAR, "strategy", "Shorter."), head=HEAD[:4])
    imported("sections", short, cast.administrator)
    cast.section.refresh_from_db()
    assert (cast.section.body, cast.section.source) == ("Shorter.", "Annual report")
    imported("sections", file(row("strategy", "")), cast.administrator)
    cast.section.refresh_from_db()
    assert cast.section.body == ""


def test_each_wrong_row_says_what_was_expected(cast):
    AccountPlan.objects.filter(pk=cast.foreign_plan.pk).update(status="submitted")
    text = file(
        row("risks", "x", number="C1"),
        row("risks", "x", number="B1"),
        row("other", "x"),
        ("A1", YEAR, "risks", "x", "s" * 201, "soon"),
        row("swot", "x" * 50_001),
        row("strategy", "x"),
        row("Strategy", "again"),
    )
    found = refusals(checked("sections", text, cast.administrator))
    words = {(line, column): expected for line, column, expected in found}
    assert "an account with a plan for" in words[2, "account"]
    assert words[3, "account"] == "a plan that may be changed; it is Submitted"
    assert words[4, "about (kind)"].startswith("one of: profile, results")
    assert "other" not in words[4, "about (kind)"]
    assert {line for line, _column in words} == {2, 3, 4, 5, 6, 7, 8}
    assert {column for line, column in words if line == 5} == {"source", "as of (source_on)"}
    assert {column for line, column in words if line == 6} == {"text (body)"}
    assert "line 8 has it" in next(why for line, _column, why in found if line == 7)


def test_a_closed_or_archived_plan_keeps_its_texts(cast):
    for fields in ({"status": "closed"}, {"archived_at": "2026-01-01T00:00Z"}):
        AccountPlan.objects.filter(pk=cast.plan.pk).update(status="draft", archived_at=None)
        AccountPlan.objects.filter(pk=cast.plan.pk).update(**fields)
        batch = checked("sections", file(row("strategy")), cast.administrator)
        assert counts(batch) == (0, 0, 0, 1)


@pytest.mark.parametrize("audience", ["team", "leaders", "named"])
def test_a_section_kept_to_few_is_neither_shown_nor_written(cast, audience):
    secret = "They will be sold in May."
    Section.objects.filter(pk=cast.section.pk).update(audience=audience, body=secret)
    for body in ("Something else", secret):  # not even whether it is the same
        batch = checked("sections", file(row("strategy", body)), cast.administrator)
        why = "a section that may be written by a file"
        assert refusals(batch) == [(2, "about (kind)", why)]
        if body != secret:
            assert secret not in str(batch.report)
        assert audience not in str(batch.report)
    with pytest.raises(services.ImportRefused):
        services.apply(batch, user=cast.administrator)
    cast.section.refresh_from_db()
    assert cast.section.body == secret


def test_only_plans_that_one_may_edit_are_written(cast):
    text = file(row("strategy"), row("strategy", "x", number="B1"))
    batch = checked("sections", text, cast.kam)
    assert refusals(batch) == [(6, "account", "an account whose plan you may edit")]
    reading = checked("sections", file(row("strategy")), cast.management)
    assert refusals(reading) == [(2, "account", "an account whose plan you may edit")]


def test_the_preview_shows_long_texts_from_where_they_differ(cast):
    Section.objects.filter(pk=cast.section.pk).update(body="a" * 2_000 + " old end")
    batch = checked("sections", file(row("strategy", "a" * 2_000 + " new end")), cast.administrator)
    change = batch.report["rows"]["changed"][0]["changes"][0]
    assert change["before"].endswith(" old end")
    assert change["after"].endswith(" new end")
    assert len(change["after"]) < 200


def test_many_rows_take_as_many_statements_as_one(cast, django_assert_max_num_queries):
    for kind in ("profile", "results", "team", "needs", "value", "swot"):
        Section.objects.create(plan=cast.plan, kind=kind)
    batch = checked("sections", file(row("strategy"), row("risks")), cast.administrator)
    with django_assert_max_num_queries(40):
        services.check(batch, user=cast.administrator)
        services.apply(batch, user=cast.administrator)
    kinds = ("profile", "results", "team", "needs", "value", "swot", "partners", "history")
    more = checked("sections", file(*(row(kind) for kind in kinds)), cast.administrator)
    with django_assert_max_num_queries(40):
        services.check(more, user=cast.administrator)
        services.apply(more, user=cast.administrator)
