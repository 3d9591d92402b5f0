"""Draw the pictures of kam.pictures as inline SVG, on a page and in a PDF alike.

Each tag lays out its input and renders a fragment of ``templates/kam/pictures/``. All
marks carry a title, the links are real links, and a table of the figures stands beside.
The fragments hold no ``style`` attribute and no script: colours come by class from
``static/css/pictures.css``, with print colours as attributes for the PDF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from hashlib import blake2s
from typing import Any

from django import template
from django.template import Context
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kam.number_text import (
    MISSING,
    NBSP,
    Scale,
    amount,
    amount_in,
    fitting_percent,
    percent,
    plain,
    scale_for,
    short,
)
from kam.pictures import bridge as bridges
from kam.pictures import bullet as bullets
from kam.pictures import cells, matrix, monthly, pareto, sparkline, stacked, timeline, tree
from kam.pictures import gauge as gauges
from kam.pictures import words as measures
from kam.pictures.scale import axis_for, known, r

register = template.Library()


def draw(context: Context, name: str, data: dict[str, Any]) -> SafeString:
    """Render a fragment; coordinates are written with a point in every language."""
    assert context.template is not None  # noqa: S101 - a tag runs inside a template
    fragment = context.template.engine.get_template(f"kam/pictures/{name}.svg.html")
    digest = blake2s(repr((name, sorted(data.items(), key=lambda item: item[0]))).encode())
    values = {**data, "id": f"pic-{digest.hexdigest()[:10]}", "font": measures.FONT}
    return fragment.render(Context(values, use_l10n=False))


def axis_words(values: Iterable[Any], unit: str) -> tuple[Callable[[Decimal], str], str]:
    """How an axis over ``values`` writes its ticks, and what stands above it ("M EUR")."""
    axis = axis_for(values)
    scale = scale_for(max(abs(axis.low), abs(axis.high)))
    decimals = max(
        (
            -int((tick / scale.divisor).normalize().as_tuple().exponent)
            for tick in axis.ticks
            if tick
        ),
        default=0,
    )
    decimals = max(0, min(decimals, 6))

    def write(tick: Decimal) -> str:
        return amount_in(tick, scale, decimals)

    return write, join_unit(scale, unit)


def join_unit(scale: Scale, unit: str) -> str:
    """The scale's short form and the unit, as they stand above an axis."""
    return NBSP.join(word for word in (scale.suffix, unit) if word)


def with_unit(value: Any, unit: str) -> str:
    """An amount with its unit, or the sign for a missing one."""
    text = amount(value)
    return text if text == MISSING or not unit else f"{text}{NBSP}{unit}"


@register.filter
def shift(position: float, by: float) -> float:
    """A coordinate moved by some units (``add`` would cut it to a whole number)."""
    return r(float(position) + float(by))


@register.filter
def dash(word: str, suffix: Any) -> str:
    """An id with a suffix: ``pic-1f|dash:2`` is ``pic-1f-2``."""
    return f"{word}-{suffix}"


@register.simple_tag(takes_context=True)
def monthly_picture(
    context: Context,
    months: Sequence[monthly.Month],
    caption: str,
    unit: str = "",
    cumulative: bool = False,
    target_word: str = "",
) -> SafeString:
    """Actual, target and forecast by month. ``cumulative`` draws running totals.

    ``target_word`` names the stepped line where it is something else, such as last year.
    """
    shown = monthly.cumulated(months) if cumulative else list(months)
    write, above = axis_words(
        [value for m in shown for value in (m.actual, m.target, m.forecast)], unit
    )
    picture = monthly.lay_out(months, write, cumulative=cumulative)
    words = {
        "actual": _("Actual"),
        "target": target_word or _("Target"),
        "forecast": _("Forecast"),
    }
    slots = [
        {"slot": slot, "title": _month_title(slot.month, words, unit)} for slot in picture.slots
    ]
    has_target = bool(picture.target)
    has_actual = any(slot.actual for slot in picture.slots)
    return draw(
        context,
        "monthly",
        {
            "picture": picture,
            "caption": caption,
            "slots": slots,
            "unit": unit,
            "above": above,
            "words": words,
            "cumulative": cumulative,
            "has_links": any(slot.month.href for slot in picture.slots),
            "has_target": has_target,
            "has_actual": has_actual,
            "missing": sum(1 for m in months if m.actual is None and m.forecast is None),
        },
    )


