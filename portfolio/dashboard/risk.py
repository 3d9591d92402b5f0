"""Tiles of the concentration: the Pareto curve, its course over the years, the bridge.

They are of the fiscal year in which the night lies, of the accounts that match the filters.
"""

from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from kam.number_text import percent
from kam.periods import FiscalYear, company_today, company_year, fiscal_year_of
from portfolio import concentration as figures
from portfolio import concentration_text as words
from portfolio.dashboard.asked import Asked
from portfolio.dashboard.table import Cell, Column, Picture, Table
from portfolio.models import PortfolioSettings

#: Filters that the concentration's own page knows by the same names.
SHARED = ("owner", "team", "segment", "industry", "is_key_account")


def _portfolio(asked: Asked) -> figures.Portfolio:
    """Whose facts: the whole scope, or the accounts whose scores match the filters."""
    if not asked.in_force:
        return figures.Portfolio(asked.user)
    inside = asked.scores(asked.run).order_by().values("account")
    return figures.Portfolio(
        asked.user, Account.objects.visible_to(asked.user).filter(pk__in=inside)
    )


def _year(asked: Asked) -> FiscalYear:
    night = asked.run.night if asked.run else asked.night or company_today()
    start = company_year().start_month
    return fiscal_year_of(night, start)


def _computed(kept: figures.Kept) -> str:
    return _("Computed %(time)s.") % {
        "time": date_format(localtime(kept.at), "SHORT_DATETIME_FORMAT")
    }


def _year_words(year: FiscalYear) -> str:
    closed = year.closed_months(company_today())
    if closed >= 12:
        return _("Fiscal year %(year)s.") % {"year": year.label}
    return ngettext(
        "Fiscal year %(year)s, %(n)d of 12 months is closed.",
        "Fiscal year %(year)s, %(n)d of 12 months are closed.",
        closed,
    ) % {"year": year.label, "n": closed}


def _missing(amounts: dict[str, Any]) -> str:
    if not amounts:
        return ""
    return _("Without a rate and in no sum: %(codes)s.") % {"codes": ", ".join(sorted(amounts))}


def _url(asked: Asked, year: FiscalYear) -> str:
    kept = {name: asked.data.get(name) for name in SHARED if asked.data.get(name)}
    return reverse("portfolio:concentration", query={"year": year.year, **kept})


def pareto(asked: Asked) -> Table:
    """How much the largest customers make together."""
    year = _year(asked)
    kept = figures.kept_year(_portfolio(asked), year.year)
    found = kept.value
    (_key, key_words), (_largest, largest_words) = words.levels(found, PortfolioSettings.current())
    rows = [
        [
            Cell(_("Largest customer") if top == 1 else _("%(n)d largest customers") % {"n": top}),
            Cell(words.ratio(share), "percent"),
            Cell(largest_words if top == 1 else None),
        ]
        for top, share in found.tops.items()
    ]
    if found.customers:
        rows.append(
            [
                Cell(_("Key accounts")),
                Cell(words.ratio(found.key_share), "percent"),
                Cell(key_words),
            ]
        )
    return Table(
        _("How far sales hang on few"),
        [Column(_("Customers")), Column(_("Share")), Column(_("Against thresholds"), number=False)],
        rows,
        note=f"{_year_words(year)} {_missing(found.missing)}".strip(),
        url=_url(asked, year),
        empty=_("No sales in this year"),
        message=words.message(found),
        age=_computed(kept),
        picture=Picture("pareto", words.curve(found)),
    )


def trend(asked: Asked) -> Table:
    """The concentration of the last fiscal years."""
    year = _year(asked)
    kept = figures.kept_trend(_portfolio(asked), year.year)
    years = kept.value
    rows, held = [], [one for one in years.values() if one.customers]
    for one in held:
        rows.append(
            [
                Cell(year.shifted(one.year - year.year).label),
                Cell(one.total, "amount"),
                Cell(words.ratio(one.tops.get(1)), "percent"),
                Cell(words.ratio(one.tops.get(10)), "percent"),
                Cell(words.ratio(one.key_share), "percent"),
                Cell(words.ratio(one.hhi * 10_000) if one.hhi else None, "amount"),
            ]
        )
    message = ""
    if len(held) > 1:
        now, then = held[0], held[-1]
        facts = {
            "then": percent(words.ratio(then.tops[10])),
            "year": year.shifted(then.year - year.year).label,
            "now": percent(words.ratio(now.tops[10])),
        }
        message = _("The ten largest make %(now)s of revenue; in %(year)s it was %(then)s") % facts
    lines = [
        (_("Revenue"), [one.total for one in reversed(held)]),
        (_("Largest"), [words.ratio(one.tops.get(1)) for one in reversed(held)]),
        (_("Ten largest"), [words.ratio(one.tops.get(10)) for one in reversed(held)]),
        (_("Key accounts"), [words.ratio(one.key_share) for one in reversed(held)]),
    ]
    return Table(
        _("Concentration over the years"),
        [
            Column(_("Year")),
            Column(_("Revenue"), asked.currency),
            Column(_("Largest")),
            Column(_("Ten largest")),
            Column(_("Key accounts")),
            Column(_("HHI")),
        ],
        rows,
        note=_year_words(year),
        url=_url(asked, year),
        empty=_("No sales in these years"),
        message=message,
        age=_computed(kept),
        picture=Picture("lines", lines) if len(held) > 1 else None,
    )


def bridge(asked: Asked) -> Table:
    """From last year's sales to this year's."""
    year = _year(asked)
    kept = figures.kept_bridge(_portfolio(asked), year.year)
    found = kept.value
    before, now = year.shifted(-1).label, year.label
    parts = words.bridge_parts(found.all, before, now)
    names = [n for n, s in found.all.steps.items() if n != "corrections" or s.customers]
    rows = []
    if found.all.start or found.all.end:
        rows = [
            [Cell(before), Cell(None, "amount"), Cell(found.all.start, "amount"),
             Cell(None, "amount"), Cell(found.key.start, "amount")],
            *(
                [
                    Cell(part.label),
                    Cell(found.all.steps[name].customers, "amount"),
                    Cell(found.all.steps[name].change, "signed"),
                    Cell(found.key.steps[name].customers, "amount"),
                    Cell(found.key.steps[name].change, "signed"),
                ]
                for name, part in zip(names, parts[1:-1], strict=True)
            ),
            [Cell(now), Cell(None, "amount"), Cell(found.all.end, "amount"),
             Cell(None, "amount"), Cell(found.key.end, "amount")],
        ]  # fmt: skip
    missing = {code: 1 for amounts in found.missing.values() for code in amounts}
    unit = asked.currency
    return Table(
        _("From last year to this"),
        [
            Column(_("Step")),
            Column(_("Customers")),
            Column(_("Change"), unit),
            Column(_("Key accounts")),
            Column(_("Change"), unit),
        ],
        rows,
        note=f"{_year_words(year)} {_missing(missing)}".strip(),
        url=_url(asked, year),
        empty=_("No sales in these years"),
        message=words.bridge_message(found.all, year.closed_months(company_today())),
        age=_computed(kept),
        picture=Picture("bridge", parts, {"unit": unit}),
    )
