"""What the criteria say about an account that is proposed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from accounts.models import Account
from kam.periods import company_today
from portfolio.models import AccountScore, Axis, CellText, CriterionGroup, ScoringRun

#: The two scores that place an account in a cell, and the version's cut-off of each.
CUTS = ((Axis.PROFITABILITY, "profitability_cut"), (Axis.POTENTIAL, "potential_cut"))
FIGURES = ("revenue", "contribution", "attainable")


def findings_of(account: Account) -> dict[str, Any]:
    """What the newest whole run says about the account, as plain data to keep (one query).

    ``scores`` (0–100, as text; null: could not be computed), ``cell``, ``completeness`` (per cent),
    the amounts in the company's currency, ``thresholds`` (score against cut-off, ``holds`` null where
    the score is missing), ``missing`` (axes of the version without a score) and ``no_value`` (names of
    criteria without a value). ``meets``: both thresholds hold; null where one cannot be asked.
    """
    axes = CriterionGroup.objects.filter(
        criteria_version=OuterRef("criteria_version"), archived_at__isnull=True
    )
    runs = ScoringRun.objects.filter(night=OuterRef("first_night"))
    found = (
        AccountScore.objects.current()
        .filter(account=account)
        .select_related("criteria_version")
        .annotate(
            defined=ArraySubquery(axes.order_by("axis").values("axis").distinct()),
            recipe=Subquery(runs.values("recipe")[:1]),
        )
        .first()
    )
    if found is None:
        return {"asked_on": company_today().isoformat(), "scored": False, "meets": None}
    version = found.criteria_version
    thresholds = []
    for axis, cut in CUTS:
        value, least = getattr(found, axis), getattr(version, cut)
        holds = None if value is None else value >= least
        thresholds.append(
            {"axis": str(axis), "score": _text(value), "cut": str(least), "holds": holds}
        )
    answers = [row["holds"] for row in thresholds]
    return {
        "asked_on": company_today().isoformat(),
        "scored": True,
        "night": found.first_night.isoformat(),
        "version": {"id": version.pk, "name": version.name},
        "scores": {axis: _text(getattr(found, axis)) for axis in Axis.values},
        "cell": found.cell,
        "completeness": str(found.completeness),
        **{name: _text(getattr(found, name)) for name in FIGURES},
        "thresholds": thresholds,
        "missing": [a for a in Axis.values if a in found.defined and getattr(found, a) is None],
        "no_value": _without_value(found.recipe, found.values),
        "meets": None if None in answers else all(answers),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _without_value(recipe: Mapping[str, Any] | None, values: Sequence[Decimal | None]) -> list[str]:
    """Names of the criteria that gave nothing, by the recipe of the run that found the score."""
    criteria = (recipe or {}).get("criteria", [])
    pairs = zip(criteria, values, strict=False)
    return [criterion["name"] for criterion, value in pairs if value is None]


def sentences(findings: Mapping[str, Any]) -> list[str]:
    """What the findings come to, in words for the reader; what is missing is said plainly."""
    if not findings:
        return []
    if not findings.get("scored"):
        return [_("There is no score of this account: the nightly run has not reached it yet.")]
    said = []
    for row in findings["thresholds"]:
        words = {"axis": Axis(row["axis"]).label, "score": row["score"], "cut": row["cut"]}
        if row["holds"] is None:
            said.append(_("%(axis)s: no score, so the threshold %(cut)s cannot be asked.") % words)
        elif row["holds"]:
            said.append(_("%(axis)s %(score)s reaches the threshold %(cut)s.") % words)
        else:
            said.append(_("%(axis)s %(score)s stays below the threshold %(cut)s.") % words)
    if findings["cell"]:
        said.append(_("Cell: %(cell)s.") % {"cell": CellText.Cell(findings["cell"]).label})
    others = [a for a in findings["missing"] if a not in [c[0].value for c in CUTS]]
    if others:
        names = ", ".join(str(Axis(axis).label) for axis in others)
        said.append(_("Without a score: %(names)s.") % {"names": names})
    if findings["no_value"]:
        said.append(
            _("Criteria without a value: %(names)s.") % {"names": ", ".join(findings["no_value"])}
        )
    return said
