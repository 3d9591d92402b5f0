"""What can be imported here: accounts, their teams, contacts, products, sales facts."""

from accounts.imports import account, people, product, sales  # noqa: F401 - what they register
from accounts.imports.at_accounts import OfAccounts, archived, not_in_use
from accounts.imports.references import ACCOUNTS, CONTACTS, INDUSTRIES, LINES, PRODUCTS

__all__ = [
    "ACCOUNTS",
    "CONTACTS",
    "INDUSTRIES",
    "LINES",
    "PRODUCTS",
    "OfAccounts",
    "archived",
    "not_in_use",
]
