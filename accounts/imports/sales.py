"""Sales facts from a file."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy

from accounts.imports.references import ACCOUNTS, PRODUCTS
from accounts.models import SalesFact
from accounts.services import record_sales_facts, refresh_account_years
from kam.importing.resource import (
    KEEP,
    Change,
    Column,
    Key,
    Record,
    Resource,
    Stored,
    after_import,
    register,
)
from kam.models import ImportBatch

WAITING = 100_000  # facts that are held in memory between two writes


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
