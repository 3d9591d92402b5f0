"""The foundation's own resources: teams, users, budget rates."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.importing.resource import Column, Key, Record, Reference, Resource, Stored, register
from kam.models import BudgetRate, Team, User

TEAMS = Reference(Team, "name", Q(archived_at__isnull=True))
PEOPLE = Reference(User, "email", Q(archived_at__isnull=True))


@register
class Teams(Resource):
    """Teams by name, under one another in any order. Leaders are named once they are users."""

    name = "teams"
    label = gettext_lazy("Teams")
    help = gettext_lazy(
        "One row for each team. Import teams without leaders first, then users, then leaders."
    )
    order = 10
    model = Team
    key = ("name",)
    parent = "parent"
    columns = (
        Column.of(Team, "name", folded=True, aliases=("team", "team name", "lag", "tiimi")),
        Column.of(Team, "parent", reference=TEAMS, aliases=("parent team", "above", "region")),
        Column.of(
            Team, "leader", reference=PEOPLE, aliases=("leader e-mail", "leader email", "manager")
        ),
    )


@register
class Users(Resource):
    """People by e-mail address. No password is imported: people set theirs by the reset mail."""

    name = "users"
    label = gettext_lazy("Users")
    help = gettext_lazy(
        "One row for each person. Nobody gets a password by an import: people set it themselves "
        "through “Forgotten password”."
    )
    order = 20
    model = User
    key = ("email",)
    may_create = ("team",)
    columns = (
        Column.of(
            User,
            "email",
            folded=True,
            aliases=("e-mail", "mail", "e-mail address", "epost", "e-post", "sähköposti"),
        ),
        Column.of(User, "name", aliases=("full name", "navn", "namn", "nimi")),
        Column.of(User, "title", aliases=("job title", "position")),
        Column.of(User, "phone", aliases=("telephone", "mobile", "phone number")),
        Column.of(User, "role"),
        Column.of(User, "team", reference=TEAMS, aliases=("team name",)),
        Column.of(User, "is_active", aliases=("active",)),
        Column.of(User, "language"),
        Column.of(User, "timezone", aliases=("time zone",)),
    )

    def defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"password": make_password(None)}

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """Nobody takes the administrator's role or sign-in from themselves by a file."""
        from zoneinfo import available_timezones

        zones = available_timezones()
        mine = self.user.email.lower() if self.user is not None else None
        for record in records:
            values = record.values
            zone = values.get("timezone")
            if isinstance(zone, str) and zone and zone not in zones:
                yield record, "timezone", _("a time zone such as Europe/Oslo")
            held = stored.get(self.key_of(values))
            if held is None or values["email"].lower() != mine:
                continue
            for name in ("role", "is_active"):
                if name in held.values and name in values and values[name] != held.values[name]:
                    yield record, name, _("no change: this is you")


@register
class BudgetRates(Resource):
    """What one unit of a currency is worth in the company's currency, per fiscal year."""

    name = "budget_rates"
    label = gettext_lazy("Budget rates")
    help = gettext_lazy("One row for each year and currency.")
    order = 5
    model = BudgetRate
    key = ("year", "currency")
    columns = (
        Column.of(BudgetRate, "year", aliases=("fiscal year", "år", "vuosi")),
        Column.of(BudgetRate, "currency", aliases=("currency code", "valuta", "valuutta")),
        Column.of(BudgetRate, "rate", aliases=("budget rate", "kurs", "kurssi")),
        Column.of(BudgetRate, "source"),
    )

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        for record in records:
            if "rate" in record.values and record.values["rate"] <= 0:
                yield record, "rate", _("a number above zero")
