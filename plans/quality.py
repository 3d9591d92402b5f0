"""How good a plan is, and what to do about it (METHODS: plan quality, the product's own measure).

Quality = completeness × freshness. Completeness: the weight of what is there, of all that should be.
Freshness: how far what is there still holds, by weight. Each missing point says what to do.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.periods import company_today
from plans.calc import Point, Quality, freshness_of, plan_quality
from plans.models import AccountPlan, Audience, Section

#: Weights of what is no section, on the sections' own scale.
SUMMARY, TARGETS, GOALS, ACTIVITIES = 2, 3, 3, 3


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that would make the plan better, and where it is done."""

    what: str
    gain: int
    url: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A plan's quality with its points (label beside each) and what to do, the heaviest first."""

    quality: Quality
    points: tuple[tuple[str, Point], ...]
    todo: tuple[Todo, ...]


def assess(
    plan: AccountPlan, sections: list[Section], reader: Any, *, may_edit: bool = False
) -> Assessment:
    """The quality of a plan; ``sections`` are those in use (two queries beside; one more where some
    are kept to a few).

    All sections count, also those that the reader may not read: the measure is the plan's. Those
    are not named, and there is nothing to do about them for who does not read them. A section to be
    written leads who may edit to its question, others to the section.
    """
    today = company_today()
    kept = [section.pk for section in sections if section.audience != Audience.ACCOUNT]
    readable = (
        set(plan.sections.visible_to(reader).filter(pk__in=kept).values_list("pk", flat=True))
        if kept
        else set()
    )
    at, guide = plan.get_absolute_url(), reverse("plans:guide", args=[plan.pk])
    points: list[tuple[str, Point]] = []
    todo: list[Todo] = []

    def count(label: str, weight: int, there: bool, fresh: Decimal, words: str, url: str) -> None:
        points.append((label, Point(weight, there, fresh)))
        if not there or fresh < 1:
            todo.append(Todo(words, weight, url))

    one = Decimal(1)
    count(
        _("Summary"),
        SUMMARY,
        bool(plan.summary.strip()),
        one,
        _("Write the summary: where you stand, and what you want this year."),
        f"{at}#accountplan-{plan.pk}-summary",
    )
    for section in sections:
        if not section.weight:
            continue
        there = bool(section.body.strip())
        fresh = freshness_of(_age(section.confirmed_on, today), section.fresh_days)
        if section.audience != Audience.ACCOUNT and section.pk not in readable:
            points.append((_("A section kept to some of us"), Point(section.weight, there, fresh)))
            continue
        words = (
            _last_confirmed(section, _age(section.confirmed_on, today))
            if there
            else _("Write “%(section)s”.") % {"section": section.heading}
        )
        url = f"{guide}?at={section.pk}" if may_edit else f"{at}#s-{section.pk}"
        count(section.heading, section.weight, there, fresh, words, url)
    held = _counts(plan, today)
    count(
        _("Targets"),
        TARGETS,
        held["targets"] > 0,
        one,
        _("Set a target per product line."),
        f"{at}#targets",
    )
    count(
        _("Goals"),
        GOALS,
        held["goals"] > 0 and held["goals"] == held["goals_measured"],
        one,
        _("Set goals, each with a metric, a target and a day.")
        if not held["goals"]
        else ngettext(
            "%(n)d goal has no target or no day.",
            "%(n)d goals have no target or no day.",
            held["goals"] - held["goals_measured"],
        )
        % {"n": held["goals"] - held["goals_measured"]},
        f"{at}#goals",
    )
    late = held["late"]
    count(
        _("Activities"),
        ACTIVITIES,
        held["activities"] > 0 and held["activities"] == held["activities_owned"],
        one if not held["open"] else 1 - Decimal(late) / held["open"],
        _("Plan what is done, by whom, until when.")
        if not held["activities"]
        else ngettext(
            "%(n)d open activity is late: do, move or cancel it.",
            "%(n)d open activities are late: do, move or cancel them.",
            late,
        )
        % {"n": late}
        if late
        else ngettext(
            "%(n)d open activity has nobody responsible or no day.",
            "%(n)d open activities have nobody responsible or no day.",
            held["activities"] - held["activities_owned"],
        )
        % {"n": held["activities"] - held["activities_owned"]},
        f"{at}#activities",
    )
    todo.sort(key=lambda item: -item.gain)
    return Assessment(plan_quality([point for _label, point in points]), tuple(points), tuple(todo))


def is_old(section: Section, today: date) -> bool:
    """Whether what a section says has to be read again: it is older than it holds."""
    age = _age(section.confirmed_on, today)
    return bool(section.body.strip()) and (age is None or age > section.fresh_days)


def _last_confirmed(section: Section, age: int | None) -> str:
    if age is None:
        return _("“%(section)s” was never confirmed: read it again.") % {"section": section.heading}
    words = ngettext(
        "“%(section)s” was last confirmed %(days)d day ago: read it again.",
        "“%(section)s” was last confirmed %(days)d days ago: read it again.",
        age,
    )
    return words % {"section": section.heading, "days": age}


def _age(on: date | None, today: date) -> int | None:
    return None if on is None else max(0, (today - on).days)


def _counts(plan: AccountPlan, today: date) -> dict[str, Any]:
    """Targets, goals and activities in numbers (three queries)."""
    open_ = Q(status__in=["planned", "in_progress"])
    owned = ~open_ | Q(responsible__isnull=False, due_on__isnull=False)
    goals = plan.goals.active().aggregate(
        goals=Count("pk"),
        goals_measured=Count("pk", filter=Q(target__isnull=False, due_on__isnull=False)),
    )
    activities = plan.activities.active().aggregate(
        activities=Count("pk"),
        activities_owned=Count("pk", filter=owned),
        open=Count("pk", filter=open_),
        late=Count("pk", filter=open_ & Q(due_on__lt=today)),
    )
    return {"targets": plan.targets.active().count(), **goals, **activities}
