"""Writes of what people know about accounts: estimates, judgements, costs, hours, capacity."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import Account, ProductLine
from kam import editing, history
from kam.editing import EditConflict
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
OfAccount = TypeVar("OfAccount", LineEstimate, Judgement, ServiceCost, HoursSpent, PlannedHours)
WEEK_HOURS = Decimal(168)
FIRST_WEEK = date(1990, 1, 1)  # a Monday
#: What a row is about; it stays, so that history and imports find it again.
FIXED: Mapping[type[Row], tuple[str, ...]] = {
    LineEstimate: ("account", "line"),
    Judgement: ("account", "code"),
    ServiceCost: ("account",),
    HoursSpent: ("account", "user", "week"),
    PlannedHours: ("account", "user", "year"),
    Capacity: ("user", "year"),
}


def monday(day: date) -> date:
    """The Monday of the week that ``day`` lies in."""
    return day - timedelta(days=day.weekday())


def _in_use(account: Account) -> None:
    if account.archived_at:
        raise ValidationError(
            _("%(name)s is archived. Restore that account first."), params={"name": account}
        )


def _can_work(user: User, field: str = "user") -> None:
    if not user.is_active or user.archived_at or user.role == Role.SERVICE:
        raise ValidationError({field: _("%(name)s has left.") % {"name": user}})


def _not_archived(row: Row) -> None:
    if row.archived_at is not None:
        raise ValidationError(_("This is archived. Restore it first."))


def _not_to_come(values: Mapping[str, Any], name: str) -> None:
    """What is known is known today at the latest, by the company's calendar."""
    day = values.get(name)
    if day is not None and day > company_today():
        raise ValidationError({name: _("This day has not come yet.")})


def _changed(row: R, changes: Mapping[str, Any], base_version: int | None, overwrite: bool) -> R:
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
    _in_use(account)
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
    _in_use(row.account)
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
    """Saves touched fields of an estimate, cost, or hours; what the row is about stays.

    Raises ``EditConflict`` and ``ValidationError`` (by field): also where the row is archived.
    """
    _in_use(row.account)
    _not_archived(row)
    _not_to_come(changes, "as_of")
    if isinstance(row, HoursSpent):
        with _week_of(row.user_id, row.week):
            return _changed(row, changes, base_version, overwrite)
    return _changed(row, _first_of_month(changes), base_version, overwrite)


def restore_row(row: OfAccount) -> OfAccount:
    """Brings a row back; its account must be in use, and hours must fit into their week."""
    _in_use(row.account)
    if isinstance(row, HoursSpent):
        with _week_of(row.user_id, row.week):
            return editing.restore(row)
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
    _in_use(account)
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
    _in_use(row.account)
    if "archived_at" not in changes:
        _not_archived(row)
    _not_to_come(changes, "judged_on")
    changes = dict(changes)
    if "value" in changes and changes["value"] != row.value and by is not None:
        changes.setdefault("judged_on", company_today())
        changes.setdefault("judged_by", by)
    return _changed(row, changes, base_version, overwrite)


# --- costs to serve -------------------------------------------------------------------------------
def add_cost(account: Account, **values: Any) -> ServiceCost:
    """Keeps a cost to serve of a month (any day in it)."""
    _in_use(account)
    return save_new(ServiceCost(account=account, **_first_of_month(values)))


# --- hours ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class WeekEntry:
    """What somebody typed for one account in a week; ``hours`` of ``None`` takes the row away."""

    account: Account
    hours: Decimal | None
    note: str = ""
    base_version: int | None = None


