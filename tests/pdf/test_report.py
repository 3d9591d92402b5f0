"""What a finished report holds: tags, language, metadata, bookmarks, fonts, text."""

import io
import re
import shutil
import subprocess
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader

from kam.pdf import ReportTooLarge, check_rows, render_report
from kam.pictures.monthly import Month

MONTHS = [
    Month("Jan", "January", Decimal(5), Decimal(10), None, "/facts/?month=1"),
    Month("Feb", "February", None, Decimal(10), Decimal(8)),
]
HEAD = {
    "title": "Account plan",
    "subject": "Nordhavn Mäkinen 北方",
    "author": "Kari Nordmann",
    "company": "Nordic Supply",
    "period": "2026",
    "as_of": date(2026, 6, 3),
    "filters": [("Team", "North & East")],
    "keywords": ["KAM", "plan"],
    "confidentiality": "Confidential",
    "colour": "",
}


def make(rows=3, language="en", extra="", **more):
    names = [
        (
            f"Account {i}"
            if i % 3
            else f"A very long name that will not fit into one line, number {i}",
            None if i % 4 == 0 else -i,
        )
        for i in range(rows)
    ]
    return render_report(
        "sample.html",
        {"months": MONTHS, "rows": names, "extra": extra},
        language=language,
        **(HEAD | more),
    )


@pytest.fixture(scope="module")
def small(django_db_setup):
    return {}


@pytest.fixture
def reader(small):
    if "reader" not in small:
        small["reader"] = PdfReader(io.BytesIO(make().pdf))
    return small["reader"]


def text_of(page):
    """The page's text. pypdf leaves the high bytes in where WeasyPrint writes an encoding of
    its own (a font that draws the plain and the no-break space with one glyph); readers,
    such as poppler's, do not."""
    return re.sub(r"[ \u00a0]+", " ", page.extract_text().replace("\x00", ""))


