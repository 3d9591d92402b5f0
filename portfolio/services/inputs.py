"""Writes of what people know about accounts: estimates, judgements, costs, planned hours, capacity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Account, ProductLine
from kam import editing, history
from kam.forms import save_new, violation
from kam.models import Role, User
from kam.models.row import Row
from kam.periods import company_today
from portfolio.library import BY_CODE
from portfolio.models import (
    Capacity,
    Criterion,
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)

R = TypeVar("R", bound=Row)
OfAccount = TypeVar("OfAccount", LineEstimate, Judgement, ServiceCost, PlannedHours)
#: What a row is about; it stays, so that history and imports find it again.
FIXED: Mapping[type[Row], tuple[str, ...]] = {
    LineEstimate: ("account", "line"),
    Judgement: ("account", "code"),
    ServiceCost: ("account",),
    HoursSpent: ("account", "user", "week"),
    PlannedHours: ("account", "user", "year"),
    Capacity: ("user", "year"),
}


def require_in_use(account: Account) -> None:
    if account.archived_at:
        raise ValidationError(
            _("%(name)s is archived. Restore that account first."), params={"name": account}
        )


def require_worker(user: User, field: str = "user") -> None:
    if not user.is_active or user.archived_at or user.role == Role.SERVICE:
        raise ValidationError({field: _("%(name)s has left.") % {"name": user}})


def require_not_archived(row: Row) -> None:
    if row.archived_at is not None:
        raise ValidationError(_("This is archived. Restore it first."))


def _not_to_come(values: Mapping[str, Any], name: str) -> None:
    """What is known is known today at the latest, by the company's calendar."""
    day = values.get(name)
    if day is not None and day > company_today():
        raise ValidationError({name: _("This day has not come yet.")})


def save_changed(
    row: R, changes: Mapping[str, Any], base_version: int | None, overwrite: bool
) -> R:
    for name in FIXED.get(type(row), ()):
        held = getattr(row, f"{name}_id", getattr(row, name))
        if name in changes and getattr(changes[name], "pk", changes[name]) != held:
            raise ValidationError({name: _("This stays as it is; make another row.")})
    try:
        with transaction.atomic():
            return editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)
    except IntegrityError as error:
        raise violation(error, type(row)) from error


def _first_of_month(values: Mapping[str, Any]) -> dict[str, Any]:
    month = values.get("month")
    return {**values, "month": month.replace(day=1)} if month else dict(values)


# --- wallets and potentials -----------------------------------------------------------------------
def lines_in_the_way(account: int, line: ProductLine, but: int | None = None) -> ProductLine | None:
    """A line above or below ``line`` that this account has an estimate for: a sale counts once."""
    held = LineEstimate.objects.active().filter(account=account).exclude(line=line)
    if but is not None:
        held = held.exclude(pk=but)
    for other in ProductLine.objects.filter(pk__in=held.order_by().values("line")):
        if other.pk in line.path or line.pk in other.path:
            return other
    return None


def _counts_once(account: int, line: ProductLine, but: int | None = None) -> None:
    other = lines_in_the_way(account, line, but)
    if other is not None:
        raise ValidationError(
            {
                "line": _("%(line)s has an estimate already: a sale would count twice.")
                % {"line": other}
            }
        )


def add_estimate(account: Account, line: ProductLine, **values: Any) -> LineEstimate:
    """Keeps what an account buys, and could buy, of one line. An archived one comes back changed.

    Raises ``ValidationError`` by field: also where a line above or below has an estimate, or the
    estimate is of a day to come.
    """
    require_in_use(account)
    _not_to_come(values, "as_of")
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True, of=("self",)).get(pk=account.pk)
        _counts_once(account.pk, line)
        old = LineEstimate.objects.archived().filter(account=account, line=line).first()
        if old is not None:
            return editing.save_fields(old, {**values, "archived_at": None}, base_version=None)
        return save_new(LineEstimate(account=account, line=line, **values))


def restore_estimate(row: LineEstimate) -> LineEstimate:
    """Brings an estimate back, under the same rules as adding it."""
    require_in_use(row.account)
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.account_id)
        _counts_once(row.account_id, row.line, row.pk)
        return editing.restore(row)


