"""Accounts from a file."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports.at_accounts import OfAccounts, archived, not_in_use
from accounts.imports.references import ACCOUNTS, INDUSTRIES, NUMBER
from accounts.models import Account
from accounts.services import OWNER_ROLES, key_accounts
from kam.importing.reading import FileRefused
from kam.importing.resource import Column, Key, Record, Stored, register
from kam.importing.resources import PEOPLE
from kam.models import ImportBatch, User


@register
class Accounts(OfAccounts):
    """Accounts by number, under their parents in any order."""

    name = "accounts"
    label = gettext_lazy("Accounts")
    help = gettext_lazy(
        "One row for each account, known by its number. A parent is named by its number and may "
        "stand anywhere in the file."
    )
    order = 50
    model = Account
    key = ("number",)
    parent = "parent"
    may_create = ("industry",)
    columns = (
        Column.of(
            Account,
            "number",
            **NUMBER,
            aliases=(
                "account number",
                "account no",
                "customer number",
                "customer no",
                "customer id",
                "account id",
                "kundenummer",
                "kundnummer",
                "asiakasnumero",
            ),
        ),
        Column.of(
            Account,
            "name",
            aliases=(
                "account",
                "account name",
                "customer",
                "customer name",
                "company",
                "kunde",
                "kund",
                "asiakas",
            ),
        ),
        Column.of(
            Account,
            "parent",
            reference=ACCOUNTS,
            aliases=("parent number", "subsidiary of", "parent account", "mother company"),
        ),
        Column.of(Account, "level"),
        Column.of(Account, "type"),
        Column.of(Account, "lifecycle"),
        Column.of(Account, "is_key_account", aliases=("key", "nøkkelkunde", "nyckelkund")),
        Column.of(
            Account,
            "industry",
            reference=INDUSTRIES,
            aliases=("sector", "branch", "bransje", "bransch", "toimiala"),
        ),
        Column.of(Account, "country", aliases=("country code", "land", "maa", "office location")),
        Column.of(Account, "employees", aliases=("number of employees", "ansatte", "anställda")),
        Column.of(Account, "customer_revenue", aliases=("revenue", "annual revenue")),
        Column.of(
            Account,
            "founded",
            least=Decimal(1000),
            most=Decimal(2100),
            aliases=("year established", "established"),
        ),
        Column.of(Account, "website", aliases=("web", "url", "homepage")),
        Column.of(Account, "currency", aliases=("valuta",)),
        Column.of(
            Account,
            "owner",
            reference=PEOPLE,
            aliases=(
                "kam",
                "kam email",
                "kam e-mail",
                "owner email",
                "owner e-mail",
                "account manager",
            ),
        ),
        Column.of(Account, "description", aliases=("notes",)),
    )

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """As on the page: an owner can own accounts, and an archived account does not change."""
        yield from self._owners(records, stored)
        yield from self._key_accounts(records, stored)
        gone = archived({r.values["number"] for r in records} | {_parent(r) for r in records})
        for record in records:
            number, parent = record.values["number"], _parent(record)
            if number in gone and self.changes(record, stored):
                yield record, "number", not_in_use(number)
            elif parent in gone:
                held = stored.get(record.key)
                if held is None or not self.same("parent", held.values["parent"], parent):
                    yield record, "parent", not_in_use(parent)

    def _owners(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        words = {r.values["owner"] for r in records if isinstance(r.values.get("owner"), str)}
        owners = set(
            User.objects.people()
            .filter(email__in=words, role__in=OWNER_ROLES)
            .values_list("email", flat=True)
        )
        for record in records:
            word = record.values.get("owner")
            if isinstance(word, str) and word not in owners:
                held = stored.get(record.key)
                if held is None or not self.same("owner", held.values.get("owner"), word):
                    yield record, "owner", _("somebody whose role lets them own accounts")

    #: Key accounts for which there is room, while a file is checked.
    _room: int | None = None
    _held: key_accounts.Held | None = None

    def _key_accounts(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """Refuses the rows that would make more key accounts than the company may have.

        Key accounts that leave in the same block make room. What only the whole file shows, and the
        limit of each KAM, is held by ``finish``.
        """
        turned = []
        for record in records:
            value = record.values.get("is_key_account")
            held = stored.get(record.key)
            was = held is not None and bool(held.values.get("is_key_account"))
            if isinstance(value, bool) and value != was:
                turned.append((record, value))
        most = key_accounts.limits().company if turned else None
        if most is None:
            return
        room = most - key_accounts.counts().total() if self._room is None else self._room
        room += sum(not value for _record, value in turned)
        for record, value in turned:
            if not value:
                continue
            if room <= 0:
                yield record, "is_key_account", _("no: the company has at most %(n)d") % {"n": most}
            room -= 1
        self._room = max(room, 0)

    def existing(
        self, keys: Iterable[Key], fields: Sequence[str], *, lock: bool
    ) -> dict[Key, Stored]:
        """As for every resource; before the first row is locked, key accounts are counted."""
        if lock and self._held is None and key_accounts.COUNTED_FIELDS & set(fields):
            self._held = key_accounts.Held.begin()
        return super().existing(keys, fields, lock=lock)

    def finish(self, batch: ImportBatch) -> None:
        """The limits of key accounts hold for the whole file."""
        if self._held is not None:
            try:
                self._held.check()
            except key_accounts.LimitReached as refusal:
                raise FileRefused(" ".join(refusal.messages)) from refusal


def _parent(record: Record) -> str:
    word = record.values.get("parent")
    return word if isinstance(word, str) else ""
