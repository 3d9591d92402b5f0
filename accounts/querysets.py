"""Who sees which customers. Everything that belongs to an account follows its account."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q, QuerySet

from kam.models import Team
from kam.scoping import EDITS_ALL, EVERYONE, SEES_ALL, Role, ScopedQuerySet, principal
from kam.tree import TreeQueries

if TYPE_CHECKING:
    from kam.models import User

#: What an edit seat does not reach: changed only by those whom ``staffed_by`` names.
DECIDED_FIELDS = frozenset({"owner", "parent"})
#: What the classification process changes; directly only those who edit every account (``marks_key``).
CLASSIFIED_FIELDS = frozenset({"is_key_account"})


# A KAM's and a leader's customers are asked for several times in each request, and to say them anew
# took longer than to ask the database. Nothing is read here: what is kept are the questions.
@lru_cache(maxsize=2048)
def _reach(person: int, *, led: bool, editing: bool = False) -> Q:
    return Q(pk__in=_keys(person, led=led, editing=editing))


@lru_cache(maxsize=2048)
def _keys(person: int, *, led: bool, editing: bool = False) -> QuerySet:
    """The accounts of the person with this id, those where they have a seat and, if ``led``, those of
    the teams below them."""
    return _owned(person, led=led).union(_seats(person, editing), all=True)


# One list of keys, not an OR over the table: each part is read by its own index, and the planner
# knows how few they are.
def _owned(person: int, *, led: bool) -> QuerySet:
    from accounts.models import Account
    from kam.models import User

    if not led:
        return Account.objects.filter(owner=person).order_by().values("pk")
    teams = Team.objects.led_by(person).order_by().values("pk")
    people = User.objects.filter(Q(pk=person) | Q(team__in=teams)).order_by().values("pk")
    return Account.objects.filter(owner__in=people).order_by().values("pk")


def _seats(person: int, editing: bool) -> QuerySet:
    from accounts.models import AccountTeamMember

    seats = AccountTeamMember.objects.filter(user=person, archived_at__isnull=True)
    return (seats.filter(may_edit=True) if editing else seats).order_by().values("account")


def _in_led_teams(person: "User") -> Q:
    return Q(owner__team__in=Team.objects.led_by(person).order_by().values("pk"))


class AccountQuerySet(TreeQueries, ScopedQuerySet):
    """Customers. KAM: own and on the team of; leader: the whole tree below; management: all."""

    def _visible(self, person: "User") -> Q:
        if person.role in SEES_ALL:
            return EVERYONE
        return _reach(person.pk, led=person.role == Role.LEADER)

    def _editable(self, person: "User") -> Q:
        if person.role in EDITS_ALL:
            return EVERYONE
        if person.role == Role.MANAGEMENT:
            return Q(pk__in=[])
        return _reach(person.pk, led=person.role == Role.LEADER, editing=True)

    @staticmethod
    def keys_of(person: "User") -> QuerySet:
        """The ids of the accounts that this person sees, who does not see all; some of them twice."""
        return _keys(person.pk, led=person.role == Role.LEADER)

    def staffed_by(self, user: Any) -> Self:
        """The accounts that this person decides on: their KAM, those who lead the KAM.

        They alone staff the team, change ``DECIDED_FIELDS``, archive and restore; a seat that may
        edit reaches the other fields. Always among those of ``editable_by``.
        """
        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        return self.filter(self._visible(person)).filter(self._staffed(person))

    def _staffed(self, person: "User") -> Q:
        if person.role in EDITS_ALL:
            return EVERYONE
        if person.role == Role.MANAGEMENT:
            return Q(pk__in=[])
        mine = Q(owner=person)
        return mine | _in_led_teams(person) if person.role == Role.LEADER else mine

    def owned_by(self, *owner_ids: int) -> Self:
        return self.filter(owner__in=owner_ids)

    def unowned(self) -> Self:
        return self.filter(owner__isnull=True)


class OfAccountQuerySet(ScopedQuerySet):
    """Rows that hang from an account: seen and changed with it.

    ``account_path`` is the lookup that leads to the account.
    """

    account_path = "account"

    def _of(self, accounts: QuerySet) -> Q:
        return Q(**{f"{self.account_path}__in": accounts.order_by().values("pk")})

    def _visible(self, person: "User") -> Q:
        from accounts.models import Account

        if person.role in SEES_ALL:
            return EVERYONE
        return self._of(Account.objects.visible_to(person))

    def _editable(self, person: "User") -> Q:
        from accounts.models import Account

        if person.role in EDITS_ALL:
            return EVERYONE
        return self._of(Account.objects.editable_by(person))


class AccountTeamQuerySet(OfAccountQuerySet):
    """Seats in account teams: given by those who own the account or lead its owner."""

    def _editable(self, person: "User") -> Q:
        from accounts.models import Account

        if person.role in EDITS_ALL:
            return EVERYONE
        return self._of(Account.objects.staffed_by(person))


class ContactQuerySet(TreeQueries, OfAccountQuerySet):
    """People at the customers."""


class SalesFactQuerySet(OfAccountQuerySet):
    """Monthly sales. Facts come in batches from files and systems; nobody types over them."""

    def _editable(self, person: "User") -> Q:
        return EVERYONE if person.role in EDITS_ALL else Q(pk__in=[])

    def in_months(self, first: Any, end: Any) -> Self:
        """Months from ``first`` up to, not including, ``end``."""
        return self.filter(month__gte=first, month__lt=end)
