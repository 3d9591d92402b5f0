"""By which services archived rows of this app come back."""

from accounts.models import Account, Contact, Industry, Product, ProductLine
from accounts.selectors import decides_on
from accounts.services.accounts import restore_account
from accounts.services.catalogue import change_entry, restore_entry
from accounts.services.people import restore_contact
from kam.history import puts_back, restores

restores(Account, restore_account, may=decides_on)
restores(Contact, restore_contact)
for entry in (Industry, Product, ProductLine):
    restores(entry, restore_entry)
puts_back(Industry, change_entry, "name")
puts_back(Product, change_entry, "name", "number", "line", "unit", "list_price")
puts_back(ProductLine, change_entry, "name", "parent")
