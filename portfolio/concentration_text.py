"""The concentration in words and pictures, and as plain data for the API and the command."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from kam.money import CENT, rounded
from kam.number_text import amount, percent, short, signed
from kam.pictures import bridge as bridges
from kam.pictures import pareto
from portfolio.calc.concentration import Dependence, key_account_level, largest_level
from portfolio.calc.retention import Bridge
from portfolio.concentration import Retained, YearConcentration
from portfolio.loss import Loss
from portfolio.models import PortfolioSettings

KIND = {
    Dependence.NONE: "",
    Dependence.BELOW: "",
    Dependence.NORMAL: "good",
    Dependence.ABOVE: "warn",
    Dependence.NOTICE: "warn",
    Dependence.WARNING: "bad",
}


def ratio(value: float | None) -> Decimal | None:
    """A share as an exact number of twelve places."""
    return None if value is None else Decimal(str(round(value, 12)))


def message(found: YearConcentration) -> str:
    """The picture's title: "Six customers make 80 % of revenue"."""
    if not found.customers:
        return _("Nobody has bought")
    words = {
        "n": amount(found.makers),
        "share": percent(ratio(found.makers_share)),
        "all": amount(found.customers),
    }
    return (
        ngettext(
            "%(n)s of %(all)s customers makes %(share)s of revenue",
            "%(n)s of %(all)s customers make %(share)s of revenue",
            found.makers,
        )
        % words
    )


def curve(found: YearConcentration) -> pareto.Pareto:
    """The Pareto curve, with the customers that make 80 % marked."""

    def point(customers: int, share: float) -> pareto.Point:
        exact = ratio(share) or Decimal(0)
        title = ngettext(
            "the largest customer: %(share)s",
            "the %(n)s largest customers: %(share)s",
            customers,
        ) % {"n": amount(customers), "share": percent(exact, 1)}
        return pareto.Point(customers, min(exact, Decimal(1)), title)

    if not found.customers:
        return pareto.Pareto([])
    return pareto.Pareto(
        [point(*pair) for pair in found.curve], point(found.makers, found.makers_share)
    )


def levels(
    found: YearConcentration, settings: PortfolioSettings
) -> tuple[tuple[Dependence, str], tuple[Dependence, str]]:
    """Key accounts' share and the largest customer against the thresholds, in words."""
    hundred = Decimal(100)
    key = key_account_level(
        ratio(found.key_share),
        low=settings.key_share_low / hundred,
        high=settings.key_share_high / hundred,
        warning=settings.dependence_warning / hundred,
    )
    largest = largest_level(
        ratio(found.largest_share),
        notice=settings.largest_notice / hundred,
        warning=settings.dependence_warning / hundred,
    )
    words = {
        "low": amount(settings.key_share_low),
        "high": amount(settings.key_share_high),
        "warning": amount(settings.dependence_warning),
        "notice": amount(settings.largest_notice),
    }
    key_words = {
        Dependence.NONE: _("nobody has bought"),
        Dependence.BELOW: _("below the normal %(low)s–%(high)s %%"),
        Dependence.NORMAL: _("normal: %(low)s–%(high)s %%"),
        Dependence.ABOVE: _("above the normal %(low)s–%(high)s %%"),
        Dependence.WARNING: _("dependence: above %(warning)s %%"),
    }
    largest_words = {
        Dependence.NONE: _("nobody has bought"),
        Dependence.NORMAL: _("below the notice at %(notice)s %%"),
        Dependence.NOTICE: _("notice: from %(notice)s %% on"),
        Dependence.WARNING: _("dependence: above %(warning)s %%"),
    }
    return (key, key_words[key] % words), (largest, largest_words[largest] % words)


def bridge_parts(found: Bridge, before: str, now: str) -> list[bridges.Part]:
    """From last year to this; corrections stand only where there are any."""
    words = {
        "new": (
            _("New"),
            ngettext_lazy(
                "%(n)s customer who had not bought the year before",
                "%(n)s customers who had not bought the year before",
                "count",
            ),
        ),
        "growth": (
            _("Growth"),
            ngettext_lazy(
                "%(n)s customer who bought as much or more",
                "%(n)s customers who bought as much or more",
                "count",
            ),
        ),
        "decline": (
            _("Decline"),
            ngettext_lazy(
                "%(n)s customer who bought less", "%(n)s customers who bought less", "count"
            ),
        ),
        "lost": (
            _("Lost"),
            ngettext_lazy(
                "%(n)s customer who no longer bought",
                "%(n)s customers who no longer bought",
                "count",
            ),
        ),
        "corrections": (
            _("Other"),
            ngettext_lazy(
                "%(n)s customer with credit notes alone",
                "%(n)s customers with credit notes alone",
                "count",
            ),
        ),
    }
    parts = [bridges.Part(before, found.start, f"{before}: {amount(found.start)}", total=True)]
    for name, step in found.steps.items():
        if name == "corrections" and not step.customers:
            continue
        label, told = words[name]
        counted = told % {"n": amount(step.customers), "count": step.customers}
        parts.append(bridges.Part(label, step.change, f"{counted}: {signed(step.change)}"))
    return [*parts, bridges.Part(now, found.end, f"{now}: {amount(found.end)}", total=True)]


