"""Who sees and changes criteria, inputs, scores and nominations."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q

from accounts.models import Account
from accounts.querysets import OfAccountQuerySet
from kam.scoping import EDITS_ALL, EVERYONE, SEES_ALL, DirectoryQuerySet, Role, principal

if TYPE_CHECKING:
    from kam.models import User


class VersionQuerySet(DirectoryQuerySet):
    """Versions of the criteria: all read them, administrators keep them."""

    def in_force(self) -> Self:
        """The active version, if there is one."""
        return self.filter(state="active")


class OfVersionQuerySet(DirectoryQuerySet):
    """What hangs from a version of the criteria. Only a draft's changes, and only while it does not
    wait for the date on which it comes into force."""

    version_path = "criteria_version"

    def _editable(self, person: "User") -> Q:
        path = self.version_path
        waits = {f"{path}__state": "draft", f"{path}__activate_on__isnull": True}
        return super()._editable(person) & Q(**waits)


class CriterionQuerySet(OfVersionQuerySet):
    version_path = "group__criteria_version"


class ReadOnlyDirectoryQuerySet(DirectoryQuerySet):
    """What the nightly run writes about the whole company; nobody edits it."""

    def _editable(self, person: "User") -> Q:
        return Q(pk__in=[])


class ComparisonQuerySet(OfVersionQuerySet):
    """Pairwise comparisons: all read; each person changes their own, administrators all."""

    def _editable(self, person: "User") -> Q:
        draft = Q(criteria_version__state="draft", criteria_version__activate_on__isnull=True)
        return draft if person.role in EDITS_ALL else draft & Q(person=person)


class Among(Func):
    """``key = ANY (ARRAY (…))``: the keys are read first, then each row by its own index.

    PostgreSQL takes a scope of a few accounts for half of the table where it stands as a subquery,
    and walks the whole table for it.
    """

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def seen_by(rows: Any, user: Any, path: str = "account") -> Any:
    """``rows.visible_to(user)`` of what hangs from an account (by ``path``), for those who read all
    that they see: rankings and sums."""
    person = principal(user)
    if person is None or person.role in SEES_ALL:
        return rows.visible_to(user)
    return rows.filter(Among(F(path), ArraySubquery(Account.objects.keys_of(person))))


class OfScoredAccountQuerySet(OfAccountQuerySet):
    """What the nightly run found out about an account: seen with it, changed by nobody."""

    def _editable(self, person: "User") -> Q:
        return Q(pk__in=[])

    def on_night(self, night: date) -> Self:
        """What held after the run of ``night`` (a date in the company's calendar)."""
        return self.filter(
            Q(last_night__isnull=True) | Q(last_night__gte=night), first_night__lte=night
        )

    def current(self) -> Self:
        """What the newest whole run found."""
        return self.filter(last_night__isnull=True)


class HoursQuerySet(OfAccountQuerySet):
    """Hours spent: seen with the account and by whoever spent them, who alone changes them.

    A substitute works hours of their own: those of whom they stand in for they see, and leave alone.
    """

    def visible_to(self, user: Any) -> Self:
        person = principal(user)
        if person is None or person == user or person.role in SEES_ALL:
            return super().visible_to(user)
        return self.filter(self._visible(person) | Q(user=user))

    def editable_by(self, user: Any) -> Self:
        """The person who signed in writes, whomever they stand in for."""
        if principal(user) is None or getattr(user, "read_only", False):
            return self.none()
        return self.visible_to(user).filter(self._editable(user))

    def _visible(self, person: "User") -> Q:
        if person.role in SEES_ALL:  # an empty Q would vanish in the OR
            return EVERYONE
        return super()._visible(person) | Q(user=person)

    def _editable(self, person: "User") -> Q:
        return EVERYONE if person.role in EDITS_ALL else Q(user=person)


class MeetingHoursQuerySet(HoursQuerySet):
    """What hours were taken over from: as the hours themselves."""

    account_path = "spent__account"


class PlannedHoursQuerySet(OfAccountQuerySet):
    """Hours planned per account, person and year: changed by those who may change the account."""


class CapacityQuerySet(DirectoryQuerySet):
    """How many hours a person has for accounts; seen and set along the team tree."""

    def editable_by(self, user: Any) -> Self:
        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        return self.filter(self._visible(person)).filter(self._editable(person))

    def _visible(self, person: "User") -> Q:
        from kam.models import Team

        if person.role in SEES_ALL:
            return EVERYONE
        own = Q(user=person)
        if person.role == Role.LEADER:
            return own | Q(user__team__in=Team.objects.led_by(person).order_by().values("pk"))
        return own

    def _editable(self, person: "User") -> Q:
        if person.role in EDITS_ALL or person.role == Role.LEADER:
            return EVERYONE
        return Q(pk__in=[])


class NominationQuerySet(OfAccountQuerySet):
    """Proposals to make an account a key account, or to end that."""

    def waiting(self) -> Self:
        """Not decided yet."""
        return self.filter(state__in=["proposed", "accepted", "validated"])

    def _editable(self, person: "User") -> Q:
        """Whoever decides on the account may propose and change; leaders and management too."""
        if person.role in EDITS_ALL | {Role.LEADER, Role.MANAGEMENT}:
            return EVERYONE
        return self._of(Account.objects.staffed_by(person))

    def decided_by(self, user: Any) -> Self:
        """Those whose present step is this user's: the owner's leaders decide whether to add and
        validate, management and administrators take every step."""
        from kam.models import Team

        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        rows = self.visible_to(user).waiting()
        if person.role in {Role.MANAGEMENT, Role.ADMINISTRATOR}:
            return rows
        if person.role == Role.LEADER:
            led = Team.objects.led_by(person).order_by().values("pk")
            return rows.exclude(state="validated").filter(account__owner__team__in=led)
        return self.none()

    def waits_for(self, user: Any) -> Self:
        """Those that wait for this user: theirs to decide, without what they would have to confirm
        though they proposed it."""
        own = Q(state="validated", proposed_by=principal(user))
        return self.decided_by(user).exclude(own)

    def proposed_by(self, user: Any) -> Self:
        """Waiting ones that this user may take back: their own, and whom they stand in for."""
        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        return self.visible_to(user).waiting().filter(proposed_by=person)


class NominationStepQuerySet(OfScoredAccountQuerySet):
    """The steps of a nomination: seen with its account, written once."""

    account_path = "nomination__account"
