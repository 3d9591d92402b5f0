"""Plans and what belongs to them are seen and changed with their account."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q

from accounts.models import Account, AccountTeamMember, Contact
from accounts.querysets import OfAccountQuerySet
from kam.models import Team
from kam.scoping import EDITS_ALL, EVERYONE, SEES_ALL, Role, ScopedQuerySet, principal

if TYPE_CHECKING:
    from kam.models import User

NOBODY = Q(pk__in=[])


class PlanQuerySet(OfAccountQuerySet):
    """Account plans."""

    def steered_by(self, user: Any) -> Self:
        """The plans through whose life this person leads: their account's KAM, those who lead them.

        They alone submit, withdraw, amend, close, archive, restore and copy a plan and share it with
        the customer; a seat that may edit fills it. Always among those of ``editable_by``.
        """
        return self.filter(self._of(Account.objects.staffed_by(user)))

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


class OfPlanReadQuerySet(OfPlanQuerySet):
    """What belongs to a plan and is written by the system alone."""

    def _editable(self, person: "User") -> Q:
        return NOBODY


class OfGoalQuerySet(OfAccountQuerySet):
    account_path = "goal__plan__account"


class OfActivityQuerySet(OfAccountQuerySet):
    account_path = "activity__plan__account"


class ShareQuerySet(OfPlanQuerySet):
    """Links for the customer: seen with the account, made and ended by who steers its plan."""

    def _editable(self, person: "User") -> Q:
        if person.role in EDITS_ALL:
            return EVERYONE
        return self._of(Account.objects.staffed_by(person))


class OfShareQuerySet(OfAccountQuerySet):
    account_path = "share__plan__account"


def _read_as(person: "User", audience: str, prefix: str = "") -> Q:
    """Sections that this person would read if they were for this audience, among those of accounts
    that they see. The account's owner reads all. ``prefix`` leads to the section.
    """
    from plans.models import Audience, SectionReader

    def at(**lookups: Any) -> Q:
        return Q(**{f"{prefix}{name}": value for name, value in lookups.items()})

    mine = at(plan__account__owner=person)
    if audience == Audience.ACCOUNT:
        return EVERYONE
    if audience == Audience.NAMED:
        named = SectionReader.objects.filter(user=person, archived_at__isnull=True)
        return mine | at(pk__in=named.order_by().values("section"))
    if audience == Audience.TEAM:
        seats = AccountTeamMember.objects.filter(user=person, archived_at__isnull=True)
        return mine | at(plan__account__in=seats.order_by().values("account"))
    if person.role == Role.MANAGEMENT:
        return EVERYONE
    if person.role == Role.LEADER:
        teams = Team.objects.led_by(person).order_by().values("pk")
        return mine | at(plan__account__owner__team__in=teams)
    return mine


def _readable(person: "User", prefix: str = "") -> Q:
    """Sections that this person reads, among those of accounts that they see.

    Who only administers reads what is open to all who see the account, and what names them.
    """
    from plans.models import Audience

    found = NOBODY
    for audience in Audience:
        found |= Q(**{f"{prefix}audience": audience}) & _read_as(person, audience, prefix)
    return found


class SectionQuerySet(OfPlanQuerySet):
    """Sections of plans: seen with the account, and by whom the section is for."""

    def read_as(self, user: Any, audience: str) -> Self:
        """The sections that this person would read if they were for this audience.

        What was written while a section was kept to few does not open with the section.
        """
        person = principal(user)
        return self.none() if person is None else self.filter(_read_as(person, audience))

    def _visible(self, person: "User") -> Q:
        return super()._visible(person) & _readable(person)


class OfSectionQuerySet(OfAccountQuerySet):
    """What belongs to a section is seen with it."""

    account_path = "section__plan__account"

    def _visible(self, person: "User") -> Q:
        return super()._visible(person) & _readable(person, "section__")


class CommentQuerySet(OfPlanQuerySet):
    """Comments: read with their section; whoever reads may comment, and changes their own words."""

    def _visible(self, person: "User") -> Q:
        readable = Q(section=None) | _readable(person, "section__")
        return super()._visible(person) & readable

    def editable_by(self, user: Any) -> Self:
        """One's own words; a substitute's are their own, not those of whom they stand in for."""
        if getattr(user, "read_only", False):
            return self.none()
        return self.visible_to(user).filter(author=user)


class ReviewQuerySet(OfPlanQuerySet):
    """Reviews: of plans as their account, of portfolios as their figures."""

    def _visible(self, person: "User") -> Q:
        if person.role in SEES_ALL:
            return EVERYONE
        return _reviews(super()._visible(person), _of_portfolio(person))

    def _editable(self, person: "User") -> Q:
        """Portfolios are reviewed by the leader and the KAM."""
        if person.role in EDITS_ALL:
            return EVERYONE
        mine = super()._editable(person)
        return mine if person.role == Role.MANAGEMENT else _reviews(mine, _of_portfolio(person))

    def of_people(self, keys: Any) -> Self:
        """Reviews that these people hold: of their accounts' plans and portfolios, or led by them."""
        return self.filter(
            _reviews(Q(plan__account__owner__in=keys), Q(owner__in=keys), Q(led_by__in=keys))
        )


