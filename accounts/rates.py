"""In which currencies the accounts have amounts, so that missing budget rates can be named."""

from collections.abc import Iterable

from accounts.models import AccountYear
from kam.money import uses_rates


@uses_rates
def of_sales(year: int) -> Iterable[str]:
    return (
        AccountYear.objects.filter(year=year)
        .order_by()
        .values_list("currency", flat=True)
        .distinct()
    )
