"""The read side of the criteria: a version laid out by score, and comparisons laid side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kam import number_text
from portfolio.calc import ahp, scores
from portfolio.calc.scores import Rule
from portfolio.measures import MEASURES, MONEY, PERCENT, Measure
from portfolio.models import (
    Axis,
    CriteriaVersion,
    Criterion,
    CriterionGroup,
    PairwiseComparison,
)
from portfolio.recipe import rule_of
from portfolio.services.criteria import compared_rows

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """One criterion with its share of the score, in percent, when nothing is missing."""

    criterion: Criterion
    share: Decimal

    @property
    def fact(self) -> str:
        return fact(self.criterion)

    @property
    def words(self) -> str:
        return value_in_words(self.criterion)


@dataclass(frozen=True, slots=True)
class GroupLines:
    """A group with its share of the score, in percent, and its criteria."""

    group: CriterionGroup
    share: Decimal
    lines: Sequence[CriterionLine]
    removed: Sequence[Criterion]

    @property
    def comparable(self) -> bool:
        return 2 <= len(self.lines) <= ahp.MOST


@dataclass(frozen=True, slots=True)
class AxisSheet:
    """One score: its groups, and how much each criterion weighs in it."""

    axis: Axis
    groups: Sequence[GroupLines]

    @property
    def count(self) -> int:
        return sum(len(group.lines) for group in self.groups)

    @property
    def comparable(self) -> bool:
        return 2 <= len(self.groups) <= ahp.MOST


@dataclass(frozen=True, slots=True)
class VersionSheet:
    """A version as its page shows it."""

    axes: Sequence[AxisSheet]
    removed: Sequence[CriterionGroup]

    @property
    def count(self) -> int:
        return sum(axis.count for axis in self.axes)


def sheet_of(version: CriteriaVersion) -> VersionSheet:
    """The version by score, with shares of 100 per score (two queries)."""
    rows = Criterion.objects.order_by("position", "pk")
    groups = list(version.groups.order_by("pk").prefetch_related(Prefetch("criteria", rows)))
    used = [group for group in groups if group.archived_at is None]
    axes = []
    for axis in Axis:
        mine = [group for group in used if group.axis == axis]
        held = [[c for c in group.criteria.all() if c.archived_at is None] for group in mine]
        weights = [
            scores.Group(group.weight, tuple(c.weight for c in criteria))
            for group, criteria in zip(mine, held, strict=True)
        ]
        shares = scores.shares(weights)
        lines = [
            GroupLines(
                group,
                HUNDRED * sum(share, Decimal(0)),
                [CriterionLine(c, HUNDRED * s) for c, s in zip(criteria, share, strict=True)],
                [c for c in group.criteria.all() if c.archived_at is not None],
            )
            for group, criteria, share in zip(mine, held, shares, strict=True)
        ]
        axes.append(AxisSheet(axis, lines))
    return VersionSheet(axes, [group for group in groups if group.archived_at is not None])


# --- how a fact becomes a value, in words ---------------------------------------------------------
def _number(value: Decimal | None) -> str:
    if value is None:
        return "–"
    value = value.normalize()
    places = max(0, -int(value.as_tuple().exponent))
    return number_text.amount(value, places)


def _unit(measure: Measure | None) -> str:
    if measure is None:
        return ""
    return {MONEY: _("company currency"), PERCENT: "%"}.get(measure.unit, "")


def fact(criterion: Criterion) -> str:
    """Where the fact comes from."""
    if criterion.kind == Criterion.Kind.JUDGED:
        return _("Judged 1–5")
    measure = MEASURES.get(criterion.measure)
    if measure is None:
        return _("Unknown measure “%(code)s”") % {"code": criterion.measure}
    unit = _unit(measure)
    return f"{measure.label}, {unit}" if unit else str(measure.label)


def value_in_words(criterion: Criterion) -> str:
    """How the fact becomes a value of 0 to 100, and what stands in where it is missing."""
    return rule_in_words(rule_of(criterion))


def rule_in_words(rule: Rule) -> str:
    """The same of a rule, such as one that a past night scored by."""
    sentences = [_function_in_words(rule)]
    if rule.default is not None:
        sentences.append(_("Missing: counts as %(value)s.") % {"value": _number(rule.default)})
    else:
        sentences.append(_("Missing: left out."))
    return " ".join(sentences)


def _function_in_words(rule: Rule) -> str:
    if rule.function == Criterion.Function.PERCENTILE:
        best = (
            _("Rank among all accounts: the highest is 100.")
            if rule.up
            else _("Rank among all accounts: the lowest is 100.")
        )
        return f"{best} {_('Equal ones count half; alone, or all alike: 50.')}"
    if rule.function == Criterion.Function.BANDS:
        bands = " · ".join(
            pgettext("band: from this fact on, this value", "from %(floor)s: %(value)s")
            % {"floor": _number(floor), "value": _number(value)}
            for floor, value in zip(rule.floors, rule.values, strict=False)
        )
        return _("Bands: %(bands)s.") % {"bands": bands}
    facts = {"worst": _number(rule.worst), "best": _number(rule.best)}
    return _("%(worst)s is 0, %(best)s is 100, linear between.") % facts


# --- comparisons ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Pair:
    """Two things to compare: where they stand, and the step said (−8 … 8), if any."""

    name: str
    former: str
    latter: str
    step: int | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """The judgement to reconsider, in words of the scale."""

    former: str
    latter: str
    said: str
    implied: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a sheet says: weights in percent, in the order of the rows, and how consistent it is."""

    weights: Sequence[Decimal]
    weighing: ahp.Weighing
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class PersonSheet:
    """One person's sheet; without a result where the criteria have changed since."""

    comparison: PairwiseComparison
    result: Result | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All sheets on the same things, and what they say together."""

    rows: Sequence[Any]
    sheets: Sequence[PersonSheet]
    together: Result | None

    @property
    def items(self) -> list[int]:
        return [row.pk for row in self.rows]

    def of(self, person: Any) -> PersonSheet | None:
        """This person's sheet."""
        mine = (s for s in self.sheets if s.comparison.person_id == person.pk)
        return next(mine, None)

    def pairs(self, steps: Sequence[int | None]) -> list[Pair]:
        """The pairs in order, with the steps said of them."""
        return [
            Pair(f"pair-{row}-{column}", str(self.rows[row]), str(self.rows[column]), step)
            for (row, column), step in zip(ahp.pairs(len(self.rows)), steps, strict=True)
        ]


