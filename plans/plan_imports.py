"""What can be imported here: plans, their goals and their activities."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports import ACCOUNTS, CONTACTS, OfAccounts
from accounts.models import Account, Contact
from kam.importing.resource import (
    KEEP,
    Change,
    Column,
    Key,
    Record,
    Reference,
    Stored,
    after_import,
    register,
)
from kam.importing.resources import PEOPLE
from kam.models import ImportBatch
from kam.periods import company_today, company_year
from plans.models import AccountPlan, Activity, Goal, Measure, PlanTemplate
from plans.selectors import people_who_see
from plans.services.locks import LOCKED_ACTIVITIES, LOCKED_AIMS, LOCKED_TEXT
from plans.services.portfolios import refresh_portfolios
from plans.services.sections import fill_sections
from plans.services.templates import template_for

ACCOUNT_NAMES = ("account number", "customer number", "customer no", "customer id")
TEMPLATES = Reference(PlanTemplate, "name")
GOALS_READ = frozenset({"actual"})


def year_column(path: str) -> Column:
    return Column.of(AccountPlan, "year", path=path, aliases=("plan year", "fiscal year"))


@register
class Plans(OfAccounts):
    """Plans, one per account and fiscal year, with the sections of their template."""

    name = "plans"
    label = gettext_lazy("Plans")
    help = gettext_lazy(
        "One row for each account and fiscal year. A new plan is a draft in the account's currency, "
        "with the sections of the template that is named, else of the one that fits the account."
    )
    order = 78
    model = AccountPlan
    key = ("account", "year")
    columns = (
        Column.of(AccountPlan, "account", reference=ACCOUNTS, aliases=ACCOUNT_NAMES),
        year_column("year"),
        Column.of(AccountPlan, "template", reference=TEMPLATES),
        Column.of(AccountPlan, "summary"),
        Column.of(AccountPlan, "stance"),
        Column.of(AccountPlan, "stance_reason"),
    )

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        yield from self.refuse_archived(
            records, stored, {r.line: r.values["account"] for r in records}
        )
        plans = {
            plan.pk: plan
            for plan in AccountPlan.objects.filter(pk__in=[s.pk for s in stored.values()])
        }
        for record in records:
            held = stored.get(record.key)
            if held is None or not self.changes(record, stored):
                continue
            plan = plans[held.pk]
            template = record.values.get("template", KEEP)
            if template is not KEEP and not self.same(
                "template", held.values.get("template"), template
            ):
                yield record, "template", _("the template that the plan was made with")
            elif plan.archived_at is not None or plan.status in LOCKED_TEXT:
                yield record, "account", _standing(plan)

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        accounts = Account.objects.in_bulk({r.ids["account"] for r in records})
        named = PlanTemplate.objects.in_bulk(
            {r.ids["template"] for r in records if r.ids.get("template")}
        )
        by_template: dict[int | None, list[AccountPlan]] = {}
        templates: dict[int | None, PlanTemplate | None] = {None: None}
        plans = []
        for record in records:
            account = accounts[record.ids["account"]]
            template = named.get(record.ids.get("template")) or template_for(account)
            key = template.pk if template is not None else None
            templates[key] = template
            plan = AccountPlan(
                account=account,
                year=record.values["year"],
                currency=account.currency,
                template=template,
                **_texts(record, ("summary", "stance", "stance_reason")),
            )
            by_template.setdefault(key, []).append(plan)
            plans.append(plan)
        AccountPlan.objects.bulk_create(plans, batch_size=500)
        for key, of_template in by_template.items():
            fill_sections(of_template, templates[key])


def _texts(record: Record, names: Iterable[str]) -> dict[str, Any]:
    found = {name: record.values.get(name, KEEP) for name in names}
    return {name: value for name, value in found.items() if value is not KEEP}


def _standing(plan: AccountPlan) -> str:
    state = _("archived") if plan.archived_at is not None else plan.get_status_display()
    return _("a plan that may be changed; it is %(state)s") % {"state": state}


class OfPlans(OfAccounts):
    """Base of what belongs to a plan and is known by account, year and title."""

    key = ("account", "year", "title")
    #: The states of a plan in which nothing of this kind is added or changed.
    locked: ClassVar[frozenset[str]]
    #: Fields that are written as they stand in the file.
    plain: ClassVar[tuple[str, ...]]

    def _plans(self, records: Iterable[Record]) -> dict[tuple[int, int], AccountPlan]:
        listed = list(records)
        found = AccountPlan.objects.filter(
            account__in={r.ids["account"] for r in listed},
            year__in={r.values["year"] for r in listed},
        ).select_related("account")
        return {(plan.account_id, plan.year): plan for plan in found}

    def _matching(self, keys: Iterable[Key]) -> Any:
        return super()._matching(keys).filter(archived_at__isnull=True)

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        yield from self.refuse_archived(
            records, stored, {r.line: r.values["account"] for r in records}
        )
        plans = self._plans(records)
        for record in records:
            if not self.changes(record, stored):
                continue
            plan = plans.get((record.ids["account"], record.values["year"]))
            if plan is None:
                label = company_year(record.values["year"]).label
                yield record, "account", _("an account with a plan for %(year)s") % {"year": label}
            elif plan.archived_at is not None or self._stands_still(plan, record, stored):
                yield record, "account", _standing(plan)
            else:
                yield from self.refuse_in(plan, record, stored)

    def _stands_still(self, plan: AccountPlan, record: Record, stored: dict[Key, Stored]) -> bool:
        return plan.status in self.locked

    def refuse_in(
        self, plan: AccountPlan, record: Record, stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """What else a row of this plan refuses."""
        return ()

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        plans = self._plans(records)
        self.model._default_manager.bulk_create(
            [
                self.model(plan=plan, **self.attributes(plan, record))
                for record in records
                for plan in [plans[record.ids["account"], record.values["year"]]]
            ],
            batch_size=500,
        )

    def attributes(self, plan: AccountPlan, record: Record) -> dict[str, Any]:
        """What the file says of a row, as the model's attributes."""
        return {**_texts(record, self.plain), **self.more(plan, record)}

    def more(self, plan: AccountPlan, record: Record) -> dict[str, Any]:
        """Attributes of a row beside the plain ones; only those that the file holds."""
        return {}

    def change(self, changes: list[Change], batch: ImportBatch) -> None:
        """Writes the changed fields, one statement per set of fields."""
        plans = self._plans(change.record for change in changes)
        rows = self.model._default_manager.in_bulk([change.stored.pk for change in changes])
        groups: dict[tuple[str, ...], list[Any]] = {}
        for change in changes:
            record = change.record
            plan = plans[record.ids["account"], record.values["year"]]
            wanted = self.attributes(plan, record)
            row = rows[change.stored.pk]
            fields = tuple(sorted(name for name in wanted if self._touched(name, change.fields)))
            for name in fields:
                setattr(row, name, wanted[name])
            if fields:
                groups.setdefault(fields, []).append(row)
        for fields, group in groups.items():
            self.model._default_manager.bulk_update(group, list(fields), batch_size=500)

    def _touched(self, name: str, fields: list[str]) -> bool:
        return name in fields