# --- rows of an account, changed and brought back -------------------------------------------------
def change_row(
    row: OfAccount,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> OfAccount:
    """Saves touched fields of an estimate, cost or planned hours; what the row is about stays.

    Raises ``EditConflict`` and ``ValidationError`` (by field): also where the row is archived.
    """
    require_in_use(row.account)
    require_not_archived(row)
    _not_to_come(changes, "as_of")
    return save_changed(row, _first_of_month(changes), base_version, overwrite)


def restore_row(row: OfAccount) -> OfAccount:
    """Brings a row back; its account must be in use."""
    require_in_use(row.account)
    return editing.restore(row)


# --- judgements -----------------------------------------------------------------------------------
def judged_codes(codes: Iterable[str]) -> set[str]:
    """Which of these are codes of judged criteria: in a version of any state, or in the library."""
    asked = set(codes)
    held = Criterion.objects.filter(kind=Criterion.Kind.JUDGED, code__in=asked)
    ready = {c for c in asked if c in BY_CODE and BY_CODE[c].kind == Criterion.Kind.JUDGED}
    return ready | set(held.order_by().values_list("code", flat=True))


def judge(
    account: Account,
    code: str,
    changes: Mapping[str, Any],
    *,
    by: User | None,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Judgement:
    """Keeps what ``by`` thinks of an account by one criterion; a judgement there is changed.

    A new value carries who gave it, and today's date where no other is said. Raises
    ``ValidationError`` for a day to come and for a code that no judged criterion has.
    """
    require_in_use(account)
    _not_to_come(changes, "judged_on")
    changes = dict(changes)
    with transaction.atomic():
        row = Judgement.objects.select_related("account").filter(account=account, code=code).first()
        if row is None:
            if not judged_codes([code]):
                raise ValidationError({"code": _("No criterion that is judged has this code.")})
            changes.setdefault("judged_on", company_today())
            changes.setdefault("judged_by", by)
            return save_new(Judgement(account=account, code=code, **changes))
        if row.archived_at is not None:
            changes["archived_at"] = None
        return change_judgement(row, changes, by=by, base_version=base_version, overwrite=overwrite)


def add_judgement(account: Account, code: str, *, by: User | None, **values: Any) -> Judgement:
    """Keeps a first judgement; refused where the account is judged by this criterion already."""
    if Judgement.objects.active().filter(account=account, code=code).exists():
        raise ValidationError(_("This account is judged by this criterion already."))
    return judge(account, code, values, by=by)


def change_judgement(
    row: Judgement,
    changes: Mapping[str, Any],
    *,
    by: User | None = None,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Judgement:
    """Saves touched fields of a judgement; another value is the judgement of whoever gives it."""
    require_in_use(row.account)
    if "archived_at" not in changes:
        require_not_archived(row)
    _not_to_come(changes, "judged_on")
    changes = dict(changes)
    if "value" in changes and changes["value"] != row.value and by is not None:
        changes.setdefault("judged_on", company_today())
        changes.setdefault("judged_by", by)
    return save_changed(row, changes, base_version, overwrite)


# --- costs to serve -------------------------------------------------------------------------------
def add_cost(account: Account, **values: Any) -> ServiceCost:
    """Keeps a cost to serve of a month (any day in it)."""
    require_in_use(account)
    return save_new(ServiceCost(account=account, **_first_of_month(values)))


# --- planned hours ---------------------------------------------------------------------------------
def plan_hours(
    account: Account,
    user: User,
    year: int,
    hours: Decimal,
    *,
    base_version: int | None = None,
    overwrite: bool = False,
    only_new: bool = False,
) -> PlannedHours:
    """Says how many hours a person is to spend on an account in a fiscal year.

    ``only_new`` refuses where that is said already.
    """
    require_in_use(account)
    with transaction.atomic():
        row = PlannedHours.objects.filter(account=account, user=user, year=year).first()
        if only_new and row is not None and row.archived_at is None:
            raise ValidationError(_("These hours are planned already."))
        if row is None:
            require_worker(user)
            return save_new(PlannedHours(account=account, user=user, year=year, hours=hours))
        return save_changed(row, {"hours": hours, "archived_at": None}, base_version, overwrite)


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """Planned hours of one account as somebody wants them."""

    account: Account
    hours: Decimal
    base_version: int | None = None


def replan(user: User, year: int, entries: list[PlanEntry]) -> int:
    """Saves one person's planned hours of several accounts, all or nothing; how many changed.

    Raises ``EditConflict`` where somebody else changed one of them meanwhile.
    """
    changed = 0
    with transaction.atomic():
        held = {
            row.account_id: row
            for row in PlannedHours.objects.select_for_update(of=("self",))
            .filter(user=user, year=year, account__in=[e.account.pk for e in entries])
            .order_by("pk")
        }
        for entry in entries:
            row = held.get(entry.account.pk)
            now = row.hours if row is not None and row.archived_at is None else Decimal(0)
            if now == entry.hours:
                continue
            plan_hours(entry.account, user, year, entry.hours, base_version=entry.base_version)
            changed += 1
    return changed


# --- capacity and settings ------------------------------------------------------------------------
def set_capacity(
    user: User,
    year: int,
    hours: Decimal,
    *,
    base_version: int | None = None,
    overwrite: bool = False,
    only_new: bool = False,
) -> Capacity:
    """Says how many hours a person has for accounts in a fiscal year.

    ``only_new`` refuses where that is said already.
    """
    with transaction.atomic():
        row = Capacity.objects.filter(user=user, year=year).first()
        if only_new and row is not None and row.archived_at is None:
            raise ValidationError(_("This person's capacity is set for this year already."))
        if row is None:
            require_worker(user)
            return save_new(Capacity(user=user, year=year, hours=hours))
        return save_changed(row, {"hours": hours, "archived_at": None}, base_version, overwrite)


def change_capacity(
    row: Capacity,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Capacity:
    """Saves other hours; the person and the year stay."""
    return save_changed(row, changes, base_version, overwrite)


def change_settings(
    row: PortfolioSettings,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> PortfolioSettings:
    """Saves the company's limits and thresholds. Scores follow with the next run."""
    return save_changed(row, changes, base_version, overwrite)


history.puts_back(
    LineEstimate,
    change_row,
    *[
        "wallet",
        "potential",
        "chance",
        "currency",
        "source",
        "as_of",
        "confidence",
    ],
)
history.puts_back(Judgement, change_judgement, "value", "evidence", "source", "judged_on")
history.puts_back(ServiceCost, change_row, "amount", "source")
history.puts_back(PlannedHours, change_row, "hours")
history.puts_back(Capacity, change_capacity, "hours")
history.restores(LineEstimate, restore_estimate)
for model in (Judgement, ServiceCost, PlannedHours):
    history.restores(model, restore_row)