def _reviews(*parts: Q) -> Q:
    """Reviews of any of these parts: one list of keys, each part read by its own index. An OR over
    the tables read them all."""
    from plans.models import Review

    first, *others = (Review.objects.filter(part).order_by().values("pk") for part in parts)
    return Q(pk__in=first.union(*others, all=True))


class OfReviewQuerySet(OfAccountQuerySet):
    """Decisions of a review, as the review."""

    def _visible(self, person: "User") -> Q:
        from plans.models import Review

        return Q(review__in=Review.objects.visible_to(person).order_by().values("pk"))

    def _editable(self, person: "User") -> Q:
        from plans.models import Review

        return Q(review__in=Review.objects.editable_by(person).order_by().values("pk"))


class ReviewPersonQuerySet(OfReviewQuerySet):
    """Who was at a review: as the review; people of the customer as their contacts."""

    def known_to(self, user: Any) -> Self:
        """Of people at reviews that ``user`` sees: ours, and the contacts that they see."""
        return self.active().filter(_known(user))

    def _visible(self, person: "User") -> Q:
        return super()._visible(person) & _known(person)


def _known(user: Any) -> Q:
    contacts = Contact.objects.visible_to(user).order_by().values("pk")
    return Q(contact=None) | Q(contact__in=contacts)


def _of_portfolio(person: "User") -> Q:
    from kam.models import User

    if person.role in SEES_ALL:
        return Q(owner__isnull=False)
    return Q(owner__in=User.objects.figures_visible_to(person).order_by().values("pk"))


class LevelPlanQuerySet(ScopedQuerySet):
    """Plans of levels: KAMs see their own, leaders their teams', management all.

    A team's plan is also read by its members, the company's by everybody: priorities are for those
    who work by them. Changed by the KAM and those who lead them; by the team's leader and those
    above; the company's by management.
    """

    def _visible(self, person: "User") -> Q:
        if person.role in SEES_ALL:
            return EVERYONE
        members = Q(team=person.team_id) if person.team_id else NOBODY
        return Q(level="company") | members | self._steered(person)

    def _editable(self, person: "User") -> Q:
        return EVERYONE if person.role in EDITS_ALL | {Role.MANAGEMENT} else self._steered(person)

    def _steered(self, person: "User") -> Q:
        from kam.models import User

        if person.role == Role.CONTRIBUTOR:
            return NOBODY
        people = User.objects.figures_visible_to(person).order_by().values("pk")
        teams = Team.objects.figures_visible_to(person).order_by().values("pk")
        return Q(owner__in=people) | Q(team__in=teams)


class OfLevelPlanQuerySet(ScopedQuerySet):
    """What belongs to a level's plan: as the plan."""

    def _visible(self, person: "User") -> Q:
        from plans.models import LevelPlan

        return Q(plan__in=LevelPlan.objects.visible_to(person).order_by().values("pk"))

    def _editable(self, person: "User") -> Q:
        from plans.models import LevelPlan

        return Q(plan__in=LevelPlan.objects.editable_by(person).order_by().values("pk"))


class CascadeQuerySet(ScopedQuerySet):
    """Shares of a target: seen and changed by who steers the level that gives them.

    Who receives one sees it and answers it (``answerable_by``); figures of others stay hidden.
    """

    def _visible(self, person: "User") -> Q:
        if person.role in SEES_ALL:
            return EVERYONE
        return self._given(person) | self._received(person)

    def _editable(self, person: "User") -> Q:
        return self._given(person)

    def _given(self, person: "User") -> Q:
        from plans.models import LevelPlan

        return Q(plan__in=LevelPlan.objects.editable_by(person).order_by().values("pk"))

    def _received(self, person: "User") -> Q:
        from kam.models import User

        if person.role == Role.CONTRIBUTOR:
            return NOBODY
        people = User.objects.figures_visible_to(person).order_by().values("pk")
        teams = Team.objects.figures_visible_to(person).order_by().values("pk")
        accounts = Account.objects.staffed_by(person).order_by().values("pk")
        return Q(owner__in=people) | Q(team__in=teams) | Q(account__in=accounts)

    def answerable_by(self, user: Any) -> Self:
        """The shares that this person answers for: their own, their team's, their accounts'."""
        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        led = Team.objects.active().filter(leader=person).order_by().values("pk")
        mine = Q(owner=person) | Q(team__in=led) | Q(account__owner=person)
        return self.filter(mine)


class KeptForecastQuerySet(OfAccountQuerySet):
    """Kept forecasts: seen with the account, written by the night alone."""

    def _editable(self, person: "User") -> Q:
        return NOBODY


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

        if person.role in SEES_ALL:
            return EVERYONE
        owners = User.objects.figures_visible_to(person).order_by().values("pk")
        return Q(owner__in=owners)
