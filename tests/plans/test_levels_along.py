"""The roll-up along other lines: against plain sums, of one moment, for those who may open it."""

from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, ProductLine
from kam.models import Team, User
from kam.periods import month_of
from plans import rollup_scope, rollups
from plans.models import PortfolioCount, PortfolioMonth, PortfolioPart, StalePortfolio
from plans.rollups import along as lengthwise
from plans.rollups import prepared
from plans.rollups.along import LINES, along
from plans.services.portfolios import mark_portfolios, refresh_portfolios
from portfolio.models import SegmentScheme
from tests.conftest import YEAR
from tests.plans.parts_world import expected_along, expected_parts
from tests.plans.races import in_another_connection
from tests.plans.rollup_world import MID_YEAR, WORLD_YEAR, messy_world, owners_below


def shown(figures) -> list:
    return [getattr(figures, name) for name in figures.__slots__[:-1]]


def ask(line, owners, world, *, unowned, scheme=None):
    return along(
        line, owners, Account.objects.all(), world.year, MID_YEAR, unowned=unowned, scheme=scheme
    )


@pytest.mark.parametrize("line", [name for name in LINES if name != "product"])
def test_each_line_is_the_sum_of_its_rows_for_company_and_teams(world, line):
    schemes = list(SegmentScheme.objects.all()) if line == "segment" else [None]
    everyone = {None, *(u.pk for u in world.owners)}
    rows = expected_parts(1, month_of(MID_YEAR))
    north = Team.objects.get(name="Team 1")
    for scheme in schemes:
        kept = f"segment-{scheme.pk}" if scheme else line
        for owners, people, unowned in (
            (User.objects.all(), everyone, True),
            (User.objects.filter(pk__in=owners_below(north)), owners_below(north), False),
        ):
            found = ask(line, owners, world, unowned=unowned, scheme=scheme)
            oracle = expected_along(rows, kept, people)
            assert {part.key: shown(part.figures) for part in found.parts} == dict(oracle)
            totals = [sum(column) for column in zip(*oracle.values(), strict=True)]
            assert shown(found.total) == totals
            # … and the same as the team tree says
            tree = found.figures
            assert found.total.actual == tree.year.actual
            assert found.total.target == tree.year.target
            assert found.total.forecast == tree.year.forecast
            assert found.total.closed_actual == tree.year.closed_actual
            assert found.total.target_to_date == tree.year.target_to_date
            assert found.total.actual_margin == tree.year.actual_margin
            assert found.total.last == tree.last.actual
            assert found.total.accounts == found.counts.accounts


def test_product_lines_hold_those_below_and_the_total_counts_once(world):
    parent = ProductLine.objects.create(name="All pumps")
    for line in ProductLine.objects.exclude(pk=parent.pk)[:2]:
        line.parent = parent
        line.save()
    refresh_portfolios()
    everyone = {None, *(u.pk for u in world.owners)}
    found = ask("product", User.objects.all(), world, unowned=True)
    oracle = expected_along(expected_parts(1, month_of(MID_YEAR)), "product", everyone)
    below = {str(pk): path for pk, path in ProductLine.objects.values_list("pk", "path")}
    for part in found.parts:
        inside = [row for key, row in oracle.items() if int(part.key) in below[key]]
        sums = [sum(column) for column in zip(*inside, strict=True)]
        assert shown(part.figures)[2:] == sums[2:], part.label
    assert {part.depth for part in found.parts} == {0, 1}
    assert found.total.actual == found.figures.year.actual
    assert found.total.target == found.figures.year.target


def test_a_currency_without_a_rate_is_named(world):
    found = ask("country", User.objects.all(), world, unowned=True)
    assert any(part.figures.lacking for part in found.parts)
    assert {m.currency for m in found.figures.missing} >= {"USD"}


def test_parts_beyond_those_shown_stand_in_one_line(world, monkeypatch):
    whole = ask("group", User.objects.all(), world, unowned=True)
    monkeypatch.setattr(lengthwise, "SHOWN", 2)
    found = ask("group", User.objects.all(), world, unowned=True)
    assert len(found.parts) == 2
    assert found.rest_count == len(whole.parts) - 2
    listed = sum((part.figures.actual for part in found.parts), Decimal(0))
    assert found.rest.actual + listed == found.total.actual == whole.total.actual


# --- one moment -----------------------------------------------------------------------------------


@pytest.fixture
def moving(transactional_db, mid_year, monkeypatch):
    """Between two statements of a roll-up an account changes hands, all others are archived, and the
    figures are computed anew."""
    world = messy_world(WORLD_YEAR, accounts=6)
    refresh_portfolios()
    account = Account.objects.filter(archived_at=None, owner__isnull=False).first()
    others = [u for u in world.owners if u.pk != account.owner_id]
    original = prepared._months
    moved = []

    def act():
        Account.objects.filter(pk=account.pk).update(owner=others[0], archived_at=None)
        Account.objects.exclude(pk=account.pk).update(archived_at=timezone.now())
        refresh_portfolios()

    def months(*args, **kwargs):
        rows = original(*args, **kwargs)
        if not moved:
            moved.append(True)
            in_another_connection(act)
        return rows

    monkeypatch.setattr(prepared, "_months", months)
    return world


