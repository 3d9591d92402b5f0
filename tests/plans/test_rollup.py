"""The roll-up at each level against sums made in plain Python; who may open what; what it costs."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Product, SalesFact
from kam.models import BudgetRate, ImportBatch, Role, Team, User
from kam.periods import FiscalYear
from plans import rollups
from plans.models import TargetMonth
from plans.services import portfolios
from plans.services.portfolios import refresh_portfolios
from plans.views.rollup import account, levels, lines, portfolio
from tests.plans.rollup_world import (
    expected_sum,
    messy_world,
    owners_below,
)

TODAY = {1: date(2026, 7, 10), 7: date(2026, 2, 3)}


@pytest.fixture(params=[1, 7], ids=["calendar year", "year from July"])
def world(request, db, monkeypatch):
    monkeypatch.setattr(portfolios, "company_today", lambda: TODAY[request.param])
    world = messy_world(FiscalYear(2026, request.param))
    refresh_portfolios()
    return world


def day(world) -> date:
    return TODAY[world.year.start_month]


def same(figures: rollups.Figures, owners: set, year: FiscalYear) -> None:
    """The year's and last year's five sums, and what has no rate, are those of the oracle."""
    missing: dict = {}
    for shown, of_year in ((figures.year, year), (figures.last, year.shifted(-1))):
        sums, lacking = expected_sum(owners, of_year)
        assert [
            shown.actual,
            shown.actual_margin,
            shown.target,
            shown.target_margin,
            sum(m.forecast for m in shown.months),
        ] == sums
        missing |= {(of_year.year, *key): value for key, value in lacking.items()}
    assert {(m.year, m.measure, m.currency): m.amount for m in figures.missing} == missing


def company(world) -> rollups.Node:
    return rollups.top(
        User.objects.all(), Team.objects.all(), world.year, day(world),
        whole_company=True, label="Company",
    )  # fmt: skip


def test_the_company_is_the_sum_of_all_owners_and_of_its_parts(world):
    node = company(world)
    same(node.figures, {None, *(u.pk for u in world.owners)}, world.year)
    assert node.figures.missing
    assert sum(part.figures.year.actual for part in node.parts) == node.figures.year.actual
    assert sum((part.counts for part in node.parts), rollups.Counts()) == node.counts
    assert node.counts.accounts == Account.objects.filter(archived_at=None).count()


def test_each_top_team_and_the_people_outside_all_teams(world):
    parts = {(part.kind, part.pk): part for part in company(world).parts}
    tops = Team.objects.filter(parent=None)
    assert {pk for kind, pk in parts if kind == "team"} == {team.pk for team in tops}
    for team in tops:
        same(parts["team", team.pk].figures, owners_below(team), world.year)
    for owner in world.owners[12:]:
        same(parts["kam", owner.pk].figures, {owner.pk}, world.year)
    same(parts["unowned", None].figures, {None}, world.year)


def test_each_team_at_any_depth(world):
    depths = set()
    for team in Team.objects.all():
        node = rollups.team(team.pk, User.objects.all(), Team.objects.all(), world.year, day(world))
        same(node.figures, owners_below(team), world.year)
        for part in node.parts:
            below = {part.pk} if part.kind == "kam" else owners_below(Team.objects.get(pk=part.pk))
            same(part.figures, below, world.year)
        assert sum(part.figures.year.actual for part in node.parts) == node.figures.year.actual
        assert [pk for pk, _name in node.above] == team.path[:-1]
        depths.add(len(team.path))
    assert max(depths) >= 4


def test_each_portfolio_is_the_sum_of_its_accounts(world):
    today = day(world)
    for owner in [*world.owners, None]:
        node = (
            rollups.portfolio(owner, world.year, today)
            if owner
            else rollups.unowned(world.year, today, "Nobody's")
        )
        same(node.figures, {owner.pk if owner else None}, world.year)
        accounts = Account.objects.filter(owner=owner, archived_at=None)
        sheet = rollups.Sheet(world.year, world.year.closed_months(today), node.rates)
        parts = rollups.account_parts(list(rollups.with_plans(accounts, world.year, today)), sheet)
        for name in ("actual", "target", "forecast", "actual_margin"):
            total = sum(getattr(part.figures.year, name) for part in parts)
            assert total == getattr(node.figures.year, name)
        assert sum(part.open_activities for part in parts) == node.counts.open_activities
        assert sum(part.late_activities for part in parts) == node.counts.late_activities
        assert sum(part.plan_id is None for part in parts) == node.counts.unplanned


def test_an_accounts_tree_counts_each_account_once(world):
    accounts = Account.objects.filter(archived_at=None)
    biggest = max(accounts, key=lambda a: accounts.filter(path__contains=[a.pk]).count())
    tree = rollups.account_tree(biggest, accounts, world.year, day(world))
    assert tree.count >= 2
    own = tree.own.year.actual
    below = sum(figures.year.actual for _child, figures in tree.below)
    assert tree.together.year.actual == own + below
    rates = {"EUR": Decimal(1)} | {
        r.currency: r.rate for r in BudgetRate.objects.filter(year=world.year.year)
    }
    months = list(world.year.months())
    assert own == sum(
        (f.revenue * rates[f.currency] for f in biggest.sales_facts.all()
         if f.month in months and f.currency in rates),
        Decimal(0),
    )  # fmt: skip


def test_a_rate_that_comes_in_later_is_in_the_sum_at_once(world):
    assert any(m.currency == "USD" for m in company(world).figures.missing)
    BudgetRate.objects.create(year=world.year.year, currency="USD", rate=Decimal("0.92"))
    figures = company(world).figures
    same(figures, {None, *(u.pk for u in world.owners)}, world.year)
    assert not [m for m in figures.missing if (m.currency, m.year) == ("USD", world.year.year)]
    BudgetRate.objects.filter(currency="NOK").update(rate=Decimal("0.1"))
    same(company(world).figures, {None, *(u.pk for u in world.owners)}, world.year)


def test_a_team_that_moves_takes_its_figures_along_at_once(world):
    team = world.teams[2]
    team.parent = world.teams[1]
    team.save()
    parts = {(part.kind, part.pk): part for part in company(world).parts}
    for top in Team.objects.filter(parent=None):
        same(parts["team", top.pk].figures, owners_below(top), world.year)


def test_waiting_marks_are_counted_by_portfolio_and_scope(world):
    assert company(world).fresh.waiting == 0
    owner, other = world.owners[0], world.owners[1]
    for person in (owner, other, None):
        account = Account.objects.create(name=f"New {person}", owner=person)
        SalesFact.objects.create(
            account=account, product=world.products[0], month=date(2026, 1, 1), currency="EUR",
            revenue=1,
        )  # fmt: skip
    assert company(world).fresh.waiting == 3
    assert rollups.portfolio(owner, world.year, day(world)).fresh.waiting == 1
    assert rollups.unowned(world.year, day(world), "").fresh.waiting == 1
    refresh_portfolios()
    assert company(world).fresh.waiting == 0


# --- pages -----------------------------------------------------------------------------------------


@pytest.fixture
def today(monkeypatch) -> date:
    from plans.reports import head, rollup

    day = date(2026, 5, 15)
    for module in (account, levels, lines, portfolio, portfolios, head, rollup):
        monkeypatch.setattr(module, "company_today", lambda: day)
    return day


@pytest.fixture
def north(cast, today):
    """Kari's accounts with sales in two currencies, one of them without a rate; figures are fresh."""
    SalesFact.objects.create(
        account=cast.account, product=cast.product, month=date(2026, 2, 1), currency="USD",
        revenue=700, cost=100,
    )  # fmt: skip
    batch = ImportBatch.objects.create(
        resource="sales", file_name="february.csv", created_by=cast.administrator
    )
    SalesFact.objects.create(
        account=cast.child, product=cast.product, month=date(2026, 2, 1), currency="EUR",
        revenue=50, cost=20, batch=batch,
    )  # fmt: skip
    SalesFact.objects.create(
        account=cast.unowned, product=cast.product, month=date(2026, 3, 1), currency="EUR",
        revenue=31,
    )  # fmt: skip
    refresh_portfolios()
    return cast


