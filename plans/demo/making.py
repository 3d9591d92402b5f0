"""Writes the demo company through the services, each change in the name of who would make it."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import services as customers
from accounts.models import Account, Contact, Industry, Product, ProductLine
from kam import services as foundation
from kam.audit import source
from kam.models import Company, ImportBatch, Notification, Role, SavedView, Team, User
from kam.periods import add_months, company_today, company_year, month_of
from kam.running import DEMO_PASSWORD, DEMO_PEOPLE
from plans.demo import company as ours
from plans.demo import names, planning, sales
from plans.demo.customers import AccountSeed, accounts
from plans.demo.levels import make_levels
from plans.demo.library import make_library
from plans.demo.meetings import make_meetings
from plans.demo.reviews import make_reviews
from plans.demo.sections import amend_some, let_texts_age, write_more
from plans.demo.sharing import share_one
from plans.demo.work import make_work, scored
from plans.models import AccountPlan, Activity, SentReport
from plans.services import activities, goals, lifecycle, sections, targets
from plans.services.plans import change_plan, create_plan
from plans.services.portfolios import one_refresh_for_all, refresh_portfolios
from plans.services.templates import install_templates
from portfolio.demo.making import make_portfolio

#: Tables that are not the installation's data but its own bookkeeping.
KEPT = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "kam_taskrun")

Say = Callable[[str], None]


class NotTheDemoError(RuntimeError):
    """The database holds somebody's own data; the message says so."""


def is_demo() -> bool:
    """Whether the people here are the demo company's."""
    emails = {f"{key}@example.com" for key in DEMO_PEOPLE}
    return User.objects.filter(email__in=emails).count() == len(emails)


@transaction.atomic
def make(*, say: Say, reset: bool = False, today: date | None = None) -> None:
    """Makes the demo company, all or nothing. ``reset`` first takes away what is there.

    Raises ``NotTheDemoError`` where ``reset`` would take away anything but a demo company.
    """
    if reset and User.objects.exists():
        if not is_demo():
            raise NotTheDemoError(
                "The people here are not the demo company's: nothing was changed."
            )
        say("Taking the old demo company away …")
        empty()
    with Company.read_once():
        Making(today or company_today(), say).everything()


