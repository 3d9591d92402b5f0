"""The dashboard's tiles: each a table of one night, the same for page, PDF and workbook.

Those who see the whole company read the sums that the nightly run prepared (``PortfolioNight``)
as long as the filters are ones that these know; everybody else, and any other filter, the scores.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kam.models import Company
from kam.scoping import SEES_ALL, principal
from portfolio import matrix
from portfolio.matrix_filters import MatrixFilter
from portfolio.models import AccountScore, CellText, PortfolioNight, ScoringRun

#: Filters that the prepared sums know.
PREPARED = {"owner", "team", "is_key_account", "cell"}
FILTERS = tuple(MatrixFilter.base_filters)
ROWS = 15
NOTHING: Mapping[str, Any] = {"n": 0, "money": None, "margin": None, "time": None}
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table: text, or a number in a unit; ``url`` leads to what it is made of."""

    value: Any
    kind: str = "text"  # text, amount, percent, signed, score, day
    url: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    label: Any
    unit: str = ""
    number: bool = True

    @property
    def head(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else str(self.label)


@dataclass(frozen=True)
class Table:
    """One tile's answer: its message, its rows, what they leave out, and where to go on."""

    title: Any
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    url: str = ""
    empty: str = ""


class _Request:
    """What a FilterSet wants of a request: who asks."""

    def __init__(self, user: Any) -> None:
        self.user = user


class Asked:
    """A dashboard for one person: the filters of the address, the night, the rows in scope.

    Raises ``BadRequest`` where the night is no date.
    """

    def __init__(self, user: Any, query: Mapping[str, Any]) -> None:
        self.user, self.data = user, query
        text = query.get("night", "")
        try:
            self.night = date.fromisoformat(text) if text else None
        except ValueError:
            raise BadRequest(_("A night is a date such as 2026-03-31.")) from None

    @cached_property
    def run(self) -> ScoringRun | None:
        return matrix.run_on(self.user, self.night)

    @cached_property
    def year_before(self) -> ScoringRun | None:
        """The newest run a year before this one, at most a month older; ``None`` without one."""
        if self.run is None:
            return None
        found = matrix.run_on(self.user, self.run.night - YEAR)
        return found if found and found.night > self.run.night - YEAR - MONTH else None

    def filterset(self, rows: QuerySet, night: date | None = None) -> MatrixFilter:
        return MatrixFilter(self.data, queryset=rows, request=_Request(self.user), night=night)

    @cached_property
    def form(self) -> Any:
        return self.filterset(AccountScore.objects.none()).form

    def scores(self, run: ScoringRun | None) -> Any:
        """The scores in scope that match the filters, after a run; none without one."""
        if run is None or not self.form.is_valid():
            return AccountScore.objects.none()
        newest = self.night is None and run == self.run
        rows = matrix.scores_on(self.user, run, newest=newest)
        return self.filterset(rows, None if newest else run.night).qs

    @property
    def in_force(self) -> set[str]:
        return {name for name in FILTERS if self.data.get(name)}

    @property
    def currency(self) -> str:
        return Company.current().currency

    def sums(self, by: Sequence[str], run: ScoringRun | None) -> Iterable[dict[str, Any]]:
        """Accounts, revenue, contribution and hours, grouped; from the prepared sums if they can."""
        if run is None or not self.form.is_valid():
            return []
        person = principal(self.user)
        prepared = person is not None and person.role in SEES_ALL and self.in_force <= PREPARED
        if prepared:
            rows = PortfolioNight.objects.visible_to(self.user).filter(night=run.night)
            filtered = self.filterset(rows).qs
            counted: Any = Sum("accounts")
        else:
            filtered, counted = self.scores(run), Count("pk")
        return filtered.order_by().values(*by).annotate(
            n=counted,
            money=Sum("revenue"),
            margin=Sum("contribution"),
            time=Sum("hours"),
        )  # fmt: skip

    def query(self, **changes: Any) -> str:
        """The filters as an address' query, with some changed (``None`` takes away)."""
        kept = {name: self.data.get(name) for name in (*FILTERS, "night")} | changes
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})

    def matrix_url(self, **changes: Any) -> str:
        return reverse("portfolio:matrix") + "?" + self.query(**changes)


def _changed(now: Any, before: Any) -> Cell:
    if before is None or not before:
        return Cell(None, "change")
    return Cell((Decimal(now or 0) - before) / before, "change")


