"""The roll-up for other systems: amounts as strings, rounded to cents; ratios to six places."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kam.money import rounded
from plans.calc import YearFigures
from plans.rollups import AccountTree, Counts, Figures, Node, Part


def _money(value: Decimal) -> str:
    return f"{rounded(value):f}"


def _ratio(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.quantize(Decimal('0.000001'), ROUND_HALF_UP):f}"


def figures_json(figures: Figures, *, months: bool = False) -> dict[str, Any]:
    """Target, actual, forecast, ratios, last year, and what has no rate."""
    now = figures.year
    answer: dict[str, Any] = {
        "target": _money(now.target),
        "actual": _money(now.actual),
        "forecast": _money(now.forecast),
        "target_margin": _money(now.target_margin),
        "actual_margin": _money(now.actual_margin),
        "target_to_date": _money(now.target_to_date),
        "actual_closed_months": _money(now.closed_actual),
        "attainment": _ratio(now.attainment),
        "pace": _ratio(now.pace),
        "margin": _ratio(now.margin_ratio),
        "last_year": {
            "actual": _money(figures.last.actual),
            "actual_to_date": _money(figures.last_to_date),
        },
        "missing": [
            {
                "year": gap.year,
                "measure": gap.measure,
                "currency": gap.currency,
                "amount": _money(gap.amount),
            }
            for gap in figures.missing
        ],
    }
    if months:
        answer["months"] = months_json(now)
    return answer


def months_json(year: YearFigures) -> list[dict[str, Any]]:
    """The year month by month."""
    return [
        {
            "month": f"{month.month:%Y-%m}",
            "closed": month.closed,
            "target": _money(month.target),
            "actual": _money(month.actual),
            "forecast": _money(month.forecast),
        }
        for month in year.months
    ]


def counts_json(counts: Counts) -> dict[str, int]:
    return {
        **{name: getattr(counts, name) for name in Counts.__slots__},
        "unplanned": counts.unplanned,
    }


def part_json(part: Part) -> dict[str, Any]:
    """One line of a level's table."""
    return {
        "level": part.kind,
        "id": part.pk,
        "name": part.label,
        "figures": figures_json(part.figures),
        "counts": counts_json(part.counts),
    }


def node_json(node: Node) -> dict[str, Any]:
    """A level with its parts."""
    fresh = node.fresh
    return {
        "level": node.kind,
        "id": node.pk,
        "name": node.label,
        "year": node.fiscal_year.year,
        "currency": node.currency,
        "figures": figures_json(node.figures, months=True),
        "counts": counts_json(node.counts),
        "parts": [part_json(part) for part in node.parts],
        "computed_at": fresh.computed_at.isoformat() if fresh.computed_at else None,
        "portfolios_waiting": fresh.waiting,
    }


def account_json(tree: AccountTree) -> dict[str, Any]:
    """An account's own figures, and apart from them the sum with its subsidiaries."""
    return {
        "level": "account",
        "id": tree.account.pk,
        "name": tree.account.name,
        "year": tree.fiscal_year.year,
        "currency": tree.currency,
        "figures": figures_json(tree.own, months=True),
        "with_subsidiaries": figures_json(tree.together),
        "subsidiaries": [
            {"id": child.pk, "name": child.name, "figures": figures_json(figures)}
            for child, figures in tree.below
        ],
        "subsidiaries_count": tree.count,
    }
