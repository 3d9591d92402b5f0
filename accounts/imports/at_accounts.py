"""What is kept at accounts: at an archived one it stands still."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account
from kam.importing.resource import KEEP, Key, Record, Resource, Stored


def archived(numbers: Iterable[Any]) -> set[str]:
    """Those of the accounts with these numbers that are archived (one query)."""
    known = {n for n in numbers if isinstance(n, str) and n}
    found = Account.objects.archived().filter(number__in=known).values_list("number", flat=True)
    return {number for number in found if number}


def not_in_use(number: str) -> str:
    """What is expected instead of an archived account, as the page says it."""
    return _("an account in use; %(number)s is archived: restore it first") % {"number": number}


class OfAccounts(Resource):
    """Base of what is kept at accounts: at an archived one nothing new comes and nothing changes."""

    def changes(self, record: Record, stored: dict[Key, Stored]) -> bool:
        """Whether the row is new or would change what is stored."""
        held = stored.get(record.key)
        return held is None or any(
            value is not KEEP and not self.same(name, held.values[name], value)
            for name, value in record.values.items()
            if name not in self.key
        )

    def refuse_archived(
        self, records: list[Record], stored: dict[Key, Stored], account: dict[int, Any]
    ) -> Iterable[tuple[Record, str, str]]:
        """Refuses what changes at archived accounts; ``account``: line → the account's number."""
        gone = archived(account.values())
        for record in records:
            number = account[record.line]
            if number in gone and self.changes(record, stored):
                name = "account" if "account" in record.values else self.key[0]
                yield record, name, not_in_use(number)
