"""Links for the customer's people: made, prolonged, ended; and what is done through them.

Only a token's SHA-256 is kept. The token is returned once, to be shown, and mailed once after the
commit: a crash in between loses the mail (the link still stands on the screen) rather than sending
it twice.
"""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Contact
from kam.editing import archive, save_fields
from kam.models import Company, User
from kam.notifications import in_language_of, notify
from kam.periods import company_today, company_year
from plans import joint
from plans.models import (
    AccountPlan,
    Activity,
    Audience,
    Goal,
    PlanComment,
    PlanSettings,
    PlanShare,
    Section,
    SharedActivity,
    SharedGoal,
    SharedSection,
    ShareEvent,
)
from plans.selectors import in_hierarchy, people_who_see
from plans.services.comments import check_words
from plans.services.locks import account_in_use
from plans.services.refusals import PlanLocked, PlanRefusal
from plans.services.steering import require_steering

log = logging.getLogger(__name__)
#: A link is valid for a year at most.
AT_MOST_DAYS = 366
#: More than this nobody says through one link; it keeps a lost link from filling the database.
COMMENTS_PER_LINK = 200


class UnknownLink(Exception):  # noqa: N818
    """There is no such link, or it does not show this."""


class ClosedLink(Exception):  # noqa: N818
    """The link was there; it has expired, was ended, or what it showed is archived."""

    def __init__(self, share: PlanShare) -> None:
        super().__init__(share.pk)
        self.share = share


class GoalMoved(Exception):  # noqa: N818
    """The goal was changed after the page was opened: nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new link, and its token: the only moment at which it is known."""

    share: PlanShare
    token: str

    @property
    def url(self) -> str:
        return joint.address_of(self.token)


# --- ours -----------------------------------------------------------------------------------------


@transaction.atomic
def share_plan(
    plan: AccountPlan,
    contact: Contact,
    *,
    by: User,
    sections: Iterable[Section] = (),
    goals: Iterable[Goal] = (),
    activities: Iterable[Activity] = (),
    message: str = "",
    expires_on: date | None = None,
    mail: bool = True,
) -> Issued:
    """A personal link for a contact to chosen parts of a plan.

    Raises ``PlanLocked`` for an archived plan, ``PlanRefusal`` by field for what cannot be shared,
    ``NotYours``.
    """
    require_steering(plan, by)
    _require_in_use(plan)
    sections, goals, activities = (
        list(dict.fromkeys(sections)),
        list(dict.fromkeys(goals)),
        list(dict.fromkeys(activities)),
    )
    expires_on = expires_on or company_today() + timedelta(days=PlanSettings.current().link_days)
    wrong: dict[str, str] = {}
    if not contact.email:
        wrong["contact"] = _("%(name)s has no e-mail address.") % {"name": contact}
    elif contact.archived_at is not None or not in_hierarchy(plan.account, contact.account_id):
        wrong["contact"] = _("%(name)s does not belong to %(account)s.") % {
            "name": contact,
            "account": plan.account,
        }
    closed = [s for s in sections if s.audience != Audience.ACCOUNT]
    if closed:
        wrong["sections"] = _(
            "“%(heading)s” is kept to some of us: it cannot be shown to the customer."
        ) % {"heading": closed[0].heading}
    chosen: list[Any] = [*sections, *goals, *activities]
    foreign = [row for row in chosen if row.plan_id != plan.pk]
    if foreign:
        wrong["sections"] = _("“%(name)s” is not part of this plan.") % {"name": foreign[0]}
    if not (sections or goals or activities):
        wrong["sections"] = _("Choose what the link shows.")
    wrong |= _day_refused(expires_on)
    if wrong:
        raise PlanRefusal(wrong)
    token = secrets.token_urlsafe(32)
    share = PlanShare(
        plan=plan,
        contact=contact,
        token_hash=joint.digest_of(token),
        expires_on=expires_on,
        message=message.strip(),
        created_by=by,
    )
    share.clean_fields(exclude=["plan", "contact", "created_by"])
    share.save()
    SharedSection.objects.bulk_create(SharedSection(share=share, section=s) for s in sections)
    SharedGoal.objects.bulk_create(SharedGoal(share=share, goal=g) for g in goals)
    SharedActivity.objects.bulk_create(SharedActivity(share=share, activity=a) for a in activities)
    if mail:
        transaction.on_commit(partial(_mail, share.pk, token))
    return Issued(share, token)


