"""The demo company's meetings that hours come from: some taken over, one changed since, some to do."""

from datetime import date, timedelta
from decimal import Decimal

from accounts.models import AccountTeamMember
from kam.audit import source
from kam.models import User
from plans.models import AccountPlan, Activity
from plans.services import activities, reviews
from portfolio import meetings as registry
from portfolio.services import meetings

#: What, how many days ago, hours of all who took part, how many beside the KAM, taken over.
MEETINGS = (
    ("Walk through the pump house with maintenance", 17, "6.00", 1, True),
    ("Breakfast with the new buyer", 9, "1.50", 0, True),
    ("Steering group of the rebuild", 8, "4.00", 1, True),
    ("Prices for the service agreement, by telephone", 7, "0.75", 0, False),
    ("Test of the smaller impeller", 1, "5.00", 1, False),
    ("Agenda for the half-year talk", 0, None, 0, False),
)
#: It took longer than was written down at first.
CHANGED, LONGER = "Steering group of the rebuild", Decimal("7.00")


def make_meetings(kari: User, today: date) -> None:
    """Done activities of the last weeks in Kari's plans, and what she took over into her hours."""
    plans = list(
        AccountPlan.objects.filter(
            account__owner=kari, status__in=reviews.REVIEWED, archived_at__isnull=True
        ).order_by("-account__is_key_account", "pk")[:3]
    )
    if not plans:
        return
    with source("command", user=kari.pk):
        for at, (title, ago, effort, beside, taken) in enumerate(MEETINGS):
            plan = plans[at % len(plans)]
            row = activities.add_activity(
                plan,
                title=title,
                responsible=kari,
                status=Activity.Status.DONE,
                done_on=today - timedelta(days=ago),
                due_on=today - timedelta(days=ago),
                effort_hours=Decimal(effort) if effort else None,
            )
            for seat in team_beside(plan, kari)[:beside]:
                activities.add_person(row, seat)
            meeting = registry.one(kari, kari, "activity", row.pk)
            if taken and meeting is not None:
                meetings.take_over(kari, meeting)
            if title == CHANGED:
                activities.change_activity(row, {"effort_hours": LONGER}, base_version=None)


def team_beside(plan: AccountPlan, kari: User) -> list[User]:
    """The account's team without its KAM."""
    seats = AccountTeamMember.objects.active().filter(account=plan.account).exclude(user=kari)
    return [seat.user for seat in seats.select_related("user").order_by("pk")]
