"""What a plan contains, as data: to be frozen at approval, and compared with itself later.

A snapshot is JSON: numbers as text, days as ISO dates, each row with its id, so that two snapshots
can be laid side by side row by row. Its shape is of its own (``FORM``): it outlives changes of the
tables.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from kam.number_text import plain
from kam.templatetags.kam_format import day
from plans.models import (
    AccountPlan,
    Activity,
    Audience,
    Goal,
    GoalStep,
    Need,
    PlanVersion,
    Section,
    Strategy,
    Target,
    TargetMonth,
)

#: Which fields of which rows a snapshot holds; ``by`` names the group in the snapshot.
FORM: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "sections": (
        Section,
        ("kind", "title", "body", "source", "source_on", "audience"),
    ),
    "goals": (
        Goal,
        (
            "side", "title", "perspective", "measured_by", "metric", "baseline", "target", "actual",
            "weight", "due_on",
        ),
    ),
    "steps": (GoalStep, ("goal", "on", "target")),
    "strategies": (Strategy, ("title", "description", "goal")),
    "needs": (
        Need,
        (
            "kind", "title", "diagnosis", "customer_line", "consequence", "capability", "measure",
            "measured", "attainable", "improved_by", "value", "chance", "state", "agreed_on",
            "realised_value", "realised_on",
        ),
    ),
    "activities": (
        Activity,
        (
            "title", "reason", "responsible", "contact", "starts_on", "due_on", "status", "done_on",
            "effort_hours", "cost",
        ),
    ),
}  # fmt: skip
#: By which way a row belongs to the plan, where that is not its own field ``plan``.
THROUGH = {"steps": "goal"}
OF_PLAN = ("year", "currency", "summary", "stance", "stance_reason")


def snapshot(plan: AccountPlan) -> dict[str, Any]:
    """The plan as it stands in the database: all that is in use (eight queries)."""
    content: dict[str, Any] = {"plan": {name: _plain(getattr(plan, name)) for name in OF_PLAN}}
    for group, (model, names) in FORM.items():
        rows = model._default_manager.filter(archived_at__isnull=True)
        if group in THROUGH:
            way = THROUGH[group]
            rows = rows.filter(**{f"{way}__plan": plan, f"{way}__archived_at": None})
        else:
            rows = rows.filter(plan=plan)
        linked = [name for name in names if model._meta.get_field(name).is_relation]
        content[group] = [
            {
                "id": row.pk,
                "name": str(row),
                **{name: _plain(getattr(row, name)) for name in names},
                **{f"{name}_id": getattr(row, f"{name}_id") for name in linked},
            }
            for row in rows.select_related(*linked)
        ]
    months = (
        TargetMonth.objects.active()
        .filter(target__plan=plan, target__archived_at__isnull=True)
        .order_by("target", "month")
        .values_list("target", "month", "revenue", "margin", "volume")
    )
    held: dict[int, dict[str, list[str]]] = {}
    for target, month, *amounts in months:
        held.setdefault(target, {})[month.isoformat()] = [str(amount) for amount in amounts]
    content["targets"] = [
        {
            "id": target.pk,
            "name": target.line.name,
            "line": target.line_id,
            "phasing": target.phasing,
            "months": held.get(target.pk, {}),
        }
        for target in Target.objects.active().filter(plan=plan).select_related("line")
    ]
    return content


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return value


def for_reader(content: Mapping[str, Any], plan: AccountPlan, user: Any) -> dict[str, Any]:
    """The snapshot without the sections that this person does not read, or did not read then.

    A section that was kept to few when it was frozen stays so, also where it has been opened since.
    """
    held: dict[str, list[int]] = {}
    for row in content["sections"]:
        held.setdefault(row["audience"], []).append(row["id"])
    readable = set(plan.sections.visible_to(user).values_list("pk", flat=True))
    for audience, keys in held.items():
        if audience != Audience.ACCOUNT:
            then = plan.sections.filter(pk__in=keys).read_as(user, audience)
            readable -= set(keys) - set(then.values_list("pk", flat=True))
    return {**content, "sections": [row for row in content["sections"] if row["id"] in readable]}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field in two snapshots, as a reader sees it; ``difference`` between two numbers."""

    label: str
    before: Any
    after: Any
    difference: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row in two snapshots: ``how`` is added, removed or changed."""

    group: str
    name: str
    how: str
    fields: tuple[FieldChange, ...] = ()


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[RowChange]:
    """What differs between two snapshots of one plan, group by group, in the order of ``FORM``."""
    found = [*_changed_plan(before, after), *_changed_targets(before, after)]
    for group, (model, names) in FORM.items():
        if group in before and group in after:  # one of an earlier day may lack it
            found += _changed_rows(group, model, names, before[group], after[group])
    return found


def _changed_plan(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[RowChange]:
    fields = _changed_fields(AccountPlan, OF_PLAN, before["plan"], after["plan"])
    if fields:
        yield RowChange("plan", _("Plan"), "changed", fields)


def _changed_fields(
    model: type[models.Model],
    names: Iterable[str],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> tuple[FieldChange, ...]:
    return tuple(
        _change(model._meta.get_field(name), before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _change(field: Any, before: Any, after: Any) -> FieldChange:
    label = str(field.verbose_name)
    if isinstance(field, models.DecimalField):
        return _numbers(label, *(None if v is None else Decimal(v) for v in (before, after)))
    if isinstance(field, models.DateField):
        days = [day(date.fromisoformat(v)) if v else None for v in (before, after)]
        return FieldChange(label, days[0], days[1])
    choices = dict(getattr(field, "flatchoices", ()))
    return FieldChange(label, choices.get(before, before), choices.get(after, after))


def _number(value: Decimal | None) -> str | None:
    if value is None:
        return None
    return plain(value, 0 if value == value.to_integral_value() else 2)


def _numbers(label: str, before: Decimal | None, after: Decimal | None) -> FieldChange:
    difference = None if before is None or after is None else after - before
    return FieldChange(label, _number(before), _number(after), difference)


def _changed_rows(
    group: str,
    model: type[models.Model],
    names: Iterable[str],
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
) -> Iterator[RowChange]:
    old, new = ({row["id"]: row for row in rows} for rows in (before, after))
    for pk, row in old.items():
        if pk not in new:
            yield RowChange(group, row["name"], "removed")
            continue
        fields = _changed_fields(model, names, row, new[pk])
        if fields:
            yield RowChange(group, new[pk]["name"], "changed", fields)
    for pk, row in new.items():
        if pk not in old:
            yield RowChange(group, row["name"], "added")


MEASURES = ("revenue", "margin", "volume")


def year_of(target: Mapping[str, Any], measure: str) -> Decimal:
    """A target's year in one measure, from its snapshot."""
    at = MEASURES.index(measure)
    return sum((Decimal(amounts[at]) for amounts in target["months"].values()), Decimal(0))


