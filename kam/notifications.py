"""Telling people: in the app, and by mail as each of them wishes.

The notification row is the outbox. Mail is claimed by a conditional update before it is sent: a
crash between claim and sending loses one mail (the message still stands in the app) rather than
sending it twice.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.models import Notification, Substitution, User
from kam.periods import company_today
from kam.scoping import ScopedQuerySet

log = logging.getLogger(__name__)
DIGEST_AT = time(7, 0)  # in each person's own time zone

#: What a message's address leads to, by the view's name: the rows, whose key is the address's ``pk``.
_led_to: dict[str, Callable[[], ScopedQuerySet[Any]]] = {}


def leads_to(view_name: str, rows: Callable[[], ScopedQuerySet[Any]]) -> None:
    """Says which rows a page shows, so that no mail names a row that its reader no longer sees."""
    _led_to[view_name] = rows


def notify(
    recipients: Iterable[User],
    *,
    kind: str,
    occasion: str,
    title: str,
    body: str = "",
    url: str = "",
) -> int:
    """Tells each active recipient once per ``occasion``; returns how many were newly told.

    ``title`` and ``body`` should be written in the recipient's language: call once per language, or
    use ``in_language_of``.
    """
    now = timezone.now()
    people = {p.pk: p for p in recipients if may_be_told(p)}.values()
    return deliver(
        message(p, now, kind=kind, occasion=occasion, title=title, body=body, url=url)
        for p in people
    )


def may_be_told(person: User) -> bool:
    """Whether messages for this person are kept at all."""
    return person.is_active and not person.archived_at


def message(
    person: User,
    now: datetime,
    *,
    kind: str,
    occasion: str,
    title: str,
    body: str = "",
    url: str = "",
) -> Notification:
    """A message to be delivered; ``deliver`` keeps it."""
    return Notification(
        recipient=person,
        kind=kind,
        occasion=occasion,
        title=title[:200],
        body=body,
        url=url,
        mail_due_at=mail_due(person, now),
    )


def deliver(messages: Iterable[Notification]) -> int:
    """Keeps messages, each person's once per occasion; returns how many are new.

    Two queries, however many they are.
    """
    rows = {(row.recipient_id, row.occasion): row for row in messages}
    held = Notification.objects.filter(  # unscoped: whether somebody has been told already
        recipient__in={recipient for recipient, _occasion in rows},
        occasion__in={occasion for _recipient, occasion in rows},
    )
    known = set(held.order_by().values_list("recipient", "occasion"))
    Notification.objects.bulk_create(rows.values(), ignore_conflicts=True)
    return len(rows.keys() - known)


def in_language_of(person: User) -> translation.override:
    """A block in which gettext speaks the person's language."""
    return translation.override(person.language)


def mail_due(person: User, now: datetime) -> datetime | None:
    """When a message of ``now`` is to be mailed: at once, with the next digest, or never."""
    if person.mail == User.MailWish.NONE:
        return None
    if person.mail == User.MailWish.AT_ONCE:
        return now
    local = now.astimezone(person.zone)
    due = datetime.combine(local.date(), DIGEST_AT, tzinfo=person.zone)
    if due <= local:
        due = datetime.combine(local.date() + timedelta(days=1), DIGEST_AT, tzinfo=person.zone)
    return due


def send_due_mail(now: datetime | None = None) -> int:
    """Mails what is due, one mail per person; returns how many mails were sent."""
    now = now or timezone.now()
    people = (
        Notification.objects.due_for_mail(now).order_by().values_list("recipient", flat=True)
    ).distinct()[:500]
    sent = 0
    for pk in people:
        try:
            sent += _mail_person(pk, now)
        except Exception:  # one person's mail must not keep the others' back
            log.exception("mail to person %s was not sent", pk)
    return sent


def seen_by(person: User, messages: Iterable[Notification]) -> list[Notification]:
    """The messages whose rows this person, or somebody they stand in for today, may see now.

    One query per kind of row and person stood in for; messages without a row are always theirs.
    """
    messages = list(messages)
    keys: dict[str, set[int]] = {}
    for row in messages:
        view, key = _address(row.url)
        if view in _led_to and key is not None:
            keys.setdefault(view, set()).add(key)
    if not keys:
        return messages
    visible = {
        view: {
            pk
            for seer in _seers(person)
            for pk in _led_to[view]()
            .visible_to(seer)
            .filter(pk__in=asked)
            .values_list("pk", flat=True)
        }
        for view, asked in keys.items()
    }
    return [
        row
        for row in messages
        if (at := _address(row.url))[0] not in visible or at[1] in visible[at[0]]
    ]


def _seers(person: User) -> list[User]:
    """The person, once as themselves and once for each whom they stand in for today."""
    from kam.middleware import apply_substitution

    absent = Substitution.objects.covering(company_today()).filter(substitute=person)
    seers = [person]
    for key in absent.values_list("absent", flat=True):
        acting = User.objects.get(pk=person.pk)
        if apply_substitution(acting, key):
            seers.append(acting)
    return seers


def _address(url: str) -> tuple[str, int | None]:
    """The view's name and the row's key in a message's address; ``("", None)`` for any other."""
    try:
        match = resolve(urlsplit(url).path)
    except Resolver404:
        return "", None
    return match.view_name, match.kwargs.get("pk")


def _mail_person(pk: int, now: datetime) -> int:
    with transaction.atomic():
        due = list(
            Notification.objects.due_for_mail(now)
            .filter(recipient=pk)
            .select_for_update(skip_locked=True)
            .order_by("created_at", "pk")[:200]
        )
        claimed = Notification.objects.filter(pk__in=[n.pk for n in due], mailed_at=None).update(
            mailed_at=now
        )
    if not claimed:
        return 0
    person = User.objects.get(pk=pk)
    if not person.is_active or person.archived_at is not None:
        return 0
    # A day may lie between the writing and the mail: the right to see is that of now.
    due = seen_by(person, due)
    if not due:
        return 0
    with in_language_of(person):
        subject = (
            due[0].title
            if len(due) == 1
            else ngettext("%(n)d message", "%(n)d messages", len(due)) % {"n": len(due)}
        )
        blocks = [
            "\n".join(filter(None, [n.title, n.body, n.url and settings.SITE_URL + n.url]))
            for n in due
        ]
        footer = _("You choose in your preferences how you are told.")
        one_line = " ".join(subject.split())  # a header has no line ends
        EmailMessage(one_line, "\n\n".join([*blocks, footer]), to=[person.email]).send()
    return 1
