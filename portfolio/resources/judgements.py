"""What people think of an account by the criteria that are judged."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Account
from portfolio.models import Criterion, Judgement


@dataclass(frozen=True, slots=True)
class Judged:
    """A judged criterion of the active version, and what is thought of the account by it."""

    code: str
    name: str
    guidance: str
    axes: list[str]
    judgement: Judgement | None


def judged_criteria() -> QuerySet:
    """The criteria of the active version that people judge."""
    return Criterion.objects.filter(
        kind=Criterion.Kind.JUDGED, group__criteria_version__state="active", archived_at=None
    ).select_related("group")


def judgements_of(account: Account) -> tuple[list[Judged], list[Judgement]]:
    """Criteria with their judgement, and judgements by criteria that do not count (2 queries)."""
    held = {
        row.code: row
        for row in Judgement.objects.active().filter(account=account).select_related("judged_by")
    }
    by_code: dict[str, Judged] = {}
    for criterion in judged_criteria():
        axis = str(criterion.group.get_axis_display())
        found = by_code.get(criterion.code)
        if found is None:
            by_code[criterion.code] = Judged(
                criterion.code,
                criterion.name,
                criterion.guidance,
                [axis],
                held.get(criterion.code),
            )
        elif axis not in found.axes:
            found.axes.append(axis)
    others = [row for code, row in held.items() if code not in by_code]
    return list(by_code.values()), others