def empty() -> None:
    """Takes all rows and kept files away."""
    for batch in ImportBatch.objects.exclude(file=""):
        transaction.on_commit(partial(batch.file.storage.delete, str(batch.file.name)))
    for report in SentReport.objects.all():
        transaction.on_commit(partial(report.file.storage.delete, str(report.file.name)))
    tables = [name for name in connection.introspection.table_names() if name not in KEPT]
    quoted = ", ".join(connection.ops.quote_name(name) for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE")


class Making:
    """One run: what was made so far, by the key under which the generator knows it."""

    def __init__(self, today: date, say: Say) -> None:
        self.today = today
        self.say = say
        self.people: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.lines: dict[str, ProductLine] = {}
        self.products: dict[str, Product] = {}
        self.accounts: dict[str, Account] = {}
        self.contacts: dict[tuple[str, str], Contact] = {}
        self.seeds = accounts(today)

    def everything(self) -> None:
        self.say("People and products …")
        with source("command"):
            self.make_company()
            self.make_people()
        with source("command", user=self.people["admin"].pk):
            self.make_products()
            install_templates()
            self.say(f"{len(self.seeds)} accounts …")
            self.make_accounts()
        self.make_contacts()
        self.say("36 months of sales …")
        self.record_sales()
        self.year = company_year().year
        seeds = planning.plans(self.seeds, self.year, self.today)
        self.say(f"{len(seeds)} account plans …")
        with one_refresh_for_all():
            for seed in seeds:
                self.make_plan(seed)
            amend_some(self)
        let_texts_age(self)
        share_one(self)
        self.make_substitutions()
        self.save_views()
        self.read_old_messages()
        self.say("Figures …")
        # Within this transaction: nothing is left for the hooks that run after the commit.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        customers.refresh_account_years()
        refresh_portfolios()
        self.say("Criteria, judgements, hours, a year of scores, nominations …")
        make_portfolio(self.today)
        make_reviews(self.people["kam"], self.people["leader"], self.today)
        make_meetings(self.people["kam"], self.today)
        customers.refresh_account_years()
        refresh_portfolios()
        make_levels(self.people, self.today)
        make_library(self.people["kam"])

    # --- our own side -----------------------------------------------------------------------------
    def make_company(self) -> None:
        company, _created = Company.objects.get_or_create(pk=1)
        foundation.change_company(
            company,
            {"name": ours.NAME, "currency": ours.CURRENCY, "accent": ours.ACCENT},
            base_version=None,
        )
        present = self.today.year
        for year in range(present - 3, present + 2):
            foundation.set_rates(year, ours.rates_of(year - present), "Group finance, budget")

    def make_people(self) -> None:
        password = make_password(DEMO_PASSWORD)
        for seed in ours.TEAMS:
            self.teams[seed.key] = foundation.form_team(
                name=seed.name, parent=self.teams.get(seed.parent)
            )
        for person in ours.PEOPLE:
            self.people[person.key] = foundation.enter_person(
                email=person.email,
                name=person.name,
                title=person.title,
                role=person.role,
                team=self.teams.get(person.team),
                timezone=person.timezone,
                mail=User.MailWish.NONE,  # nobody reads mail at example.com
            )
        User.objects.exclude(role=Role.SERVICE).update(password=password)
        for seed in ours.TEAMS:
            foundation.change_team(
                self.teams[seed.key], {"leader": self.people[seed.leader]}, base_version=None
            )

    def make_products(self) -> None:
        for name, above in ours.LINES.items():
            self.lines[name] = customers.create_entry(
                ProductLine(name=name, parent=self.lines.get(above))
            )
        for seed in ours.PRODUCTS:
            self.products[seed.number] = customers.create_entry(
                Product(
                    name=seed.name,
                    number=seed.number,
                    line=self.lines[seed.line],
                    unit=seed.unit,
                    list_price=Decimal(seed.price),
                )
            )

    # --- customers --------------------------------------------------------------------------------
    def make_accounts(self) -> None:
        industries = {
            name: customers.create_entry(Industry(name=name)) for name in sorted(names.TRADES)
        }
        waiting = list(self.seeds)
        by_name: dict[str, Account] = {}
        while waiting:
            ready = [seed for seed in waiting if not seed.parent or seed.parent in by_name]
            for seed in ready:
                account = customers.create_account(
                    name=seed.name,
                    number=seed.number,
                    parent=by_name.get(seed.parent),
                    level=seed.level,
                    type=seed.type,
                    lifecycle=seed.lifecycle,
                    is_key_account=seed.is_key,
                    industry=industries[seed.industry],
                    country=seed.country,
                    employees=seed.employees,
                    customer_revenue=seed.customer_revenue,
                    founded=seed.founded,
                    website=seed.website,
                    currency=seed.currency,
                    description=seed.description,
                )
                by_name[seed.name] = self.accounts[seed.number] = account
            waiting = [seed for seed in waiting if seed not in ready]
        for kam in ours.KAMS:
            own = [seed.number for seed in self.seeds if seed.owner == kam.key]
            customers.change_accounts(
                Account.objects.filter(number__in=own), {"owner": self.people[kam.key]}
            )
        for seed in self.seeds:
            account = self.accounts[seed.number]
            account.refresh_from_db()
            for seat in seed.seats:
                customers.add_seat(
                    account, self.people[seat.person], seat.function, may_edit=seat.may_edit
                )

    def make_contacts(self) -> None:
        for seed in self.seeds:
            with source("command", user=self._keeper(seed).pk):
                made: list[Contact] = []
                for person in seed.contacts:
                    contact = customers.create_contact(
                        self.accounts[seed.number],
                        name=person.name,
                        title=person.title,
                        email=person.email,
                        phone=person.phone,
                        dmu_role=person.dmu_role,
                        influence=person.influence,
                        attitude=person.attitude,
                        coverage=person.coverage,
                        parent=None if person.reports_to is None else made[person.reports_to],
                        holder=self.people.get(person.holder),
                        last_contact_on=person.last_contact_on,
                    )
                    made.append(contact)
                    self.contacts[seed.number, person.dmu_role] = contact

    def _keeper(self, seed: AccountSeed) -> User:
        return self.people[seed.owner or "admin"]

    def record_sales(self) -> None:
        """One batch per year, each with its file, as the ERP system would send it."""
        by_year: dict[int, list[sales.Fact]] = {}
        for seed in self.seeds:
            for fact in sales.facts(seed, self.today):
                by_year.setdefault(fact.month.year, []).append(fact)
        for year, facts in sorted(by_year.items()):
            content = _as_csv(facts)
            batch = ImportBatch(
                resource="sales_facts",
                file_name=f"sales-{year}.csv",
                digest=hashlib.sha256(content).hexdigest(),
                created_by=self.people["erp"],
            )
            batch.file.save(batch.file_name, ContentFile(content), save=True)
            with source("command", user=self.people["erp"].pk, batch=batch.pk):
                customers.record_sales_facts(
                    (
                        {
                            "account": self.accounts[fact.account],
                            "product": self.products[fact.product],
                            "month": fact.month,
                            "currency": fact.currency,
                            "revenue": fact.revenue,
                            "cost": fact.cost,
                            "volume": fact.volume,
                        }
                        for fact in facts
                    ),
                    batch,
                )

    # --- plans ------------------------------------------------------------------------------------
    def write_texts(self, plan: AccountPlan, texts: dict[str, str]) -> AccountPlan:
        """The summary, and each text into its section where the plan has it."""
        for section in plan.sections.all():
            if section.kind in texts:
                sections.change_section(section, {"body": texts[section.kind]}, base_version=None)
        return change_plan(plan, {"summary": texts.get("summary", "")}, base_version=None)

    def make_plan(self, seed: planning.PlanSeed) -> None:
        account = self.accounts[seed.account.number]
        kam = self.people[seed.account.owner]
        with source("command", user=kam.pk):
            plan = create_plan(account, seed.year, growth=seed.growth)
            plan = self.write_texts(plan, seed.texts)
            if seed.status != "draft":
                write_more(self, plan)
            made = [
                goals.add_goal(
                    plan,
                    side=goal.side,
                    title=goal.title,
                    metric=goal.metric,
                    baseline=goal.baseline,
                    target=goal.target,
                    actual=goal.actual,
                    due_on=goal.due_on,
                    **scored(plan, at),
                )
                for at, goal in enumerate(seed.goals)
            ]
            for activity in seed.activities:
                self.add_activity(plan, seed, activity, made)
            make_work(self, plan, made, key=seed.account.is_key)
            if seed.forecast is not None:
                self.forecast(plan, seed.forecast)
            if seed.status == "draft":
                return
            plan = lifecycle.submit(plan, kam)
        if seed.status == "submitted":
            return
        leader = lifecycle.deciders(plan)[0]
        with source("command", user=leader.pk):
            if seed.status == "returned":
                lifecycle.send_back(plan, leader, seed.note)
                return
            plan = lifecycle.approve(plan, leader, seed.note)
        if seed.status == "closed":
            with source("command", user=kam.pk):
                lifecycle.close(plan, kam)

    def add_activity(
        self,
        plan: AccountPlan,
        seed: planning.PlanSeed,
        activity: planning.ActivitySeed,
        made: list[Any],
    ) -> None:
        done = activity.status == Activity.Status.DONE
        activities.add_activity(
            plan,
            title=activity.title,
            reason=activity.reason,
            contact=self.contacts.get((seed.account.number, activity.contact)),
            responsible=self.people.get(activity.who),
            due_on=activity.due_on,
            status=activity.status,
            goal=None if activity.goal is None else made[activity.goal],
            **({"done_on": min(activity.due_on, self.today)} if done else {}),
        )

    def forecast(self, plan: AccountPlan, share: Decimal) -> None:
        """What the KAM expects of this month and the next two."""
        first = month_of(self.today)
        edits = [
            targets.CellEdit(
                target=month.target_id,
                month=month.month,
                value=(month.revenue * share).quantize(Decimal(1)),
                base_version=month.version,
            )
            for target in plan.targets.active()
            for month in target.months.filter(month__range=(first, add_months(first, 2)))
        ]
        targets.save_cells(plan, "forecast", edits)

    # --- what surrounds the work ------------------------------------------------------------------
    def make_substitutions(self) -> None:
        """Kari stands in for Ragnhild now; others were away or will be."""
        for absent, substitute, first, last, note in (
            ("ragnhild.bjornestad", "kam", -5, 16, "Parental leave, first part"),
            ("asa.lindhagen", "mattias.oberg", -2, 4, ""),
            ("leader", "lars-ake.sundhage", 20, 34, "Holiday"),
            ("kam", "oyvind.tangerud", 41, 55, "Holiday"),
            ("jukka.vaisalampi", "antti.kuusilehto", -60, -39, "Holiday"),
        ):
            with source("command", user=self.people[absent].pk):
                foundation.hand_over(
                    self.people[absent],
                    self.people[substitute],
                    starts_on=self.today + timedelta(days=first),
                    ends_on=self.today + timedelta(days=last),
                    note=note,
                )

    def save_views(self) -> None:
        for key, page, name, query in SAVED_VIEWS:
            SavedView.objects.create(user=self.people[key], page=page, name=name, query=query)

    def read_old_messages(self) -> None:
        """Messages about how the accounts were handed out, and of closed years, are old by now."""
        closed = AccountPlan.objects.filter(status=AccountPlan.Status.CLOSED)
        old = Q(kind="account")
        for plan in closed:
            old |= Q(url=plan.get_absolute_url())
        Notification.objects.filter(old).update(read_at=timezone.now())


#: Person, list, name, query.
SAVED_VIEWS = (
    ("kam", "accounts", "Key accounts by revenue", "is_key_account=yes&sort=-revenue"),
    ("kam", "accounts", "Norway, regional", "country=NO&level=regional"),
    ("leader", "accounts", "My team's key accounts", "is_key_account=yes&who=team&sort=-revenue"),
)


def _as_csv(facts: list[sales.Fact]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(sales.Fact.__slots__)
    writer.writerows([getattr(fact, name) for name in sales.Fact.__slots__] for fact in facts)
    return out.getvalue().encode()
