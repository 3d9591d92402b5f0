"""What can be imported here: targets per account, product line and month."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports import ACCOUNTS, LINES, not_in_use
from accounts.models import Account, ProductLine
from kam.importing.resource import (
    KEEP,
    Column,
    Key,
    Record,
    Resource,
    Stored,
    after_import,
    register,
)
from kam.models import Company, ImportBatch
from kam.periods import company_year, fiscal_year_of
from plans.models import AccountPlan, Target, TargetMonth
from plans.services.locks import LOCKED_AIMS, LOCKED_TEXT
from plans.services.portfolios import refresh_portfolios
from plans.services.sections import fill_sections

AMOUNTS = ("revenue", "margin", "volume", "forecast")


@register
class Targets(Resource):
    """Targets per account, product line and month, in the currency of the account's plan."""

    name = "targets"
    label = gettext_lazy("Targets")
    help = gettext_lazy(
        "One row for each account, product line and month, in the plan's currency. A plan that "
        'is not there yet is made where the map says create_missing = ["plan"].'
    )
    order = 80
    model = TargetMonth
    key = ("account", "line", "month")
    may_create = ("plan",)
    may_sum = ("revenue", "margin", "volume")
    columns = (
        Column(
            "account",
            gettext_lazy("account"),
            "reference",
            required=True,
            path="target__plan__account__number",
            reference=ACCOUNTS,
            aliases=("account number", "customer number", "customer no", "customer id"),
        ),
        Column(
            "line",
            gettext_lazy("product line"),
            "reference",
            required=True,
            path="target__line__name",
            reference=LINES,
            aliases=("product line", "series", "category"),
        ),
        Column.of(TargetMonth, "month", kind="month", aliases=("period", "date")),
        Column.of(
            TargetMonth, "revenue", least=Decimal(0), aliases=("target", "target revenue", "amount")
        ),
        Column.of(TargetMonth, "margin", aliases=("target margin",)),
        Column.of(TargetMonth, "volume", least=Decimal(0), aliases=("quantity", "units")),
        Column.of(TargetMonth, "forecast"),
    )

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._start = Company.current().fiscal_year_start
        self._lines: dict[tuple[int, int], set[int]] = {}  # (account, year) → lines with a target
        self._paths = dict(ProductLine.objects.values_list("pk", "path"))

    def _year(self, record: Record) -> int:
        return fiscal_year_of(record.values["month"], self._start).year

    def _plans(
        self, records: list[Record], *, lock: bool = False
    ) -> dict[tuple[int, int], AccountPlan]:
        found = AccountPlan.objects.filter(
            account__in={r.ids["account"] for r in records},
            year__in={self._year(r) for r in records},
        ).order_by("pk")
        if lock:
            found = found.select_for_update(of=("self",))
        return {(plan.account_id, plan.year): plan for plan in found}

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        plans = self._plans(records)
        by_id = {plan.pk: key for key, plan in plans.items()}
        for at, line in (
            Target.objects.active().filter(plan__in=plans.values()).values_list("plan", "line")
        ):
            self._lines.setdefault(by_id[at], set()).add(line)
        asked = {r.ids["account"] for r in records}
        gone = set(Account.objects.archived().filter(pk__in=asked).values_list("pk", flat=True))
        for record in records:
            if record.ids["account"] in gone:
                yield record, "account", not_in_use(record.values["account"])
                continue
            key = (record.ids["account"], self._year(record))
            plan: AccountPlan | None = plans.get(key)
            label = company_year(key[1]).label
            if plan is None and "plan" not in self.new_words:
                yield record, "account", _("an account with a plan for %(year)s") % {"year": label}
                continue
            if plan is None:
                word = f"{record.values['account']} {label}"
                self.new_words["plan"].setdefault(word, word)
            elif plan.archived_at is not None or self._stands_still(plan, record):
                state = _("archived") if plan.archived_at else plan.get_status_display()
                yield (
                    record,
                    "account",
                    _("a plan that may be changed; it is %(state)s") % {"state": state},
                )
                continue
            line = record.ids["line"]
            others = self._lines.setdefault(key, set())
            clash = next((o for o in others if o != line and self._overlap(o, line)), None)
            if clash is not None:
                name = ProductLine.objects.values_list("name", flat=True).get(pk=clash)
                yield (
                    record,
                    "line",
                    _("a line beside the others; %(line)s has a target: a sale would count twice")
                    % {"line": name},
                )
                continue
            others.add(line)

    def _stands_still(self, plan: AccountPlan, record: Record) -> bool:
        """Forecasts of an approved plan stay open; its targets change by amendment."""
        aims = any(
            record.values.get(name, KEEP) is not KEEP for name in AMOUNTS if name != "forecast"
        )
        return plan.status in (LOCKED_AIMS if aims else LOCKED_TEXT)

    def _overlap(self, one: int, other: int) -> bool:
        return one in self._paths.get(other, ()) or other in self._paths.get(one, ())

    def growable(self, name: str, words: Sequence[str]) -> None:
        """Plans are made with their first target, in ``create``."""

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        plans = self._plans(records, lock=True)
        accounts = {
            a.pk: a for a in Account.objects.filter(pk__in={r.ids["account"] for r in records})
        }
        wanted = {(r.ids["account"], self._year(r)) for r in records}
        made = AccountPlan.objects.bulk_create(
            [
                AccountPlan(account_id=account, year=year, currency=accounts[account].currency)
                for account, year in sorted(wanted - plans.keys())
            ]
        )
        fill_sections(made, None)
        plans |= {(plan.account_id, plan.year): plan for plan in made}
        targets = {
            (t.plan_id, t.line_id): t
            for t in Target.objects.filter(plan__in=[p.pk for p in plans.values()])
        }
        needed = {
            (plans[r.ids["account"], self._year(r)].pk, r.ids["line"]): self._year(r)
            for r in records
        }
        Target.objects.filter(
            pk__in=[t.pk for key, t in targets.items() if key in needed], archived_at__isnull=False
        ).update(archived_at=None)
        new = Target.objects.bulk_create(
            [
                Target(plan_id=plan, line_id=line, phasing=Target.Phasing.OWN)
                for plan, line in sorted(needed.keys() - targets.keys())
            ]
        )
        targets |= {(t.plan_id, t.line_id): t for t in new}
        rows: dict[tuple[int, date], TargetMonth] = {}
        for target in new:
            for month in company_year(needed[target.plan_id, target.line_id]).months():
                rows[target.pk, month] = TargetMonth(target=target, month=month)
        for record in records:
            plan = plans[record.ids["account"], self._year(record)]
            target = targets[plan.pk, record.ids["line"]]
            month = record.values["month"]
            row = rows.setdefault((target.pk, month), TargetMonth(target=target, month=month))
            for name in AMOUNTS:
                value = record.values.get(name, KEEP)
                if value is not KEEP:
                    setattr(row, name, value)
        # A target that comes back from the archive has its months.
        there = {
            (row.target_id, row.month): row.pk
            for row in TargetMonth.objects.filter(target__in={t for t, _m in rows})
        }
        TargetMonth.objects.bulk_create(
            [row for key, row in rows.items() if key not in there], batch_size=1000
        )
        again = [row for key, row in rows.items() if key in there]
        for row in again:
            row.pk = there[row.target_id, row.month]
        TargetMonth.objects.bulk_update(again, list(AMOUNTS), batch_size=500)

    def _matching(self, keys: Iterable[Key]) -> QuerySet:
        return super()._matching(keys).filter(target__archived_at__isnull=True)


@after_import("sales_facts", "accounts", "targets", "users", "teams", "budget_rates")
def refresh_plans(batch: ImportBatch) -> None:
    """Roll-ups are right at once."""
    refresh_portfolios()
