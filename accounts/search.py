"""Accounts, contacts and products in the global search."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from kam.search import Hit, Source, best, note, register


def accounts(user: Any, text: str) -> list[Hit]:
    rows = best(
        Account.objects.visible_to(user).active(), text, ("name", "number"), "owner", "parent"
    )
    return [
        Hit(row.get_absolute_url(), row.name, note(row.number, row.owner, row.parent), "accounts")
        for row in rows
    ]


def contacts(user: Any, text: str) -> list[Hit]:
    rows = best(Contact.objects.visible_to(user).active(), text, ("name",), "account")
    return [
        Hit(row.get_absolute_url(), row.name, note(row.title, row.account), "people")
        for row in rows
    ]


register(Source("accounts", _("Accounts"), accounts, order=10))
register(Source("contacts", _("Contacts"), contacts, order=20))
