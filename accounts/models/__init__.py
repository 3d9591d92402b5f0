"""Customers, their people, products, and what they bought."""

from accounts.models.account import Account, AccountTeamMember, Industry
from accounts.models.contact import Contact
from accounts.models.product import Product, ProductLine
from accounts.models.sales import AccountYear, SalesFact

__all__ = [
    "Account",
    "AccountTeamMember",
    "AccountYear",
    "Contact",
    "Industry",
    "Product",
    "ProductLine",
    "SalesFact",
]
