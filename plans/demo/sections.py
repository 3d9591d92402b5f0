"""What the demo company's plans say in the sections that only key accounts have; how old it is; and
plans that were amended or wait for their year.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from kam.audit import source
from plans.demo.customers import rng
from plans.models import AccountPlan, Section
from plans.services import lifecycle, sections, targets

#: Kind → texts of which one is taken; {name} is the customer.
TEXTS: dict[str, tuple[str, ...]] = {
    "profile": (
        "{name} runs three sites in the Nordics and sells to the whole of Europe. Family-owned, careful "
        "with debt, proud of deliveries on time.",
        "{name} is listed and buys centrally since last year. Known for early use of new technology.",
    ),
    "results": (
        "Revenue has grown by 4 % a year; the result fell in the year of the rebuild and is back at 7 %.",
        "Two flat years. Energy took what better prices brought.",
    ),
    "team": (
        "We meet maintenance and purchasing. Nobody of us knows the chief financial officer yet.",
        "Well covered at the works, thin at headquarters: our sponsor has met the new managing director once.",
    ),
    "insight": (
        "The board decides on the expansion in March; the study is done by an outside engineer.",
        "Their largest customer asks for figures on energy per unit from next year.",
    ),
    "partners": ("Installation by a local contractor whom they trust; we quote together.",),
    "relation": (
        "Good at the works since the breakdown in winter. Above that, polite.",
        "They call us before they write the specification.",
    ),
    "history": ("Grew with the frame agreement; spare parts went to a trader two years ago.",),
    "satisfaction": (
        "**Deliveries** praised, **documents** late twice. One complaint is open.",
        "Satisfied with service; they find us dear in spare parts.",
    ),
    "swot": (
        "- *Strength*: our people on site\n- *Weakness*: no contact with finance\n"
        "- *Opportunity*: the rebuild\n- *Threat*: central purchasing abroad",
    ),
    "investment": (
        "Two hundred hours of engineering this year; to be earned back with the second line.",
    ),
    "meetings": (
        "- Strategic: managing directors, each half year\n- Tactical: purchasing, each quarter\n"
        "- Operational: maintenance, each month",
    ),
}
SOURCES = ("annual report", "meeting", "service visit", "trade press", "")


def write_more(making: Any, plan: AccountPlan) -> None:
    """Fills the sections of a plan that its own seed has no text for; a draft keeps some empty."""
    chance = rng("sections", plan.account.name, plan.year)
    for section in plan.sections.filter(body="", kind__in=TEXTS):
        if chance.random() < 0.25:
            continue
        body = chance.choice(TEXTS[section.kind]).format(name=plan.account.name)
        source_of = chance.choice(SOURCES)
        changes = {"body": body, "source": source_of}
        if source_of:
            changes["source_on"] = making.today - timedelta(days=chance.randint(5, 200))
        sections.change_section(section, changes, base_version=None)


def let_texts_age(making: Any) -> None:
    """Half of what was written was confirmed some time ago, some of it too long ago."""
    aged = []
    for section in Section.objects.exclude(body="").select_related("plan__account"):
        chance = rng("age", section.plan.account.name, section.plan.year, section.kind)
        if chance.random() < 0.5:
            section.confirmed_on = making.today - timedelta(days=chance.randint(10, 260))
            aged.append(section)
    Section.objects.bulk_update(aged, ["confirmed_on"], batch_size=500)


def amend_some(making: Any) -> None:
    """Kari has amended one plan (its second version is in force) and is amending another; a plan
    for the next year is approved and waits for its first day."""
    kari = making.people["kam"]
    mine = AccountPlan.objects.filter(
        account__owner=kari, year=making.year, status=AccountPlan.Status.ACTIVE
    ).order_by("account__name")
    for number, plan in enumerate(mine[1:3]):
        with source("command", user=kari.pk):
            plan = lifecycle.amend(plan, kari)
            for target in plan.targets.active()[:1]:
                _raise(target)
        if number == 0:
            leader = lifecycle.deciders(plan)[0]
            with source("command", user=kari.pk):
                plan = lifecycle.submit(plan, kari)
            with source("command", user=leader.pk):
                lifecycle.approve(plan, leader, "The second line justifies the higher target.")
    waiting = AccountPlan.objects.filter(
        year=making.year + 1, status=AccountPlan.Status.SUBMITTED
    ).exclude(account__owner=kari)
    for plan in waiting.order_by("account__name")[:1]:
        leader = lifecycle.deciders(plan)[0]
        with source("command", user=leader.pk):
            lifecycle.approve(plan, leader, "Good. Begin with the audit of the pumps in January.")


def _raise(target: Any) -> None:
    """Eight per cent more revenue over the year."""
    months = {month.month: month for month in target.months.all()}
    total = sum((month.revenue for month in months.values()), Decimal(0))
    versions = [
        months[m].version if m in months else 0 for m in targets.plan_year(target.plan).months()
    ]
    targets.set_total(target, "revenue", (total * Decimal("1.08")).quantize(Decimal(1)), versions)
