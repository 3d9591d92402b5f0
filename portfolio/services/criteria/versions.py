"""Versions of the criteria: made, changed, put in force now or from a date, archived."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam import editing
from kam.models import Role, User
from kam.notifications import in_language_of, notify
from kam.periods import company_today
from portfolio.models import CriteriaVersion, Criterion, CriterionGroup
from portfolio.services.criteria.refusals import CriteriaRefusal, State, open_draft
from portfolio.services.criteria.reminder import REMINDED
from portfolio.services.criteria.rows import add_from_library
from portfolio.services.criteria.soundness import faults

#: What may be said of a version that is no open draft: it changes no score.
ALWAYS_OPEN = frozenset({"name", "note", "revise_by"})
IN_FORCE = gettext_lazy("“%(version)s” is in force")
REFUSED = gettext_lazy("“%(version)s” did not come into force")
TAKEN_OVER = (
    "code", "name", "guidance", "kind", "measure", "direction", "function", "worst", "best",
    "band_floors", "band_values", "weight", "missing", "default_value",
)  # fmt: skip


@transaction.atomic
def create_version(
    name: str,
    *,
    copy_of: CriteriaVersion | None = None,
    picks: Iterable[str] = (),
    **facts: Any,
) -> CriteriaVersion:
    """A new draft: empty, a copy of another version, or made of criteria of the library.

    ``facts`` are the note, the cut-offs and the date of revision; a copy takes over the cut-offs.
    """
    if copy_of is not None:
        facts = {
            "profitability_cut": copy_of.profitability_cut,
            "potential_cut": copy_of.potential_cut,
            **facts,
        }
    version = CriteriaVersion(name=name, **facts)
    version.full_clean()
    version.save()
    if copy_of is not None:
        _take_over(version, copy_of)
    add_from_library(version, picks)
    return version


def _take_over(version: CriteriaVersion, source: CriteriaVersion) -> None:
    groups = source.groups.active().prefetch_related(
        models.Prefetch("criteria", Criterion.objects.active().order_by("position", "pk"))
    )
    for group in groups.order_by("pk"):
        copy = CriterionGroup.objects.create(
            criteria_version=version, axis=group.axis, name=group.name, weight=group.weight
        )
        for criterion in group.criteria.all():
            taken = {name: getattr(criterion, name) for name in TAKEN_OVER}
            Criterion.objects.create(group=copy, position=criterion.position, **taken)


@transaction.atomic
def change_version(
    row: CriteriaVersion, changes: Mapping[str, Any], *, base_version: int | None
) -> CriteriaVersion:
    """Changes a version; the cut-offs only while it is a draft."""
    if set(changes) - ALWAYS_OPEN:
        open_draft(row.pk)
    return editing.save_fields(row, changes, base_version=base_version)


def _asked_by_administrator(by: User) -> None:
    if by.role != Role.ADMINISTRATOR:
        raise PermissionDenied


def _sound(draft: CriteriaVersion) -> None:
    lacking = faults(draft)
    if lacking:
        raise CriteriaRefusal(lacking)


@transaction.atomic
def activate(version: CriteriaVersion, by: User, *, today: date | None = None) -> CriteriaVersion:
    """Puts a sound draft in force from ``today``; the version in force until then is archived.

    One activation at a time: of two at once the later one archives the earlier one's version.
    Raises ``PermissionDenied``, ``NoDraft``, or ``CriteriaRefusal`` with what the draft lacks.
    """
    _asked_by_administrator(by)
    _one_at_a_time()
    draft = open_draft(version.pk)
    _sound(draft)
    return _put_in_force(draft, by, today or company_today())


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('portfolio:activate'))")


def _put_in_force(draft: CriteriaVersion, by: User | None, today: date) -> CriteriaVersion:
    # What was taken out of the draft never was in force.
    Criterion.objects.archived().filter(group__criteria_version=draft).delete()
    CriterionGroup.objects.archived().filter(criteria_version=draft).delete()
    for former in CriteriaVersion.objects.in_force().select_for_update(no_key=True):
        _set(former, state=State.ARCHIVED, active_to=today)
    return _set(
        draft,
        state=State.ACTIVE,
        active_from=today,
        active_to=None,
        activate_on=None,
        activated_by=by,
    )


# --- from a date to come --------------------------------------------------------------------------
@transaction.atomic
def schedule(
    version: CriteriaVersion, by: User, day: date, *, today: date | None = None
) -> CriteriaVersion:
    """Lets a sound draft come into force by the night of ``day``; until then it stands still.

    Raises ``PermissionDenied``, ``NoDraft``, or ``CriteriaRefusal``: what the draft lacks, or a day
    that is not to come.
    """
    _asked_by_administrator(by)
    draft = open_draft(version.pk)
    if day <= (today or company_today()):
        raise CriteriaRefusal({"activate_on": _("Choose a day to come, or activate it now.")})
    _sound(draft)
    return _set(draft, activate_on=day, scheduled_by=by)


@transaction.atomic
def unschedule(version: CriteriaVersion) -> CriteriaVersion:
    """Takes the date back: the draft is open again."""
    row = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if row.state != State.DRAFT or row.activate_on is None:
        raise CriteriaRefusal(_("“%(version)s” waits for no date.") % {"version": row})
    return _set(row, activate_on=None, scheduled_by=None)


def due(night: date) -> Any:
    """The drafts whose date has come by a night, never before that day."""
    return CriteriaVersion.objects.filter(
        state=State.DRAFT, activate_on__lte=min(night, company_today())
    )


@transaction.atomic
def activate_due(night: date) -> list[CriteriaVersion]:
    """Puts in force what waits for this night or an earlier one; safe to call twice.

    Of several the one with the latest date is in force in the end. A draft that has become unsound,
    as when a measure is gone, is opened again instead. Those who keep the criteria are told.
    """
    if not due(night).exists():
        return []
    _one_at_a_time()
    done = []
    for draft in due(night).select_for_update(no_key=True).order_by("activate_on", "pk"):
        day = draft.activate_on
        if faults(draft):
            _tell(_set(draft, activate_on=None), day, REFUSED)
            continue
        active = _put_in_force(draft, draft.scheduled_by, night)
        _tell(active, day, IN_FORCE)
        done.append(active)
    return done


def _tell(version: CriteriaVersion, day: date | None, title: Any) -> None:
    """Tells those who keep the criteria, with what the version lacks, if anything."""
    for person in User.objects.people().filter(role__in=REMINDED):
        with in_language_of(person):
            notify(
                [person],
                kind="criteria_in_force",
                occasion=f"criteria-in-force-{version.pk}-{day}",
                title=str(title) % {"version": version.name},
                body=" ".join(faults(version)),
                url=reverse("portfolio:version_detail", args=[version.pk]),
            )


@transaction.atomic
def archive_version(version: CriteriaVersion) -> CriteriaVersion:
    """Takes a draft, or the version in force, out of use. Without one in force nothing is scored."""
    row = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if row.state == State.ARCHIVED:
        raise CriteriaRefusal(_("“%(version)s” is archived already.") % {"version": row})
    until = company_today() if row.state == State.ACTIVE else None
    return _set(row, state=State.ARCHIVED, active_to=until, activate_on=None)


@transaction.atomic
def restore_version(version: CriteriaVersion) -> CriteriaVersion:
    """Makes an archived draft a draft again. What was in force is not: it is copied instead."""
    row = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if row.state != State.ARCHIVED:
        raise CriteriaRefusal(_("“%(version)s” is not archived.") % {"version": row})
    if row.active_from is not None:
        raise CriteriaRefusal(
            _("“%(version)s” was in force and stays as it was. Make a copy of it.")
            % {"version": row}
        )
    return _set(row, state=State.DRAFT)


def _set(row: CriteriaVersion, **changes: Any) -> CriteriaVersion:
    return editing.save_fields(row, changes, base_version=None, validate=False)