@contextmanager
def _week_of(user: int, week: date) -> Iterator[None]:
    """Within it one person's hours of a week change; at its end they must fit into the week.

    Whoever writes hours of the same person meanwhile waits. More than 168 hours over all accounts
    are refused with ``ValidationError``, unless there were as many before.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user)
        before = week_sum(user, week)
        yield
        after = week_sum(user, week)
        if after > max(WEEK_HOURS, before):
            text = _("%(n)s hours stand in this week; a week has 168.")
            raise ValidationError({"hours": text % {"n": after}})


def week_sum(user: int, week: date) -> Decimal:
    """Hours of one person in one week over all accounts."""
    held = HoursSpent.objects.active().filter(user=user, week=week)
    return held.aggregate(n=Sum("hours"))["n"] or Decimal(0)


def week_sums(weeks: Collection[tuple[int, date]]) -> dict[tuple[int, date], Decimal]:
    """``week_sum`` of many: (person's id, Monday) → hours, in one query; without empty weeks."""
    held = HoursSpent.objects.active().filter(
        user__in={user for user, _monday in weeks}, week__in={week for _user, week in weeks}
    )
    rows = held.order_by().values_list("user", "week").annotate(n=Sum("hours"))
    return {(user, week): n for user, week, n in rows if (user, week) in weeks}


def _may_be_spent(week: date, today: date | None = None) -> None:
    if week != monday(week):
        raise ValidationError({"week": _("A week is named by its Monday.")})
    if week > (today or company_today()):
        raise ValidationError({"week": _("This week has not come yet.")})
    if week < FIRST_WEEK:
        raise ValidationError({"week": _("Hours are kept from 1990 on.")})


def record_hours(
    user: User, week: date, entries: list[WeekEntry], *, today: date | None = None
) -> int:
    """Keeps one person's hours of one week, all or nothing; returns how many rows changed.

    Raises ``EditConflict`` where somebody else wrote the same hours meanwhile, and
    ``ValidationError`` for a coming week or more hours than a week has.
    """
    _may_be_spent(week, today)
    _can_work(user)
    changed = 0
    with _week_of(user.pk, week):
        held = {
            row.account_id: row
            for row in HoursSpent.objects.filter(user=user, week=week).select_related("account")
        }
        for entry in entries:
            changed += _record(held, user, week, entry)
    return changed


def _record(held: dict[int, HoursSpent], user: User, week: date, entry: WeekEntry) -> bool:
    row = held.get(entry.account.pk)
    wanted: dict[str, Any] = {"hours": entry.hours, "note": entry.note, "archived_at": None}
    if entry.hours is None:
        if row is None or row.archived_at is not None:
            return False
        if entry.base_version not in (None, row.version):
            conflict = editing.FieldConflict("hours", str(_("hours")), None, row.hours, None)
            raise EditConflict(row, [conflict])
        held[entry.account.pk] = editing.archive(row)
        return True
    if row is None:
        _in_use(entry.account)
        new = HoursSpent(
            account=entry.account, user=user, week=week, hours=entry.hours, note=entry.note
        )
        held[entry.account.pk] = save_new(new)
        return True
    if all(getattr(row, name) == value for name, value in wanted.items()):
        return False
    _in_use(entry.account)
    held[entry.account.pk] = editing.save_fields(row, wanted, base_version=entry.base_version)
    return True


def add_hours(account: Account, user: User, week: date, **values: Any) -> HoursSpent:
    """Keeps hours of one person on one account in one week; archived ones come back changed.

    Raises ``ValidationError`` as ``record_hours`` does.
    """
    _in_use(account)
    _may_be_spent(week)
    _can_work(user)
    with _week_of(user.pk, week):
        old = HoursSpent.objects.archived().filter(account=account, user=user, week=week).first()
        if old is not None:
            return editing.save_fields(old, {**values, "archived_at": None}, base_version=None)
        return save_new(HoursSpent(account=account, user=user, week=week, **values))


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
    _in_use(account)
    with transaction.atomic():
        row = PlannedHours.objects.filter(account=account, user=user, year=year).first()
        if only_new and row is not None and row.archived_at is None:
            raise ValidationError(_("These hours are planned already."))
        if row is None:
            _can_work(user)
            return save_new(PlannedHours(account=account, user=user, year=year, hours=hours))
        return _changed(row, {"hours": hours, "archived_at": None}, base_version, overwrite)


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
            _can_work(user)
            return save_new(Capacity(user=user, year=year, hours=hours))
        return _changed(row, {"hours": hours, "archived_at": None}, base_version, overwrite)


def change_capacity(
    row: Capacity,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Capacity:
    """Saves other hours; the person and the year stay."""
    return _changed(row, changes, base_version, overwrite)


def change_settings(
    row: PortfolioSettings,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> PortfolioSettings:
    """Saves the company's limits and thresholds. Scores follow with the next run."""
    return _changed(row, changes, base_version, overwrite)


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
history.puts_back(HoursSpent, change_row, "hours", "note")
history.puts_back(Capacity, change_capacity, "hours")
history.restores(LineEstimate, restore_estimate)
for model in (Judgement, ServiceCost, PlannedHours, HoursSpent):
    history.restores(model, restore_row)
