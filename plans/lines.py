"""The lines that a total consists of: sales facts and target months, each with rate and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.models import Account, SalesFact
from kam.listing import Key, Page, key_page
from kam.models import User
from kam.money import Rates
from kam.periods import FiscalYear
from plans.models import AgreedMonth, TargetMonth

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a total. ``rate`` is empty where nobody has set one: then it is in no sum.

    ``margin`` in ``currency``; ``converted`` and ``margin_converted`` in company currency.
    """

    pk: int
    account_id: int
    account: str
    what: str
    month: date
    currency: str
    amount: Decimal
    margin: Decimal
    rate: Decimal | None
    source: str
    plan_id: int | None
    at: datetime | None
    who: str

    @property
    def converted(self) -> Decimal | None:
        return None if self.rate is None else self.amount * self.rate

    @property
    def margin_converted(self) -> Decimal | None:
        return None if self.rate is None else self.margin * self.rate


def _in(rows: QuerySet, year: FiscalYear, month: date | None) -> QuerySet:
    return (
        rows.filter(month=month)
        if month
        else rows.filter(month__gte=year.first, month__lt=year.end)
    )


def _of(accounts: QuerySet[Account] | None, path: str) -> Q:
    """These accounts; ``None`` is all in use. For all a join, so that the index gives the order."""
    if accounts is None:
        return Q(**{f"{path}__archived_at__isnull": True})
    return Q(**{f"{path}__in": accounts.order_by().values("pk")})


def _keys(account: str) -> tuple[Key, ...]:
    return (Key(account), Key("month"), Key("id"))


#: What a line shows of a fact. A batch's report alone is far larger than the page.
_OF_FACT = (
    *("account__name", "product__name", "month", "currency", "revenue", "cost"),
    *("batch__file_name", "batch__resource", "batch__created_at", "batch__applied_at"),
    *("batch__created_by__name", "batch__created_by__email"),
)


def fact_lines(
    facts: QuerySet[SalesFact],
    accounts: QuerySet[Account] | None,
    year: FiscalYear,
    rates: Rates,
    *,
    month: date | None = None,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE,
) -> Page:
    """The sales facts of these accounts in the year, by account and month (one query);
    of all accounts in use where they are ``None``.

    The page's rows are ``Line``s.
    """
    found = (
        facts.filter(_of(accounts, "account"))
        .select_related("account", "product", "batch__created_by")
        .only(*_OF_FACT)
    )
    page = key_page(
        _in(found, year, month), _keys("account_id"), after=after, before=before, size=size
    )
    return replace(
        page,
        rows=[
            Line(
                fact.pk,
                fact.account_id,
                fact.account.name,
                fact.product.name,
                fact.month,
                fact.currency,
                fact.revenue,
                fact.margin,
                rates.rate(fact.currency),
                str(fact.batch) if fact.batch else "",
                None,
                (fact.batch.applied_at or fact.batch.created_at) if fact.batch else None,
                str(fact.batch.created_by or "") if fact.batch else "",
            )
            for fact in page.rows
        ],
    )


_OF_TARGET = (
    *("month", "revenue", "margin", "updated_at", "target__line__name", "target__plan__currency"),
    *("target__plan__account__name", "target__plan__in_force", "target__plan__status"),
)


def target_lines(
    months: QuerySet[TargetMonth],
    accounts: QuerySet[Account] | None,
    year: FiscalYear,
    rates: Rates,
    *,
    month: date | None = None,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE,
) -> Page:
    """The target months of these accounts, with who set them last (two queries).

    Of plans that are being amended those of the version in force, with who approved it, and when (one
    query more where the page has some).
    """
    as_they_stand = Q(archived_at__isnull=True, target__archived_at__isnull=True)
    found = months.filter(
        _of(accounts, "target__plan__account"),
        # No join: where many tables meet, the database would no longer begin with the accounts.
        as_they_stand & ~AgreedMonth.being_amended("target__plan__")
        | Q(Exists(AgreedMonth.objects.filter(row=OuterRef("pk")))),
        target__plan__archived_at__isnull=True,
    )
    found = found.select_related("target__line", "target__plan__account").only(*_OF_TARGET)
    page = key_page(
        _in(found, year, month),
        _keys("target__plan__account_id"),
        after=after,
        before=before,
        size=size,
    )
    agreed = _agreed([row for row in page.rows if AgreedMonth.stands_for(row.target.plan)])
    written = _last_writers([row.pk for row in page.rows if row.pk not in agreed])
    return replace(
        page, rows=[_target_line(row, rates, agreed.get(row.pk), written) for row in page.rows]
    )


def _agreed(rows: Sequence[TargetMonth]) -> dict[int, AgreedMonth]:
    """These months as the versions in force have them (one query where there are any)."""
    if not rows:
        return {}
    found = AgreedMonth.objects.filter(row__in=[row.pk for row in rows])
    told = ("row", "currency", "revenue", "margin", "version__number", "version__made_at")
    by = ("version__made_by__name", "version__made_by__email")
    return {
        agreed.row_id: agreed
        for agreed in found.select_related("version__made_by").only(*told, *by)
    }


def _target_line(
    row: TargetMonth,
    rates: Rates,
    agreed: AgreedMonth | None,
    written: Mapping[int, tuple[datetime, str]],
) -> Line:
    plan = row.target.plan
    currency = plan.currency if agreed is None else agreed.currency
    version = None if agreed is None else agreed.version
    source, at, who = "", *written.get(row.pk, (row.updated_at, ""))
    if version is not None:
        source = _("Version %(n)s") % {"n": version.number}
        at, who = version.made_at, str(version.made_by or "")
    return Line(
        row.pk,
        plan.account_id,
        plan.account.name,
        row.target.line.name,
        row.month,
        currency,
        row.revenue if agreed is None else agreed.revenue,
        row.margin if agreed is None else agreed.margin,
        rates.rate(currency),
        source,
        row.target.plan_id,
        at,
        who,
    )


def _last_writers(ids: list[int]) -> dict[int, tuple[datetime, str]]:
    """When and by whom each target month was last written, from the audit trail (one query)."""
    events = TargetMonth.pgh_event_model._default_manager  # type: ignore[attr-defined]
    writer = User.objects.filter(
        pk=Cast(KeyTextTransform("user", OuterRef("pgh_context")), BigIntegerField())
    )
    rows = (
        events.filter(pgh_obj__in=ids)
        .order_by("pgh_obj_id", "-pgh_id")
        .distinct("pgh_obj_id")
        .annotate(who=Subquery(writer.order_by().values("name")))
        .values_list("pgh_obj_id", "pgh_created_at", "who")
    )
    return {pk: (at, who or "") for pk, at, who in rows}
