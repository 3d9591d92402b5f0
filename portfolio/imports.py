"""What can be imported here: wallets and potentials, judgements, hours, costs to serve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports import ACCOUNTS, LINES, OfAccounts
from accounts.models import ProductLine
from kam.importing.reading import FileRefused
from kam.importing.resource import Change, Column, Key, Record, Stored, register
from kam.importing.resources import PEOPLE
from kam.models import ImportBatch, User
from kam.periods import company_today
from portfolio.models import (
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    ServiceCost,
)
from portfolio.services.hours import WEEK_HOURS, fewer_than_met, week_sums
from portfolio.services.inputs import judged_codes

ACCOUNT_NAMES = ("account number", "customer number", "customer no", "customer id", "account id")
PERSON_NAMES = ("e-mail", "email", "person", "employee", "kam", "user")


class Inputs(OfAccounts):
    """Base: an account's rows, each known by its key; a row that was archived comes back."""

    def existing(
        self, keys: Iterable[Key], fields: Sequence[str], *, lock: bool
    ) -> dict[Key, Stored]:
        """As ever; of an archived row nothing counts as held, so that it is written anew."""
        found = super().existing(keys, fields, lock=lock)
        ids = [stored.pk for stored in found.values()]
        archived = set(
            self.model._default_manager.filter(pk__in=ids, archived_at__isnull=False).values_list(
                "pk", flat=True
            )
        )
        for stored in found.values():
            if stored.pk in archived:
                for name in stored.values:
                    if name not in self.key:
                        stored.values[name] = None
        return found

    def change(self, changes: list[Change], batch: ImportBatch) -> None:
        super().change(changes, batch)
        ids = [change.stored.pk for change in changes]
        rows = self.model._default_manager.filter(pk__in=ids, archived_at__isnull=False)
        rows.update(archived_at=None)

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        accounts = {r.line: r.values["account"] for r in records}
        yield from self.refuse_archived(records, stored, accounts)
        yield from self.refuse_more(records, stored)

    def refuse_more(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """What else a kind of input refuses."""
        return ()


def account_column(model: Any) -> Column:
    return Column.of(model, "account", reference=ACCOUNTS, aliases=ACCOUNT_NAMES)


def to_come(records: list[Record], name: str) -> Iterable[tuple[Record, str, str]]:
    """Refuses days to come: what is known is known today at the latest."""
    today = company_today()
    for record in records:
        day = record.values.get(name)
        if isinstance(day, date) and day > today:
            yield record, name, _("a day that has come")


@register
class LineEstimates(Inputs):
    """Wallet, potential and chance per account and product line."""

    name = "line_estimates"
    label = gettext_lazy("Wallets and potentials")
    help = gettext_lazy(
        "One row for each account and product line: yearly purchases from all suppliers, what we "
        "could sell, and the chance in percent."
    )
    order = 75
    model = LineEstimate
    key = ("account", "line")
    columns = (
        account_column(LineEstimate),
        Column.of(LineEstimate, "line", reference=LINES, aliases=("product line", "category")),
        Column.of(LineEstimate, "currency", aliases=("currency code", "valuta")),
        Column.of(
            LineEstimate, "wallet", least=0, aliases=("purchases", "estimated wallet", "spend")
        ),
        Column.of(LineEstimate, "potential", least=0, aliases=("attainable", "attainable value")),
        Column.of(LineEstimate, "chance", least=0, most=100, aliases=("probability",)),
        Column.of(LineEstimate, "source"),
        Column.of(LineEstimate, "as_of", aliases=("date",)),
        Column.of(LineEstimate, "confidence"),
    )

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._lines: dict[int, set[int]] = {}  # account → lines with an estimate

    @cached_property
    def _tree(self) -> dict[int, ProductLine]:
        return ProductLine.objects.in_bulk()

    def refuse_more(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """As on the page: a sale counts in one line only."""
        yield from to_come(records, "as_of")
        asked = {r.ids["account"] for r in records} - self._lines.keys()
        held = LineEstimate.objects.active().filter(account__in=asked)
        for account in asked:
            self._lines[account] = set()
        for account, line in held.values_list("account", "line"):
            self._lines[account].add(line)
        for record in records:
            line, lines = record.ids["line"], self._lines[record.ids["account"]]
            clash = next((o for o in lines if o != line and self._overlap(o, line)), None)
            if clash is not None:
                text = _(
                    "a line beside the others; %(line)s has an estimate: a sale would count twice"
                )
                yield record, "line", text % {"line": self._tree[clash]}
            else:
                lines.add(line)

    def _overlap(self, one: int, other: int) -> bool:
        return one in self._tree[other].path or other in self._tree[one].path


@register
class Judgements(Inputs):
    """Judgements, 1 to 5, per account and criterion."""

    name = "judgements"
    label = gettext_lazy("Judgements")
    help = gettext_lazy(
        "One row for each account and criterion, known by the criterion's code: the judgement from "
        "1 to 5 and what it rests on."
    )
    order = 76
    model = Judgement
    key = ("account", "code")
    columns = (
        account_column(Judgement),
        Column.of(Judgement, "code", aliases=("criterion", "criterion code")),
        Column.of(Judgement, "value", aliases=("judgement", "score", "grade")),
        Column.of(Judgement, "evidence", aliases=("reason", "comment")),
        Column.of(Judgement, "source"),
        Column.of(Judgement, "judged_on", aliases=("date", "as of")),
        Column.of(Judgement, "judged_by", reference=PEOPLE, aliases=PERSON_NAMES),
    )

    def refuse_more(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        codes = judged_codes(r.values["code"] for r in records)
        for record in records:
            if record.values["code"] not in codes:
                yield record, "code", _("the code of a criterion that is judged")
        yield from to_come(records, "judged_on")


class OfPeople(Inputs):
    """Base of hours: new ones only for those who can work."""

    def refuse_more(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        new = [r for r in records if r.key not in stored]
        words = {r.values["user"] for r in new}
        known = set(User.objects.people().filter(email__in=words).values_list("email", flat=True))
        for record in new:
            if record.values["user"] not in known:
                yield record, "user", _("somebody who can sign in")


@dataclass(slots=True)
class Week:
    """What a file adds to one person's week, in hours, and the lines that do."""

    more: Decimal = Decimal(0)
    lines: list[int] = field(default_factory=list)


@register
class HoursSpentImport(OfPeople):
    """Hours per account, person and week. Days of one week can be added up."""

    name = "hours_spent"
    label = gettext_lazy("Hours spent")
    help = gettext_lazy(
        "One row for each account, person and week, named by any day in it; or, where rows are "
        "added up, one for each day. Hours replace what an earlier file brought for the same week."
    )
    order = 77
    model = HoursSpent
    key = ("account", "user", "week")
    may_sum = ("hours",)
    columns = (
        account_column(HoursSpent),
        Column.of(HoursSpent, "user", reference=PEOPLE, aliases=PERSON_NAMES),
        Column.of(HoursSpent, "week", kind="week", aliases=("date", "day", "week of")),
        Column.of(HoursSpent, "hours", least=0, most=168, aliases=("time", "timer", "tid")),
        Column.of(HoursSpent, "note", aliases=("comment",)),
    )

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._weeks: dict[tuple[int, date], Week] = {}  # by person and Monday
        self._locked: set[int] = set()
        self._before: dict[tuple[int, date], Decimal] = {}

    def refuse_more(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        yield from super().refuse_more(records, stored)
        self._lock({r.ids["user"] for r in records})
        today = company_today()
        from_meetings = dict(
            HoursSpent.objects.filter(
                pk__in=[s.pk for s in stored.values()], from_meetings__gt=0
            ).values_list("pk", "from_meetings")
        )
        for record in records:
            if record.values["week"] > today:
                yield record, "week", _("a week that has begun")
                continue
            hours = record.values.get("hours")
            if not isinstance(hours, Decimal):
                continue
            held = stored.get(record.key)
            before = held.values.get("hours") if held is not None else None
            met = from_meetings.get(held.pk, 0) if held is not None else 0
            if hours < met:
                yield record, "hours", fewer_than_met(Decimal(met))
                continue
            week = self._weeks.setdefault((record.ids["user"], record.values["week"]), Week())
            week.more += hours - (before or 0)
            week.lines += record.lines or [record.line]

    def _lock(self, users: set[int]) -> None:
        """While it is being written, whoever else writes hours of these people waits."""
        if connection.in_atomic_block:
            locked = User.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
            list(locked.filter(pk__in=users - self._locked).values_list("pk"))
            self._locked |= users

    def refuse_all(self, pairs: dict[Key, Any]) -> Iterable[tuple[int, str, str]]:
        """As on the page: one person's hours on all accounts fit into the week."""
        self._before = week_sums(self._weeks.keys())
        for key, week in self._weeks.items():
            total = self._before.get(key, 0) + week.more
            if week.more > 0 and total > WEEK_HOURS:
                for line in week.lines:
                    text = _("at most 168 hours a week for one person; these make it %(n)s")
                    yield line, "hours", text % {"n": total}

    def finish(self, batch: ImportBatch) -> None:
        """Where only the good rows were taken, hours may be missing that others made room for."""
        for key, total in week_sums(self._weeks.keys()).items():
            if total > max(WEEK_HOURS, self._before.get(key, Decimal(0))):
                text = _("%(n)s hours would stand in the week of %(day)s for one person.")
                raise FileRefused(text % {"n": total, "day": key[1]})


@register
class PlannedHoursImport(OfPeople):
    """Planned hours per account, person and fiscal year."""

    name = "planned_hours"
    label = gettext_lazy("Planned hours")
    help = gettext_lazy("One row for each account, person and fiscal year.")
    order = 78
    model = PlannedHours
    key = ("account", "user", "year")
    may_sum = ("hours",)
    columns = (
        account_column(PlannedHours),
        Column.of(PlannedHours, "user", reference=PEOPLE, aliases=PERSON_NAMES),
        Column.of(PlannedHours, "year", aliases=("fiscal year", "år", "vuosi")),
        Column.of(PlannedHours, "hours", least=0, aliases=("planned", "planned hours")),
    )


@register
class ServiceCosts(Inputs):
    """Costs to serve per account, month, kind and currency."""

    name = "service_costs"
    label = gettext_lazy("Costs to serve")
    help = gettext_lazy(
        "One row for each account, month, kind and currency; several of one key can be added up."
    )
    order = 79
    model = ServiceCost
    key = ("account", "month", "kind", "currency")
    may_sum = ("amount",)
    columns = (
        account_column(ServiceCost),
        Column.of(ServiceCost, "month", kind="month", aliases=("date", "period")),
        Column.of(ServiceCost, "kind", aliases=("type", "cost type")),
        Column.of(ServiceCost, "currency", aliases=("currency code", "valuta")),
        Column.of(ServiceCost, "amount", aliases=("cost", "value")),
        Column.of(ServiceCost, "source"),
    )