def _of_plan(model: Any, title: Any) -> tuple[Column, ...]:
    """The three columns by which a row of a plan is known."""
    return (
        Column(
            "account",
            gettext_lazy("account"),
            "reference",
            required=True,
            path="plan__account__number",
            reference=ACCOUNTS,
            aliases=ACCOUNT_NAMES,
        ),
        year_column("plan__year"),
        Column.of(model, "title", aliases=(title,)),
    )


@register
class Goals(OfPlans):
    """Goals of plans, known by their title."""

    name = "goals"
    label = gettext_lazy("Goals")
    help = gettext_lazy(
        "One row for each account, fiscal year and goal. The plan is there already. What an approved "
        "plan's goals aim at is not changed; what they have reached is."
    )
    order = 82
    model = Goal
    locked = LOCKED_AIMS
    plain = (
        "title",
        "side",
        "perspective",
        "measured_by",
        "metric",
        "baseline",
        "target",
        "actual",
        "weight",
        "due_on",
    )
    columns = (
        *_of_plan(Goal, "goal"),
        Column.of(Goal, "side", aliases=("whose",)),
        Column.of(Goal, "perspective"),
        Column.of(Goal, "measured_by", aliases=("measure",)),
        Column.of(Goal, "metric", aliases=("unit",), required=False),
        Column.of(Goal, "baseline", aliases=("from",)),
        Column.of(Goal, "target", aliases=("to",)),
        Column.of(Goal, "actual"),
        Column.of(Goal, "weight", least=0, most=100),
        Column.of(Goal, "due_on", aliases=("due", "until")),
    )

    def _stands_still(self, plan: AccountPlan, record: Record, stored: dict[Key, Stored]) -> bool:
        held = stored.get(record.key)
        aims = held is None or any(
            value is not KEEP
            and name not in GOALS_READ
            and name not in self.key
            and not self.same(name, held.values[name], value)
            for name, value in record.values.items()
        )
        return plan.status in (LOCKED_AIMS if aims else LOCKED_TEXT)

    def refuse_in(
        self, plan: AccountPlan, record: Record, stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        held = stored.get(record.key)
        measured = record.values.get("measured_by", KEEP)
        typed = record.values.get("actual", KEEP) not in (KEEP, None)
        if measured is KEEP:
            measured = None
            if held is not None and typed:
                measured = Goal.objects.values_list("measured_by", flat=True).get(pk=held.pk)
        measured = measured or Measure.HAND
        if measured != Measure.HAND and typed:
            yield record, "actual", _("nothing: the system measures this goal")
        metric = record.values.get("metric", KEEP)
        if measured == Measure.HAND and held is None and metric in (KEEP, None, ""):
            yield record, "metric", _("what is measured, and in which unit")

    def more(self, plan: AccountPlan, record: Record) -> dict[str, Any]:
        if record.values.get("metric", KEEP) in (KEEP, None, ""):
            measured = record.values.get("measured_by", KEEP)
            if measured not in (KEEP, None, Measure.HAND):
                return {"metric": str(Measure(measured).label)}
        return {}


@register
class Activities(OfPlans):
    """Activities of plans, known by their title."""

    name = "activities"
    label = gettext_lazy("Activities")
    help = gettext_lazy(
        "One row for each account, fiscal year and activity. The plan is there already, and so is the "
        "goal that a row names by its title. The responsible person must see the account."
    )
    order = 84
    model = Activity
    locked = LOCKED_ACTIVITIES
    plain = (
        "title",
        "reason",
        "side",
        "starts_on",
        "due_on",
        "status",
        "done_on",
        "effort_hours",
        "cost",
    )
    columns = (
        *_of_plan(Activity, "activity"),
        Column.of(Activity, "reason", aliases=("why",)),
        Column.of(Activity, "side", aliases=("whose",)),
        Column("goal", gettext_lazy("goal"), path="goal__title", null=True, max_length=200),
        Column.of(Activity, "contact", reference=CONTACTS, aliases=("with whom",)),
        Column.of(Activity, "responsible", reference=PEOPLE, aliases=("owner", "who")),
        Column.of(Activity, "starts_on", aliases=("start",)),
        Column.of(Activity, "due_on", aliases=("due", "until")),
        Column.of(Activity, "status"),
        Column.of(Activity, "done_on"),
        Column.of(Activity, "effort_hours", aliases=("effort", "hours")),
        Column.of(Activity, "cost"),
    )

    def __init__(self, user: Any = None) -> None:
        super().__init__(user)
        self._goals: dict[int, dict[str, int]] = {}  # plan → title (folded) → goal
        self._seeing: dict[int, set[int]] = {}  # account → who sees it

    def same(self, name: str, stored: Any, wanted: Any) -> bool:
        if name == "goal" and isinstance(stored, str) and isinstance(wanted, str):
            return stored.lower() == wanted.lower()
        return super().same(name, stored, wanted)

    def _goal(self, plan: AccountPlan, title: str) -> int | None:
        if plan.pk not in self._goals:
            rows = plan.goals.active().values_list("title", "pk")  # type: ignore[attr-defined]
            self._goals[plan.pk] = {name.lower(): pk for name, pk in rows}
        return self._goals[plan.pk].get(title.lower())

    def _sees(self, plan: AccountPlan, person: int) -> bool:
        if plan.account_id not in self._seeing:
            people = people_who_see(plan.account).values_list("pk", flat=True)
            self._seeing[plan.account_id] = set(people)
        return person in self._seeing[plan.account_id]

    def refuse_in(
        self, plan: AccountPlan, record: Record, stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        values = record.values
        title = values.get("goal", KEEP)
        if title not in (KEEP, None, "") and self._goal(plan, title) is None:
            yield record, "goal", _("the title of a goal of this plan")
        person = record.ids.get("responsible")
        if person and not self._sees(plan, person):
            yield record, "responsible", _("somebody who sees this account")
        contact = record.ids.get("contact")
        if (
            contact
            and not Contact.objects.filter(
                pk=contact, account__path__overlap=[plan.account.path[0]]
            ).exists()
        ):
            yield record, "contact", _("a contact of this account or its group")
        held = stored.get(record.key)

        def told(name: str) -> Any:
            value = values.get(name, KEEP)
            return (held.values.get(name) if held else None) if value is KEEP else value

        if told("starts_on") and told("due_on") and told("starts_on") > told("due_on"):
            yield record, "starts_on", _("a day before it is due")

    def more(self, plan: AccountPlan, record: Record) -> dict[str, Any]:
        values = record.values
        found: dict[str, Any] = {}
        if values.get("goal", KEEP) is not KEEP:
            found["goal_id"] = self._goal(plan, values["goal"]) if values["goal"] else None
        for name in ("contact", "responsible"):
            if values.get(name, KEEP) is not KEEP:
                found[f"{name}_id"] = record.ids.get(name)
        status = values.get("status", KEEP)
        if status is not KEEP and values.get("done_on", KEEP) in (KEEP, None):
            done = status == Activity.Status.DONE
            day = values.get("due_on", KEEP)
            today = company_today()
            day = today if day in (KEEP, None) else min(day, today)
            found["done_on"] = day if done else None
        return found

    def _touched(self, name: str, fields: list[str]) -> bool:
        if name == "done_on":
            return "status" in fields or "done_on" in fields
        return name.removesuffix("_id") in fields

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        self._goals.clear()
        super().create([_without(record, "done_on") for record in records], batch)

    def change(self, changes: list[Change], batch: ImportBatch) -> None:
        self._goals.clear()
        super().change(changes, batch)


def _without(record: Record, name: str) -> Record:
    """A record whose day of being done is left to the status where the file says none."""
    if record.values.get(name, KEEP) in (KEEP, None):
        record.values.pop(name, None)
    return record


@after_import("plans", "goals", "activities")
def refresh_plans(batch: ImportBatch) -> None:
    """Roll-ups and counts are right at once."""
    refresh_portfolios()
