"""What an administrator has to put right about accounts: owners and rates."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, AccountYear, ProductLine
from kam.installation import ToDo, finds, there_are
from kam.listing import capped_count
from kam.money import uses_rates


@uses_rates
def currencies_of_sales(year: int) -> Iterable[str]:
    rows = AccountYear.objects.filter(year=year).order_by()
    return rows.values_list("currency", flat=True).distinct()


@finds
def no_accounts(user: Any) -> Iterable[ToDo]:
    """An empty installation has no products to sell and no accounts to sell them to."""
    lines, accounts = there_are(
        user, ProductLine.objects.visible_to(user), Account.objects.visible_to(user)
    )
    if not lines:
        yield ToDo(_("Enter product lines and products"), reverse("accounts:product_list"))
    if not accounts:
        yield ToDo(_("Import the accounts and their sales"), reverse("kam:import_create"))


@finds
def accounts_without_owner(user: Any) -> Iterable[ToDo]:
    n, capped = capped_count(Account.objects.visible_to(user).active().unowned())
    if n:
        text = (
            _("More than %(n)d accounts without a KAM")
            if capped
            else ngettext("%(n)d account without a KAM", "%(n)d accounts without a KAM", n)
        )
        yield ToDo(text % {"n": n}, reverse("accounts:list") + "?who=nobody")
