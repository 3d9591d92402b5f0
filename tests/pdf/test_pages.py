"""Where a report's pages break: no row, and no closing note, stands alone."""

import io

import pytest
from pypdf import PdfReader

from kam.pdf import render_report

#: Millimetres above a table: from "all of it fits" to "not even its head does".
HEIGHTS = range(140, 216, 2)


@pytest.fixture(scope="module")
def pages(django_db_setup, django_db_blocker) -> list[str]:
    return []


@pytest.fixture
def laid_out(pages, db) -> list[str]:
    """The text of each page, of tables with 4 and with 12 rows at every height."""
    if not pages:
        parts = [
            {
                "name": f"{rows}-{height}",
                "height": height,
                "rows": [f"<{rows}-{height}-{row}>" for row in range(rows)],
            }
            for rows in (4, 12)
            for height in HEIGHTS
        ]
        made = render_report("pages.html", {"parts": parts}, title="Pages", language="en")
        pages += [page.extract_text() for page in PdfReader(io.BytesIO(made.pdf)).pages]
    return pages


def page_of(pages: list[str], text: str) -> int:
    (found,) = [number for number, page in enumerate(pages) if text in page]
    return found


def test_a_short_table_stands_on_one_page_with_the_words_before_it(laid_out):
    for height in HEIGHTS:
        places = {page_of(laid_out, f"<4-{height}-{row}>") for row in range(4)}
        assert places == {page_of(laid_out, f"Words 4-{height}")}, height


def test_no_last_row_stands_alone(laid_out):
    broken = 0
    for height in HEIGHTS:
        first, before, last = (page_of(laid_out, f"<12-{height}-{row}>") for row in (0, 10, 11))
        assert before == last, height
        broken += first != last
    assert broken > 3, "no table was broken: the test has nothing to hold"


def test_the_closing_note_has_words_above_it(laid_out):
    assert page_of(laid_out, "Where it is from") == page_of(laid_out, "Last words")
    assert page_of(laid_out, "Last words") == page_of(laid_out, "Next steps")
