"""What a version must have before it comes into force."""

from itertools import pairwise

from django.db import models
from django.utils.translation import gettext as _

from portfolio.measures import MEASURES
from portfolio.models import Axis, CriteriaVersion, Criterion
from portfolio.services.criteria.refusals import HUNDRED, CriteriaRefusal

#: The axes that place an account in the matrix; a version without them places none.
MATRIX = (Axis.PROFITABILITY, Axis.POTENTIAL)


def faults(version: CriteriaVersion) -> list[str]:
    """What the version lacks, in sentences; nothing where it is sound (two queries)."""
    groups = list(
        version.groups.active().prefetch_related(
            models.Prefetch("criteria", Criterion.objects.active().order_by("pk"))
        )
    )
    found = []
    for axis in Axis:
        mine = [group for group in groups if group.axis == axis]
        weighing = [
            group
            for group in mine
            if group.weight > 0 and any(c.weight > 0 for c in group.criteria.all())
        ]
        if axis in MATRIX and not mine:
            found.append(
                _("%(axis)s has no criteria; the matrix needs some.") % {"axis": axis.label}
            )
        elif mine and not weighing:
            found.append(_("%(axis)s: nothing has a weight above zero.") % {"axis": axis.label})
        for group in mine:
            words = {"axis": axis.label, "group": group.name}
            criteria = group.criteria.all()
            if not criteria:
                found.append(
                    _("%(axis)s: the group “%(group)s” is empty. Give it criteria or remove it.")
                    % words
                )
            elif group not in weighing and weighing and group.weight > 0:
                found.append(
                    _("%(axis)s: no criterion of the group “%(group)s” has a weight.") % words
                )
    for group in groups:
        for criterion in group.criteria.all():
            for messages in shortcomings(criterion).values():
                found += [f"{criterion}: {message}" for message in messages]
    return found


def shortcomings(criterion: Criterion) -> dict[str, list[str]]:
    """What stands against turning this criterion's fact into a value, by field; no queries."""
    found: dict[str, list[str]] = {}
    c, kind, function = criterion, Criterion.Kind, Criterion.Function
    if c.kind == kind.MEASURED and c.measure not in MEASURES:
        found["measure"] = [_("Choose what is measured.")]
    if c.kind == kind.JUDGED and c.measure:
        found["measure"] = [_("A judged criterion measures nothing: leave this empty.")]
    if c.kind == kind.JUDGED and c.code in MEASURES:
        found["code"] = [_("This code belongs to a measure. Choose another one.")]
    if c.function == function.BANDS:
        floors, values = list(c.band_floors), list(c.band_values)
        if not floors or len(floors) != len(values):
            found["band_values"] = [_("Give one value for each band, and at least one band.")]
        elif any(low >= high for low, high in pairwise(floors)):
            found["band_floors"] = [_("The bands rise from the first to the last.")]
        elif any(not 0 <= value <= HUNDRED for value in values):
            found["band_values"] = [_("A value is 0 to 100.")]
    if c.function == function.LINEAR:
        if (c.worst is None) != (c.best is None):
            found["best"] = [_("Give both the worst and the best, or neither.")]
        elif c.worst is None and c.kind == kind.MEASURED:
            found["best"] = [_("A linear value needs a worst and a best that differ.")]
        elif c.worst is not None and c.best is not None:
            up = c.direction == Criterion.Direction.UP
            if c.worst == c.best:
                found["best"] = [_("A linear value needs a worst and a best that differ.")]
            elif up != (c.best > c.worst):
                found["direction"] = [
                    _("The direction says the opposite of the worst and the best.")
                ]
    if c.missing == Criterion.Missing.DEFAULT and c.default_value is None:
        found["default_value"] = [_("Say the default value.")]
    return found


def check(criterion: Criterion) -> None:
    """Raises ``CriteriaRefusal`` with the shortcomings, by field."""
    found = shortcomings(criterion)
    if found:
        raise CriteriaRefusal(found)
