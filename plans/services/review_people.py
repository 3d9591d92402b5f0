"""Who was there when a review was held: who may be named, naming, taking out.

Of us, people who see what is reviewed; of the customer, contacts of the account and its group, in
business reviews with the customer. Nobody need be named: then it is not known who was there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AccountTeamMember, Contact
from kam.editing import archive, restore
from kam.models import Role, Team, User
from plans.models import Review, ReviewPerson
from plans.selectors import contacts_around, in_hierarchy, people_who_see
from plans.services.locks import require_open_activities

#: They see all accounts, and are asked for only where they have to do with this one.
SEES_ALL = (Role.MANAGEMENT, Role.ADMINISTRATOR)
OURS_ALONE = gettext_lazy("People of the customer are named in business reviews with the customer.")


# --- who may be named ------------------------------------------------------------------------------
def people_around(review: Review) -> QuerySet[User]:
    """Who may lead a review, be given what was decided in it, or have been there."""
    if review.plan is not None:
        return people_who_see(review.plan.account)
    owner = review.owner
    path = owner.team.path if owner is not None and owner.team is not None else []
    leaders = Team.objects.active().filter(pk__in=path).order_by().values("leader")
    around = Q(pk__in=leaders) | Q(pk=review.owner_id) | Q(role=Role.MANAGEMENT)
    return User.objects.people().filter(around)


def _owner(review: Review) -> int | None:
    return review.plan.account.owner_id if review.plan is not None else review.owner_id


def offered(review: Review, by: User) -> QuerySet[User]:
    """Who is likely to have been there: the KAM, the account's team, the leaders, and ``by``."""
    near = ~Q(role__in=SEES_ALL) | Q(pk__in=[_owner(review), review.led_by_id])
    if review.plan is not None:
        seats = AccountTeamMember.objects.active().filter(account=review.plan.account_id)
        near |= Q(pk__in=seats.order_by().values("user"))
    holding = User.objects.people().filter(pk=by.pk)
    return (people_around(review).filter(near) | holding).order_by("name", "pk")


def usually(review: Review, by: User) -> set[int]:
    """Who is ticked to begin with: the KAM and who holds it, not who is stood in for."""
    absent = by.acting_for.pk if by.acting_for else None
    return {pk for pk in (_owner(review), by.pk) if pk is not None and pk != absent}


def with_customer(review: Review) -> bool:
    """Whether people of the customer are named, too."""
    return review.kind == Review.Kind.CUSTOMER


def contacts_of(review: Review, user: Any) -> QuerySet[Contact]:
    """People of the customer who may have been there, as far as ``user`` sees them."""
    if review.plan is None or not with_customer(review):
        return Contact.objects.none()
    return contacts_around(review.plan.account, user)


def present_at(reviews: Sequence[Review], user: Any) -> dict[int, list[ReviewPerson]]:
    """Who was at each of these reviews that ``user`` sees, ours first, of the customer's whom they see
    (one query)."""
    rows = ReviewPerson.objects.known_to(user).filter(review__in=reviews)
    found: dict[int, list[ReviewPerson]] = defaultdict(list)
    for row in rows.select_related("user", "contact").order_by(
        F("user__name").asc(nulls_last=True), "contact__name", "pk"
    ):
        found[row.review_id].append(row)
    return found


def with_people(reviews: QuerySet[Review], user: Any) -> QuerySet[Review]:
    """Reviews that ``user`` sees, each with ``seen_people``: whom of those who were there they see."""
    people = ReviewPerson.objects.known_to(user).order_by("id")
    return reviews.prefetch_related(Prefetch("people", people, to_attr="seen_people"))


# --- naming ----------------------------------------------------------------------------------------
def name_all(review: Review, users: Iterable[User], contacts: Iterable[Contact], by: User) -> None:
    """Names everybody who was there, while the review is held (it is locked).

    Raises ``ValidationError`` at ``present`` and ``contacts``.
    """
    users, contacts = list(users), list(contacts)
    _check_users(review, users, by, "present")
    _check_contacts(review, contacts, "contacts")
    rows = [ReviewPerson(review=review, user=user) for user in dict.fromkeys(users)]
    rows += [ReviewPerson(review=review, contact=contact) for contact in dict.fromkeys(contacts)]
    ReviewPerson.objects.bulk_create(rows)


@transaction.atomic
def add_person(
    review: Review, by: User, *, user: User | None = None, contact: Contact | None = None
) -> ReviewPerson:
    """One more who was there; one who was taken out comes back.

    Raises ``ValidationError`` (at ``user``, ``contact``), and ``PlanLocked``.
    """
    review = require_held(review)
    if (user is None) == (contact is None):
        raise ValidationError({"user": _("Name either a person of ours or a contact.")})
    if user is not None:
        _check_users(review, [user], by, "user")
    if contact is not None:
        _check_contacts(review, [contact], "contact")
    rows = ReviewPerson.objects.filter(review=review, user=user, contact=contact)
    person = rows.order_by("-archived_at", "pk").first()  # in use first: nulls come first
    if person is not None:
        return restore(person) if person.archived_at is not None else person
    return ReviewPerson.objects.create(review=review, user=user, contact=contact)


@transaction.atomic
def remove_person(person: ReviewPerson) -> ReviewPerson:
    """Somebody was not there after all."""
    require_held(person.review)
    return archive(person)


@transaction.atomic
def restore_person(person: ReviewPerson) -> ReviewPerson:
    """Names somebody again who was taken out."""
    require_held(person.review)
    return restore(person)


def require_held(review: Review) -> Review:
    """The review, locked, where it has been held and its plan is open; else the reason why not."""
    rows = Review.objects.select_related("plan__account", "owner__team")
    held = rows.select_for_update(of=("self",), no_key=True).get(pk=review.pk)
    if held.state != Review.State.HELD or held.archived_at is not None:
        raise ValidationError(_("Who was there is said when the review is held."))
    if held.plan is not None:
        require_open_activities(held.plan)
    return held


def _check_users(review: Review, users: Collection[User], by: User, field: str) -> None:
    asked = {user.pk for user in users} - {by.pk}
    known = people_around(review).filter(pk__in=asked).values_list("pk", flat=True)
    missing = asked - set(known) if asked else set()
    if by in users and by.role == Role.SERVICE:
        missing.add(by.pk)
    for user in users:
        if user.pk in missing:
            words = _("%(name)s does not see what was reviewed.") % {"name": user}
            raise ValidationError({field: words})


def check_others(review: Review, others: str) -> None:
    """Refuses names of the customer's people (at ``others``) where there are none."""
    if others and not with_customer(review):
        raise ValidationError({"others": OURS_ALONE})


def _check_contacts(review: Review, contacts: Collection[Contact], field: str) -> None:
    if contacts and (review.plan is None or not with_customer(review)):
        raise ValidationError({field: OURS_ALONE})
    for contact in contacts:
        account = review.plan.account  # type: ignore[union-attr]  # asked for above
        if contact.archived_at is not None or not in_hierarchy(account, contact.account_id):
            words = _("%(name)s is no contact of %(account)s or its group.")
            raise ValidationError({field: words % {"name": contact, "account": account}})
