"""Filters of customers and contacts, for lists and the API."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter

import accounts.lookups  # noqa: F401 - registers what LookupFilter names
from accounts.models import Account, Contact, Industry
from kam.filters import ArchivedFilter, TextFilter, YesNoFilter
from kam.lookup import LookupFilter
from kam.models import Team
from kam.scoping import principal


def _user(request: Any) -> Any:
    return getattr(request, "user", None)


def _teams(request: Any) -> Any:
    return Team.objects.visible_to(_user(request)).active()


def _industries(request: Any) -> Any:
    return Industry.objects.visible_to(_user(request)).active()


class WhoFilter(ChoiceFilter):
    """Whose accounts: one's own, those of the teams that one leads or is in, nobody's."""

    def __init__(self, path: str = "", **kwargs: Any) -> None:
        super().__init__(
            label=_("Whose"),
            choices=[
                ("mine", _("Mine")),
                ("team", _("My team's")),
                ("nobody", _("Without a KAM")),
            ],
            empty_label=_("All that I see"),
            **kwargs,
        )
        self.path = path

    def filter(self, qs: Any, value: str) -> Any:
        person = principal(_user(self.parent.request))
        if not value or person is None:
            return qs
        if value == "nobody":
            return qs.filter(**{f"{self.path}owner__isnull": True})
        if value == "mine":
            return qs.filter(**{f"{self.path}owner": person})
        led = Q(pk__in=Team.objects.led_by(person).order_by().values("pk"))
        teams = Team.objects.visible_to(person).filter(led | Q(pk=person.team_id))
        return qs.filter(**{f"{self.path}owner__team__in": teams.order_by().values("pk")})


class TeamFilter(ModelChoiceFilter):
    """A team with all teams below it."""

    def filter(self, qs: Any, value: Team | None) -> Any:
        if value is None:
            return qs
        teams = Team.objects.visible_to(_user(self.parent.request)).under(value.pk)
        return qs.filter(**{f"{self.field_name}__in": teams.order_by().values("pk")})


class AccountFilter(FilterSet):
    q = TextFilter(("name", "number"))
    who = WhoFilter()
    is_key_account = YesNoFilter(label=_("Key account"))
    level = ChoiceFilter(empty_label=_("All"), choices=Account.Level.choices, label=_("Level"))
    owner = LookupFilter("people", label=_("KAM"))
    team = TeamFilter(
        field_name="owner__team", empty_label=_("All"), queryset=_teams, label=_("Team")
    )
    type = ChoiceFilter(empty_label=_("All"), choices=Account.Type.choices, label=_("Type"))
    lifecycle = ChoiceFilter(
        empty_label=_("All"), choices=Account.Lifecycle.choices, label=_("Lifecycle")
    )
    industry = ModelChoiceFilter(empty_label=_("All"), queryset=_industries, label=_("Industry"))
    country = ChoiceFilter(
        empty_label=_("All"), choices=lambda: list(countries), label=_("Country")
    )
    archived = ArchivedFilter()

    class Meta:
        model = Account
        fields: list[str] = []


class ContactFilter(FilterSet):
    q = TextFilter(("name",))
    who = WhoFilter(path="account__")
    dmu_role = ChoiceFilter(
        empty_label=_("All"), choices=Contact.DmuRole.choices, label=_("Role in the decision")
    )
    attitude = ChoiceFilter(
        empty_label=_("All"), choices=Contact.Attitude.choices, label=_("Attitude")
    )
    coverage = ChoiceFilter(
        empty_label=_("All"), choices=Contact.Coverage.choices, label=_("Our contact")
    )
    account = LookupFilter("accounts", label=_("Account"))
    holder = LookupFilter("people", label=_("Who knows them"))
    archived = ArchivedFilter()

    class Meta:
        model = Contact
        fields: list[str] = []
