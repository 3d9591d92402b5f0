"""Room under the limits of key accounts."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from accounts.services import key_accounts
from kam.models import User
from portfolio.services.nominations.steps import NominationRefusal


@dataclass(frozen=True, slots=True)
class Room:
    """How many key accounts there are and may be, in the company and at one KAM."""

    company: int
    company_limit: int | None
    own: int
    own_limit: int | None
    owner: User | None

    @property
    def company_full(self) -> bool:
        return self.company_limit is not None and self.company >= self.company_limit

    @property
    def own_full(self) -> bool:
        return self.own_limit is not None and self.owner is not None and self.own >= self.own_limit

    @property
    def full(self) -> bool:
        return self.company_full or self.own_full


def room_for(owner: User | None) -> Room:
    """The state of the limits for one more key account of this KAM (two queries)."""
    limits = key_accounts.limits()
    found = key_accounts.counts()
    own = found[owner.pk] if owner is not None else 0
    return Room(found.total(), limits.company, own, limits.per_owner, owner)


def check_room(owner: User | None, leaves: Account | None) -> None:
    """Raises where one more key account of this KAM needs another to leave, and none is named that
    helps."""
    room = room_for(owner)
    if leaves is not None and not leaves.is_key_account:
        raise NominationRefusal(
            {"leaves": _("%(name)s is no key account, so it makes no room.") % {"name": leaves}}
        )
    if room.own_full and (leaves is None or leaves.owner_id != getattr(owner, "pk", None)):
        raise NominationRefusal(
            {
                "leaves": ngettext(
                    "%(name)s has %(n)d key account, and %(most)d is the limit for a KAM: "
                    "name the one of theirs that leaves.",
                    "%(name)s has %(n)d key accounts, and %(most)d is the limit for a KAM: "
                    "name the one of theirs that leaves.",
                    room.own,
                )
                % {"name": owner, "n": room.own, "most": room.own_limit}
            }
        )
    if room.company_full and leaves is None:
        raise NominationRefusal(
            {
                "leaves": ngettext(
                    "The company has %(n)d key account, and %(most)d is its limit: "
                    "name the one that leaves.",
                    "The company has %(n)d key accounts, and %(most)d is its limit: "
                    "name the one that leaves.",
                    room.company,
                )
                % {"n": room.company, "most": room.company_limit}
            }
        )