def amounts_of(target: Mapping[str, Any]) -> dict[str, list[Decimal]]:
    """Month → amounts of a target's snapshot; a month of nothing says nothing."""
    found = {month: [Decimal(a) for a in amounts] for month, amounts in target["months"].items()}
    return {month: amounts for month, amounts in found.items() if any(amounts)}


def _changed_targets(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[RowChange]:
    old = {row["line"]: row for row in before.get("targets", [])}
    new = {row["line"]: row for row in after.get("targets", [])}
    labels = {
        name: str(TargetMonth._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        for name in MEASURES
    }
    nothing: dict[str, Any] = {"months": {}}
    for line in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(line, nothing), new.get(line, nothing)
        if amounts_of(one) == amounts_of(other):
            continue
        how = "changed" if line in old and line in new else "added" if line in new else "removed"
        fields = tuple(
            _numbers(labels[m], year_of(one, m), year_of(other, m))
            for m in MEASURES
            if year_of(one, m) != year_of(other, m)
        )
        if not fields:
            fields = (FieldChange(_("months"), _("spread as before"), _("spread otherwise")),)
        yield RowChange("targets", (new.get(line) or old[line])["name"], how, fields)


def next_number(plan: AccountPlan) -> int:
    """The number that the plan's next version gets."""
    return (plan.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1


def freeze(plan: AccountPlan, occasion: str, by: Any, note: str = "") -> PlanVersion:
    """Keeps the plan as it stands as its next version (within the caller's transaction)."""
    return PlanVersion.objects.create(
        plan=plan,
        number=next_number(plan),
        occasion=occasion,
        made_by=by,
        note=note,
        content=snapshot(plan),
    )