def cells(asked: Asked) -> Table:
    """Each cell of the matrix: how much lies in it, against last year's night."""
    before = {row["cell"]: row for row in asked.sums(["cell"], asked.year_before)}
    now = {row["cell"]: row for row in asked.sums(["cell"], asked.run)}
    names = {**dict(reversed(CellText.Cell.choices)), "": _("Without a place")}
    rows = []
    for cell, name in names.items():
        if cell not in now and cell not in before:
            continue
        row, was = now.get(cell, NOTHING), before.get(cell, {})
        rows.append(
            [
                Cell(name, url=asked.matrix_url(cell=cell) if cell else ""),
                Cell(row["n"], "amount"),
                Cell(was.get("n"), "amount"),
                Cell(row["money"], "amount"),
                _changed(row["money"], was.get("money")),
                Cell(row["margin"], "amount"),
                Cell(row["time"], "amount"),
            ]
        )
    unit = asked.currency
    return Table(
        _("Where the accounts stand"),
        [
            Column(_("Cell")),
            Column(_("Accounts")),
            Column(_("A year before")),
            Column(_("Revenue"), unit),
            Column(_("On a year before")),
            Column(_("Contribution"), unit),
            Column(_("Hours")),
        ],
        rows,
        note=_before_words(asked),
        url=asked.matrix_url(),
    )


def _before_words(asked: Asked) -> str:
    """Which night stands for the year before."""
    if asked.year_before is None:
        return _("No night a year before has been scored.")
    day = date_format(asked.year_before.night, "SHORT_DATE_FORMAT")
    return _("A year before: the night of %(night)s.") % {"night": day}


def key_share(asked: Asked) -> Table:
    """Key accounts against all others."""
    before = {
        row["is_key_account"]: row for row in asked.sums(["is_key_account"], asked.year_before)
    }
    now = {row["is_key_account"]: row for row in asked.sums(["is_key_account"], asked.run)}
    total = sum((row["money"] or 0 for row in now.values()), Decimal(0))
    rows = []
    for is_key, name in ((True, _("Key accounts")), (False, _("Others"))):
        if is_key not in now and is_key not in before:
            continue
        row, was = now.get(is_key, NOTHING), before.get(is_key, {})
        rows.append(
            [
                Cell(name, url=asked.matrix_url(is_key_account="yes" if is_key else "no")),
                Cell(row["n"], "amount"),
                Cell(row["money"], "amount"),
                Cell((row["money"] or 0) / total if total else None, "percent"),
                _changed(row["money"], was.get("money")),
                Cell(row["margin"], "amount"),
            ]
        )
    unit = asked.currency
    return Table(
        _("Key accounts and the others"),
        [
            Column(_("Accounts' kind")),
            Column(_("Accounts")),
            Column(_("Revenue"), unit),
            Column(_("Share")),
            Column(_("On a year before")),
            Column(_("Contribution"), unit),
        ],
        rows,
        note=_before_words(asked),
        url=reverse("portfolio:concentration"),
    )


def portfolios(asked: Asked) -> Table:
    """The largest portfolios by revenue."""
    found = sorted(
        asked.sums(["owner", "owner__name"], asked.run),
        key=lambda row: -(row["money"] or Decimal(0)),
    )
    rows = [
        [
            Cell(
                row["owner__name"] or _("Without an owner"),
                url=asked.matrix_url(owner=f"{row['owner__name']} (#{row['owner']})")
                if row["owner"]
                else "",
            ),
            Cell(row["n"], "amount"),
            Cell(row["money"], "amount"),
            Cell(row["margin"], "amount"),
            Cell(row["margin"] / row["money"] if row["money"] else None, "percent"),
            Cell(row["time"], "amount"),
        ]
        for row in found[:ROWS]
    ]
    unit = asked.currency
    return Table(
        _("Portfolios"),
        [
            Column(_("KAM")),
            Column(_("Accounts")),
            Column(_("Revenue"), unit),
            Column(_("Contribution"), unit),
            Column(_("Margin")),
            Column(_("Hours")),
        ],
        rows,
        note=_left_out(len(found)),
    )


def _left_out(count: int) -> str:
    return _("and %(n)d more") % {"n": count - ROWS} if count > ROWS else ""


def _listed(rows: Any) -> list[AccountScore]:
    return list(
        rows.select_related("account").defer("raw", "as_of", "values", "account__description")[
            :ROWS
        ]
    )


def _account(row: AccountScore) -> Cell:
    return Cell(row.account.name, url=row.account.get_absolute_url())


def key_accounts(asked: Asked) -> Table:
    """The largest key accounts."""
    found = asked.scores(asked.run).filter(is_key_account=True)
    rows = [
        [
            _account(row),
            Cell(row.get_cell_display() if row.cell else None),
            Cell(row.profitability, "score"),
            Cell(row.potential, "score"),
            Cell(row.revenue, "amount"),
            Cell(row.contribution, "amount"),
            Cell(row.attainable, "amount"),
        ]
        for row in _listed(found.order_by(F("revenue").desc(nulls_last=True), "-account"))
    ]
    unit = asked.currency
    return Table(
        _("The largest key accounts"),
        [
            Column(_("Account")),
            Column(_("Cell"), number=False),
            Column(_("Profitability"), "0–100"),
            Column(_("Potential"), "0–100"),
            Column(_("Revenue"), unit),
            Column(_("Contribution"), unit),
            Column(_("Attainable"), unit),
        ],
        rows,
        url=asked.matrix_url(is_key_account="yes"),
        empty=_("No key accounts match these filters."),
    )