def _month_title(month: monthly.Month, words: dict[str, str], unit: str) -> str:
    parts = [
        f"{words[name]} {with_unit(value, unit)}"
        for name, value in (
            ("actual", month.actual),
            ("target", month.target),
            ("forecast", month.forecast),
        )
        if value is not None
    ]
    return f"{month.name}: " + (", ".join(parts) or _("no figures"))


def _bullet_words(bullet: bullets.Bullet, unit: str) -> str:
    parts = [_("Actual") + " " + with_unit(bullet.actual, unit)]
    if bullet.target is not None:
        parts.append(_("Target") + " " + with_unit(bullet.target, unit))
    if bullet.pace is not None:
        parts.append(_("Expected by now") + " " + with_unit(bullet.pace, unit))
    if bullet.attainment is not None:
        parts.append(_("Attainment") + " " + percent(bullet.attainment))
    return ", ".join(parts)


@register.simple_tag(takes_context=True)
def bullet_picture(
    context: Context, bullet: bullets.Bullet, caption: str, unit: str = ""
) -> SafeString:
    """A bar for actual with marks for target and pace, and its figures."""
    return draw(
        context,
        "bullet",
        {
            "picture": bullets.lay_out(bullet),
            "bullet": bullet,
            "caption": caption,
            "unit": unit,
            "words": _bullet_words(bullet, unit),
            "attainment": fitting_percent(bullet.attainment),
        },
    )


@register.simple_tag(takes_context=True)
def bullet_cell(context: Context, bullet: bullets.Bullet, unit: str = "") -> SafeString:
    """The same bar for a table cell, 120 units wide; its words are in the title."""
    return draw(
        context,
        "bullet_cell",
        {
            "picture": bullets.lay_out(bullet, width=120.0, height=18.0),
            "words": _bullet_words(bullet, unit),
        },
    )


@register.simple_tag(takes_context=True, name="sparkline")
def sparkline_tag(
    context: Context, values: Sequence[Any], label: str, unit: str = ""
) -> SafeString:
    """A line for a table cell; ``label`` says what runs there ("Revenue, 12 months")."""
    numbers = known(values)
    if numbers:
        words = _("%(label)s: from %(low)s to %(high)s, last %(last)s") % {
            "label": label,
            "low": with_unit(min(numbers), unit),
            "high": with_unit(max(numbers), unit),
            "last": with_unit(numbers[-1], unit),
        }
    else:
        words = _("%(label)s: no figures") % {"label": label}
    return draw(context, "sparkline", {"picture": sparkline.lay_out(values), "words": words})


@register.simple_tag(takes_context=True)
def stacked_picture(
    context: Context, rows: Sequence[stacked.Row], caption: str, unit: str = ""
) -> SafeString:
    """Horizontal bars by part, all on one scale."""
    picture = stacked.lay_out(rows, short)
    labels = [label for _style, label in picture.key]
    table = []
    for row in rows:
        values = {part.label: part.value for part in row.parts}
        table.append(
            {"row": row, "values": [amount(values.get(label)) for label in labels],
             "total": amount(row.total)}
        )  # fmt: skip
    lines = [
        {
            "line": line,
            "pieces": [
                {
                    "piece": piece,
                    "title": f"{line.row.label}, {piece.part.label}: "
                    f"{with_unit(piece.part.value, unit)}",
                }
                for piece in line.pieces
            ],
        }
        for line in picture.lines
    ]
    return draw(
        context,
        "stacked",
        {
            "picture": picture,
            "caption": caption,
            "unit": unit,
            "lines": lines,
            "labels": labels,
            "table": table,
            "styles": sorted({style for style, _label in picture.key}),
            "has_links": any(row.href or any(part.href for part in row.parts) for row in rows),
        },
    )


@register.simple_tag(takes_context=True)
def timeline_picture(
    context: Context,
    bars: Sequence[timeline.Bar],
    caption: str,
    today: date | None = None,
    span: tuple[date, date] | None = None,
) -> SafeString:
    """Bars over months, in the order given, and what waits for what; ``span`` bounds the picture."""
    more = {"span": span} if span else {}
    labels = {bar.key: bar.label for bar in bars}
    return draw(
        context,
        "timeline",
        {
            "picture": timeline.lay_out(bars, lambda m: date_format(m, "M Y"), today, **more),
            "caption": caption,
            "rows": [
                {"bar": bar, "after": ", ".join(labels[k] for k in bar.after if k in labels)}
                for bar in bars
            ],
            "has_links": any(bar.href for bar in bars),
        },
    )


