"""Files as people and systems write them, and files that would do harm."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam.importing.reading import BadCell, FileRefused, Reading, detect, profile, rows
from kam.importing.resource import Column
from kam.importing.resource.values import ValueRefused, number, parse
from tests.kam.importing.files import repacked, text, workbook

SALES = "Kunde;Måned;Omsætning\nÅse A/S;31.01.2026;1.234,50\nBjørn;28.02.2026;12,5\n"


def cells(file, **stated):
    found = detect(file).stating(**stated)
    return [(row.line, row.cells, row.problem) for row in rows(file, found)]


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_detected_and_the_letters_arrive(encoding, expected):
    file = text(SALES, encoding)
    assert detect(file).encoding == expected
    assert cells(file)[1][1] == ["Åse A/S", "31.01.2026", "1.234,50"]


def test_text_in_another_alphabet_is_recognised():
    file = text("имя,город\nАлексей Петров,Новосибирск\nМария Иванова,Екатеринбург\n" * 5, "cp1251")
    assert cells(file)[1][1][0] == "Алексей Петров"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_by_which_the_rows_are_alike(delimiter):
    file = text(f'a{delimiter}b\n"x, y; z"{delimiter}1\nq{delimiter}2\n')
    assert detect(file).delimiter == delimiter
    assert cells(file)[1][1] == ["x, y; z", "1"]


def test_styles_are_decided_by_the_column_as_a_whole():
    _found, decided = profile(text(SALES), detect(text(SALES)))
    assert (decided.decimal, decided.dates) == (",", "dmy")


@pytest.mark.parametrize(
    ("amounts", "decimal"),
    [
        (["1.234", "2.500"], ""),  # thousands or thousandths: nobody can know
        (["1.234", "12.5"], "."),
        (["1.234", "12,5"], ","),
        (["1.234.567"], ","),
        (["1,234.50"], "."),
        (["12.5", "12,5"], ""),
        (["1234", "7"], ""),
    ],
)
def test_a_number_that_can_be_read_two_ways_decides_nothing(amounts, decimal):
    file = text("name;amount\n" + "".join(f"x;{a}\n" for a in amounts))
    assert profile(file, detect(file))[1].decimal == decimal


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["01/02/2026", "03/04/2026"], ""),
        (["01/02/2026", "13/04/2026"], "dmy"),
        (["01/02/2026", "03/14/2026"], "mdy"),
        (["01.02.2026"], "dmy"),
        (["2026-02-01"], "ymd"),
        (["13/01/2026", "01/13/2026"], ""),
    ],
)
def test_the_order_of_dates_is_detected_or_left_open(days, order):
    file = text("name;day\n" + "".join(f"x;{d}\n" for d in days))
    assert profile(file, detect(file))[1].dates == order


@pytest.mark.parametrize(
    ("written", "sign", "value"),
    [
        ("1234", ".", "1234"),
        ("1,234.50", ".", "1234.50"),
        ("1 234,50", ",", "1234.50"),
        ("1\u00a0234\u00a0567,5", ",", "1234567.5"),
        ("1'234.5", ".", "1234.5"),
        ("1.234", ",", "1234"),
        ("-12,5", ",", "-12.5"),
        ("−12,5", ",", "-12.5"),
        ("12,5-", ",", "-12.5"),
        ("(1,200.00)", ".", "-1200"),
        (".5", ".", "0.5"),
    ],
)
def test_numbers_as_people_write_them(written, sign, value):
    assert number(written, sign) == Decimal(value)


@pytest.mark.parametrize(
    "written", ["12,34,5", "1,23", "abc", "1e5", "12 EUR", "--5", "1.2.3", "٣", "", "1" * 60]
)
def test_what_is_no_number_is_refused(written):
    with pytest.raises(ValueRefused):
        number(written, ".")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.sampled_from(".,"))
def test_every_amount_reads_back_as_it_was_written(value, sign):
    written = f"{value:,.2f}"
    if sign == ",":
        written = written.translate(str.maketrans(",.", ".,"))
    assert number(written, sign) == value


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.sampled_from(["ymd", "dmy", "mdy"]))
def test_every_date_reads_back_as_it_was_written(day, order):
    forms = {"ymd": "%Y-%m-%d", "dmy": "%d.%m.%Y", "mdy": "%m/%d/%Y"}
    column = Column("day", "day", "date")
    assert parse(column, day.strftime(forms[order]), Reading(dates=order)) == day


@given(
    st.lists(
        st.lists(
            st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12),
            min_size=3,
            max_size=3,
        ).filter(lambda row: any(cell.strip() for cell in row)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_a_csv_writer_writes_is_read_back(table, encoding, delimiter):
    import csv

    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["a", "b", "c"], *table])
    file = text(out.getvalue(), encoding)
    found = Reading(encoding=encoding, delimiter=delimiter)
    assert [row.cells for row in rows(file, found)][1:] == table


def verdict(content):
    """Why the file is refused; "" where it is read."""
    file = io.BytesIO(content)
    try:
        profile(file, detect(file))
    except FileRefused as error:
        return str(error) or "refused without a word"
    return ""


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fall_over(content):
    assert verdict(content) != "refused without a word"


@given(st.binary(min_size=1, max_size=200), st.integers(0, 3000))
def test_no_damage_to_a_workbook_makes_the_reader_fall_over(noise, at):
    content = bytearray(workbook([["a", "b"], [1, "x"], [2.5, "y"]]).getvalue())
    at %= len(content)
    content[at : at + len(noise)] = noise
    assert verdict(bytes(content)) != "refused without a word"


def test_lines_are_those_of_the_file_also_after_cells_with_line_breaks():
    file = text('a,b\n"x\ny\nz",1\n\nq,2\n')
    assert [(line, problem) for line, _cells, problem in cells(file)] == [
        (1, ""),
        (2, ""),
        (5, ""),
        (6, ""),
    ]


def test_rows_that_are_longer_or_shorter_than_the_head_are_named():
    found = cells(text("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n"))
    assert [bool(problem) for _line, _cells, problem in found] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert "2 cells, the head 3" in found[2][2]


NASTY = {
    "empty": b"",
    "blank": b"  \n\n \n",
    "only a head": b"name,parent\n",
    "NUL": b"name,parent\nA,\x00B\n",
    "binary": bytes(range(256)) * 20,
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "broken ZIP": b"PK\x03\x04" + b"\x00" * 40,
    "open quotation": b'name,parent\n"A,B\nC,D\n',
}


@pytest.mark.parametrize("name", NASTY)
def test_what_is_no_table_is_refused_with_a_sentence(name):
    assert len(verdict(NASTY[name])) > 10


def test_a_control_character_is_a_bad_cell():
    found = cells(text("a,b\nx,\x07y\n"))
    assert isinstance(found[1][1][1], BadCell)


# --- workbooks --------------------------------------------------------------------------------------


def test_a_workbook_keeps_its_types_and_lines():
    file = workbook(
        [["name", "day", "n", "ok"], ["Åse", datetime(2026, 1, 31), 0.1 + 0.2, True], [], ["B"]]
    )
    found = cells(file)
    assert found[1] == (2, ["Åse", date(2026, 1, 31), Decimal("0.3"), True], "")
    assert found[2] == (3, [], "")
    assert found[3] == (4, ["B", None, None, None], "")


def test_formulas_are_bad_cells_and_never_computed():
    file = workbook([["name", "n"], ["A", "=1+1"], ["B", '=HYPERLINK("http://x")']])
    found = cells(file)
    assert [row[1][1].shown for row in found[1:]] == ["=1+1", '=HYPERLINK("http://x")']


def test_another_sheet_can_be_chosen():
    file = workbook([["a"], [1]], Sales=[["b"], [2]])
    assert cells(file, sheet="Sales")[1][1] == [Decimal(2)]
    with pytest.raises(FileRefused, match="no sheet Nothing"):
        cells(file, sheet="Nothing")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr("kam.importing.reading.workbook.MAX_UNPACKED", 1_000_000)
    file = repacked(workbook([["a"], [1]]), {"xl/worksheets/sheet9.xml": b" " * 5_000_000})
    assert len(file.getvalue()) < 20_000
    with pytest.raises(FileRefused, match="larger than"):
        detect(file)


def test_a_directory_that_lies_about_sizes_is_not_believed(monkeypatch):
    monkeypatch.setattr("kam.importing.reading.workbook.MAX_UNPACKED", 1_000_000)
    file = repacked(workbook([["a"], [1]]), {"xl/worksheets/sheet9.xml": b" " * 5_000_000})
    content = bytearray(file.getvalue())
    real = (5_000_000).to_bytes(4, "little")
    while (at := content.find(real)) >= 0:
        content[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(FileRefused):
        detect(io.BytesIO(bytes(content)))


def test_entities_are_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    file = repacked(workbook([["a"], [1]]), {"xl/sharedStrings.xml": bomb})
    with pytest.raises(FileRefused, match="declares entities"):
        detect(file)


def test_an_archive_that_is_no_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    with pytest.raises(FileRefused, match="not a workbook"):
        detect(io.BytesIO(out.getvalue()))


def test_rows_far_below_do_not_keep_the_reader_busy(monkeypatch):
    monkeypatch.setattr("kam.importing.reading.workbook.MAX_BLANK_RUN", 1000)
    sheet = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
        b'2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        b'<row r="900000000"><c r="A900000000"><v>1</v></c></row></sheetData></worksheet>'
    )
    file = repacked(workbook([["a"], [1]]), {"xl/worksheets/sheet1.xml": sheet})
    with pytest.raises(FileRefused, match="empty rows"):
        profile(file, detect(file))


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr("kam.importing.reading.table.MAX_ROWS", 3)
    file = text("a\n1\n2\n3\n4\n")
    with pytest.raises(FileRefused, match="more than 3 rows"):
        profile(file, detect(file))
