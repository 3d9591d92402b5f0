"""Lists that are declared in a few lines: filters, order, keyset paging, saved views, bulk edit, export.

::

    class Contacts(Listing):
        key = "contacts"                      # saved views are kept under this name
        title = _("Contacts")
        model = Contact
        filterset_class = ContactFilter       # django-filter; the API uses the same
        first_filters = ("q", "attitude")     # in sight; the others open on demand
        columns = (
            Column("name", _("Contact"), sort="name", heading=True),
            Column("account", _("Account"), sort="account__name"),
            Column("influence", _("Influence"), sort=Key("influence", nullable=True), number=True),
        )
        sort = "name"

Filter, order and page stand in the address, so Back, bookmarks and saved views keep them. Pages are
cut by key and not by offset: page 1,000 costs what page 1 costs. Counts stop at 1,000. Everything
goes through ``visible_to``; bulk edit also through ``editable_by`` and one service.
"""

from kam.listing.bulk import Bulk
from kam.listing.columns import Column
from kam.listing.keyset import Key, Page, capped_count, key_page, with_id
from kam.listing.view import Listing

__all__ = ["Bulk", "Column", "Key", "Listing", "Page", "capped_count", "key_page", "with_id"]
