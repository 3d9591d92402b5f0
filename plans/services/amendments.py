"""Putting a plan back to the version in force, where its amendment is given up.

What changes by amendment alone goes back: targets by month, goals, the steps of goals. What was
added is archived, what was taken away comes back, and the history keeps all of it. What goes on in a
plan without any amendment stays as it is: forecasts, what goals have reached, activities, needs.
Texts (summary, stance, sections, strategies) may change at any time, too: they go back where that is
asked for, and of the sections those that the person may change.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from kam.editing import archive, save_fields
from kam.models import User
from plans import versions
from plans.models import AccountPlan, GoalStep, PlanVersion, Section, SectionKind, TargetMonth
from plans.services.refusals import PlanRefusal

TEXTS = ("summary", "stance", "stance_reason")
#: Of the fields that a version holds: what has been reached is no aim.
AIMS_OF_GOAL = tuple(name for name in versions.FORM["goals"][1] if name != "actual")
WORDS_OF_SECTION = ("title", "body", "source", "source_on")
ZERO = Decimal(0)


def put_back(plan: AccountPlan, version: PlanVersion, *, by: User, texts: bool) -> None:
    """Makes the plan's aims those of this version (within the caller's transaction, which holds the
    plan's row); with ``texts`` its texts, too. Raises ``PlanRefusal`` where that is not possible."""
    content = version.content
    _put_targets_back(plan, content["targets"])
    _put_rows_back(plan.goals, content["goals"], AIMS_OF_GOAL)
    if "steps" in content:  # versions of earlier days hold none
        steps = GoalStep.objects.filter(goal__in=[row["id"] for row in content["goals"]])
        _put_rows_back(steps, content["steps"], ("on", "target"))
    if texts:
        _put_texts_back(plan, version, by)
    if aims(versions.snapshot(plan)) != aims(content):
        raise PlanRefusal(
            _("The plan cannot be put back as version %(n)s has it.") % {"n": version.number}
        )


def holds_steps(plan: AccountPlan) -> bool:
    """Whether the version in force holds the steps of goals, as versions do since they do."""
    return plan.versions.filter(number=plan.in_force, content__has_key="steps").exists()


def aims(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a snapshot says of targets and goals."""
    targets = {row["line"]: versions.amounts_of(row) for row in content["targets"]}
    goals = {row["id"]: [row[name] for name in AIMS_OF_GOAL] for row in content["goals"]}
    return {"currency": content["plan"]["currency"], "targets": targets, "goals": goals}


def _put_targets_back(plan: AccountPlan, held: Iterable[Mapping[str, Any]]) -> None:
    wanted = {row["id"]: row for row in held}
    _archive_others(plan.targets, wanted)
    found = {target.pk: target for target in plan.targets.filter(pk__in=wanted)}
    made, changed = [], []
    for pk, row in wanted.items():
        target = _found(found, pk)
        phasing = row.get("phasing", target.phasing)
        save_fields(
            target, {"archived_at": None, "phasing": phasing}, base_version=None, validate=False
        )
        amounts = {
            date.fromisoformat(month): dict(zip(versions.MEASURES, map(Decimal, held), strict=True))
            for month, held in row["months"].items()
        }
        months = {month.month: month for month in target.months.select_for_update()}
        for at in amounts.keys() | months.keys():
            values = amounts.get(at, dict.fromkeys(versions.MEASURES, ZERO))
            month = months.get(at)
            if month is None:
                made.append(TargetMonth(target=target, month=at, **values))
            elif any(getattr(month, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(month, name, value)
                changed.append(month)
    TargetMonth.objects.bulk_create(made)
    if changed:
        TargetMonth.objects.bulk_update(changed, list(versions.MEASURES))


def _put_rows_back(rows: Any, held: Iterable[Mapping[str, Any]], names: tuple[str, ...]) -> None:
    """Of these rows, the held ones with these fields as they were; the others are archived."""
    wanted = {row["id"]: row for row in held}
    _archive_others(rows, wanted)
    found = {row.pk: row for row in rows.filter(pk__in=wanted)}
    for pk, was in wanted.items():
        row = _found(found, pk)
        values = {name: _value(row._meta.get_field(name), was[name]) for name in names}
        save_fields(row, {"archived_at": None, **values}, base_version=None, validate=False)


def _archive_others(rows: Any, wanted: Iterable[int]) -> None:
    for row in rows.active().exclude(pk__in=list(wanted)):
        archive(row)


def _found(rows: Mapping[int, Any], pk: int) -> Any:
    if pk not in rows:
        raise PlanRefusal(_("A row of the version in force is there no more."))
    return rows[pk]


def _value(field: Any, held: Any) -> Any:
    """A field's value from how a snapshot holds it."""
    if held is None:
        return None
    if isinstance(field, models.DecimalField):
        return Decimal(held)
    if isinstance(field, models.DateField):
        return date.fromisoformat(held)
    return held


def _put_texts_back(plan: AccountPlan, version: PlanVersion, by: User) -> None:
    content = version.content
    save_fields(
        plan,
        {name: content["plan"][name] for name in TEXTS},
        base_version=None,
        validate=False,
    )
    _put_sections_back(plan, version, by)
    strategies = [
        # Versions of earlier days name the goal alone: then the link stays.
        {**row, "goal": row["goal_id"]} if "goal_id" in row else row
        for row in content["strategies"]
    ]
    names = ("title", "description")
    linked = all("goal_id" in row for row in strategies)
    _put_rows_back(plan.strategies, strategies, (*names, "goal") if linked else names)


def _put_sections_back(plan: AccountPlan, version: PlanVersion, by: User) -> None:
    """The sections that this person may change; a text that goes back says when it held."""
    mine = Section.objects.visible_to(by).editable_by(by).filter(plan=plan)
    held = versions.for_reader(version.content, plan, by)["sections"]
    wanted = {row["id"]: row for row in held}
    _archive_others(mine, [row["id"] for row in version.content["sections"]])
    taken = set(plan.sections.active().values_list("kind", flat=True))
    for section in mine.filter(pk__in=wanted):
        if section.archived_at is not None and section.kind != SectionKind.OTHER:
            if section.kind in taken:
                continue
            taken.add(section.kind)
        was = wanted[section.pk]
        values = {
            name: _value(section._meta.get_field(name), was[name]) for name in WORDS_OF_SECTION
        }
        if values["body"] != section.body:
            values["confirmed_on"] = version.made_at.date()
        save_fields(section, {"archived_at": None, **values}, base_version=None, validate=False)
