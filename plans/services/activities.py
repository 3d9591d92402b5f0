"""Activities: what somebody does, with whom, why, until when."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kam.editing import archive, restore, save_fields
from kam.periods import company_today
from plans.models import AccountPlan, Activity
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
    activity = Activity(plan=plan, **_with_day(fields))
    _check(plan, fields)
    activity.clean_fields(exclude=["plan"])
    activity.clean()
    activity.save()
    refresh_soon()
    return activity


@transaction.atomic
def change_activity(
    activity: Activity, changes: Mapping[str, Any], *, base_version: int | None
) -> Activity:
    """Saves the touched fields. A state of done sets the day, any other clears it."""
    require_open_activities(activity.plan)
    _check(activity.plan, changes)
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
    """Gives the open ones among these a new day; returns how many."""
    count = _open_in_open_plans(activities).update(due_on=until)
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


def _check(plan: AccountPlan, changes: Mapping[str, Any]) -> None:
    """What the activity names belongs to its plan, its account's hierarchy, and who sees it."""
    errors: dict[str, str] = {}
    goal, contact, person = (changes.get(n) for n in ("goal", "contact", "responsible"))
    if goal is not None and goal.plan_id != plan.pk:
        errors["goal"] = _("This goal belongs to another plan.")
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
    if errors:
        raise ValidationError(errors)
