"""Writes on customers. Pages, API, tasks, imports and commands call these and nothing else."""

from accounts.services.accounts import (
    OWNER_ROLES,
    archive_account,
    before_archiving,
    change_account,
    change_accounts,
    create_account,
    move_account,
    restore_account,
)
from accounts.services.catalogue import archive_entry, change_entry, create_entry, restore_entry
from accounts.services.deciding import changeable, check_new, marks_key
from accounts.services.people import (
    add_seat,
    archive_contact,
    change_contact,
    create_contact,
    remove_seat,
    restore_contact,
)
from accounts.services.sales import (
    Counts,
    rebuild_account_years,
    record_sales_facts,
    refresh_account_years,
)

__all__ = [
    "OWNER_ROLES",
    "Counts",
    "add_seat",
    "archive_account",
    "archive_contact",
    "archive_entry",
    "before_archiving",
    "change_account",
    "change_accounts",
    "change_contact",
    "change_entry",
    "changeable",
    "check_new",
    "create_account",
    "create_contact",
    "create_entry",
    "marks_key",
    "move_account",
    "rebuild_account_years",
    "record_sales_facts",
    "refresh_account_years",
    "remove_seat",
    "restore_account",
    "restore_contact",
    "restore_entry",
]
