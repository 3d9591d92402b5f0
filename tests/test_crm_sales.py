"""The outside company's files, brought in by the documented script, against plain arithmetic.

The figures here are computed from the files with nothing but ``csv``; the product's own code is
asked for the same ones.
"""

import csv
import subprocess
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Sum

from accounts.models import Account, AccountYear, Industry, Product, ProductLine, SalesFact
from kam.importing import services
from kam.importing.mapping import Map
from kam.models import Company, ImportBatch, Role, Team, User
from kam.periods import FiscalYear
from plans.rollups.along import LINES, along
from plans.services.portfolios import refresh_portfolios
from portfolio import concentration
from tests.own_process import own_process

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "crm_sales"
MAPS = ROOT / "docs" / "examples" / "crm_sales"
pytestmark = [
    pytest.mark.xdist_group("crm_sales"),
    pytest.mark.outside_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the outside company's files are not in ../shared/data/crm_sales"
    ),
]


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


def won() -> list[dict[str, str]]:
    return [deal for deal in rows("sales_pipeline.csv") if deal["deal_stage"] == "Won"]


def run_script(tmp_path: Path) -> str:
    done = subprocess.run(
        [MAPS / "load.sh", DATA],
        env=own_process(tmp_path / "media"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_the_script_fills_an_empty_installation_with_the_right_figures(tmp_path):
    said = run_script(tmp_path)

    # Who: three regions, six teams with their managers as leaders, 35 agents.
    agents = {row["sales_agent"]: row for row in rows("sales_teams.csv")}
    assert Company.objects.get().currency == "USD"
    assert Team.objects.filter(parent=None).count() == 3
    teams = {team.name: team for team in Team.objects.exclude(parent=None)}
    assert set(teams) == {f"Team {row['manager']}" for row in agents.values()}
    for row in agents.values():
        team = teams[f"Team {row['manager']}"]
        assert team.leader.name == row["manager"]
        assert team.parent.name == row["regional_office"]
        assert User.objects.get(name=row["sales_agent"]).team == team
    assert User.objects.filter(role=Role.KAM).count() == 35
    assert User.objects.filter(role=Role.LEADER).count() == 6

    # What is sold, and to whom.
    assert {p.name: p.line.name for p in Product.objects.select_related("line")} == {
        row["product"]: row["series"] for row in rows("products.csv")
    }
    assert ProductLine.objects.count() == 3
    owners = {row["account"]: row["kam_email"] for row in rows("owners.csv")}
    stored = {a.name: a for a in Account.objects.select_related("parent", "owner", "industry")}
    assert len(stored) == 85
    for row in rows("accounts.csv"):
        account = stored[row["account"]]
        assert (account.parent.name if account.parent else "") == row["subsidiary_of"]
        assert account.owner.email == owners[account.name]
        assert account.customer_revenue == Decimal(row["revenue"]) * 1_000_000
        assert account.employees == int(row["employees"])
    assert "technolgy" not in Industry.objects.values_list("name", flat=True)
    assert (stored["Bioholding"].country.code, stored["Hottechi"].country.code) == ("PH", "KR")

    # Sales per company, team and KAM and year, added up by hand.
    company: dict[int, Decimal] = defaultdict(Decimal)
    by_team: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    by_kam: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    team_of = {
        row["kam_email"]: f"Team {agents[row['kam']]['manager']}" for row in rows("owners.csv")
    }
    for deal in won():
        year, value = int(deal["close_date"][:4]), Decimal(deal["close_value"])
        owner = owners[deal["account"]]
        company[year] += value
        by_team[team_of[owner], year] += value
        by_kam[owner, year] += value
    assert company == {2017: Decimal(10_005_534)}
    facts = SalesFact.objects.order_by()
    assert dict(facts.values_list("month__year").annotate(t=Sum("revenue"))) == company
    found = facts.values_list("account__owner__team__name", "month__year")
    assert {(n, y): t for n, y, t in found.annotate(t=Sum("revenue"))} == by_team
    found = facts.values_list("account__owner__email", "month__year")
    assert {(n, y): t for n, y, t in found.annotate(t=Sum("revenue"))} == by_kam
    prepared = AccountYear.objects.order_by().values_list("account__owner__email", "year")
    assert {(n, y): t for n, y, t in prepared.annotate(t=Sum("revenue"))} == by_kam
    assert facts.aggregate(n=Sum("volume"))["n"] == len(won()) == 4238
    keys = {(d["account"], d["product"], d["close_date"][:7]) for d in won()}
    assert facts.count() == len(keys)

    assert_concentration()
    assert_other_lines()

    # Nothing was left out or reinterpreted without a word.
    stages = Counter(deal["deal_stage"] for deal in rows("sales_pipeline.csv"))
    batch = ImportBatch.objects.get(resource="sales_facts")
    assert batch.report["left_out_values"] == {
        "deal_stage": {stage: n for stage, n in stages.items() if stage != "Won"}
    }
    assert "technolgy → technology (12)" in said
    assert "Philipines → Philippines (1), Korea → South Korea (1)" in said
    assert "GTXPro → GTX Pro (729)" in said
    assert not ImportBatch.objects.exclude(refused=0).exists()

    # Once more: everything stands there already.
    before = facts.count(), User.objects.count(), Account.objects.count()
    run_script(tmp_path)
    assert (facts.count(), User.objects.count(), Account.objects.count()) == before
    second = ImportBatch.objects.order_by("pk")[ImportBatch.objects.count() // 2 :]
    assert all((batch.created, batch.changed) == (0, 0) for batch in second)


def assert_concentration() -> None:
    """Shares, HHI and Gini of 2017 against the same sums made of the files alone."""
    parent = {row["account"]: row["subsidiary_of"] for row in rows("accounts.csv")}
    sums: dict[str, int] = defaultdict(int)
    for deal in won():
        name = deal["account"]
        while parent[name]:
            name = parent[name]
        sums[name] += int(deal["close_value"])
    values = sorted(sums.values(), reverse=True)
    total, count = sum(values), len(values)
    portfolio = concentration.Portfolio(User(role=Role.ADMINISTRATOR))
    found = concentration.concentration_of(portfolio, [2017])[2017]
    assert (found.customers, found.total, found.missing) == (count, total, {})
    for top in (1, 5, 10, 20):
        assert found.tops[top] == pytest.approx(sum(values[:top]) / total)
    assert found.hhi == pytest.approx(sum((v / total) ** 2 for v in values))
    apart = sum(abs(one - two) for one in values for two in values)  # Gini by its other definition
    assert found.gini == pytest.approx(apart / (2 * count * total))
    names = concentration.names_of(portfolio.user, [one.top for one in found.largest])
    assert names[found.largest[0].top].name == max(sums, key=lambda name: sums[name])


def assert_other_lines() -> None:
    """The roll-up of 2017 by industry, product line, country and customer group, from the files."""
    refresh_portfolios()
    accounts = {row["account"]: row for row in rows("accounts.csv")}
    series = {row["product"]: row["series"] for row in rows("products.csv")}
    mothers = {row["subsidiary_of"] for row in accounts.values()}
    mended = {
        "technolgy": "technology", "Philipines": "Philippines", "Korea": "South Korea",
        "GTXPro": "GTX Pro",
    }  # fmt: skip
    sums: dict[str, dict[str, Decimal]] = {line: defaultdict(Decimal) for line in LINES}
    for deal in won():
        value, name = Decimal(deal["close_value"]), deal["account"]
        row, product = accounts[name], mended.get(deal["product"], deal["product"])
        top = row["subsidiary_of"] or (name if name in mothers else "Customers that stand alone")
        place = mended.get(row["office_location"], row["office_location"])
        sums["industry"][mended.get(row["sector"], row["sector"])] += value
        sums["product"][series[product]] += value
        sums["country"][place] += value
        sums["group"][top] += value
    for line in ("industry", "product", "country", "group"):
        found = along(
            line, User.objects.all(), Account.objects.all(), FiscalYear(2017),
            date(2018, 1, 5), unowned=True,
        )  # fmt: skip
        shown = {part.label: part.figures.actual for part in found.parts if part.figures.actual}
        expected = {COUNTRIES.get(name, name): amount for name, amount in sums[line].items()}
        assert {name.casefold(): v for name, v in shown.items()} == {
            name.casefold(): v for name, v in expected.items()
        }, line
        assert found.total.actual == found.figures.year.actual == 10_005_534


#: How the product calls what the files call otherwise.
COUNTRIES = {"United States": "United States of America", "South Korea": "South Korea"}


def refused_words(batch: ImportBatch) -> Counter[str]:
    return Counter(row["value"] for row in batch.report["rows"]["refused"])


def checked(resource: str, file: str, mapping: Map) -> ImportBatch:
    with (DATA / file).open("rb") as content:
        batch = services.upload(resource, content, file, user=None, mapping=mapping)
    services.check(batch)
    return batch


@pytest.mark.django_db
def test_without_its_translation_each_dirty_value_is_refused_by_name():
    mapping = Map.from_toml((MAPS / "7-accounts.toml").read_text())
    mapping.values = {}
    for name in ("Technology", "Philippines"):
        Industry.objects.get_or_create(name=name)
    mapping.create_missing = []
    batch = checked("accounts", "accounts.csv", mapping)
    words = {row["value"]: row["expected"] for row in batch.report["rows"]["refused"]}
    assert "near it is “Technology”" in words["technolgy"]
    assert "near it is “Philippines”" in words["Philipines"]
    assert "Korea" in words


@pytest.mark.django_db
def test_deals_without_account_and_misspelt_products_are_refused_not_guessed(tmp_path):
    call_command("import_data", "products", DATA / "products.csv", map=MAPS / "6-products.toml")
    accounts = Map.from_toml((MAPS / "7-accounts.toml").read_text())
    with (DATA / "accounts.csv").open("rb") as content:
        batch = services.upload("accounts", content, "a.csv", user=None, mapping=accounts)
    services.check(batch)
    services.apply(batch, user=None)
    mapping = Map.from_toml((MAPS / "9-sales.toml").read_text())
    mapping.values, mapping.only = {}, {}
    batch = checked("sales_facts", "sales_pipeline.csv", mapping)
    deals = rows("sales_pipeline.csv")
    bad = [
        deal
        for deal in deals
        if not deal["account"] or not deal["close_date"] or deal["product"] == "GTXPro"
    ]
    assert batch.refused == len(bad)
    reasons = " ".join(batch.report["reasons"])
    assert "near it is “GTX Pro”" in reasons
    assert "account: a value; the cell is empty" in reasons
    assert sum(not deal["account"] for deal in deals) == 1425
    assert not [deal for deal in won() if not deal["account"] or Decimal(deal["close_value"]) == 0]