def improvement(asked: Asked) -> Table:
    """Where most is to be won: the highest scores of improvement potential."""
    found = (
        asked.scores(asked.run)
        .filter(improvement__isnull=False)
        .order_by("-improvement", "-account")
    )
    rows = [
        [
            _account(row),
            Cell(row.improvement, "score"),
            Cell(row.revenue, "amount"),
            Cell(row.attainable, "amount"),
            Cell(
                None
                if row.attainable is None or row.revenue is None
                else row.attainable - row.revenue,
                "signed",
            ),
        ]
        for row in _listed(found)
    ]
    unit = asked.currency
    return Table(
        _("Where most is to be won"),
        [
            Column(_("Account")),
            Column(_("Improvement potential"), "0–100"),
            Column(_("Revenue"), unit),
            Column(_("Attainable"), unit),
            Column(_("Between them"), unit),
        ],
        rows,
        empty=_("The criteria in force have no score of improvement potential."),
    )


def moves(asked: Asked) -> Table:
    """Accounts that came into another cell within a month before the night."""
    run = asked.run
    rows: list[list[Cell]] = []
    if run is not None:
        names = dict(CellText.Cell.choices)
        found = asked.scores(asked.run).filter(
            ~Q(cell_before=""), cell_since__gt=run.night - MONTH, cell_since__lte=run.night
        )
        rows = [
            [
                _account(row),
                Cell(names.get(row.cell_before)),
                Cell(names.get(row.cell)),
                Cell(row.cell_since, "day"),
                Cell(row.revenue, "amount"),
            ]
            for row in _listed(found.order_by("-cell_since", "-account"))
        ]
    return Table(
        _("Accounts in another cell since a month"),
        [
            Column(_("Account")),
            Column(_("Before"), number=False),
            Column(_("Now"), number=False),
            Column(_("Since"), number=False),
            Column(_("Revenue"), asked.currency),
        ],
        rows,
        empty=_("No account has changed its cell within a month."),
    )


@dataclass(frozen=True, slots=True)
class Tile:
    """A panel of the dashboard that this app fills."""

    name: str
    title: Any
    make: Callable[[Asked], Table]


TILES: Mapping[str, Tile] = {
    tile.name: tile
    for tile in (
        Tile("cells", gettext_lazy("Where the accounts stand"), cells),
        Tile("key-share", gettext_lazy("Key accounts and the others"), key_share),
        Tile("portfolios", gettext_lazy("Portfolios"), portfolios),
        Tile("key-accounts", gettext_lazy("The largest key accounts"), key_accounts),
        Tile("improvement", gettext_lazy("Where most is to be won"), improvement),
        Tile("moves", gettext_lazy("Accounts in another cell"), moves),
    )
}


def errors_of(asked: Asked) -> list[str]:
    """What is wrong with the filters; nothing is shown by a filter that cannot be read."""
    form = asked.form
    return [
        f"{form.fields[name].label}: {error}"
        for name, found in form.errors.items()
        for error in found
    ]


def without_rate(asked: Asked) -> str:
    """A sentence on the accounts whose amounts are in no sum because a budget rate is missing."""
    count = asked.scores(asked.run).filter(revenue__isnull=True).count() if asked.run else 0
    if not count:
        return ""
    return ngettext(
        "%(n)d account is in no amount: a budget rate is missing.",
        "%(n)d accounts are in no amount: a budget rate is missing.",
        count,
    ) % {"n": count}


def filter_words(asked: Asked) -> list[tuple[str, str]]:
    """The filters in force as a reader's words: (label, value)."""
    form = asked.form
    if not form.is_valid():
        return []
    found = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if value in (None, ""):
            continue
        choices = {} if hasattr(field, "queryset") else dict(field.choices)
        found.append((str(field.label), str(choices.get(value, value))))
    return found


def night_words(run: ScoringRun | None) -> str:
    """How old the figures are."""
    if run is None:
        return _("No night has been scored yet.")
    return _("Scored in the night of %(night)s by “%(criteria)s”.") % {
        "night": date_format(run.night, "SHORT_DATE_FORMAT"),
        "criteria": run.criteria_version,
    }


def as_query(text: str) -> QueryDict:
    """A kept query as the address had it."""
    return QueryDict(text)