def page(cast, who: str, name: str, *args, **query):
    client: Client = cast.client(who)
    return client.get(reverse(name, args=args), {"year": 2026, **query})


def text_of(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_company_page_names_what_is_not_in_the_sum(north):
    text = text_of(page(north, "management", "plans:rollup_company"))
    # 1000 NOK × .0875 + 500 + 50 + 31 EUR; 700 USD have no rate.
    assert "669" in text
    assert "USD 700 of sales: no rate for 2026" in text
    assert "Accounts without an owner" in text
    assert "Nordics" in text
    assert "1 late" in text


def test_every_total_opens_to_the_level_below_and_down_to_the_lines(north):
    for name, args, link in (
        ("company", (), reverse("plans:rollup_team", args=[north.region.pk])),
        ("company", (), reverse("plans:rollup_unowned")),
        ("team", (north.region.pk,), reverse("plans:rollup_team", args=[north.north.pk])),
        ("team", (north.north.pk,), reverse("plans:rollup_kam", args=[north.kam.pk])),
        ("kam", (north.kam.pk,), reverse("plans:rollup_account", args=[north.account.pk])),
        ("unowned", (), reverse("plans:rollup_account", args=[north.unowned.pk])),
        ("account", (north.account.pk,), reverse("plans:rollup_account", args=[north.child.pk])),
    ):
        text = text_of(page(north, "management", f"plans:rollup_{name}", *args))
        assert f'href="{link}?year=2026"' in text
        assert f'href="{reverse("plans:rollup_lines", args=[name, *args])}?year=2026' in text


def test_lines_have_rate_source_date_and_who(north):
    text = text_of(page(north, "kam", "plans:rollup_lines", "kam", north.kam.pk))
    assert "Fjord Shipyards Bergen" in text
    assert "february.csv" in text
    assert "Ada Admin" in text
    assert "0.08750" in text
    assert "no rate" in text
    assert "together 138 EUR" in text  # 87.5 + 50
    assert "Skåne Foods" not in text


def test_target_lines_say_who_wrote_them(north):
    client = north.client("kam")
    month = TargetMonth.objects.get()
    from kam.audit import source

    with source("page", user=north.kam.pk):
        TargetMonth.objects.filter(pk=month.pk).update(revenue=1300)
    refresh_portfolios()
    text = text_of(
        client.get(
            reverse("plans:rollup_lines", args=["kam", north.kam.pk]),
            {"year": 2026, "show": "targets"},
        )
    )
    assert "1,300.00" in text
    assert "113.75" in text
    assert "Kari Kam" in text


def test_lines_of_a_month_and_their_pages(north):
    lines = [
        SalesFact(
            account=north.account, month=date(2026, 4, 1), currency="EUR", revenue=index,
            product=Product.objects.create(number=f"X{index}", name=f"X{index}", line=north.line),
        )
        for index in range(60)
    ]  # fmt: skip
    SalesFact.objects.bulk_create(lines)
    refresh_portfolios()
    client, seen, url = north.client("kam"), 0, (
        reverse("plans:rollup_lines", args=["account", north.account.pk]) + "?year=2026&month=2026-04"
    )  # fmt: skip
    while url:
        response = client.get(url)
        seen += response.content.decode().count('<th scope="row"><a')
        after = response.context["page"].next
        base = reverse("plans:rollup_lines", args=["account", north.account.pk])
        url = f"{base}?year=2026&month=2026-04&after={after}" if after else ""
    assert seen == 60


def test_the_account_shows_own_figures_and_the_sum_with_subsidiaries_apart(north):
    response = page(north, "kam", "plans:rollup_account", north.account.pk)
    tree = response.context["tree"]
    assert (tree.own.year.actual, tree.together.year.actual) == (Decimal("87.5"), Decimal("137.5"))
    assert tree.count == 1


def test_the_sum_with_subsidiaries_holds_only_what_one_sees(north):
    Account.objects.filter(pk=north.child.pk).update(owner=north.other_kam)
    tree = page(north, "kam", "plans:rollup_account", north.account.pk).context["tree"]
    assert tree.count == 0
    assert tree.together.year.actual == Decimal("87.5")
    tree = page(north, "management", "plans:rollup_account", north.account.pk).context["tree"]
    assert tree.together.year.actual == Decimal("137.5")


def test_accounts_without_a_plan_are_a_filter_away(north):
    text = text_of(page(north, "kam", "plans:rollup_kam", north.kam.pk, plan="none"))
    assert "Fjord Shipyards Bergen" in text
    assert reverse("plans:rollup_account", args=[north.account.pk]) not in text


@pytest.mark.parametrize(
    ("who", "leads_to"),
    [
        ("management", lambda c: reverse("plans:rollup_company")),
        ("administrator", lambda c: reverse("plans:rollup_company")),
        ("leader", lambda c: reverse("plans:rollup_team", args=[c.north.pk])),
        ("region_leader", lambda c: reverse("plans:rollup_team", args=[c.region.pk])),
        ("kam", lambda c: reverse("plans:rollup_kam", args=[c.kam.pk])),
        ("contributor", lambda c: reverse("plans:rollup_kam", args=[c.contributor.pk])),
    ],
)
def test_everybody_has_a_top_of_their_own(north, who, leads_to):
    response = page(north, who, "plans:rollup")
    assert response.status_code == 302
    assert response["Location"] == leads_to(north) + "?year=2026"
    assert north.client(who).get(response["Location"]).status_code == 200


def test_a_leader_of_two_separate_teams_has_a_page_with_both(north):
    Team.objects.filter(pk=north.region.pk).update(leader=None)
    Team.objects.filter(pk=north.south.pk).update(leader=north.leader)
    response = page(north, "leader", "plans:rollup")
    assert [part.label for part in response.context["node"].parts] == ["North", "South"]
    assert "Accounts without an owner" not in text_of(response)


SEES = {
    ("company", ()): {"administrator", "management"},
    ("unowned", ()): {"administrator", "management"},
    ("team", ("region",)): {"administrator", "management", "region_leader"},
    ("team", ("north",)): {"administrator", "management", "region_leader", "leader"},
    ("kam", ("kam",)): {"administrator", "management", "region_leader", "leader", "kam"},
    ("account", ("account",)): {
        "administrator", "management", "region_leader", "leader", "kam", "contributor", "editor",
    },
}  # fmt: skip
ROUTES = {
    "page": lambda level: f"plans:rollup_{level}",
    "lines": lambda level: "plans:rollup_lines",
    "pdf": lambda level: "plans:rollup_pdf",
}


@pytest.mark.parametrize("kind", ROUTES)
@pytest.mark.parametrize("level", list(SEES), ids=lambda key: "-".join([key[0], *key[1]]))
def test_what_one_may_not_see_is_not_there(north, kind, level, monkeypatch):
    if kind == "pdf":
        if level[0] == "account":
            pytest.skip("an account's report is its plan's")
        monkeypatch.setattr("plans.reports.make", lambda prepared, **_: b"%PDF")
    name, rows = level
    args = [getattr(north, row).pk for row in rows]
    if kind != "page":
        args = [name, *args]
    for who in north.people:
        expected = 302 if who == "service" else 200 if who in SEES[level] else 404
        assert page(north, who, ROUTES[kind](name), *args).status_code == expected, who


LONG = pytest.param("year=" + "1" * 5_000, id="a number of 5,000 digits")


@pytest.mark.parametrize(
    "bad", ["year=abc", "year=99999", LONG, "year=²", "month=2025-01", "month=x"]
)
def test_bad_periods_are_refused(north, bad):
    url = reverse("plans:rollup_lines", args=["kam", north.kam.pk])
    assert north.client("kam").get(f"{url}?{bad}").status_code == 400


@pytest.mark.parametrize("path", ["lines/team/", "lines/company/4/", "lines/nothing/", "pdf/kam/"])
def test_addresses_without_a_level_are_not_there(north, path):
    assert north.client("management").get(f"/plans/roll-up/{path}").status_code == 404


@pytest.fixture
def own_cache(settings):
    """A cache that no other test run empties: sessions and the company are read from it."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


#: page → its queries, those of the signed-in person first.
QUERIES = {
    ("rollup_company", ()): ["person", "teams", "rates", "months", "counts"],
    ("rollup_team", ("north",)): ["person", "teams", "rates", "months", "counts", "members"],
    ("rollup_kam", ("kam",)): [
        "person", "owner", "rates", "months", "counts", "accounts", "their months",
    ],
    ("rollup_unowned", ()): [
        "person", "rates", "months", "counts", "accounts", "their months",
    ],
    ("rollup_account", ("account",)): [
        "person", "account", "rates", "subsidiaries", "their months", "owner in the scope",
    ],
}  # fmt: skip


@pytest.mark.parametrize("key", QUERIES, ids=lambda key: key[0])
@pytest.mark.parametrize("more", [0, 40])
def test_queries_do_not_grow_with_the_rows(own_cache, north, key, more):
    name, rows = key
    for index in range(more):
        Account.objects.create(name=f"More {index}", owner=north.kam, parent=north.account)
        Account.objects.create(name=f"Nobody's {index}")
        User.objects.create(
            email=f"m{index}@example.com", name="M", role=Role.KAM, team=north.north
        )
    refresh_portfolios()
    client = north.client("management")
    url = reverse(f"plans:{name}", args=[getattr(north, row).pk for row in rows]) + "?year=2026"
    client.get(url)  # fills the session's and the company's cache
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    assert len(queries) == len(QUERIES[key]), [q["sql"][:150] for q in queries]


@pytest.mark.parametrize(
    ("level", "rows", "show", "expected"),
    [
        ("company", (), "sales", 5),
        ("team", ("north",), "sales", 7),
        ("kam", ("kam",), "sales", 7),
        ("kam", ("kam",), "targets", 8),
        ("account", ("account",), "sales", 5),
    ],
)
def test_queries_of_the_lines(own_cache, north, level, rows, show, expected):
    client = north.client("management")
    url = reverse("plans:rollup_lines", args=[level, *(getattr(north, r).pk for r in rows)])
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"{url}?year=2026&show={show}").status_code == 200
    assert len(queries) <= expected, [q["sql"][:150] for q in queries]


@pytest.mark.parametrize("show", ["sales", "targets"])
def test_lines_leave_aside_what_an_import_reported(own_cache, north, show):
    url = reverse("plans:rollup_lines", args=["kam", north.kam.pk])
    with CaptureQueriesContext(connection) as queries:
        assert north.client("management").get(f"{url}?year=2026&show={show}").status_code == 200
    assert not [q["sql"] for q in queries if '"report"' in q["sql"] or '"summary"' in q["sql"]]


# --- command ----------------------------------------------------------------------------------------


def run(capsys, **options):
    call_command("rollup", year=2026, json=True, **options)
    return json.loads(capsys.readouterr().out)


def test_the_command_prints_each_level_as_json(north, capsys):
    company = run(capsys, level="company")
    assert company["figures"]["actual"] == "668.50"
    assert company["counts"]["accounts"] == 4
    assert [gap["currency"] for gap in company["figures"]["missing"]] == ["USD"]
    kam = run(capsys, level="kam", id=north.kam.pk)
    assert kam["figures"]["target"] == "105.00"
    assert kam["figures"]["attainment"] == "1.309524"
    teams = run(capsys, level="team")
    assert [team["name"] for team in teams] == ["Nordics", "North", "South"]
    account = run(capsys, level="account", id=north.account.pk)
    assert account["with_subsidiaries"]["actual"] == "137.50"


def test_the_command_prints_a_table(north, capsys):
    call_command("rollup", level="company", year=2026)
    out = capsys.readouterr().out
    assert "Nordics" in out
    assert "USD 700.00 (actual) not included: no rate for 2026" in out


@pytest.mark.parametrize("options", [{"level": "team", "id": 999}, {"level": "account"}])
def test_the_command_says_what_is_not_there(north, options):
    with pytest.raises(CommandError):
        call_command("rollup", year=2026, **options)
