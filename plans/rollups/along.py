"""The roll-up along other lines than the team tree: industry, country, level, customer group,
segment, product line. The same sums, told apart by what the accounts (or products) are.

Read from the prepared parts (``plans.models.PortfolioPart``) in one statement, beside the figures of
the whole; all at one moment (``one_moment``). The whole company's are kept by themselves
(``plans.models.CompanyPart``) and read in few rows. A group is a top customer with those below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from django_countries import countries

from accounts.models import Account, Industry, ProductLine
from kam.models import User
from kam.money import Rates
from kam.periods import FiscalYear
from plans.calc import ZERO, ratio
from plans.rollups.company import CELL, FOUND
from plans.rollups.figures import Counts, Figures
from plans.rollups.moment import one_moment
from plans.rollups.prepared import Freshness, read
from plans.rollups.statements import keys_sql
from portfolio.models import Segment, SegmentScheme

#: Parts shown; a company may have thousands of customer groups.
SHOWN = 100
LINES: Mapping[str, Any] = {
    "industry": gettext_lazy("Industry"),
    "segment": gettext_lazy("Segment"),
    "product": gettext_lazy("Product line"),
    "country": gettext_lazy("Country"),
    "level": gettext_lazy("Territory"),
    "group": gettext_lazy("Customer group"),
}
#: What those are called that have none.
WITHOUT: Mapping[str, Any] = {
    "industry": gettext_lazy("Without an industry"),
    "segment": gettext_lazy("In no segment"),
    "country": gettext_lazy("Without a country"),
    "level": gettext_lazy("Without a level"),
    "group": gettext_lazy("Customers that stand alone"),
    "product": gettext_lazy("Without a product line"),
}


@dataclass(frozen=True, slots=True)
class PartFigures:
    """The sums of one part in company currency. ``lacking``: an amount has no rate and is not in.

    ``closed_actual`` and ``target_to_date`` are of the months that are over, ``last`` is last year's
    actual at last year's rates. ``accounts`` is ``None`` where accounts are not told apart (products).
    """

    accounts: int | None = 0
    planned: int | None = 0
    actual: Decimal = ZERO
    actual_margin: Decimal = ZERO
    target: Decimal = ZERO
    target_margin: Decimal = ZERO
    forecast: Decimal = ZERO
    closed_actual: Decimal = ZERO
    target_to_date: Decimal = ZERO
    last: Decimal = ZERO
    lacking: bool = False

    def __add__(self, other: PartFigures) -> PartFigures:
        return PartFigures(*(_plus(getattr(self, n), getattr(other, n)) for n in self.__slots__))

    def __sub__(self, other: PartFigures) -> PartFigures:
        values = {n: getattr(self, n) - getattr(other, n) for n in AMOUNTS}
        return replace(
            self,
            accounts=None if self.accounts is None else self.accounts - (other.accounts or 0),
            planned=None if self.planned is None else self.planned - (other.planned or 0),
            **values,
        )

    @property
    def attainment(self) -> Decimal | None:
        """Actual / target of the whole year."""
        return ratio(self.actual, self.target)

    @property
    def pace(self) -> Decimal | None:
        """Actual / target of the months that are over."""
        return ratio(self.closed_actual, self.target_to_date)

    @property
    def margin_ratio(self) -> Decimal | None:
        return ratio(self.actual_margin, self.actual)

    @property
    def unplanned(self) -> int | None:
        """Accounts without a plan for the year."""
        return None if self.accounts is None else max(0, self.accounts - (self.planned or 0))


AMOUNTS = (
    "actual",
    "actual_margin",
    "target",
    "target_margin",
    "forecast",
    "closed_actual",
    "target_to_date",
    "last",
)


def _plus(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return None
    return one or other if isinstance(one, bool) else one + other


@dataclass(frozen=True, slots=True)
class AlongPart:
    """One part: ``key`` as it is kept (empty: without one), ``depth`` in a tree of product lines.

    ``label`` is empty for a customer group whose top the reader does not see.
    """

    key: str
    label: str
    figures: PartFigures
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Along:
    """A level along one line. ``total`` is the sum of all parts, also of those not shown (``rest``)."""

    line: str
    label: str
    fiscal_year: FiscalYear
    currency: str
    parts: tuple[AlongPart, ...]
    rest: PartFigures | None
    rest_count: int
    total: PartFigures
    figures: Figures
    counts: Counts
    fresh: Freshness
    rates: Mapping[int, Rates]


#: The parts of one line. Of the whole company they are read as they are kept, unless a mark says that
#: they are stale: then, as for all others, the portfolios are summed.
_PARTS = f"""
    WITH fresh AS MATERIALIZED (
        SELECT %(whole)s AND NOT EXISTS (
            SELECT FROM plans_stalecompany
             WHERE (line IS NULL OR line = %(line)s) AND (year IS NULL OR year = ANY(%(wanted)s))
        ) AS kept
    ), rates AS (
        SELECT * FROM unnest(%(years)s::int[], %(currencies)s::text[], %(rates)s::numeric[])
               r(year, currency, rate)
    ), cells AS (
        SELECT {CELL}
          FROM plans_portfoliopart p
         WHERE p.line = %(line)s AND p.year = ANY(%(wanted)s) AND NOT (SELECT kept FROM fresh)
           AND (p.owner_id IN ({{inside}}) OR (%(unowned)s AND p.owner_id IS NULL))
         GROUP BY 1, 2, 3, 4
    ), found AS (
        {FOUND}
        UNION ALL
        SELECT line, year, key, accounts, planned, {", ".join(AMOUNTS[:-1])}, lacking
          FROM plans_companypart
         WHERE line = %(line)s AND year = ANY(%(wanted)s) AND (SELECT kept FROM fresh)
    )
    SELECT grouping(f.key), f.key, sum(f.accounts), sum(f.planned) FILTER (WHERE f.year = %(year)s),
           {", ".join(f"sum(f.{name}) FILTER (WHERE f.year = %(year)s)" for name in AMOUNTS[:-1])},
           sum(f.actual) FILTER (WHERE f.year = %(last)s),
           bool_or(f.lacking) FILTER (WHERE f.year = %(year)s),
           count(*) OVER ()
      FROM found f
     GROUP BY GROUPING SETS ((f.key), ())
     ORDER BY 1 DESC, sum(f.actual) FILTER (WHERE f.year = %(year)s) DESC NULLS LAST,
              sum(f.target) FILTER (WHERE f.year = %(year)s) DESC NULLS LAST, f.key
     LIMIT %(limit)s