def bridge_message(found: Bridge, closed: int = 12) -> str:
    """The bridge's title; ``closed`` months of the year count, so that "so far" is said in it."""
    if found.retention is None:
        return _("Nobody bought in the year before")
    share = percent(found.retention)
    if closed < 12:
        words = {"share": share, "n": closed}
        return (
            ngettext(
                "So far, with %(n)d of 12 months, last year's customers have bought %(share)s of"
                " what they bought in all of it",
                "So far, with %(n)d of 12 months, last year's customers have bought %(share)s of"
                " what they bought in all of it",
                closed,
            )
            % words
        )
    return _("Last year's customers buy %(share)s of what they bought then") % {"share": share}


def as_data(
    found: YearConcentration, names: dict[int, Any], settings: PortfolioSettings, currency: str
) -> dict[str, Any]:
    """The year's concentration for other systems; ratios 0–1, amounts in ``currency``."""
    (key, key_words), (largest, largest_words) = levels(found, settings)
    return {
        "year": found.year,
        "currency": currency,
        "customers": found.customers,
        "revenue": money(found.total),
        "zero_customers": found.zero,
        "negative_customers": found.negative,
        "negative_revenue": money(found.negative_sum),
        "top_shares": {str(top): six(share) for top, share in found.tops.items()},
        "customers_for_80_percent": found.makers,
        "hhi": six(found.hhi),
        "hhi_10000": None if found.hhi is None else round(found.hhi * 10_000, 2),
        "effective_customers": None if found.effective is None else round(found.effective, 4),
        "gini": six(found.gini),
        "key_account_share": six(found.key_share),
        "key_account_level": str(key),
        "key_account_words": key_words,
        "largest_share": six(found.largest_share),
        "largest_level": str(largest),
        "largest_words": largest_words,
        "curve": [[customers, six(share)] for customers, share in found.curve],
        "largest": [
            {
                "account": names[customer.top].pk if customer.top in names else None,
                "name": names[customer.top].name if customer.top in names else "",
                "revenue": money(customer.revenue),
                "share": six(customer.share),
                "is_key_account": customer.is_key,
            }
            for customer in found.largest
        ],
        "without_rate": {code: money(value) for code, value in found.missing.items()},
    }


def bridge_data(found: Retained) -> dict[str, Any]:
    """The bridge for other systems."""
    return {
        name: {
            "start": money(one.start),
            **{
                step: {"customers": part.customers, "change": money(part.change)}
                for step, part in one.steps.items()
            },
            "end": money(one.end),
            "net_revenue_retention": None if one.retention is None else six(float(one.retention)),
        }
        for name, one in (("all", found.all), ("key_accounts", found.key))
    }


def loss_data(found: Loss) -> dict[str, Any]:
    """What a loss would mean, for other systems."""
    return {
        "account": found.customer.pk,
        "revenue": money(found.revenue),
        "revenue_share": None if found.revenue_share is None else six(float(found.revenue_share)),
        "contribution": money(found.contribution),
        "contribution_share": (
            None if found.contribution_share is None else six(float(found.contribution_share))
        ),
        "owners": [
            {
                "owner": one.owner.pk,
                "name": one.owner.name,
                "revenue": money(one.revenue),
                "share": None if one.share is None else six(float(one.share)),
                "target": money(one.target),
                "attainment": _six(one.attainment),
                "attainment_without": _six(one.attainment_without),
            }
            for one in found.owners
        ],
    }


def _six(value: Decimal | None) -> float | None:
    return None if value is None else six(float(value))


def loss_message(found: Loss, currency: str) -> str:
    return _("Without %(name)s: %(revenue)s %(currency)s of revenue less, %(share)s") % {
        "name": found.customer.name,
        "revenue": short(found.revenue),
        "currency": currency,
        "share": percent(found.revenue_share, 1),
    }


def six(value: float | None) -> float | None:
    return None if value is None else round(value, 10)


def money(value: Decimal | None) -> str | None:
    return None if value is None else str(rounded(value, CENT))
