"""A version of the criteria, and accounts with facts, for the tests of the portfolio."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Account, SalesFact
from kam.periods import company_today
from plans.models import Activity, ActivityPerson
from portfolio.models import CriteriaVersion, Criterion, CriterionGroup
from portfolio.services.hours import monday

D = Decimal


def make_version(name: str = "Strategy", state: str = "active") -> CriteriaVersion:
    """Both axes of the matrix and one judged score; a linear, a banded and a ranking rule."""
    version = CriteriaVersion.objects.create(name=name, state=state)
    group = CriterionGroup.objects.create(
        criteria_version=version, axis="profitability", name="Money", weight=D(2)
    )
    other = CriterionGroup.objects.create(
        criteria_version=version, axis="profitability", name="Loyalty", weight=D(1)
    )
    Criterion.objects.create(
        group=group, code="revenue", name="Revenue", kind="measured", measure="revenue_12m",
        worst=D(0), best=D(1000), weight=D(3),
    )  # fmt: skip
    Criterion.objects.create(
        group=group, code="margin", name="Margin", kind="measured",
        measure="contribution_margin", function="percentile", weight=D(1),
    )  # fmt: skip
    Criterion.objects.create(
        group=other, code="months", name="Months", kind="measured", measure="months_bought",
        function="bands", band_floors=[D(1), D(6)], band_values=[D(30), D(100)],
    )  # fmt: skip
    ahead = CriterionGroup.objects.create(
        criteria_version=version, axis="potential", name="Ahead", weight=D(1)
    )
    Criterion.objects.create(
        group=ahead, code="attainable", name="Attainable", kind="measured",
        measure="attainable_revenue", worst=D(0), best=D(5000), weight=D(1),
        missing="default", default_value=D(20),
    )  # fmt: skip
    Criterion.objects.create(group=ahead, code="openness", name="Openness", weight=D(2))
    relation = CriterionGroup.objects.create(
        criteria_version=version, axis="relation", name="Relation", weight=D(1)
    )
    Criterion.objects.create(group=relation, code="trust", name="Trust")
    return version


@pytest.fixture
def version(cast) -> CriteriaVersion:  # type: ignore[no-untyped-def]
    return make_version()


def sell(account: Account, product, month: date, revenue: int, cost: int = 0) -> SalesFact:  # type: ignore[no-untyped-def]
    return SalesFact.objects.create(
        account=account, product=product, month=month, currency="EUR", revenue=revenue, cost=cost
    )


@pytest.fixture
def this_week():
    return monday(company_today())


@pytest.fixture
def visit(cast, this_week):
    """A visit of six hours that Kari and Eva paid on Monday."""
    row = Activity.objects.create(
        plan=cast.plan, title="Plant visit", responsible=cast.kam, status="done",
        done_on=this_week, effort_hours=6,
    )  # fmt: skip
    ActivityPerson.objects.create(activity=row, user=cast.editor)
    return row
