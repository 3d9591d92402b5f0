"""Tiles made from the scores of a night: cells, key accounts, portfolios, rankings, moves."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.number_text import amount, percent
from kam.pictures import cells as pictures
from kam.pictures import stacked
from portfolio.dashboard.asked import MONTH, Asked
from portfolio.dashboard.table import Cell, Column, Picture, Table
from portfolio.models import AccountScore, CellText

ROWS = 15
#: Portfolios that the picture shows beside each other.
BESIDE = 6
NOTHING: Mapping[str, Any] = {"n": 0, "money": None, "margin": None, "time": None}


def _changed(now: Any, before: Any) -> Cell:
    if before is None or not before:
        return Cell(None, "change")
    return Cell((Decimal(now or 0) - before) / before, "change")


def _small_matrix(
    name: str, rows: Mapping[str, Mapping[str, Any]], asked: Asked, **filters: Any
) -> pictures.Multiple:
    """A portfolio's four cells as a small matrix: area by revenue, number of accounts."""
    names, parts = dict(CellText.Cell.choices), {}
    for cell in pictures.PLACES:
        row = rows.get(cell, NOTHING)
        words = {
            "who": name,
            "cell": names[cell],
            "n": amount(row["n"]),
            "revenue": amount(row["money"]),
            "currency": asked.currency,
        }
        parts[cell] = pictures.Part(
            row["money"],
            amount(row["n"]),
            _("%(who)s, %(cell)s: accounts %(n)s, revenue %(revenue)s %(currency)s") % words,
            asked.matrix_url(cell=cell, **filters),
        )
    return pictures.Multiple(name, parts)


def _small_words() -> dict[str, Any]:
    return {"size_word": _("revenue"), "label_word": _("accounts")}


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
    multiples = []
    if asked.run is not None:
        if asked.year_before is not None and before:
            then = asked.year_before.night
            multiples = [_small_matrix(_day(then), before, asked, night=then.isoformat())]
        multiples.append(_small_matrix(_day(asked.run.night), now, asked))
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
        message=_best_words(now),
        picture=Picture("cells", multiples, _small_words()),
    )


def _day(night: Any) -> str:
    return date_format(night, "SHORT_DATE_FORMAT")


def _best_words(now: Mapping[str, Mapping[str, Any]]) -> str:
    """What the best cell makes."""
    total = sum((row["money"] or 0 for row in now.values()), Decimal(0))
    best = now.get("all", NOTHING)
    if total <= 0:
        return _("No revenue in these twelve months")
    return ngettext(
        "%(n)s account with high profitability and high potential makes %(share)s %% of revenue",
        "%(n)s accounts with high profitability and high potential make %(share)s %% of revenue",
        best["n"],
    ) % {"n": amount(best["n"]), "share": amount(100 * (best["money"] or 0) / total)}


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
    share = (now.get(True, NOTHING)["money"] or Decimal(0)) / total if total > 0 else None
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
        message=_("Key accounts make %(share)s of revenue") % {"share": percent(share)}
        if share is not None
        else _("No revenue in these twelve months"),
        picture=Picture("stacked", _beside(asked, before, now), {"unit": unit}),
    )


def _beside(
    asked: Asked, before: Mapping[bool, Mapping[str, Any]], now: Mapping[bool, Mapping[str, Any]]
) -> list[stacked.Row]:
    """Key accounts' and the others' revenue, a year before and now."""
    nights = [(asked.year_before, before), (asked.run, now)]
    return [
        stacked.Row(
            _day(run.night),
            [
                stacked.Part(_("Key accounts"), found.get(True, NOTHING)["money"]),
                stacked.Part(_("Others"), found.get(False, NOTHING)["money"]),
            ],
        )
        for run, found in nights
        if run is not None and found
    ]


def portfolios(asked: Asked) -> Table:
    """The largest portfolios by revenue, each with its cells."""
    sums = {row["owner"]: row for row in asked.sums(["owner", "owner__name"], asked.run)}
    names = {owner: row["owner__name"] or _("Without an owner") for owner, row in sums.items()}
    order = sorted(sums, key=lambda owner: (-(sums[owner]["money"] or Decimal(0)), names[owner]))
    named = [owner for owner in order if owner][:BESIDE]
    by_owner: dict[int, dict[str, Mapping[str, Any]]] = {owner: {} for owner in named}
    for row in asked.sums(["owner", "cell"], asked.run, owner__in=named) if named else ():
        by_owner[row["owner"]][row["cell"]] = row
    total = sum((row["money"] or 0 for row in sums.values()), Decimal(0))

    def who(owner: int | None) -> str | None:
        return f"{names[owner]} (#{owner})" if owner else None

    rows = []
    for owner in order[:ROWS]:
        row = sums[owner]
        rows.append(
            [
                Cell(names[owner], url=asked.matrix_url(owner=who(owner)) if owner else ""),
                Cell(row["n"], "amount"),
                Cell(row["money"], "amount"),
                Cell(row["margin"], "amount"),
                Cell(row["margin"] / row["money"] if row["money"] else None, "percent"),
                Cell(row["time"], "amount"),
            ]
        )
    unit = asked.currency
    message = ""
    if order and total > 0:
        words = {"name": names[order[0]], "share": percent(sums[order[0]]["money"] / total)}
        message = _("The largest portfolio, %(name)s, makes %(share)s of revenue") % words
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
        note=_left_out(len(order)),
        message=message,
        picture=Picture(
            "cells",
            [_small_matrix(names[o], by_owner[o], asked, owner=who(o)) for o in named],
            _small_words(),
        ),
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
        for row in _listed(found.order_by(F("revenue").desc(nulls_last=True), "-account_id"))
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
        .order_by(F("improvement").desc(nulls_last=True), "-account_id")
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
            for row in _listed(found.order_by(F("cell_since").desc(nulls_last=True), "-account_id"))
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
