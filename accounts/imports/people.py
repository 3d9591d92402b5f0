"""Account teams and contacts from a file: our people at an account, and theirs."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports.at_accounts import OfAccounts
from accounts.imports.references import ACCOUNTS, CONTACTS, NUMBER
from accounts.models import AccountTeamMember, Contact
from kam.importing.resource import Column, Key, Record, Stored, register
from kam.importing.resources import PEOPLE
from kam.models import User


@register
class AccountTeams(OfAccounts):
    """Seats in account teams: who, on which account, as what."""

    name = "account_teams"
    label = gettext_lazy("Account teams")
    help = gettext_lazy("One row for each person and role on an account.")
    order = 55
    model = AccountTeamMember
    key = ("account", "user", "function")
    columns = (
        Column.of(
            AccountTeamMember,
            "account",
            kind="reference",
            label=gettext_lazy("account"),
            reference=ACCOUNTS,
            aliases=("account number", "customer number"),
        ),
        Column.of(
            AccountTeamMember, "user", reference=PEOPLE, aliases=("e-mail", "email", "person")
        ),
        Column.of(AccountTeamMember, "function", aliases=("role", "role in the team")),
        Column.of(AccountTeamMember, "may_edit", aliases=("may edit", "edit")),
    )

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """As on the page: no new seats for those who cannot sign in."""
        accounts = {r.line: r.values["account"] for r in records}
        yield from self.refuse_archived(records, stored, accounts)
        new = [r for r in records if r.key not in stored]
        words = {r.values["user"] for r in new}
        known = set(User.objects.people().filter(email__in=words).values_list("email", flat=True))
        for record in new:
            if record.values["user"] not in known:
                yield record, "user", _("somebody who can sign in")


@register
class Contacts(OfAccounts):
    """People at the customers, by the key that another system gives them."""

    name = "contacts"
    label = gettext_lazy("Contacts")
    help = gettext_lazy(
        "One row for each person at a customer, known by a number. Where the file has none, map "
        "the e-mail address to the number too."
    )
    order = 60
    model = Contact
    key = ("number",)
    parent = "parent"
    columns = (
        Column.of(Contact, "number", **NUMBER, aliases=("contact number", "contact id", "id")),
        Column.of(
            Contact,
            "account",
            reference=ACCOUNTS,
            aliases=("account number", "customer number", "customer id", "account id"),
        ),
        Column.of(
            Contact,
            "name",
            aliases=("full name", "contact", "contact name", "navn", "namn", "nimi"),
        ),
        Column.of(Contact, "title", aliases=("job title", "position")),
        Column.of(Contact, "email", aliases=("e-mail", "mail")),
        Column.of(Contact, "phone", aliases=("telephone", "mobile")),
        Column.of(Contact, "dmu_role", aliases=("role", "dmu role", "role in the decision")),
        Column.of(Contact, "influence"),
        Column.of(Contact, "attitude"),
        Column.of(Contact, "coverage"),
        Column.of(Contact, "parent", reference=CONTACTS, aliases=("reports to", "manager")),
        Column.of(Contact, "holder", reference=PEOPLE, aliases=("holder e-mail", "relation owner")),
        Column.of(Contact, "last_contact_on", aliases=("last contact",)),
        Column.of(Contact, "notes"),
    )

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._accounts: dict[str, str] = {}  # contact → account, of the file's rows

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        missing = [r for r in records if "account" not in r.values]
        held = dict(
            Contact.objects.filter(number__in=[r.values["number"] for r in missing]).values_list(
                "number", "account__number"
            )
        )
        accounts = {}
        for record in records:
            number = record.values["number"]
            named = record.values.get("account")
            accounts[record.line] = named or held.get(number) or ""
            self._accounts[number] = accounts[record.line]
            before = stored.get(record.key)
            if named and before is not None and before.values["account"] != named:
                yield (
                    record,
                    "account",
                    _("%(account)s: a contact stays at its account")
                    % {"account": before.values["account"]},
                )
        yield from self.refuse_archived(records, stored, accounts)

    def refuse_all(self, pairs: dict[Key, Any]) -> Iterable[tuple[int, str, str]]:
        """Nobody reports to a person at another customer."""
        outside = {parent for _line, parent in pairs.values() if parent} - self._accounts.keys()
        known = dict(
            Contact.objects.filter(number__in=outside).values_list("number", "account__number")
        )
        for (number,), (line, parent) in pairs.items():
            if not parent:
                continue
            theirs = self._accounts.get(parent, known.get(parent))
            if theirs is not None and theirs != self._accounts.get(number):
                yield (
                    line,
                    "parent",
                    _("somebody at the same account; %(name)s is at %(account)s")
                    % {
                        "name": parent,
                        "account": theirs,
                    },
                )
