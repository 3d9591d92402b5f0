"""The recipe of a scoring run: a version of the criteria as plain data, kept with the run."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from portfolio.calc.scores import Group, Rule
from portfolio.measures import MEASURES
from portfolio.models import CriteriaVersion, Criterion, Judgement


@dataclass(frozen=True)
class RecipeCriterion:
    """One criterion as it was: names for people, the rule for sums."""

    code: str
    name: str
    guidance: str
    judged: bool
    axis: str
    group: str
    group_weight: Decimal
    rule: Rule


@dataclass(frozen=True)
class Recipe:
    """What a run scores by: the facts that it gathers, in order, and the criteria, in order."""

    criteria_version: int
    inputs: tuple[str, ...]
    criteria: tuple[RecipeCriterion, ...]
    profitability_cut: Decimal
    potential_cut: Decimal

    @cached_property
    def axes(self) -> dict[str, list[tuple[str, Group, list[int]]]]:
        """Per axis its groups: name, weights, and the places of their criteria."""
        places: dict[str, dict[str, list[int]]] = {}
        for i, criterion in enumerate(self.criteria):
            places.setdefault(criterion.axis, {}).setdefault(criterion.group, []).append(i)
        return {
            axis: [
                (
                    name,
                    Group(
                        self.criteria[found[0]].group_weight,
                        tuple(self.criteria[i].rule.weight for i in found),
                    ),
                    found,
                )
                for name, found in groups.items()
            ]
            for axis, groups in places.items()
        }

    def place(self, code: str) -> int | None:
        """Where a fact stands in the arrays; ``None`` where the run did not gather it."""
        return self.inputs.index(code) if code in self.inputs else None

    def as_json(self) -> dict[str, Any]:
        return {
            "criteria_version": self.criteria_version,
            "inputs": list(self.inputs),
            "profitability_cut": str(self.profitability_cut),
            "potential_cut": str(self.potential_cut),
            "criteria": [
                {
                    "code": c.code,
                    "name": c.name,
                    "guidance": c.guidance,
                    "judged": c.judged,
                    "axis": c.axis,
                    "group": c.group,
                    "group_weight": str(c.group_weight),
                    "input": c.rule.input,
                    "function": c.rule.function,
                    "weight": str(c.rule.weight),
                    "worst": _text(c.rule.worst),
                    "best": _text(c.rule.best),
                    "floors": [str(f) for f in c.rule.floors],
                    "values": [str(v) for v in c.rule.values],
                    "up": c.rule.up,
                    "default": _text(c.rule.default),
                }
                for c in self.criteria
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Recipe":
        return cls(
            criteria_version=data["criteria_version"],
            inputs=tuple(data["inputs"]),
            profitability_cut=Decimal(data["profitability_cut"]),
            potential_cut=Decimal(data["potential_cut"]),
            criteria=tuple(
                RecipeCriterion(
                    code=c["code"],
                    name=c["name"],
                    guidance=c["guidance"],
                    judged=c["judged"],
                    axis=c["axis"],
                    group=c["group"],
                    group_weight=Decimal(c["group_weight"]),
                    rule=Rule(
                        input=c["input"],
                        function=c["function"],
                        weight=Decimal(c["weight"]),
                        worst=_number(c["worst"]),
                        best=_number(c["best"]),
                        floors=tuple(Decimal(f) for f in c["floors"]),
                        values=tuple(Decimal(v) for v in c["values"]),
                        up=c["up"],
                        default=_number(c["default"]),
                    ),
                )
                for c in data["criteria"]
            ),
        )

    @classmethod
    def of(cls, version: CriteriaVersion) -> "Recipe":
        """A version as it stands now (three queries)."""
        rows = (
            Criterion.objects.active()
            .filter(group__criteria_version=version, group__archived_at__isnull=True)
            .select_related("group")
            .order_by("group__axis", "group_id", "position", "pk")
        )
        criteria = tuple(_criterion(row) for row in rows)
        judged = set(Judgement.objects.active().values_list("code", flat=True).distinct())
        judged |= {c.rule.input for c in criteria if c.judged}
        return cls(
            criteria_version=version.pk,
            inputs=(*MEASURES, *sorted(judged)),
            criteria=criteria,
            profitability_cut=version.profitability_cut,
            potential_cut=version.potential_cut,
        )


def _criterion(row: Criterion) -> RecipeCriterion:
    return RecipeCriterion(
        code=row.code,
        name=row.name,
        guidance=row.guidance,
        judged=row.kind == Criterion.Kind.JUDGED,
        axis=row.group.axis,
        group=row.group.name,
        group_weight=row.group.weight,
        rule=rule_of(row),
    )


def rule_of(row: Criterion) -> Rule:
    """How this criterion's fact becomes a value; a judgement without a scale runs from 1 to 5."""
    judged = row.kind == Criterion.Kind.JUDGED
    up = row.direction == Criterion.Direction.UP
    worst, best = row.worst, row.best
    if judged and (worst is None or best is None):
        worst, best = (Decimal(1), Decimal(5)) if up else (Decimal(5), Decimal(1))
    return Rule(
        input=row.code if judged else row.measure,
        function=row.function,
        weight=row.weight,
        worst=worst,
        best=best,
        floors=tuple(row.band_floors),
        values=tuple(row.band_values),
        up=up,
        default=row.default_value if row.missing == Criterion.Missing.DEFAULT else None,
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
