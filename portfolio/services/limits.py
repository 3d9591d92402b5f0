"""Where the limits of key accounts stand: the portfolio's settings."""

from accounts.services import key_accounts
from portfolio.models import PortfolioSettings


@key_accounts.limits_from
def in_force() -> key_accounts.Limits:
    """The limits as the company has set them (one query)."""
    row = PortfolioSettings.objects.filter(pk=1).first()
    if row is None:
        return key_accounts.Limits()
    return key_accounts.Limits(row.key_account_limit, row.key_accounts_per_kam)
