"""What can be imported here: accounts, their teams, contacts, products, sales facts."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import (
    Account,
    AccountTeamMember,
    Contact,
    Industry,
    Product,
    ProductLine,
    SalesFact,
)
from accounts.services import OWNER_ROLES, key_accounts, record_sales_facts, refresh_account_years
from kam.importing.reading import FileRefused
from kam.importing.resource import (
    KEEP,
    Change,
    Column,
    Key,
    Record,
    Reference,
    Resource,
    Stored,
    after_import,
    register,
)
from kam.importing.resources import PEOPLE
from kam.models import ImportBatch, User

WAITING = 100_000  # facts that are held in memory between two writes
IN_USE = Q(archived_at__isnull=True)
ACCOUNTS = Reference(Account, "number", Q(number__isnull=False), folded=False)
CONTACTS = Reference(Contact, "number", Q(number__isnull=False), folded=False)
PRODUCTS = Reference(Product, "number", folded=False)
LINES = Reference(ProductLine, "name", IN_USE)
INDUSTRIES = Reference(Industry, "name", IN_USE)
NUMBER = {"null": False, "required": True}


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


@register
class AccountTeams(OfAccounts):
    """Seats in account teams: who, on which account, as what."""

    name = "account_teams"
    label = gettext_lazy("Account teams")
    help = gettext_lazy("One row for each person and role on an account.")
    order = 55
    model = AccountTeamMember
    key = ("account", "user", "function")
    columns = (
        Column.of(
            AccountTeamMember,
            "account",
            kind="reference",
            label=gettext_lazy("account"),
            reference=ACCOUNTS,
            aliases=("account number", "customer number"),
        ),
        Column.of(
            AccountTeamMember, "user", reference=PEOPLE, aliases=("e-mail", "email", "person")
        ),
        Column.of(AccountTeamMember, "function", aliases=("role", "role in the team")),
        Column.of(AccountTeamMember, "may_edit", aliases=("may edit", "edit")),
    )

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """As on the page: no new seats for those who cannot sign in."""
        accounts = {r.line: r.values["account"] for r in records}
        yield from self.refuse_archived(records, stored, accounts)
        new = [r for r in records if r.key not in stored]
        words = {r.values["user"] for r in new}
        known = set(User.objects.people().filter(email__in=words).values_list("email", flat=True))
        for record in new:
            if record.values["user"] not in known:
                yield record, "user", _("somebody who can sign in")


@register
class Contacts(OfAccounts):
    """People at the customers, by the key that another system gives them."""

    name = "contacts"
    label = gettext_lazy("Contacts")
    help = gettext_lazy(
        "One row for each person at a customer, known by a number. Where the file has none, map "
        "the e-mail address to the number too."
    )
    order = 60
    model = Contact
    key = ("number",)
    parent = "parent"
    columns = (
        Column.of(Contact, "number", **NUMBER, aliases=("contact number", "contact id", "id")),
        Column.of(
            Contact,
            "account",
            reference=ACCOUNTS,
            aliases=("account number", "customer number", "customer id", "account id"),
        ),
        Column.of(
            Contact,
            "name",
            aliases=("full name", "contact", "contact name", "navn", "namn", "nimi"),
        ),
        Column.of(Contact, "title", aliases=("job title", "position")),
        Column.of(Contact, "email", aliases=("e-mail", "mail")),
        Column.of(Contact, "phone", aliases=("telephone", "mobile")),
        Column.of(Contact, "dmu_role", aliases=("role", "dmu role", "role in the decision")),
        Column.of(Contact, "influence"),
        Column.of(Contact, "attitude"),
        Column.of(Contact, "coverage"),
        Column.of(Contact, "parent", reference=CONTACTS, aliases=("reports to", "manager")),
        Column.of(Contact, "holder", reference=PEOPLE, aliases=("holder e-mail", "relation owner")),
        Column.of(Contact, "last_contact_on", aliases=("last contact",)),
        Column.of(Contact, "notes"),
    )

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._accounts: dict[str, str] = {}  # contact → account, of the file's rows

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        missing = [r for r in records if "account" not in r.values]
        held = dict(
            Contact.objects.filter(number__in=[r.values["number"] for r in missing]).values_list(
                "number", "account__number"
            )
        )
        accounts = {}
        for record in records:
            number = record.values["number"]
            named = record.values.get("account")
            accounts[record.line] = named or held.get(number) or ""
            self._accounts[number] = accounts[record.line]
            before = stored.get(record.key)
            if named and before is not None and before.values["account"] != named:
                yield (
                    record,
                    "account",
                    _("%(account)s: a contact stays at its account")
                    % {"account": before.values["account"]},
                )
        yield from self.refuse_archived(records, stored, accounts)

    def refuse_all(self, pairs: dict[Key, Any]) -> Iterable[tuple[int, str, str]]:
        """Nobody reports to a person at another customer."""
        outside = {parent for _line, parent in pairs.values() if parent} - self._accounts.keys()
        known = dict(
            Contact.objects.filter(number__in=outside).values_list("number", "account__number")
        )
        for (number,), (line, parent) in pairs.items():
            if not parent:
                continue
            theirs = self._accounts.get(parent, known.get(parent))
            if theirs is not None and theirs != self._accounts.get(number):
                yield (
                    line,
                    "parent",
                    _("somebody at the same account; %(name)s is at %(account)s")
                    % {
                        "name": parent,
                        "account": theirs,
                    },
                )


@register
class ProductLines(Resource):
    """Product lines by name, under one another in any order."""

    name = "product_lines"
    label = gettext_lazy("Product lines")
    help = gettext_lazy("One row for each line; lines stand under lines.")
    order = 30
    model = ProductLine
    key = ("name",)
    parent = "parent"
    columns = (
        Column.of(
            ProductLine, "name", folded=True, aliases=("line", "product line", "series", "category")
        ),
        Column.of(ProductLine, "parent", reference=LINES, aliases=("parent line", "above")),
    )


@register
class Products(Resource):
    """Products by number, each in a line."""

    name = "products"
    label = gettext_lazy("Products")
    help = gettext_lazy("One row for each product, known by its number.")
    order = 40
    model = Product
    key = ("number",)
    may_create = ("line",)
    columns = (
        Column.of(
            Product,
            "number",
            aliases=(
                "product number",
                "product no",
                "item number",
                "sku",
                "article",
                "varenummer",
                "artikelnummer",
            ),
        ),
        Column.of(Product, "name", aliases=("product", "product name", "item")),
        Column.of(Product, "line", reference=LINES, aliases=("product line", "series", "category")),
        Column.of(Product, "unit"),
        Column.of(Product, "list_price", aliases=("price", "list price", "sales price")),
    )


@register
class SalesFacts(Resource):
    """What accounts bought, per product and month. A file's amounts replace those that stand."""

    name = "sales_facts"
    label = gettext_lazy("Sales facts")
    help = gettext_lazy(
        "One row for each account, product, month and currency, or, where rows are added up, one "
        "for each sale. Amounts replace what an earlier file brought for the same key."
    )
    order = 70
    model = SalesFact
    key = ("account", "product", "month", "currency")
    may_sum = ("revenue", "cost", "volume")
    columns = (
        Column.of(
            SalesFact,
            "account",
            reference=ACCOUNTS,
            aliases=(
                "account number",
                "customer number",
                "customer no",
                "customer id",
                "account id",
                "customer",
                "kundenummer",
            ),
        ),
        Column.of(
            SalesFact,
            "product",
            reference=PRODUCTS,
            aliases=("product number", "product no", "item number", "sku", "article"),
        ),
        Column.of(
            SalesFact,
            "month",
            kind="month",
            aliases=("date", "period", "invoice date", "close date", "måned", "månad"),
        ),
        Column.of(SalesFact, "currency", aliases=("currency code", "valuta")),
        Column.of(
            SalesFact,
            "revenue",
            aliases=("amount", "net amount", "sales", "turnover", "omsetning", "omsättning"),
        ),
        Column.of(
            SalesFact, "cost", default=Decimal(0), aliases=("cost of goods", "cogs", "kostnad")
        ),
        Column.of(
            SalesFact,
            "volume",
            default=Decimal(0),
            aliases=("quantity", "qty", "units", "antall", "antal"),
        ),
    )

    def existing(
        self, keys: Iterable[Key], fields: Sequence[str], *, lock: bool
    ) -> dict[Key, Stored]:
        """One look into the index for each key: ``IN`` over four columns would read far too much.

        In the order of the keys, so that two writers lock alike.
        """
        columns = list(zip(*sorted(set(keys)), strict=True))
        locking = "FOR UPDATE" if lock else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT f.id, k.account, k.product, k.month, k.currency, f.revenue, f.cost, f.volume
                  FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[])
                       AS k(account, product, month, currency)
                  JOIN accounts_account a ON a.number = k.account
                  JOIN accounts_product p ON p.number = k.product
                 CROSS JOIN LATERAL (
                       SELECT s.* FROM accounts_salesfact s
                        WHERE s.account_id = a.id AND s.month = k.month
                              AND s.product_id = p.id AND s.currency = k.currency
                        LIMIT 1 {locking}) f
                """,  # noqa: S608 - a word of our own
                [list(column) for column in columns],
            )
            names = [*self.key, "revenue", "cost", "volume"]
            found = {}
            for pk, *values in cursor.fetchall():
                held = dict(zip(names, values, strict=True))
                found[tuple(values[:4])] = Stored(pk, held)
        return found

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._waiting: list[dict[str, Any]] = []

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        self._waiting.extend(self._fact(record, {}) for record in records)
        self._flush(batch, WAITING)

    def change(self, changes: list[Change], batch: ImportBatch) -> None:
        self._waiting.extend(self._fact(c.record, c.stored.values) for c in changes)
        self._flush(batch, WAITING)

    def finish(self, batch: ImportBatch) -> None:
        self._flush(batch, 0)

    def _flush(self, batch: ImportBatch, limit: int) -> None:
        """Few large writes: each of them has its price in prepared figures."""
        if len(self._waiting) > limit:
            record_sales_facts(self._waiting, batch, refresh=False)  # refresh_figures does
            self._waiting = []

    def _fact(self, record: Record, held: dict[str, Any]) -> dict[str, Any]:
        fact: dict[str, Any] = {
            "account": record.ids["account"],
            "product": record.ids["product"],
            "month": record.values["month"],
            "currency": record.values["currency"],
        }
        for name in self.may_sum:
            value = record.values.get(name, held.get(name, Decimal(0)))
            fact[name] = held.get(name, Decimal(0)) if value is KEEP else value
        return fact


@after_import("sales_facts", "accounts", "budget_rates")
def refresh_figures(batch: ImportBatch) -> None:
    """Sums of accounts are right at once."""
    refresh_account_years()
