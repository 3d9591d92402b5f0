"""Customers, their people, products, and what they bought."""

from accounts.models.account import Account, AccountTeamMember, Industry
from accounts.models.contact import Contact
from accounts.models.product import Product, ProductLine
from accounts.models.sales import (
    AccountFigures,
    AccountYear,
    CompanyWatch,
    RateWatch,
    SalesFact,
    StaleYear,
)

__all__ = [
    "Account",
    "AccountFigures",
    "AccountTeamMember",
    "AccountYear",
    "CompanyWatch",
    "Contact",
    "Industry",
    "Product",
    "ProductLine",
    "RateWatch",
    "SalesFact",
    "StaleYear",
]
