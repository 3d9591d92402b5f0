"""Comments of ours on a section or on the whole plan: written, changed, resolved, opened again.

Who reads may comment. People called by name (``@Kari Kam``) are told once each; somebody who does
not read what is commented on cannot be called.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from kam.editing import save_fields
from kam.models import User
from kam.notifications import in_language_of, notify
from plans.mentions import people_called, people_who_read
from plans.models import AccountPlan, Audience, PlanComment, Section
from plans.services.locks import account_in_use
from plans.services.refusals import PlanLocked


@transaction.atomic
def add_comment(
    plan: AccountPlan, body: str, *, author: User, section: Section | None = None
) -> PlanComment:
    """What somebody says. Raises ``PlanLocked`` where the plan rests, ``ValidationError`` by field."""
    _require_in_use(plan)
    if section is not None and (section.plan_id != plan.pk or section.archived_at is not None):
        raise ValidationError({"section": _("This section is not part of the plan.")})
    comment = PlanComment(plan=plan, section=section, author=author, body=body.strip())
    comment.clean_fields(exclude=["plan", "section", "author"])
    check_words(comment.body)
    called = _called(comment)
    comment.save()
    _tell(comment, called)
    return comment


@transaction.atomic
def change_comment(
    comment: PlanComment, changes: Mapping[str, Any], *, base_version: int | None
) -> PlanComment:
    """One's own words, changed; who is called in them for the first time is told."""
    _require_in_use(comment.plan)
    check_words(str(changes.get("body", "")))
    changed = save_fields(comment, changes, base_version=base_version)
    changed.plan, changed.section = comment.plan, comment.section
    _tell(changed, _called(changed), only_called=True)
    return changed


def may_settle(comment: PlanComment, user: Any) -> bool:
    """Whether somebody who reads a comment may resolve it: its author, or who may change the plan."""
    if getattr(user, "read_only", False):
        return False
    if comment.author_id == user.pk:
        return True
    return AccountPlan.objects.editable_by(user).filter(pk=comment.plan_id).exists()


def resolve(comment: PlanComment, by: User) -> PlanComment:
    """Says that a comment is dealt with. Nothing happens where it is already."""
    _require_in_use(comment.plan)
    if comment.resolved_at is not None:
        return comment
    done = {"resolved_at": timezone.now(), "resolved_by": by}
    return save_fields(comment, done, base_version=None)


def reopen(comment: PlanComment) -> PlanComment:
    """Takes a resolved comment up again."""
    _require_in_use(comment.plan)
    return save_fields(comment, {"resolved_at": None, "resolved_by": None}, base_version=None)


def check_words(body: str) -> None:
    """Raises ``ValidationError`` for more words than a comment holds."""
    longest = PlanComment._meta.get_field("body").max_length
    if len(body) > longest:  # type: ignore[operator, union-attr]
        words = _("A comment has at most %(n)d characters: this one has %(has)d.")
        raise ValidationError({"body": words % {"n": longest, "has": len(body)}})


def _require_in_use(plan: AccountPlan) -> None:
    with transaction.atomic():
        account_in_use(plan.account)
    if AccountPlan.objects.filter(pk=plan.pk, archived_at__isnull=False).exists():
        raise PlanLocked(_("%(plan)s is archived. Restore it first.") % {"plan": plan})


def _called(comment: PlanComment) -> list[User]:
    """Those called by name; raises ``ValidationError`` for one who does not read this."""
    groups = people_called([comment.body])
    if not groups:
        return []
    everybody = [person.pk for group in groups for person in group]
    readers = set(
        people_who_read(comment.plan, comment.section)
        .filter(pk__in=everybody)
        .values_list("pk", flat=True)
    )
    found = []
    for group in groups:
        reading = [person for person in group if person.pk in readers]
        if not reading:
            what = comment.section.heading if comment.section is not None else comment.plan
            words = _("%(name)s does not read “%(what)s” and cannot be called here.")
            raise ValidationError({"body": words % {"name": group[0], "what": what}})
        found += reading
    return found


def _tell(comment: PlanComment, called: list[User], *, only_called: bool = False) -> None:
    """Tells those who are called, and the account's KAM of what others write; nobody of their own.

    What is kept to some of us is not repeated in a message that lies elsewhere.
    """
    section, plan = comment.section, comment.plan
    people = [(person, True) for person in called]
    owner = plan.account.owner
    if not only_called and owner is not None and owner.pk not in {person.pk for person in called}:
        people.append((owner, False))
    for person, is_called in people:
        if person.pk == comment.author_id:
            continue
        with in_language_of(person):
            open_to_all = section is None or section.audience == Audience.ACCOUNT
            words = {
                "name": comment.author,
                "what": plan if section is None or not open_to_all else section.heading,
            }
            title = (
                _("%(name)s calls you in a comment: %(what)s")
                if is_called
                else _("%(name)s commented: %(what)s")
            ) % words
            notify(
                [person],
                kind="plan_comment",
                occasion=f"comment-{comment.pk}-{'called' if is_called else 'new'}",
                title=title,
                body="\n".join([str(plan), comment.body]) if open_to_all else "",
                url=address_of(comment),
            )


def address_of(comment: PlanComment) -> str:
    """Where a comment is read."""
    return f"{reverse('plans:comment_list', args=[comment.plan_id])}#comment-{comment.pk}"