@transaction.atomic
def prolong(
    share: PlanShare, expires_on: date, *, by: User, base_version: int | None = None
) -> PlanShare:
    """Lets a link open until another day; also one that has expired, not one that was ended."""
    require_steering(share.plan, by)
    _require_in_use(share.plan)
    if share.archived_at is not None:
        raise PlanRefusal(_("This link was ended. Make a new one."))
    wrong = _day_refused(expires_on)
    if wrong:
        raise PlanRefusal(wrong)
    return save_fields(share, {"expires_on": expires_on}, base_version=base_version)


def end_share(share: PlanShare, *, by: User) -> PlanShare:
    """Ends a link at once and for good."""
    require_steering(share.plan, by)
    return share if share.archived_at is not None else archive(share)


def never_restored(share: PlanShare) -> PlanShare:
    """A link that was ended may be known to the wrong people: it does not come back."""
    raise ValidationError(_("A link that was ended stays ended. Make a new one."))


def _day_refused(day: date) -> dict[str, str]:
    today = company_today()
    if day < today:
        return {"expires_on": _("This day is over.")}
    if day > today + timedelta(days=AT_MOST_DAYS):
        return {"expires_on": _("A link is valid for a year at most.")}
    return {}


def _require_in_use(plan: AccountPlan) -> None:
    account_in_use(plan.account)
    if AccountPlan.objects.filter(pk=plan.pk, archived_at__isnull=False).exists():
        raise PlanLocked(_("%(plan)s is archived. Restore it first.") % {"plan": plan})


def _mail(pk: int, token: str) -> None:
    """Mails the link, once: whoever claims it first. A mail that failed is said to be not mailed."""
    claimed = PlanShare.objects.filter(pk=pk, mailed_at=None).update(mailed_at=timezone.now())
    if not claimed:
        return
    share = PlanShare.objects.select_related("plan__account", "contact__account", "created_by").get(
        pk=pk
    )
    try:
        _message(share, token).send()
    except Exception:  # the link stands on the screen: it can be sent by hand
        log.exception("link %s was not mailed", pk)
        PlanShare.objects.filter(pk=pk).update(mailed_at=None)


def _message(share: PlanShare, token: str) -> EmailMessage:
    with translation.override(joint.language_of(share.contact)):
        words = {
            "name": share.contact.name,
            "company": Company.current().name,
            "account": share.plan.account.name,
            "year": company_year(share.plan.year).label,
            "by": share.created_by or Company.current().name,
            "until": formats.date_format(share.expires_on, "DATE_FORMAT"),
        }
        subject = _("%(company)s: our plan %(year)s with %(account)s") % words
        parts = [
            _("Dear %(name)s,") % words,
            _("%(by)s shares with you the plan %(year)s of %(company)s with %(account)s.") % words,
            share.message,
            joint.address_of(token),
            _(
                "The link is yours alone and opens until %(until)s. You can comment, and confirm "
                "the goals that we agree on; no sign-in is needed."
            )
            % words,
        ]
    reply = [share.created_by.email] if share.created_by is not None else None
    return EmailMessage(
        " ".join(subject.split()),
        "\n\n".join(filter(None, parts)),
        to=[share.contact.email],
        reply_to=reply,
    )


# --- theirs ---------------------------------------------------------------------------------------


def open_link(token: str) -> PlanShare:
    """The link behind a token (one query). Raises ``UnknownLink``, ``ClosedLink``."""
    share = _with_all().filter(token_hash=joint.digest_of(token)).first()
    if share is None:
        raise UnknownLink
    if not joint.standing_of(share, company_today()).open:
        raise ClosedLink(share)
    return share


