"""Writes of the foundation: people and their wishes, substitutes, teams, the company's settings."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from kam import history
from kam.editing import archive, restore, save_fields
from kam.forms import violation
from kam.models import ApiToken, BudgetRate, Company, Notification, Role, Substitution, Team, User
from kam.notifications import in_language_of, mail_due, notify
from kam.scoping import NOT_HANDED_OVER

#: What a person sets for themselves. Role, team and e-mail are the administrators'.
OWN_FIELDS = ("name", "title", "phone", "language", "timezone", "theme", "mail")


# --- a person's own wishes ----------------------------------------------------------------------
def change_preferences(user: User, changes: Mapping[str, Any], base_version: int | None) -> User:
    """Saves what a person sets for themselves; waiting mail follows a new wish."""
    foreign = set(changes) - set(OWN_FIELDS)
    if foreign:
        raise ValidationError({name: _("You may not change this.") for name in foreign})
    with transaction.atomic():
        saved = save_fields(user, changes, base_version=base_version)
        if "mail" in changes:
            waiting = Notification.objects.filter(recipient=saved, mailed_at__isnull=True)
            waiting.exclude(mail_due_at__isnull=True).update(
                mail_due_at=mail_due(saved, timezone.now())
            )
    return saved


def mark_read(notifications: Any) -> int:
    """Marks these messages as read; returns how many were unread."""
    return notifications.unread().update(read_at=timezone.now())


# --- API tokens ---------------------------------------------------------------------------------
def issue_token(user: User, name: str, *, may_write: bool, days: int | None) -> tuple[Any, str]:
    """A token for ``user`` and its secret, which is shown this once."""
    expires_at = timezone.now() + timedelta(days=days) if days else None
    return ApiToken.issue(user, name, may_write=may_write, expires_at=expires_at)


def revoke_token(token: ApiToken) -> bool:
    """Makes a token useless at once; returns whether it was in use."""
    rows = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
    return bool(rows.update(revoked_at=timezone.now()))


# --- substitutes --------------------------------------------------------------------------------
def hand_over(
    absent: User, substitute: User, *, starts_on: Any, ends_on: Any, note: str = ""
) -> Substitution:
    """For the period, ``absent``'s rights and duties are ``substitute``'s too; both are told."""
    if absent.role in NOT_HANDED_OVER:
        raise ValidationError(
            {
                "absent": _(
                    "An administrator's rights cannot be handed over. "
                    "Give the other person the role instead."
                )
            }
        )
    row = Substitution(
        absent=absent, substitute=substitute, starts_on=starts_on, ends_on=ends_on, note=note
    )
    row.full_clean(validate_constraints=False)
    try:
        with transaction.atomic():
            if starts_on <= ends_on:  # the other way round the constraints say more
                _check_substitution(row)
            row.validate_constraints()
            row.save()
            _tell_both(row, ended=False)
    except IntegrityError as error:
        raise violation(error, Substitution) from error
    return row


def change_substitution(
    row: Substitution,
    changes: Mapping[str, Any],
    *,
    base_version: int | None,
    overwrite: bool = False,
) -> Substitution:
    """Saves other days or another note, under the same rules as handing over."""
    with transaction.atomic():
        saved = save_fields(row, changes, base_version=base_version, overwrite=overwrite)
        if {"starts_on", "ends_on"} & set(changes) and saved.archived_at is None:
            _check_substitution(saved)
    return saved


def restore_substitution(row: Substitution) -> Substitution:
    """Brings an ended one back, under the same rules as handing over."""
    with transaction.atomic():
        restored = restore(row)
        _check_substitution(restored)
    return restored


def _check_substitution(row: Substitution) -> None:
    """Who stands in can sign in, and each day is handed to them once: ending it ends the rights.

    Takes a lock on the absent person until the transaction ends.
    """
    User.objects.select_for_update(no_key=True).get(pk=row.absent_id)
    if not User.objects.people().filter(pk=row.substitute_id).exists():
        raise ValidationError(
            {
                "substitute": _("%(name)s cannot sign in, and so cannot stand in.")
                % {"name": row.substitute}
            }
        )
    same = Substitution.objects.active().filter(absent=row.absent_id, substitute=row.substitute_id)
    held = same.filter(starts_on__lte=row.ends_on, ends_on__gte=row.starts_on).exclude(pk=row.pk)
    other = held.order_by("starts_on").first()
    if other is not None:
        raise ValidationError(
            {
                "starts_on": _(
                    "%(name)s stands in from %(first)s to %(last)s already. "
                    "Choose other days, or end that time first."
                )
                % {
                    "name": row.substitute,
                    "first": formats.date_format(other.starts_on, "SHORT_DATE_FORMAT"),
                    "last": formats.date_format(other.ends_on, "SHORT_DATE_FORMAT"),
                }
            }
        )


def end_substitution(row: Substitution) -> Substitution:
    """Takes the rights back at once; both are told."""
    with transaction.atomic():
        ended = archive(row)
        _tell_both(ended, ended=True)
    return ended


def _tell_both(row: Substitution, *, ended: bool) -> None:
    for person in (row.substitute, row.absent):
        with in_language_of(person):
            facts = {
                "absent": row.absent,
                "substitute": row.substitute,
                "first": formats.date_format(row.starts_on, "SHORT_DATE_FORMAT"),
                "last": formats.date_format(row.ends_on, "SHORT_DATE_FORMAT"),
            }
            if ended and person == row.substitute:
                title = _("You no longer stand in for %(absent)s") % facts
            elif ended:
                title = _("%(substitute)s no longer stands in for you") % facts
            elif person == row.substitute:
                title = _("You stand in for %(absent)s, %(first)s – %(last)s") % facts
            else:
                title = _("%(substitute)s stands in for you, %(first)s – %(last)s") % facts
            notify(
                [person],
                kind="substitution",
                occasion=f"substitution:{row.pk}:{'end' if ended else 'start'}",
                title=title,
                body=row.note,
                url=reverse("kam:substitution_list"),
            )


# --- people -------------------------------------------------------------------------------------
def enter_person(**values: Any) -> User:
    """A new person, without a password: they set one by the mail that ``mail_password_link`` sends."""
    person = User(**values)
    person.email = person.email.lower()
    person.set_unusable_password()
    person.full_clean(exclude=["password"])
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise violation(error, User) from error
    return person


def change_person(
    person: User,
    changes: Mapping[str, Any],
    *,
    base_version: int | None,
    overwrite: bool = False,
) -> User:
    """Saves an administrator's changes; the last administrator stays one."""
    if "email" in changes:
        changes = {**changes, "email": changes["email"].lower()}
    with transaction.atomic():
        _keep_an_administrator(
            person, changes.get("role", person.role), changes.get("is_active", person.is_active)
        )
        saved = save_fields(person, changes, base_version=base_version, overwrite=overwrite)
        if "email" in changes:  # what allauth keeps of addresses must not outlive the old one
            EmailAddress.objects.filter(user=saved).exclude(email=saved.email).delete()
    return saved


