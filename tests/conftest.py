"""The cast that every test knows, and the things that must not leak between tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from accounts.models import Account, AccountTeamMember, Contact, Product, ProductLine, SalesFact
from kam.models import BudgetRate, Company, Role, Team, User
from plans.models import AccountPlan, Activity, Goal, Section, Target, TargetMonth
from tests.chromium import chromium  # noqa: F401 - a fixture for every test below

# A machine at work on other things is no failure.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test begins in English."""
    translation.activate("en")
    yield
    translation.activate("en")


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="session")
def test_database(django_db_setup, django_db_blocker, django_db_keepdb) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The test database, open, for fixtures that live longer than one test.

    pytest-django makes it only where a collected test asks for ``db``; without it these would write
    into the database of the installation.
    """
    with django_db_blocker.unblock():
        made = None
        if not connection.settings_dict["NAME"].startswith("test"):
            made = setup_databases(verbosity=0, interactive=False, keepdb=django_db_keepdb)
        assert connection.settings_dict["NAME"].startswith("test")
    yield
    if made is not None and not django_db_keepdb:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


@dataclass
class Cast:
    """Two teams under one region, two KAMs who do not see each other, and everybody around them.

    ``account`` is Kari's (north), ``foreign`` is Odd's (south, under another leader).
    """

    company: Company
    region: Team
    north: Team
    south: Team
    administrator: User
    management: User
    region_leader: User  # leads the region: both teams
    leader: User  # leads north
    south_leader: User
    kam: User  # Kari, north, owns ``account``
    other_kam: User  # Odd, south, owns ``foreign``
    contributor: User  # on the team of ``account``, reads
    editor: User  # contributor on the team of ``account`` who may edit
    outsider: User  # contributor on no team
    service: User
    account: Account
    child: Account  # below ``account``, also Kari's
    foreign: Account
    unowned: Account
    contact: Contact
    foreign_contact: Contact
    line: ProductLine
    product: Product
    plan: AccountPlan
    foreign_plan: AccountPlan
    goal: Goal
    activity: Activity
    target: Target
    section: Section  # of ``plan``: its strategy

    def client(self, name: str) -> Client:
        """A browser in which this person has signed in."""
        client = Client()
        client.force_login(getattr(self, name), backend="kam.auth.ShellBackend")
        return client

    @property
    def people(self) -> dict[str, User]:
        return {k: v for k, v in vars(self).items() if isinstance(v, User)}


YEAR = 2026


def person(name: str, role: Role, team: Team | None = None) -> User:
    return User.objects.create(
        email=f"{name.lower().replace(' ', '.')}@example.com", name=name, role=role, team=team
    )


@pytest.fixture
def cast(db) -> Cast:  # type: ignore[no-untyped-def]
    return make_cast()


def make_cast() -> Cast:
    company = Company.objects.create(pk=1, name="Nordic Pumps", currency="EUR")
    BudgetRate.objects.create(year=YEAR, currency="NOK", rate=Decimal("0.0875"), source="budget")
    region = Team.objects.create(name="Nordics")
    north = Team.objects.create(name="North", parent=region)
    south = Team.objects.create(name="South", parent=region)
    people = {
        "administrator": person("Ada Admin", Role.ADMINISTRATOR),
        "management": person("Mona Management", Role.MANAGEMENT),
        "region_leader": person("Rune Region", Role.LEADER, region),
        "leader": person("Lena Leader", Role.LEADER, north),
        "south_leader": person("Siv South", Role.LEADER, south),
        "kam": person("Kari Kam", Role.KAM, north),
        "other_kam": person("Odd Other", Role.KAM, south),
        "contributor": person("Carl Contributor", Role.CONTRIBUTOR),
        "editor": person("Eva Editor", Role.CONTRIBUTOR),
        "outsider": person("Ola Outsider", Role.CONTRIBUTOR),
        "service": person("Erp Service", Role.SERVICE),
    }
    for team, leader in ((region, "region_leader"), (north, "leader"), (south, "south_leader")):
        team.leader = people[leader]
        team.save(update_fields=["leader"])
    kam, other = people["kam"], people["other_kam"]
    account = Account.objects.create(
        name="Fjord Shipyards", number="A1", owner=kam, is_key_account=True, currency="NOK"
    )
    child = Account.objects.create(
        name="Fjord Shipyards Bergen", number="A2", owner=kam, parent=account, currency="NOK"
    )
    foreign = Account.objects.create(name="Skåne Foods", number="B1", owner=other)
    unowned = Account.objects.create(name="Nobody Mills", number="C1")
    AccountTeamMember.objects.create(
        account=account, user=people["contributor"], function="specialist"
    )
    AccountTeamMember.objects.create(
        account=account, user=people["editor"], function="deputy", may_edit=True
    )
    contact = Contact.objects.create(account=account, name="Brit Buyer", dmu_role="buyer")
    foreign_contact = Contact.objects.create(account=foreign, name="Dag Decider")
    line = ProductLine.objects.create(name="Pumps")
    product = Product.objects.create(name="Pump 500", number="P500", line=line)
    month = date(YEAR, 1, 1)
    SalesFact.objects.create(
        account=account, product=product, month=month, currency="NOK", revenue=1000, cost=600
    )
    SalesFact.objects.create(
        account=foreign, product=product, month=month, currency="EUR", revenue=500, cost=300
    )
    plan = AccountPlan.objects.create(account=account, year=YEAR, currency="NOK", summary="Grow.")
    foreign_plan = AccountPlan.objects.create(account=foreign, year=YEAR, currency="EUR")
    target = Target.objects.create(plan=plan, line=line)
    TargetMonth.objects.create(target=target, month=month, revenue=1200, margin=400)
    section = Section.objects.create(plan=plan, kind="strategy")
    goal = Goal.objects.create(plan=plan, title="More pumps", metric="pumps", target=20)
    activity = Activity.objects.create(
        plan=plan, goal=goal, title="Visit the yard", responsible=kam, due_on=date(YEAR, 3, 1)
    )
    return Cast(
        company=company,
        region=region,
        north=north,
        south=south,
        **people,
        account=account,
        child=child,
        foreign=foreign,
        unowned=unowned,
        contact=contact,
        foreign_contact=foreign_contact,
        line=line,
        product=product,
        plan=plan,
        foreign_plan=foreign_plan,
        goal=goal,
        activity=activity,
        target=target,
        section=section,
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-long", action="store_true", help="hundreds of calls per operation")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuses to run where what is made once would be made in each process."""
    if getattr(session.config.option, "loadgroup", False):
        for item in session.items:
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
                raise pytest.UsageError("pytest-xdist keeps no groups with this pytest.")
