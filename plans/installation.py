"""In which currencies a year is planned, so that missing budget rates can be named."""

from collections.abc import Iterable

from kam.money import uses_rates
from plans.models import AccountPlan


@uses_rates
def currencies_of_plans(year: int) -> Iterable[str]:
    rows = AccountPlan.objects.active().filter(year=year).order_by()
    return rows.values_list("currency", flat=True).distinct()
