"""How rows of other files name accounts, contacts, products, lines and industries."""

from django.db.models import Q

from accounts.models import Account, Contact, Industry, Product, ProductLine
from kam.importing.resource import Reference

IN_USE = Q(archived_at__isnull=True)
ACCOUNTS = Reference(Account, "number", Q(number__isnull=False), folded=False)
CONTACTS = Reference(Contact, "number", Q(number__isnull=False), folded=False)
PRODUCTS = Reference(Product, "number", folded=False)
LINES = Reference(ProductLine, "name", IN_USE)
INDUSTRIES = Reference(Industry, "name", IN_USE)
NUMBER = {"null": False, "required": True}
