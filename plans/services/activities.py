"""Activities: what somebody does, with whom, why, until when."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from kam.days import check_day
from kam.editing import archive, restore, save_fields
from kam.models import User
from kam.periods import company_today
from plans.models import AccountPlan, Activity, ActivityPerson
from plans.querysets import ActivityQuerySet
from plans.selectors import in_hierarchy, people_who_see
from plans.services.locks import LOCKED_ACTIVITIES, require_open_activities
from plans.services.portfolios import refresh_soon

Status = Activity.Status
OPEN = (Status.PLANNED, Status.IN_PROGRESS)


@transaction.atomic
def add_activity(plan: AccountPlan, **fields: Any) -> Activity:
    """A new activity of the plan. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_activities(plan)
    fields = _with_goal(fields)
    activity = Activity(plan=plan, **_with_day(fields))
    _check(plan, fields)
    activity.clean_fields(exclude=["plan"])
    activity.clean()
    activity.validate_constraints()
    activity.save()
    refresh_soon()
    return activity


@transaction.atomic
def change_activity(
    activity: Activity, changes: Mapping[str, Any], *, base_version: int | None
) -> Activity:
    """Saves the touched fields. A state of done sets the day, any other clears it."""
    require_open_activities(activity.plan)
    changes = _with_goal(changes, activity)
    _check(activity.plan, changes, activity)
    saved = save_fields(activity, _with_day(changes, activity), base_version=base_version)
    refresh_soon()
    return saved


def finish(activity: Activity) -> Activity:
    """Marks an open activity as done today; one that is done or cancelled stays as it is."""
    return _move(activity, OPEN, Status.DONE)


def take_up_again(activity: Activity) -> Activity:
    """Puts what was done or cancelled back among the planned."""
    return _move(activity, (Status.DONE, Status.CANCELLED), Status.PLANNED)


@transaction.atomic
def _move(activity: Activity, origin: Iterable[str], status: str) -> Activity:
    require_open_activities(activity.plan)
    current = Activity.objects.select_for_update(of=("self",)).get(pk=activity.pk)
    if current.status in origin:
        current = save_fields(current, _with_day({"status": status}), base_version=None)
        refresh_soon()
    return current


@transaction.atomic
def finish_many(activities: ActivityQuerySet) -> int:
    """Marks the open ones among these as done today; returns how many. Closed and archived plans stay."""
    count = _open_in_open_plans(activities).update(status=Status.DONE, done_on=company_today())
    refresh_soon()
    return count


@transaction.atomic
def postpone_many(activities: ActivityQuerySet, until: date) -> int:
    """Gives the open ones among these a new day; returns how many. None starts after it is due."""
    check_day(until)
    count = _open_in_open_plans(activities).update(
        due_on=until,
        starts_on=Case(When(starts_on__gt=until, then=Value(until)), default=F("starts_on")),
    )
    refresh_soon()
    return count


def _open_in_open_plans(activities: ActivityQuerySet) -> ActivityQuerySet:
    changing = activities.open().filter(
        plan__archived_at__isnull=True, plan__account__archived_at__isnull=True
    )
    changing = changing.exclude(plan__status__in=LOCKED_ACTIVITIES)
    keys = list(
        changing.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
    )
    return Activity.objects.filter(pk__in=keys).open()


@transaction.atomic
def archive_activity(activity: Activity) -> Activity:
    require_open_activities(activity.plan)
    activity = archive(activity)
    refresh_soon()
    return activity


@transaction.atomic
def restore_activity(activity: Activity) -> Activity:
    require_open_activities(activity.plan)
    activity = restore(activity)
    refresh_soon()
    return activity


def _with_day(changes: Mapping[str, Any], activity: Activity | None = None) -> dict[str, Any]:
    changes = dict(changes)
    if "status" in changes and changes.get("done_on") is None:
        done = changes["status"] == Status.DONE
        held = activity.done_on if activity is not None else None
        changes["done_on"] = (held or company_today()) if done else None
    return changes


