"""Why this score: each night's scores taken apart again, from the facts that the run kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from portfolio.calc.scores import shares, weighted_mean
from portfolio.criteria import rule_in_words
from portfolio.measures import COUNT, HOURS, MEASURES, MONEY, PERCENT, POINTS, YEARS
from portfolio.models import AccountScore, Axis, Judgement, ScoringRun
from portfolio.recipe import Recipe, RecipeCriterion


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """One criterion's part: the fact, its value (0–100), its share and what it contributes.

    ``share`` is of the axis as it was summed (what is missing left out); ``contribution`` is in
    points of the score: the contributions of an axis add up to it.
    """

    code: str
    name: str
    guidance: str
    judged: bool
    fact: Any
    unit: str
    raw: Decimal | None
    source: Any
    as_of: date | None
    judged_by: str
    evidence: str
    rule: RecipeCriterion
    value: Decimal | None
    weight: Decimal
    full_share: Decimal
    share: Decimal | None
    contribution: Decimal | None

    @property
    def is_missing(self) -> bool:
        return self.raw is None

    @property
    def how(self) -> str:
        """How the fact became the value, in words."""
        return rule_in_words(self.rule.rule)

    @property
    def decimals(self) -> int:
        return 0 if self.unit in (COUNT, POINTS) or (self.raw and abs(self.raw) >= 1000) else 1

    @property
    def unit_text(self) -> Any:
        """The unit as a person reads it; currencies and 1–5 are their own words."""
        return {PERCENT: "%", COUNT: "", HOURS: _("hours"), YEARS: _("years")}.get(
            self.unit, self.unit
        )


@dataclass(frozen=True, slots=True)
class GroupLine:
    name: str
    weight: Decimal
    score: Decimal | None
    criteria: list[CriterionLine]


@dataclass(frozen=True, slots=True)
class AxisLine:
    """One score with its groups; ``known`` is the share of the weight whose fact is known, in %."""

    axis: str
    label: Any
    score: Decimal | None
    known: Decimal
    groups: list[GroupLine]

    @property
    def criteria(self) -> Iterable[CriterionLine]:
        return (line for group in self.groups for line in group.criteria)

    @property
    def missing(self) -> list[CriterionLine]:
        return [line for line in self.criteria if line.is_missing]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An account's scores of one night, with the run, its version and its rates."""

    score: AccountScore
    run: ScoringRun
    axes: list[AxisLine]


def explain(score: AccountScore, night: date | None = None) -> Explanation:
    """The scores with all that they were made of (two queries).

    ``night`` is the one that is looked at: sources and people of judgements are as they stood then.
    Without it they are those of the last night on which the scores held.
    """
    run = ScoringRun.objects.select_related("criteria_version").get(
        night=score.first_night, state=ScoringRun.State.WHOLE
    )
    recipe = Recipe.from_json(run.recipe)
    evidence = _judged(score.account_id, night or score.last_night)
    axes = [
        _axis(axis, groups, recipe, score, run, evidence) for axis, groups in recipe.axes.items()
    ]
    return Explanation(score, run, sorted(axes, key=lambda a: list(Axis.values).index(a.axis)))


#: Judgements of an account as they stood at each of their changes, by (code, value, date).
Evidence = dict[tuple[str, Decimal, date], Any]


def _judged(account: int, night: date | None) -> Evidence:
    """What was said with each judgement, from its history until the night was scored (one query).

    A later correction of a source, or another person's judgement, does not change what an earlier
    night was made of.
    """
    runs = ScoringRun.objects.filter(state=ScoringRun.State.WHOLE)
    if night is not None:
        runs = runs.filter(night__lte=night)
    until = runs.order_by("-night").values("finished_at")[:1]
    events = (
        Judgement.events.rel.related_model.objects.filter(  # type: ignore[attr-defined]
            pgh_obj__account=account, pgh_created_at__lte=Subquery(until)
        )
        .select_related("judged_by")
        .order_by("pgh_id")
    )
    return {(e.code, Decimal(e.value), e.judged_on): e for e in events}


def _axis(
    axis: str,
    groups: list,
    recipe: Recipe,
    score: AccountScore,
    run: ScoringRun,
    evidence: Evidence,
) -> AxisLine:
    full = shares([group for _n, group, _p in groups])
    means = [weighted_mean([score.values[i] for i in p], g.weights) for _n, g, p in groups]
    total = sum(
        (g.weight for (_n, g, _p), m in zip(groups, means, strict=True) if m is not None),
        Decimal(0),
    )
    lines, known = [], Decimal(0)
    for (name, group, places), mean, row in zip(groups, means, full, strict=True):
        present = sum((w for w, i in zip(group.weights, places, strict=True)
                       if score.values[i] is not None), Decimal(0))  # fmt: skip
        criteria = []
        for weight, i, full_share in zip(group.weights, places, row, strict=True):
            value, share = score.values[i], None
            if value is not None and mean is not None and total:
                share = (group.weight / total) * (weight / present)
            line = _line(recipe, i, score, run, evidence, weight, full_share, share)
            known += full_share if line.raw is not None else 0
            criteria.append(line)
        lines.append(GroupLine(name, group.weight, mean, criteria))
    return AxisLine(axis, Axis(axis).label, getattr(score, axis), 100 * known, lines)


