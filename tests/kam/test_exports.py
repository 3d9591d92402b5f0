"""Nothing that a person typed becomes a formula in any file that the product writes."""

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from kam.listing.files import FORMULA
from plans.models import Need
from plans.services.portfolios import refresh_portfolios
from tests.conftest import YEAR

EVIL = '=HYPERLINK("http://x.example","y")'
LISTS = (
    "accounts:list",
    "accounts:contact_list",
    "plans:list",
    "plans:unplanned_list",
    "plans:activity_list",
    "plans:need_list",
    "plans:potential_list",
    "plans:review_list",
    "portfolio:nomination_list",
    "kam:user_list",
)


@pytest.fixture
def evil(cast):
    """The cast with a formula for every name that people type."""
    for row in (
        cast.account,
        cast.foreign,
        cast.contact,
        cast.line,
        cast.product,
        cast.kam,
        cast.north,
    ):
        row.name = EVIL
        row.save()
    cast.region.name = f"{EVIL}&1"
    cast.region.save()
    for row in (cast.goal, cast.activity):
        row.title = EVIL
        row.save()
    Need.objects.create(
        plan=cast.plan, kind="pain", title=EVIL, capability=EVIL, measure="@SUM(A1)"
    )
    refresh_portfolios()
    return cast


def body(response) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content) if response.streaming else response.content


def check_workbook(content: bytes) -> int:
    found = 0
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                found += str(cell.value).startswith(EVIL)
    return found


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", LISTS)
def test_lists(evil, name, kind):
    content = body(evil.client("administrator").get(reverse(name), {"export": kind}))
    if kind == "xlsx":
        check_workbook(content)
        return
    check_csv(content)


def check_csv(content: bytes) -> str:
    text = content.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not runs(cell), cell
    return text


def runs(cell: str) -> bool:
    """Whether a spreadsheet would run the cell; a number is none."""
    try:
        float(cell.replace(",", ""))
    except ValueError:
        return bool(FORMULA.match(cell))
    return False


def test_the_formula_is_there_to_be_found(evil):
    content = body(evil.client("administrator").get(reverse("accounts:list"), {"export": "xlsx"}))
    assert check_workbook(content) >= 2


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("plans:plan_xlsx", lambda c: [c.plan.pk]),
        ("plans:rollup_xlsx", lambda c: ["company"]),
        ("plans:rollup_xlsx", lambda c: ["kam", c.kam.pk]),
    ],
)
def test_tables_of_plans_and_roll_ups(evil, name, args):
    response = evil.client("administrator").get(reverse(name, args=args(evil)))
    assert check_workbook(body(response)) >= 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_roll_up_along_product_lines(evil, kind):
    address = reverse("plans:along", args=["product", "company"])
    content = body(evil.client("administrator").get(address, {"export": kind, "year": YEAR}))
    if kind == "xlsx":
        assert check_workbook(content) >= 1
    else:
        assert "'=HYPERLINK" in check_csv(content)
