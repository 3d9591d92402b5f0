"""The matrix as a picture and in words: the same for the page, the PDF and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kam.number_text import amount, short
from kam.pictures import matrix as picture
from portfolio.matrix import SIZES, Grid, Square, Sums, Window
from portfolio.models import AccountScore, CellText, CriteriaVersion, Segment

#: Cells in the order (low, low), (high, low), (low, high), (high, high) of (x, y).
CELLS = ("retain", "nurture", "develop", "all")
SIZE_WORDS = {
    "revenue": gettext_lazy("Revenue, twelve months"),
    "contribution": gettext_lazy("Contribution, twelve months"),
    "attainable": gettext_lazy("Attainable revenue"),
    "none": gettext_lazy("All alike"),
}
#: Segments beyond the sixth share the last filling.
STYLES = 6
NO_SEGMENT = 6


@dataclass(frozen=True, slots=True)
class Look:
    """What the reader chose to see: ``size`` of ``SIZES``; ``colour`` none, cell, key or a scheme."""

    size: str = "revenue"
    colour: str = "none"
    scheme: int | None = None


def ground(version: CriteriaVersion, window: Window) -> picture.Ground:
    """Axes, cut-offs and the cells' names."""
    names = dict(CellText.Cell.choices)
    retain, nurture, develop, whole = (str(names[cell]) for cell in CELLS)
    return picture.Ground(
        version.profitability_cut,
        version.potential_cut,
        (retain, nurture, develop, whole),
        window.x,
        window.y,
    )


def account_bubble(
    row: AccountScore, look: Look, currency: str, styles: dict[int, int]
) -> picture.Bubble:
    """One account; its title says all that the place, the area and the filling say."""
    profitability, potential = row.profitability or Decimal(0), row.potential or Decimal(0)
    parts = [
        _("profitability %(value)s") % {"value": amount(profitability, 1)},
        _("potential %(value)s") % {"value": amount(potential, 1)},
    ]
    if row.cell:
        parts.append(str(row.get_cell_display()))
    if look.size != "none":
        value = getattr(row, look.size)
        words = {"what": SIZE_WORDS[look.size], "value": amount(value), "currency": currency}
        parts.append(_("%(what)s %(value)s %(currency)s") % words)
    if row.is_key_account:
        parts.append(_("key account"))
    return picture.Bubble(
        key=row.account_id,
        x=profitability,
        y=potential,
        label=row.account.name,
        title=f"{row.account.name}: " + ", ".join(parts),
        size=None if look.size == "none" else getattr(row, look.size),
        style=_style(row, look, styles),
        href=reverse("accounts:detail", args=[row.account_id]),
        strong=row.is_key_account and look.colour != "key",
    )


def _style(row: AccountScore, look: Look, styles: dict[int, int]) -> int:
    if look.colour == "key":
        return 1 if row.is_key_account else 3
    if look.colour == "cell":
        return CELLS.index(row.cell) + 1 if row.cell in CELLS else NO_SEGMENT
    if look.scheme is not None:
        return styles.get(getattr(row, "segment", None) or 0, NO_SEGMENT)
    return 1


def clusters(
    squares: Iterable[Square], currency: str, href: Callable[[Window], str]
) -> list[picture.Bubble]:
    """Several accounts near each other, for each square that holds more than one."""
    texts: dict[tuple[Decimal, Decimal], str] = {}  # the squares share their ends

    def ends(pair: tuple[Decimal, Decimal]) -> str:
        if pair not in texts:
            texts[pair] = _ends(pair)
        return texts[pair]

    return [
        _cluster(square, currency, href(square.window), ends)
        for square in squares
        if square.accounts > 1
    ]


def _cluster(
    square: Square,
    currency: str,
    href: str,
    ends: Callable[[tuple[Decimal, Decimal]], str],
) -> picture.Bubble:
    words = {
        "n": amount(square.accounts),
        "x": ends(square.window.x),
        "y": ends(square.window.y),
        "revenue": short(square.revenue),
        "currency": currency,
    }
    title = ngettext(
        "%(n)s account: profitability %(x)s, potential %(y)s, revenue %(revenue)s %(currency)s",
        "%(n)s accounts: profitability %(x)s, potential %(y)s, revenue %(revenue)s %(currency)s",
        square.accounts,
    )
    return picture.Bubble(
        key=("square", *square.window.x, *square.window.y),
        x=square.x,
        y=square.y,
        label=words["n"],
        title=title % words,
        size=Decimal(square.accounts),
        count=square.accounts,
        href=href,
        within=(*square.window.x, *square.window.y),
    )