def move(activity: Activity, status: str) -> Activity:
    """Puts an activity into another column of the board: one of ``Activity.Status``."""
    if status not in Status.values:
        raise ValidationError({"status": _("There is no such status.")})
    return change_activity(activity, {"status": status}, base_version=None)


# --- people beside the responsible one --------------------------------------------------------------
@transaction.atomic
def add_person(activity: Activity, user: User) -> ActivityPerson:
    """Somebody of us takes part; one who took part before comes back. Refused for who sees nothing."""
    require_open_activities(activity.plan)
    if not people_who_see(activity.plan.account).filter(pk=user.pk).exists():
        raise ValidationError(
            {
                "user": _("%(name)s does not see %(account)s.")
                % {"name": user, "account": activity.plan.account}
            }
        )
    person = ActivityPerson.objects.filter(activity=activity, user=user).order_by("pk").last()
    if person is not None:
        return restore(person) if person.archived_at is not None else person
    return ActivityPerson.objects.create(activity=activity, user=user)


@transaction.atomic
def remove_person(person: ActivityPerson) -> ActivityPerson:
    """Takes somebody out of an activity."""
    require_open_activities(person.activity.plan)
    return archive(person)


@transaction.atomic
def restore_person(person: ActivityPerson) -> ActivityPerson:
    require_open_activities(person.activity.plan)
    return restore(person)


# --- what an activity names -------------------------------------------------------------------------
def _with_goal(changes: Mapping[str, Any], activity: Activity | None = None) -> dict[str, Any]:
    """Who names a strategy and no goal means the strategy's goal."""
    changes = dict(changes)
    strategy = changes.get("strategy")
    held = activity.goal_id if activity is not None else None
    if strategy is not None and changes.get("goal") is None and held is None:
        changes["goal"] = strategy.goal
    return changes


def _check(plan: AccountPlan, changes: Mapping[str, Any], activity: Activity | None = None) -> None:
    """What the activity names belongs to its plan, its account's hierarchy, and who sees it."""
    errors: dict[str, str] = {}
    contact, person = changes.get("contact"), changes.get("responsible")
    for name, words in (
        ("goal", _("This goal belongs to another plan.")),
        ("strategy", _("This strategy belongs to another plan.")),
        ("need", _("This need belongs to another plan.")),
        ("depends_on", _("This activity belongs to another plan.")),
    ):
        row = changes.get(name)
        if row is not None and row.plan_id != plan.pk:
            errors[name] = words
    if contact is not None and not in_hierarchy(plan.account, contact.account_id):
        errors["contact"] = _("%(name)s is no contact of %(account)s or its group.") % {
            "name": contact,
            "account": plan.account,
        }
    if person is not None and not people_who_see(plan.account).filter(pk=person.pk).exists():
        errors["responsible"] = _("%(name)s does not see %(account)s.") % {
            "name": person,
            "account": plan.account,
        }
    if changes.get("depends_on") is not None and activity is not None and not errors:
        _refuse_circle(activity, changes["depends_on"])
    if errors:
        raise ValidationError(errors)


def _refuse_circle(activity: Activity, before: Activity) -> None:
    """Nothing waits for itself, not even by way of others. Holds the plan until the end, so that
    two dependencies made at once cannot close a circle together."""
    AccountPlan.objects.select_for_update(of=("self",), no_key=True).get(pk=activity.plan_id)
    waits = dict(Activity.objects.filter(plan=activity.plan_id).values_list("pk", "depends_on"))
    at: int | None = before.pk
    way: list[int] = []
    while at is not None and at not in way:
        if at == activity.pk:
            if len(way) == 0:
                words = _("An activity does not wait for itself.")
            else:
                words = _("“%(before)s” waits for this one already: that would close a circle.") % {
                    "before": before
                }
            raise ValidationError({"depends_on": words})
        way.append(at)
        at = waits.get(at)