def _with_all() -> Any:
    return PlanShare.objects.select_related(
        "plan__account__owner", "contact__account", "created_by"
    )


def record_opened(share: PlanShare) -> ShareEvent:
    """Keeps that the link was opened."""
    return ShareEvent.objects.create(share=share, what=ShareEvent.What.OPENED)


@transaction.atomic
def answer_goal(share: PlanShare, key: int, state: str, *, agreed: bool) -> ShareEvent:
    """Keeps that the customer's person confirms a shown goal, or does not, as it stands.

    ``state`` names the goal's facts as they stood on the page. The same answer to the same facts is
    kept once. Raises ``UnknownLink``, ``ClosedLink``, ``GoalMoved``.
    """
    _still_open(share)
    row = joint.shared_goals(share).filter(pk=key).first()
    if row is None:
        raise UnknownLink
    facts = joint.facts_of(row.goal)
    if joint.state_of(facts) != state:
        raise GoalMoved
    what = ShareEvent.What.CONFIRMED if agreed else ShareEvent.What.REFUSED
    given = ShareEvent.objects.filter(share=share, goal=row.goal, what__in=joint.ANSWERS)
    last = given.order_by("-at", "-pk").first()
    if last is not None and last.what == what and last.facts == facts:
        return last
    event = ShareEvent.objects.create(share=share, what=what, goal=row.goal, facts=facts)
    for person in _to_tell(share):
        with in_language_of(person):
            title = (
                _("%(name)s confirmed a goal: %(goal)s")
                if agreed
                else _("%(name)s does not confirm a goal: %(goal)s")
            )
            _tell(person, event, title % {"name": share.contact, "goal": row.goal}, "", share)
    return event


@transaction.atomic
def comment_through(share: PlanShare, key: int | None, body: str) -> PlanComment:
    """Keeps what the customer's person says about a shown section, or about the whole.

    The same words twice in a row are kept once. Raises ``UnknownLink``, ``ClosedLink``,
    ``ValidationError`` by field.
    """
    _still_open(share)
    section = None
    if key is not None:
        row = joint.shared_sections(share).filter(pk=key).first()
        if row is None:
            raise UnknownLink
        section = row.section
    words = body.replace("\r\n", "\n").strip()
    mine = PlanComment.objects.filter(share=share).order_by("-pk")
    last = mine.first()
    if last is not None and (last.section_id, last.body) == (section and section.pk, words):
        return last
    if mine.count() >= COMMENTS_PER_LINK:
        raise ValidationError({"body": _("There are too many comments: please write to us.")})
    comment = PlanComment(plan=share.plan, section=section, share=share, body=words)
    comment.clean_fields(exclude=["plan", "section", "share", "author"])
    check_words(words)
    comment.save()
    event = ShareEvent.objects.create(share=share, what=ShareEvent.What.COMMENTED)
    for person in _to_tell(share):
        with in_language_of(person):
            about = section.heading if section is not None else _("the whole plan")
            title = _("%(name)s commented on %(what)s") % {"name": share.contact, "what": about}
            _tell(person, event, title, words, share)
    return comment


def _still_open(share: PlanShare) -> None:
    """Waits for what others do with this link, and looks again whether it is open."""
    PlanShare.objects.select_for_update(of=("self",), no_key=True).get(pk=share.pk)
    current = _with_all().get(pk=share.pk)
    if not joint.standing_of(current, company_today()).open:
        raise ClosedLink(current)


def _to_tell(share: PlanShare) -> list[User]:
    """The account's KAM, and who made the link; of those who see the account."""
    account = share.plan.account
    wanted = [pk for pk in (account.owner_id, share.created_by_id) if pk is not None]
    return list(people_who_see(account).filter(pk__in=wanted))


def _tell(person: User, event: ShareEvent, title: str, body: str, share: PlanShare) -> None:
    notify(
        [person],
        kind="joint_plan",
        occasion=f"joint-{event.pk}",
        title=title,
        body="\n".join(filter(None, [str(share.plan), body])),
        url=share.plan.get_absolute_url(),
    )
