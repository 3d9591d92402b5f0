"""Background work of the customers."""

from accounts.services import refresh_account_years
from kam.tasks import each_minute


@each_minute
def keep_account_years() -> None:
    """Computes what facts, rates or a new fiscal year made stale."""
    refresh_account_years()
