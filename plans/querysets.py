"""Plans and what belongs to them are seen and changed with their account."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q

from accounts.querysets import OfAccountQuerySet
from kam.models import Team
from kam.scoping import Role, ScopedQuerySet, principal

if TYPE_CHECKING:
    from kam.models import User


class PlanQuerySet(OfAccountQuerySet):
    """Account plans."""

    def approvable_by(self, user: Any) -> Self:
        """Submitted plans that this person decides on: their teams' leader, or management.

        Nobody approves a plan of an account that they own themselves, nor as a substitute.
        """
        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        if person.role in (Role.MANAGEMENT, Role.ADMINISTRATOR):
            mine = Q()
        elif person.role == Role.LEADER:
            mine = Q(account__owner__team__in=Team.objects.led_by(person).order_by().values("pk"))
        else:
            return self.none()
        return self.visible_to(user).filter(mine).exclude(account__owner__in=[person, user])


class OfPlanQuerySet(OfAccountQuerySet):
    account_path = "plan__account"


class OfTargetQuerySet(OfAccountQuerySet):
    account_path = "target__plan__account"


class ActivityQuerySet(OfPlanQuerySet):
    """What is to be done."""

    def open(self) -> Self:
        return self.active().filter(status__in=["planned", "in_progress"])

    def late(self, today: date) -> Self:
        """Open, and due before today."""
        return self.open().filter(due_on__lt=today)


class PortfolioQuerySet(ScopedQuerySet):
    """Prepared figures per owner: read through the owners that a person may see."""

    def _visible(self, person: "User") -> Q:
        from kam.models import User
        from kam.scoping import SEES_ALL

        if person.role in SEES_ALL:
            return Q()
        owners = User.objects.figures_visible_to(person).order_by().values("pk")
        return Q(owner__in=owners)