def archive_person(person: User) -> User:
    """Takes a person out of use: they cannot sign in, and their tokens stop."""
    with transaction.atomic():
        _keep_an_administrator(person, person.role, False)
        return archive(person)


def restore_person(person: User) -> User:
    return restore(person)


def _keep_an_administrator(person: User, role: str, active: bool) -> None:
    if role == Role.ADMINISTRATOR and active:
        return
    administrators = User.objects.select_for_update().filter(
        role=Role.ADMINISTRATOR, is_active=True, archived_at__isnull=True
    )
    ids = {row.pk for row in administrators}
    if ids == {person.pk}:
        raise ValidationError(
            _("%(name)s is the only administrator. Make somebody else one first.")
            % {"name": person}
        )


def mail_password_link(request: HttpRequest, person: User) -> None:
    """Mails the person a link by which they set their password."""
    from kam.auth import ResetPasswordForm

    form = ResetPasswordForm(data={"email": person.email})
    if not form.is_valid():
        raise ValidationError(_("No mail can be sent to %(mail)s.") % {"mail": person.email})
    with in_language_of(person):
        form.save(request)


# --- teams --------------------------------------------------------------------------------------
def form_team(**values: Any) -> Team:
    """A new team."""
    team = Team(**values)
    team.full_clean()
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError as error:
        raise violation(error, Team) from error
    return team