"""  # noqa: S608 - our own names


def along(
    line: str,
    owners: QuerySet[User],
    accounts: QuerySet[Account],
    year: FiscalYear,
    today: date,
    *,
    unowned: bool,
    whole: bool = False,
    scheme: SegmentScheme | None = None,
) -> Along:
    """The figures of these owners by what their accounts are (five queries, of one moment).

    Rates, months, counts, parts, names. ``accounts`` are those that the reader sees: only their
    names are told. ``whole``: ``owners`` are all people (with ``unowned``), so that the company's own
    sums may be read. ``scheme`` is the segment scheme where ``line`` is the segment.
    """
    with one_moment():
        held = read(owners, year, today, None, unowned=unowned, whole=whole)
        stored = f"segment-{scheme.pk}" if line == "segment" and scheme else line
        rows = _read(
            stored, owners, year, held.sheet.rates,
            unowned=unowned, whole=whole, tree=line == "product",
        )  # fmt: skip
        found = {row[1]: _figures(row[2:], line) for row in rows if not row[0]}
        total = next((_figures(row[2:], line) for row in rows if row[0]), PartFigures())
        everything = (rows[0][-1] - 1) if rows else 0
        if line == "product":
            parts = _tree(found)
        else:
            name = _names(line, list(found), accounts, scheme)
            parts = tuple(AlongPart(key, name(key), figures) for key, figures in found.items())
    left = everything - len(found)
    rest = total - sum(found.values(), PartFigures()) if left > 0 else None
    label = f"{scheme.name}" if line == "segment" and scheme else str(LINES[line])
    return Along(
        line, label, year, held.sheet.currency, parts, rest, max(0, left), total,
        held.sheet.total(), sum(held.counts.values(), Counts()), held.fresh, held.sheet.rates,
    )  # fmt: skip


def _read(
    stored: str,
    owners: QuerySet[User],
    year: FiscalYear,
    rates: Mapping[int, Rates],
    *,
    unowned: bool,
    whole: bool,
    tree: bool,
) -> list[tuple[Any, ...]]:
    inside, names = keys_sql(owners, "owners")
    known = [
        (of_year, currency, rate)
        for of_year, table in rates.items()
        for currency, rate in [*table.known, (table.currency, Decimal(1))]
    ]
    values: dict[str, Any] = {
        "line": stored,
        "year": year.year,
        "last": year.year - 1,
        "wanted": [0, year.year, year.year - 1],
        "years": [row[0] for row in known],
        "currencies": [row[1] for row in known],
        "rates": [row[2] for row in known],
        "unowned": unowned,
        "whole": whole,
        "limit": 1_000 if tree else SHOWN + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PARTS.replace("{inside}", inside), values | names)
        return cursor.fetchall()


def _figures(values: tuple[Any, ...], line: str) -> PartFigures:
    accounts, planned, *rest = values
    *amounts, lacking, _count = rest
    told = line != "product"
    return PartFigures(
        accounts=int(accounts or 0) if told else None,
        planned=int(planned or 0) if told else None,
        lacking=bool(lacking),
        **{name: amount or ZERO for name, amount in zip(AMOUNTS, amounts, strict=True)},
    )


def _tree(own: Mapping[str, PartFigures]) -> tuple[AlongPart, ...]:
    """Product lines with those below them in their sums, in the order of the tree (one query)."""
    lines = list(ProductLine.objects.order_by().values_list("pk", "path", "name"))
    names = {pk: name for pk, _path, name in lines}
    sums: dict[int, PartFigures] = {}
    for pk, path, _name in lines:
        figures = own.get(str(pk))
        if figures is not None:
            for above in path:
                held = sums.get(above)
                sums[above] = figures if held is None else held + figures
    ordered = sorted(
        (row for row in lines if row[0] in sums),
        key=lambda row: [names.get(pk, "").casefold() for pk in row[1]],
    )
    return tuple(AlongPart(str(pk), name, sums[pk], len(path) - 1) for pk, path, name in ordered)


def _names(
    line: str, keys: list[str], accounts: QuerySet[Account], scheme: SegmentScheme | None
) -> Callable[[str], str]:
    """How each part is called (at most one query)."""
    ids = [int(key) for key in keys if key.isdigit()]
    named: dict[str, str] = {}
    if line == "industry":
        named = _by_id(Industry.objects.filter(pk__in=ids).values_list("pk", "name"))
    elif line == "segment" and scheme is not None:
        named = _by_id(Segment.objects.filter(pk__in=ids).values_list("pk", "name"))
    elif line == "group":
        named = _by_id(accounts.filter(pk__in=ids).order_by().values_list("pk", "name"))
        named |= {str(pk): named.get(str(pk), "") for pk in ids}
    elif line == "country":
        named = {key: str(countries.name(key)) for key in keys if key}
    elif line == "level":
        named = {key: str(label) for key, label in Account.Level.choices}
    return lambda key: named.get(key, key) if key else str(WITHOUT[line])


def _by_id(rows: Any) -> dict[str, str]:
    return {str(pk): name for pk, name in rows}


def accounts_of_part(
    line: str, key: str, accounts: QuerySet[Account], scheme: SegmentScheme | None
) -> QuerySet[Account]:
    """Those of ``accounts`` that a part consists of; all of them for product lines."""
    number = int(key) if key.isdigit() else 0
    if line == "industry":
        return accounts.filter(industry=number) if key else accounts.filter(industry=None)
    if line in ("country", "level"):
        return accounts.filter(**{line: key})
    if line == "segment" and scheme is not None:
        placed = scheme.placements.filter(last_night__isnull=True).order_by()
        if key:
            return accounts.filter(pk__in=placed.filter(segment=number).values("account"))
        return accounts.exclude(pk__in=placed.values("account"))
    if line == "group":
        below = Account.objects.filter(archived_at__isnull=True, parent__isnull=False).order_by()
        if key:
            return accounts.filter(path__contains=[number])
        return accounts.filter(parent=None).exclude(pk__in=below.values("parent"))
    return accounts


def schemes() -> QuerySet[SegmentScheme]:
    """The segment schemes in use, by name."""
    return SegmentScheme.objects.filter(archived_at__isnull=True).order_by("name")
