"""Which roll-ups a person may open: the one place that page, PDF, command and API ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.querysets import AccountQuerySet
from kam.models import Company, Team, User
from kam.periods import FiscalYear
from kam.querysets import TeamQuerySet, UserQuerySet
from kam.scoping import SEES_ALL, principal
from plans import rollups
from plans.rollups import Node
from plans.rollups.moment import one_moment

#: Levels without an id in their address, and those with one.
WITHOUT_ID = ("company", "own", "unowned")
WITH_ID = ("team", "kam", "account")


@dataclass(frozen=True, slots=True)
class Scope:
    """A person's owners, teams and accounts. Anything outside is 404."""

    user: Any
    owners: UserQuerySet[User]
    teams: TeamQuerySet[Team]
    sees_all: bool

    def accounts(self) -> AccountQuerySet[Account]:
        """The accounts in use that this person sees."""
        return Account.objects.visible_to(self.user).active()

    def owner(self, pk: int | None) -> User:
        """One person whose portfolio may be opened (one query)."""
        person = self.owners.select_related("team").filter(pk=pk or 0).first()
        if person is None:
            raise Http404
        return person

    def node(self, level: str, pk: int | None, year: FiscalYear, today: date) -> Node:
        """One level with its parts, all of one moment (see ``plans.rollups`` for the queries)."""
        with one_moment():
            return self._node(level, pk, year, today)

    def _node(self, level: str, pk: int | None, year: FiscalYear, today: date) -> Node:
        if level in ("company", "unowned") and not self.sees_all:
            raise Http404
        if level == "company":
            return rollups.top(
                self.owners, self.teams, year, today,
                whole_company=True, label=Company.current().name,
            )  # fmt: skip
        if level == "own":
            return rollups.top(
                self.owners, self.teams, year, today,
                whole_company=False, label=_("My teams"),
            )  # fmt: skip
        if level == "unowned":
            return rollups.unowned(year, today, _("Accounts without an owner"))
        if level == "team":
            try:
                return rollups.team(pk or 0, self.owners, self.teams, year, today)
            except Team.DoesNotExist:
                raise Http404 from None
        if level == "kam":
            return rollups.portfolio(self.owner(pk), year, today)
        raise Http404

    def accounts_of(
        self, level: str, pk: int | None
    ) -> tuple[AccountQuerySet[Account], UserQuerySet[User]]:
        """A level's accounts, and the owners whose prepared figures are its sum."""
        accounts = self.accounts()
        if level == "unowned" and self.sees_all:
            return accounts.unowned(), self.owners.none()
        if level == "company" and self.sees_all:
            return accounts, self.owners
        if level == "own":
            return accounts.filter(owner__in=self.owners.order_by().values("pk")), self.owners
        if level == "team":
            if not self.teams.filter(pk=pk or 0).exists():
                raise Http404
            below = Team.objects.under(pk or 0).order_by().values("pk")
            inside = self.owners.filter(team__in=below)
            return accounts.filter(owner__team__in=below), inside
        if level == "kam":
            person = self.owner(pk)
            return accounts.filter(owner=person), self.owners.filter(pk=person.pk)
        raise Http404


def scope_of(user: Any) -> Scope:
    """What this person (or the one they act for) may open."""
    person = principal(user)
    return Scope(
        user,
        User.objects.figures_visible_to(user),
        Team.objects.figures_visible_to(user),
        person is not None and person.role in SEES_ALL,
    )