def _ends(ends: tuple[Decimal, Decimal]) -> str:
    return f"{amount(ends[0], _places(ends))}–{amount(ends[1], _places(ends))}"


def _places(ends: tuple[Decimal, Decimal]) -> int:
    return 0 if all(end == end.to_integral_value() for end in ends) else 2


def styles_of(segments: Sequence[Segment]) -> dict[int, int]:
    """Each segment's filling, by rank."""
    return {segment.pk: min(at, STYLES - 1) for at, segment in enumerate(segments, start=1)}


def key_of(look: Look, segments: Sequence[Segment]) -> list[tuple[int, str]]:
    """What each filling means."""
    if look.colour == "key":
        return [(1, _("Key account")), (3, _("Other account"))]
    if look.colour == "cell":
        names = dict(CellText.Cell.choices)
        return [(at, str(names[cell])) for at, cell in enumerate(CELLS, start=1)]
    if look.scheme is not None:
        styles = styles_of(segments)
        found: dict[int, list[str]] = {}
        for segment in segments:
            found.setdefault(styles[segment.pk], []).append(segment.name)
        key = [(style, ", ".join(names)) for style, names in found.items()]
        return [*key, (NO_SEGMENT, _("No segment"))]
    return []


def steps_of(rows: Sequence[AccountScore]) -> list[picture.Step]:
    """An account's way; nights on which it did not move are one step."""
    steps: list[picture.Step] = []
    for row in rows:
        place = row.profitability or Decimal(0), row.potential or Decimal(0)
        if steps and (steps[-1].x, steps[-1].y) == place and row is not rows[-1]:
            continue
        words = {
            "night": date_format(row.first_night, "SHORT_DATE_FORMAT"),
            "x": amount(place[0], 1),
            "y": amount(place[1], 1),
        }
        title = _("from the night of %(night)s: profitability %(x)s, potential %(y)s") % words
        steps.append(picture.Step(*place, date_format(row.first_night, "M Y"), title))
    return steps


def message(found: Grid, window: Window) -> str:
    """The picture's title: what it says, in one sentence."""
    total = found.total
    if not window.whole:
        return ngettext(
            "%(n)s account between profitability %(x)s and potential %(y)s",
            "%(n)s accounts with profitability %(x)s and potential %(y)s",
            found.inside,
        ) % {"n": amount(found.inside), "x": _ends(window.x), "y": _ends(window.y)}
    best = found.cells.get("all", Sums())
    if not total.accounts or total.revenue <= 0:
        return ngettext("%(n)s account", "%(n)s accounts", total.accounts) % {
            "n": amount(total.accounts)
        }
    return ngettext(
        "%(n)s account with high profitability and high potential makes %(share)s %% of revenue",
        "%(n)s accounts with high profitability and high potential make %(share)s %% of revenue",
        best.accounts,
    ) % {"n": amount(best.accounts), "share": amount(100 * best.revenue / total.revenue)}


def unrated_words(count: int) -> str:
    """A sentence on the accounts that amounts leave out; none where there are none."""
    if not count:
        return ""
    return ngettext(
        "%(n)s account is left out of sums: a budget rate is missing.",
        "%(n)s accounts are left out of sums: a budget rate is missing.",
        count,
    ) % {"n": amount(count)}


def cell_rows(
    found: Grid, texts: dict[str, CellText], href: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The four cells from the best on, and apart from them the accounts without a place."""
    total = found.total
    rows = []
    for cell in reversed(CELLS):
        sums = found.cells.get(cell, Sums())
        rows.append(
            {
                "cell": cell,
                "text": texts[cell],
                "name": texts[cell].get_cell_display(),
                "sums": sums,
                "accounts_share": _share(Decimal(sums.accounts), Decimal(total.accounts)),
                "revenue_share": _share(sums.revenue, total.revenue),
                "hours_share": _share(sums.hours, total.hours),
                "href": href(cell),
            }
        )
    return rows


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole > 0 else None


assert set(SIZES) == set(SIZE_WORDS)  # noqa: S101 - one word for each size
