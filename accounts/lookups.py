"""Choosing customers by typing."""

from accounts.models import Account
from kam.lookup import Lookup, register

register(
    Lookup(
        "accounts",
        Account,
        lambda user: Account.objects.visible_to(user).active(),
        "number",
        ("name", "number"),
    )
)