def comparison_of(version: CriteriaVersion, axis: str, group: CriterionGroup | None) -> Comparison:
    """What is compared, all people's sheets and their geometric mean (two queries)."""
    rows = compared_rows(version, axis, group)
    present = [row.pk for row in rows]
    names = [str(row) for row in rows]
    found = PairwiseComparison.objects.active().filter(
        criteria_version=version, axis=axis, group=group
    )
    sheets = [
        PersonSheet(sheet, result_of(names, sheet.ratios) if sheet.items == present else None)
        for sheet in found.select_related("person").order_by("pk")
    ]
    counted = [s.comparison.ratios for s in sheets if s.result is not None]
    together = result_of(names, ahp.combined(counted)) if counted else None
    return Comparison(rows, sheets, together)


def result_of(names: Sequence[str], ratios: Sequence[Decimal]) -> Result:
    """Weights and consistency of a sheet, for people."""
    weighing = ahp.weigh(len(names), ratios)
    doubt = weighing.doubt
    shown = doubt and Doubt(
        names[doubt.row], names[doubt.column], ratio_text(doubt.said), ratio_text(doubt.implied)
    )
    return Result([HUNDRED * w for w in weighing.weights], weighing, shown or None)


def ratio_text(ratio: Decimal) -> str:
    """A ratio as Saaty writes it: 3, 1/3, 2.4, 1/2.4."""
    if ratio >= 1:
        return _number(round(ratio, 1))
    return f"1/{_number(round(1 / ratio, 1))}"


def step_label(step: int, former: str, latter: str) -> str:
    """What a step of the scale says, in words."""
    if step == 0:
        return _("1: both count the same")
    facts = {"n": abs(step) + 1, "more": former if step > 0 else latter}
    match abs(step):
        case 2:
            return _("%(n)d: %(more)s counts moderately more") % facts
        case 4:
            return _("%(n)d: %(more)s counts strongly more") % facts
        case 6:
            return _("%(n)d: %(more)s counts very strongly more") % facts
        case 8:
            return _("%(n)d: %(more)s counts extremely more") % facts
    return _("%(n)d: %(more)s counts more (in between)") % facts