def _line(
    recipe: Recipe,
    i: int,
    score: AccountScore,
    run: ScoringRun,
    evidence: Evidence,
    weight: Decimal,
    full_share: Decimal,
    share: Decimal | None,
) -> CriterionLine:
    criterion = recipe.criteria[i]
    place = recipe.inputs.index(criterion.rule.input)
    measure = MEASURES.get(criterion.rule.input)
    raw, as_of = score.raw[place], score.as_of[place]
    said = None
    if criterion.judged and raw is not None and as_of is not None:
        said = evidence.get((criterion.rule.input, raw, as_of))
    value = score.values[i]
    unit = POINTS if measure is None else measure.unit
    return CriterionLine(
        code=criterion.code,
        name=criterion.name,
        guidance=criterion.guidance,
        judged=criterion.judged,
        fact=measure.label if measure else None,
        unit=run.facts["currency"] if unit == MONEY else unit,
        raw=raw,
        source=measure.source if measure else said.source if said else "",
        as_of=as_of,
        judged_by=str(said.judged_by) if said and said.judged_by else "",
        evidence=said.evidence if said else "",
        rule=criterion,
        value=value,
        weight=weight,
        full_share=full_share,
        share=share,
        contribution=None if share is None or value is None else share * value,
    )


def score_on(account: Account, night: date | None = None) -> AccountScore | None:
    """The account's scores as they held on a night; the newest without one."""
    rows = AccountScore.objects.filter(account=account)
    return (rows.on_night(night) if night else rows.current()).first()


@dataclass(frozen=True, slots=True)
class Cause:
    """One criterion's part in a move, in points of the axis."""

    axis: Any
    name: str
    before: Decimal | None
    after: Decimal | None
    points: Decimal


def causes(before: Explanation, after: Explanation) -> list[Cause]:
    """Why scores moved between two nights, the strongest first: each criterion's part.

    The points of one axis add up to its move; criteria that only one of the nights knows count
    with all of their points.
    """
    found = []
    old = {(a.axis, c.code): c for a in before.axes for c in a.criteria}
    new = {(a.axis, c.code): c for a in after.axes for c in a.criteria}
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        points = (now.contribution or 0 if now else 0) - (was.contribution or 0 if was else 0)
        if points:
            found.append(
                Cause(
                    Axis(key[0]).label,
                    (now or was).name,  # type: ignore[union-attr]
                    was.raw if was else None,
                    now.raw if now else None,
                    Decimal(points),
                )
            )
    return sorted(found, key=lambda c: -abs(c.points))


def as_json(found: Explanation) -> dict[str, Any]:
    """The explanation for other systems; decimals as strings."""
    score, run = found.score, found.run
    return {
        "account": score.account_id,
        "night": score.first_night.isoformat(),
        "until": score.last_night.isoformat() if score.last_night else None,
        "criteria_version": {"id": run.criteria_version_id, "name": run.criteria_version.name},
        "cell": score.cell,
        "completeness": str(score.completeness),
        "revenue": _text(score.revenue),
        "contribution": _text(score.contribution),
        "facts": run.facts,
        "scores": [
            {
                "axis": axis.axis,
                "score": _text(axis.score),
                "known_percent": _text(round(axis.known, 2)),
                "groups": [
                    {
                        "name": group.name,
                        "weight": str(group.weight),
                        "criteria": [
                            {
                                "code": line.code,
                                "name": line.name,
                                "input": line.rule.rule.input,
                                "raw": _text(line.raw),
                                "unit": line.unit,
                                "source": str(line.source),
                                "as_of": line.as_of.isoformat() if line.as_of else None,
                                "judged_by": line.judged_by,
                                "evidence": line.evidence,
                                "how": line.how,
                                "value": _text(line.value),
                                "weight": str(line.weight),
                                "share": _text(line.share and round(line.share, 6)),
                                "contribution": _text(
                                    None
                                    if line.contribution is None
                                    else round(line.contribution, 4)
                                ),
                                "missing": line.is_missing,
                            }
                            for line in group.criteria
                        ],
                    }
                    for group in axis.groups
                ],
            }
            for axis in found.axes
        ],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