def structure(reader):
    """All structure elements, as (tag, element)."""
    found = []

    def walk(kid):
        kid = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(kid, list):
            for one in kid:
                walk(one)
        elif isinstance(kid, dict) and "/S" in kid:
            found.append((kid["/S"], kid))
            walk(kid.get("/K", []))

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def test_it_is_tagged_and_says_its_language(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    tags = {tag for tag, _element in structure(reader)}
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Figure", "/Link", "/P"} <= tags


def test_each_figure_has_an_alternative_text(reader):
    texts = [element.get("/Alt") for tag, element in structure(reader) if tag == "/Figure"]
    assert texts
    assert all(texts)
    assert "Sales are behind plan" in texts


def test_it_says_who_made_what(reader):
    meta = reader.metadata
    assert meta.title == "Account plan – Nordhavn Mäkinen 北方"
    assert meta.author == "Kari Nordmann"
    assert "Nordhavn" in meta.subject
    assert meta.keywords == "KAM, plan"
    assert meta.creation_date is not None


def test_its_bookmarks_follow_the_headings(reader):
    def titles(items):
        return [titles(item) if isinstance(item, list) else item.title for item in items]

    assert titles(reader.outline) == [
        "Account plan",
        ["Where we stand", "Accounts", ["By name"], "Wide"],
    ]


def test_page_labels_are_the_printed_numbers(reader):
    assert reader.page_labels == [str(n) for n in range(1, len(reader.pages) + 1)]
    assert f"Page 3 of {len(reader.pages)}" in text_of(reader.pages[2])
    assert "Page 1" not in text_of(reader.pages[0])


def test_the_cover_says_what_it_is_about(reader):
    cover = text_of(reader.pages[0])
    for words in (
        "Account plan",
        "Nordic Supply",
        "2026",
        "3 June 2026",
        "North & East",
        "Kari Nordmann",
        "Confidential",
    ):
        assert words in cover


def test_the_contents_name_the_pages(reader):
    contents = text_of(reader.pages[1])
    for title, page in (("Where we stand", 3), ("Accounts", 4), ("Wide", 5)):
        assert title in contents
        assert str(page) in contents
        assert title in text_of(reader.pages[page - 1])


def test_all_fonts_are_embedded(reader):
    fonts = {}
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            below = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            fonts[font["/BaseFont"]] = below["/FontDescriptor"].keys() & {
                "/FontFile",
                "/FontFile2",
                "/FontFile3",
            }
    assert fonts
    assert all(fonts.values())


def test_text_can_be_copied(reader):
    text = "".join(text_of(page) for page in reader.pages)
    assert "Ærø Åse Öland" in text
    assert "January" in text


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")
def test_another_reader_copies_the_same_text(tmp_path):
    (tmp_path / "r.pdf").write_bytes(make(rows=5).pdf)
    run = subprocess.run(["pdftotext", tmp_path / "r.pdf", "-"], capture_output=True, check=True)
    text = run.stdout.decode().replace("\u00a0", " ")
    for words in ("Ærø Åse Öland", "Sales are behind plan", "−3", "Page 4 of 5", "3 June 2026"):
        assert words in text


def test_wide_sections_lie_on_wide_pages(reader):
    upright, wide = reader.pages[2].mediabox, reader.pages[4].mediabox
    assert upright.height > upright.width
    assert wide.width > wide.height


def test_links_lead_to_the_site(reader):
    targets = {
        a.get_object()["/A"]["/URI"]
        for page in reader.pages
        for a in page.get("/Annots", [])
        if "/URI" in a.get_object().get("/A", {})
    }
    assert {
        "https://kam.example.com/accounts/7/",
        "https://example.org/",
        "https://kam.example.com/facts/?month=1",
    } <= targets


def test_without_a_site_address_relative_links_are_left_out(settings):
    settings.SITE_URL = ""
    raw = PdfReader(io.BytesIO(make().pdf))
    targets = {
        a.get_object()["/A"]["/URI"]
        for page in raw.pages
        for a in page.get("/Annots", [])
        if "/URI" in a.get_object().get("/A", {})
    }
    assert targets == {"https://example.org/"}


def test_a_footnote_stands_on_its_own_page(reader):
    text = text_of(reader.pages[3])
    assert "Text with a note" in text
    assert "Sales facts from the ERP" in text


def test_table_heads_repeat_and_rows_stay_whole():
    reader = PdfReader(io.BytesIO(make(rows=150).pdf))
    with_rows = [text_of(page) for page in reader.pages if "number " in text_of(page)]
    assert len(with_rows) >= 3
    for number, text in enumerate(with_rows):
        assert "Account head" in text
        assert number in (0, len(with_rows) - 1) or "Account" in text
    assert "149" in with_rows[-1]


@pytest.mark.parametrize(
    ("language", "words"),
    [("nb", "3. juni 2026"), ("fi", "3. kesäkuuta 2026"), ("zh-hans", "2026年6月3日")],
)
def test_it_speaks_the_readers_language(language, words):
    report = make(language=language, rows=1)
    reader = PdfReader(io.BytesIO(report.pdf))
    assert reader.trailer["/Root"]["/Lang"] == language
    text = text_of(reader.pages[0])
    assert words in text or language == "zh-hans"  # Chinese needs a Chinese font on the machine


def test_the_cost_is_told_apart():
    report = make()
    assert report.pages == 5
    assert 0 < report.template_seconds < report.total_seconds
    assert 0 < report.engine_seconds < report.total_seconds


@pytest.mark.parametrize(
    ("rows", "limit", "refused"),
    [(0, 5, False), (5, 5, False), (6, 5, True), (5001, None, True), (5000, None, False)],
)
def test_too_many_rows_are_refused_before_any_work(rows, limit, refused):
    arguments = (rows,) if limit is None else (rows, limit)
    if refused:
        with pytest.raises(ReportTooLarge, match="at most"):
            check_rows(*arguments)
    else:
        check_rows(*arguments)


def test_the_row_cap_is_said_with_numbers():
    with pytest.raises(ReportTooLarge) as caught:
        render_report("sample.html", {}, title="X", rows=12345)
    assert "12,345 rows" in str(caught.value)
    assert "5,000" in str(caught.value)