@register.simple_tag(takes_context=True)
def gauge_picture(context: Context, gauge: gauges.Gauge, caption: str) -> SafeString:
    """A half ring with the ratio written in it."""
    words = f"{caption}: {percent(gauge.value)}"
    if gauge.pace is not None:
        words += ", " + _("Expected by now") + " " + percent(gauge.pace)
    return draw(
        context,
        "gauge",
        {
            "picture": gauges.lay_out(gauge),
            "caption": caption,
            "words": words,
            "value": percent(gauge.value),
            "pace": percent(gauge.pace) if gauge.pace is not None else "",
        },
    )


@register.simple_tag(takes_context=True)
def tree_picture(context: Context, rows: Sequence[tree.Row], caption: str) -> SafeString:
    """Parent and subsidiaries, with a note at the end of each line."""
    picture = tree.lay_out(rows)
    by_key = {row.key: row for row in rows}
    return draw(
        context,
        "tree",
        {
            "picture": picture,
            "caption": caption,
            "has_links": any(row.href for row in rows),
            "has_notes": any(row.note for row in rows),
            "left_out": plain(Decimal(picture.left_out)) if picture.left_out else "",
            "table": [
                {"row": row, "parent": by_key[row.parent].label if row.parent in by_key else ""}
                for row in rows
            ],
        },
    )


@register.simple_tag(takes_context=True)
def matrix_picture(
    context: Context,
    bubbles: Sequence[matrix.Bubble],
    ground: matrix.Ground,
    caption: str,
    x_word: str,
    y_word: str,
    key: Sequence[tuple[int, str]] = (),
    size_word: str = "",
    trail: Sequence[matrix.Step] = (),
) -> SafeString:
    """Bubbles in four cells; ``key`` says what each filling means, ``size_word`` what the area is."""
    picture = matrix.lay_out(bubbles, ground, trail)
    return draw(
        context,
        "matrix",
        {
            "picture": picture,
            "caption": caption,
            "x_word": x_word,
            "y_word": y_word,
            "key": list(key),
            "size_word": size_word,
            "plot_width": r(picture.right - picture.left),
            "plot_height": r(picture.bottom - picture.top),
            "patterns": sorted({b.style for b in bubbles if b.count == 1} - {1, 3}),
            "has_links": any(b.href for b in bubbles),
            "has_clusters": any(b.count > 1 for b in bubbles),
            "has_strong": any(b.strong for b in bubbles),
        },
    )


@register.simple_tag(takes_context=True)
def cells_picture(
    context: Context,
    multiples: Sequence[cells.Multiple],
    caption: str,
    size_word: str,
    label_word: str,
) -> SafeString:
    """Small matrices beside each other on one scale."""
    return draw(
        context,
        "cells",
        {
            "picture": cells.lay_out(multiples),
            "caption": caption,
            "x_word": _("Profitability"),
            "y_word": _("Potential"),
            "size_word": size_word,
            "label_word": label_word,
            "has_links": any(p.href for m in multiples for p in m.cells.values()),
        },
    )


@register.simple_tag(takes_context=True)
def pareto_picture(
    context: Context, curve: pareto.Pareto, caption: str, x_word: str = ""
) -> SafeString:
    """The share that the largest customers make together."""
    return draw(
        context,
        "pareto",
        {
            "picture": pareto.lay_out(curve),
            "points": [point for point in curve.points if point.customers],
            "caption": caption,
            "x_word": x_word or _("Customers, largest first"),
        },
    )


@register.simple_tag(takes_context=True)
def bridge_picture(
    context: Context, parts: Sequence[bridges.Part], caption: str, unit: str = ""
) -> SafeString:
    """From one total over its changes to the next."""
    levels, level = [], Decimal(0)
    for part in parts:
        level = (Decimal(0) if part.total else level) + (part.value or Decimal(0))
        levels.append(level)
    write, above = axis_words(levels, unit)
    totals = {part.value for part in parts if part.total}

    def label(value: Decimal) -> str:
        return short(value) if value in totals else ("+" if value > 0 else "") + short(value)

    return draw(
        context,
        "bridge",
        {
            "picture": bridges.lay_out(parts, write, label),
            "parts": list(parts),
            "caption": caption,
            "unit": unit,
            "above": above,
            "has_links": any(part.href for part in parts),
        },
    )


@register.simple_tag
def pictures_stylesheet() -> SafeString:
    """The link to the style sheet of the pictures, for pages that show any."""
    from django.templatetags.static import static

    return format_html('<link rel="stylesheet" href="{}">', static("css/pictures.css"))