def change_team(
    team: Team, changes: Mapping[str, Any], *, base_version: int | None, overwrite: bool = False
) -> Team:
    """Renames or moves a team, or gives it a leader; a circle is refused in words."""
    try:
        with transaction.atomic():
            return save_fields(team, changes, base_version=base_version, overwrite=overwrite)
    except IntegrityError as error:
        raise violation(error, Team) from error


def archive_team(team: Team) -> Team:
    """Takes an empty team out of use."""
    if team.members.filter(archived_at__isnull=True).exists():
        raise ValidationError(_("The team has members. Move them to another team first."))
    if team.children.filter(archived_at__isnull=True).exists():
        raise ValidationError(_("There are teams below this one. Move them first."))
    return archive(team)


# --- the company --------------------------------------------------------------------------------
def change_company(
    company: Company, changes: Mapping[str, Any], *, base_version: int | None, **kwargs: Any
) -> Company:
    """Saves the company's settings; every process reads them anew."""
    with transaction.atomic():
        saved = save_fields(company, changes, base_version=base_version, **kwargs)
        transaction.on_commit(Company.forget)
    Company.forget()
    return saved


def set_rates(year: int, rates: Mapping[str, Decimal | None], source_text: str = "") -> int:
    """Sets the year's budget rates (``None`` takes one away); returns how many changed."""
    changed = 0
    with transaction.atomic():
        held = {
            row.currency: row for row in BudgetRate.objects.select_for_update().filter(year=year)
        }
        for currency, rate in rates.items():
            changed += _set_rate(held.get(currency), year, currency, rate, source_text)
    return changed


def _set_rate(
    row: BudgetRate | None, year: int, currency: str, rate: Decimal | None, text: str
) -> bool:
    if row is None:
        if rate is None:
            return False
        new = BudgetRate(year=year, currency=currency, rate=rate, source=text)
        new.full_clean()
        new.save()
        return True
    if rate is None:
        if row.archived_at is None:
            archive(row)
            return True
        return False
    if row.archived_at is None and row.rate == rate:
        return False
    save_fields(row, {"rate": rate, "archived_at": None, "source": text}, base_version=None)
    return True


def copy_rates(year: int) -> int:
    """Takes over last year's rates for the currencies that ``year`` has none for."""
    have = set(BudgetRate.objects.active().filter(year=year).values_list("currency", flat=True))
    last = BudgetRate.objects.active().filter(year=year - 1)
    return set_rates(
        year,
        {row.currency: row.rate for row in last if row.currency not in have},
        _("as %(year)d") % {"year": year - 1},
    )


__all__ = [
    "archive_person",
    "archive_team",
    "change_company",
    "change_person",
    "change_preferences",
    "change_substitution",
    "change_team",
    "copy_rates",
    "end_substitution",
    "enter_person",
    "form_team",
    "hand_over",
    "issue_token",
    "mail_password_link",
    "mark_read",
    "restore_person",
    "restore_substitution",
    "revoke_token",
    "set_rates",
]

history.puts_back(Team, change_team, "name", "parent", "leader")
history.puts_back(
    User, change_person, "name", "email", "role", "team", "title", "phone", "language", "is_active"
)
history.puts_back(
    Company, change_company, "name", "currency", "fiscal_year_start", "timezone", "accent"
)
history.puts_back(BudgetRate, save_fields, "rate", "source")
history.restores(Substitution, restore_substitution)