def whole(world):
    scope = rollup_scope.Scope(None, User.objects.all(), Team.objects.all(), True)
    return scope.node("company", None, world.year, MID_YEAR)


def of_one_moment(node) -> bool:
    """Whether months and counts tell of the same accounts: all there were, or the one that is left."""
    after = rollups.top(
        User.objects.all(), Team.objects.all(), node.fiscal_year, MID_YEAR,
        whole_company=True, label="x",
    )  # fmt: skip
    old_counts = node.counts != after.counts
    old_months = node.figures.year.actual != after.figures.year.actual
    return old_counts == old_months


def test_a_roll_up_reads_one_moment(moving):
    assert of_one_moment(whole(moving))


def test_without_the_snapshot_it_would_mix_two(moving, monkeypatch):
    monkeypatch.setattr(rollup_scope, "one_moment", nullcontext)
    assert not of_one_moment(whole(moving))


def test_along_a_line_the_whole_and_its_parts_are_of_one_moment(moving):
    found = ask("country", User.objects.all(), moving, unowned=True)
    assert found.total.actual == found.figures.year.actual
    assert found.total.accounts == found.counts.accounts


def test_along_a_line_without_the_snapshot_they_would_differ(moving, monkeypatch):
    monkeypatch.setattr(lengthwise, "one_moment", nullcontext)
    found = ask("country", User.objects.all(), moving, unowned=True)
    assert found.total.actual != found.figures.year.actual


def test_what_one_write_moves_is_worked_off_together(world):
    """However few marks are taken at a time, no account is counted twice or not at all."""

    def total():
        return ask("country", User.objects.all(), world, unowned=True)

    first = total()
    Account.objects.filter(archived_at=None).update(owner=world.owners[0])
    assert StalePortfolio.objects.count() > 5
    while refresh_portfolios(limit=1):
        now = total()
        assert (now.total.actual, now.total.accounts) == (first.total.actual, first.total.accounts)
        assert now.figures.year.actual == first.figures.year.actual
    assert not StalePortfolio.objects.exists()


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def pages(cast, today):
    refresh_portfolios()
    return cast


def test_a_part_opens_into_its_lines(pages):
    cast = pages
    url = reverse("plans:along", args=["group", "team", cast.north.pk]) + f"?year={YEAR}"
    text = cast.client("leader").get(url).content.decode()
    assert "Fjord Shipyards" in text
    lines = reverse("plans:along_lines", args=["group", "team", cast.north.pk])
    text = cast.client("leader").get(f"{lines}?year={YEAR}&key={cast.account.pk}").content.decode()
    assert "Pump 500" in text
    assert "87.50" in text


def test_a_group_whose_top_the_reader_does_not_see_is_not_named(pages):
    cast = pages
    cast.child.owner = cast.other_kam
    cast.child.save()
    refresh_portfolios()
    url = reverse("plans:along", args=["group", "kam", cast.other_kam.pk]) + f"?year={YEAR}"
    text = cast.client("other_kam").get(url).content.decode()
    assert "Fjord" not in text
    assert "Group outside your accounts" in text


def test_the_table_as_a_file(pages):
    url = reverse("plans:along", args=["product", "company"]) + f"?year={YEAR}"
    browser = pages.client("management")
    text = b"".join(browser.get(url + "&export=csv").streaming_content).decode()
    assert "Pumps,,,105.00,587.50" in text
    assert browser.get(url + "&export=xlsx").status_code == 200
    assert browser.get(url + "&export=doc").status_code == 404


def test_the_page_costs_few_queries(pages):
    browser = pages.client("management")
    url = reverse("plans:along", args=["industry", "company"]) + f"?year={YEAR}"
    browser.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(url).status_code == 200
    # who signed in, rates, months, counts, parts (names, where there are any)
    assert len(caught) == 5


def test_what_was_never_computed_is_said_to_be_prepared_and_is_no_zero(pages):
    PortfolioCount.objects.all().delete()
    PortfolioMonth.objects.all().delete()
    PortfolioPart.objects.all().delete()
    mark_portfolios(pages.kam.pk, pages.other_kam.pk, None)
    browser = pages.client("management")
    words = "The figures are being prepared, ready in about a minute."
    company = f"{reverse('plans:rollup_company')}?year={YEAR}"
    along = reverse("plans:along", args=["industry", "company"]) + f"?year={YEAR}"
    for url in (company, along):
        text = browser.get(url).content.decode()
        assert words in text, url
        assert "Nothing to sum yet" not in text
    page = browser.get(company)
    assert {figure["value"] for figure in page.context["figures"]} == {None}
    refresh_portfolios()
    for url in (company, along):
        assert words not in browser.get(url).content.decode()
    values = {f["label"]: f["value"] for f in browser.get(company).context["figures"]}
    assert values["Open activities"] is not None
