"""The agenda of a portfolio's review."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import QuerySet

from kam.periods import company_year
from plans import rollups
from plans.models import Activity, Review
from plans.review_agenda.rows import KEPT, Row, figure, figure_rows, part
from plans.rollup_scope import scope_of
from portfolio.models import AccountScore


def of_portfolio(review: Review, user: Any, since: date, today: date) -> Iterator[Row]:
    """The KAM's year, the accounts furthest behind, what is late, who moved in the matrix."""
    year = company_year()
    scope, owner = scope_of(user), review.owner_id
    node = scope.node("kam", owner, year, today)
    yield part("figures", figure_rows(node.figures.year, [], margin=True, targets=True))
    found, _owners = scope.accounts_of("kam", owner)
    counts = node.counts
    yield part(
        "plans",
        [
            {"code": code, "title": "", "numbers": [str(n), str(counts.accounts), None]}
            for code, n in (("unplanned", counts.unplanned), ("late", counts.late_activities))
            if n
        ],
    )
    sheet = rollups.Sheet(year, year.closed_months(today), node.rates)
    shown = list(rollups.with_plans(found, year, today).order_by("pk")[:2_000])
    behind = sorted(
        (
            (held.figures.year.closed_actual - held.figures.year.target_to_date, held)
            for held in rollups.account_parts(shown, sheet)
            if held.figures.year.pace is not None and held.figures.year.pace < 1
        ),
        key=lambda pair: pair[0],
    )
    yield part(
        "behind",
        [
            {
                **figure(
                    "line", held.account.name, held.figures.year.closed_actual,
                    held.figures.year.target_to_date, held.figures.year.pace,
                ),
                "id": held.account.pk,
            }
            for _gap, held in behind
        ],
    )  # fmt: skip
    late = Activity.objects.late(today).filter(
        plan__account__owner=owner, plan__archived_at=None, plan__account__archived_at=None
    )
    yield part("late", _named_rows(late.exclude(plan__status="closed"), "late"))
    waiting = Review.objects.active().filter(
        plan__account__owner=owner, state=Review.State.DUE, due_on__lt=today, plan__archived_at=None
    )
    rows = waiting.order_by("due_on", "pk").values_list(
        "pk", "plan__account__name", "kind", "due_on"
    )
    yield part(
        "reviews",
        [
            {
                "id": pk,
                "title": name,
                "code": kind,
                "day": day.isoformat(),
                "who": "",
                "numbers": [],
            }
            for pk, name, kind, day in rows[: KEPT * 4]
        ],
    )
    moved = AccountScore.objects.current().filter(account__owner=owner, cell_since__gt=since)
    yield part(
        "scores",
        [
            {"code": "cell", "title": name, "before": before, "after": now}
            for name, before, now in moved.exclude(cell_before="")
            .order_by("account__name")
            .values_list("account__name", "cell_before", "cell")[: KEPT * 4]
        ],
    )


def _named_rows(rows: QuerySet[Any], code: str) -> Iterator[Row]:
    listed = rows.order_by("due_on", "pk").values_list(
        "pk", "title", "due_on", "responsible__name", "plan__account__name"
    )
    for pk, title, day, who, account in listed[: KEPT * 4]:
        yield {
            "id": pk,
            "title": f"{account}: {title}",
            "code": code,
            "day": day.isoformat(),
            "who": who or "",
            "numbers": [],
        }
