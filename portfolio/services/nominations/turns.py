"""Whose turn it is, and telling people: at each step, when it is decided, when it is due."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from kam.leaders import leader_above
from kam.models import Notification, Role, User
from kam.notifications import in_language_of, notify
from kam.periods import company_today
from kam.scoping import principal
from portfolio.models import Nomination
from portfolio.services.nominations.steps import Kind, State

#: How long before a step is due those whose turn it is are reminded.
AHEAD = timedelta(days=2)
#: Instead of the name of an account that the reader does not see.
ANOTHER = gettext_lazy("another key account")


def proposers(row: Nomination) -> set[int]:
    """Who proposed it: the one who signed in, and whom they stood in for."""
    first = row.steps.order_by("pk").first()
    found = {row.proposed_by_id}
    if first is not None:
        found |= {first.by_id, first.acting_for_id}
    return {pk for pk in found if pk is not None}


def own(row: Nomination, by: User) -> bool:
    """Whether this person, or whom they stand in for, proposed it."""
    person = principal(by)
    return bool({by.pk, person.pk if person else by.pk} & proposers(row))


def deciders(row: Nomination) -> list[User]:
    """Whom the nomination waits for.

    The first two steps wait for the nearest leader above the account's KAM, else for management; the
    last one for management without whoever proposed it, else for the administrators.
    """
    people = User.objects.people()
    if row.state == State.VALIDATED:
        others = people.exclude(pk__in=proposers(row))
        management = list(others.filter(role=Role.MANAGEMENT))
        return management or list(others.filter(role=Role.ADMINISTRATOR))
    leader = leader_above(row.account.owner)
    return [leader] if leader is not None else list(people.filter(role=Role.MANAGEMENT))


def _title(row: Nomination) -> str:
    """What is proposed, in the reader's language."""
    if row.kind == Kind.REMOVE:
        return _("%(name)s: end the key account") % {"name": row.account}
    return _("%(name)s: make it a key account") % {"name": row.account}


ASKS: dict[str, Any] = {
    State.PROPOSED: gettext_lazy("Decide whether to add it."),
    State.ACCEPTED: gettext_lazy("Validate it against the criteria."),
    State.VALIDATED: gettext_lazy("Confirm or reject it."),
}


def tell_next(row: Nomination) -> None:
    for person in deciders(row):
        with in_language_of(person):
            _tell(person, row, "turn", _title(row), f"{ASKS[row.state]}\n{row.reason}")


def tell_decided(
    row: Nomination,
    by: User,
    note: str,
    also: Iterable[User | None] = (),
    left: Account | None = None,
) -> None:
    """Tells the proposer, the KAM before and after, and the KAM of the account that ``left``, which is
    named to those who see it."""
    asked = [row.proposed_by, row.owner, row.account.owner, *also, left.owner if left else None]
    people = {person.pk: person for person in asked if person is not None and person.pk != by.pk}
    for person in people.values():
        with in_language_of(person):
            words = {"what": _title(row), "state": row.get_state_display()}
            body = [_("Decided by %(name)s.") % {"name": by}, note.strip()]
            if left is not None:
                named = Account.objects.visible_to(person).filter(pk=left.pk).exists()
                name = str(left) if named else ANOTHER
                body.append(_("No key account any more: %(name)s.") % {"name": name})
            title = _("%(what)s – %(state)s") % words
            _tell(person, row, "decided", title, "\n".join(filter(None, body)))


def _tell(person: User, row: Nomination, what: str, title: str, body: str) -> None:
    notify(
        [person],
        kind="nomination",
        occasion=_occasion(row, what),
        title=title,
        body=body,
        url=row.get_absolute_url(),
    )


def _occasion(row: Nomination, what: str) -> str:
    return f"nomination-{row.pk}-{what}-{row.state}"


REMINDERS: tuple[tuple[str, timedelta, Callable[[], str]], ...] = (
    ("soon", AHEAD, lambda: _("Due on %(day)s.")),
    ("late", timedelta(days=-1), lambda: _("Late: it was due on %(day)s.")),
)


def remind(today: date | None = None) -> int:
    """Tells those whose turn it is, once when a step is due soon and once when it is late.

    Returns how many messages were new. What has been said is read from the messages themselves, so a
    run each minute costs two queries.
    """
    today = today or company_today()
    told = 0
    for what, ahead, words in REMINDERS:
        said = Notification.objects.filter(
            occasion=Concat(
                Value("nomination-"),
                Cast(OuterRef("pk"), CharField()),
                Value(f"-{what}-"),
                OuterRef("state"),
            )
        )
        due = (
            Nomination.objects.active()
            .waiting()
            .filter(~Exists(said), due_on__lte=today + ahead)
            .select_related("account__owner__team")
        )
        if what == "soon":
            due = due.filter(due_on__gte=today)
        for row in due[:200]:
            for person in deciders(row):
                with in_language_of(person):
                    day = formats.date_format(row.due_on or today, "SHORT_DATE_FORMAT")
                    told += notify(
                        [person],
                        kind="nomination",
                        occasion=_occasion(row, what),
                        title=_title(row),
                        body=f"{words() % {'day': day}} {ASKS[row.state]}",
                        url=row.get_absolute_url(),
                    )
    return told
