"""What the system knows, beside the text of a section: live, with its source and day.

One function per kind of section; each takes the account and the reader, and returns facts. A kind
without a function has text alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account, AccountYear
from kam.number_text import amount
from kam.periods import company_year
from kam.templatetags.kam_format import day
from plans.models import SectionKind as Kind
from portfolio.models import AccountScore, CellText, Judgement, LineEstimate


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known: what, its value as shown, where it comes from; ``url`` opens more."""

    label: str
    value: str
    source: str = ""
    url: str = ""


def known(kind: str, account: Account, user: Any) -> list[Fact]:
    """What the system knows for a section of this kind; at most four queries."""
    reader = KNOWN.get(Kind(kind))
    return reader(account, user) if reader is not None else []


def country_name(country: Any) -> str:
    return str(country.name) if country else ""


def _profile(account: Account, _user: Any) -> list[Fact]:
    facts = [
        (_("Industry"), str(account.industry or "")),
        (_("Country"), country_name(account.country)),
        (_("Level"), account.get_level_display() if account.level else ""),
        (_("Group"), str(account.parent or "")),
        (_("Employees"), amount(account.employees) if account.employees else ""),
        (_("Website"), account.website),
    ]
    url = account.get_absolute_url()
    return [Fact(label, value, _("account"), url) for label, value in facts if value]


def _team(account: Account, user: Any) -> list[Fact]:
    seats = account.team_members.visible_to(user).active().select_related("user")
    ours = [Fact(str(seat.user), seat.get_function_display(), _("our team")) for seat in seats]
    if account.owner is not None:
        ours.insert(0, Fact(str(account.owner), _("Key account manager"), _("our team")))
    contacts = account.contacts.visible_to(user).active().order_by("-influence", "name")[:12]
    theirs = [
        Fact(
            str(contact),
            " · ".join(filter(None, [contact.title, contact.get_dmu_role_display()])),
            _("their team"),
            contact.get_absolute_url(),
        )
        for contact in contacts
    ]
    return ours + theirs


def _relation(account: Account, user: Any) -> list[Fact]:
    contacts = account.contacts.visible_to(user).active().order_by("-influence", "name")[:12]
    return [
        Fact(
            str(contact),
            " · ".join(
                filter(None, [contact.get_attitude_display(), contact.get_coverage_display()])
            ),
            contact.get_dmu_role_display(),
            contact.get_absolute_url(),
        )
        for contact in contacts
    ]


def _history(account: Account, _user: Any) -> list[Fact]:
    rows = AccountYear.objects.filter(account=account).order_by("-year", "currency")[:8]
    return [
        Fact(
            company_year(row.year).label,
            f"{amount(row.revenue)} {row.currency}",
            _("sales facts"),
        )
        for row in rows
    ]


def _satisfaction(account: Account, user: Any) -> list[Fact]:
    rows = (
        Judgement.objects.visible_to(user)
        .active()
        .filter(account=account, code__icontains="satisf")
    )
    return [
        Fact(
            row.code.replace("-", " ").replace("_", " ").capitalize(),
            _("%(n)d of 5") % {"n": row.value},
            " · ".join(
                filter(None, [row.source or str(row.judged_by or ""), str(day(row.judged_on))])
            ),
        )
        for row in rows.select_related("judged_by").order_by("-judged_on")[:3]
    ]


def _results(account: Account, _user: Any) -> list[Fact]:
    if account.customer_revenue is None:
        return []
    value = f"{amount(account.customer_revenue)} {account.currency}"
    return [Fact(_("Their revenue"), value, _("account"), account.get_absolute_url())]


def _strategy(account: Account, _user: Any) -> list[Fact]:
    score = AccountScore.objects.current().filter(account=account).first()
    if score is None or not score.cell:
        return []
    facts = [Fact(_("Matrix"), score.get_cell_display(), _("score of the night"))]
    text = CellText.objects.filter(cell=score.cell).first()
    if text is not None and text.treatment:
        facts.append(Fact(_("Treatment"), text.treatment, _("company's text for the cell")))
    return facts


def _value(account: Account, user: Any) -> list[Fact]:
    rows = LineEstimate.objects.visible_to(user).active().filter(account=account)
    return [
        Fact(
            str(row.line),
            f"{amount(row.wallet)} {row.currency}" if row.wallet is not None else "–",
            " · ".join([str(_("estimated wallet")), row.source, str(day(row.as_of))]),
        )
        for row in rows.select_related("line").order_by("line__name")[:8]
    ]


def _investment(account: Account, user: Any) -> list[Fact]:
    score = AccountScore.objects.current().filter(account=account).first()
    if score is None:
        return []
    return [
        Fact(_("Revenue, 12 months"), amount(score.revenue), _("score of the night")),
        Fact(_("Contribution, 12 months"), amount(score.contribution), _("score of the night")),
        Fact(_("Hours, 12 months"), amount(score.hours), _("hours")),
    ]


KNOWN: dict[Kind, Callable[[Account, Any], list[Fact]]] = {
    Kind.PROFILE: _profile,
    Kind.RESULTS: _results,
    Kind.TEAM: _team,
    Kind.RELATION: _relation,
    Kind.HISTORY: _history,
    Kind.SATISFACTION: _satisfaction,
    Kind.STRATEGY: _strategy,
    Kind.VALUE: _value,
    Kind.INVESTMENT: _investment,
}
