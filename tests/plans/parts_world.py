"""The parts of portfolios along all lines, computed in plain Python from the rows."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from accounts.models import Account, Industry, SalesFact
from kam.models import BudgetRate
from kam.periods import fiscal_year_of
from plans.models import AccountPlan, PortfolioPart
from portfolio.models import Segment, SegmentPlacement, SegmentScheme
from tests.plans.rollup_world import World, counted_targets

AMOUNTS = (
    "actual", "actual_margin", "target", "target_margin", "forecast", "closed_actual",
    "target_to_date",
)  # fmt: skip


def dress(world: World) -> None:
    """Industries, countries, levels and segments for some of the accounts."""
    industries = [Industry.objects.create(name=f"Industry {n}") for n in range(3)]
    schemes = [SegmentScheme.objects.create(name=f"Scheme {n}") for n in range(2)]
    segments = {
        s.pk: [Segment.objects.create(scheme=s, name=f"{n}", rank=n) for n in (1, 2)]
        for s in schemes
    }
    for account in world.accounts:
        account.industry = world.random.choice([*industries, None])
        account.country = world.random.choice(["NO", "SE", ""])
        account.level = world.random.choice(["regional", "national"])
        account.save()
        for scheme in schemes:
            if world.random.random() < 0.6:
                SegmentPlacement.objects.create(
                    account=account, scheme=scheme, first_night=date(2026, 1, 1),
                    segment=world.random.choice(segments[scheme.pk]),
                    last_night=world.random.choice([None, None, date(2026, 2, 1)]),
                )  # fmt: skip


def kinds() -> dict[int, dict[str, str]]:
    """What each living account is along each line, from the rows."""
    living = {a.pk: a for a in Account.objects.all() if a.archived_at is None}
    parents = dict(Account.objects.values_list("pk", "parent_id"))

    def top(pk):
        while parents[pk] is not None:
            pk = parents[pk]
        return pk

    with_children = {a.parent_id for a in living.values()}
    found = {}
    for pk, account in living.items():
        grouped = account.parent_id is not None or pk in with_children
        found[pk] = {
            "industry": str(account.industry_id or ""),
            "country": str(account.country),
            "level": account.level,
            "group": str(top(pk)) if grouped else "",
        }
        for scheme in SegmentScheme.objects.filter(archived_at=None):
            placed = SegmentPlacement.objects.filter(
                account=pk, scheme=scheme, last_night=None
            ).first()
            found[pk][f"segment-{scheme.pk}"] = str(placed.segment_id) if placed else ""
    return found


def expected_parts(start: int, this_month: date) -> dict[tuple, list]:
    """(owner, line, key, year, currency) → accounts, planned and the seven amounts.

    ``start`` is the fiscal year's first month; months before ``this_month`` are over.
    """
    of = kinds()
    owner = dict(Account.objects.values_list("pk", "owner_id"))
    rows: dict[tuple, list] = defaultdict(lambda: [0, 0] + [Decimal(0)] * 7)

    def add(account, product_line, year, currency, *amounts):
        for line, key in [*of[account].items(), ("product", str(product_line))]:
            row = rows[owner[account], line, key, year, currency]
            row[2:] = [held + amount for held, amount in zip(row[2:], amounts, strict=True)]

    for fact in SalesFact.objects.select_related("product"):
        if fact.account_id in of:
            over = fact.revenue if fact.month < this_month else Decimal(0)
            add(
                fact.account_id, fact.product.line_id, fiscal_year_of(fact.month, start).year,
                fact.currency, fact.revenue, fact.revenue - fact.cost, 0, 0, over, over, 0,
            )  # fmt: skip
    for month in counted_targets():
        if month.account in of:
            over = month.month < this_month
            add(
                month.account, month.line, fiscal_year_of(month.month, start).year, month.currency,
                0, 0, month.revenue, month.margin, 0 if over else month.expected, 0,
                month.revenue if over else 0,
            )  # fmt: skip
    for account, lines in of.items():
        for line, key in lines.items():
            rows[owner[account], line, key, 0, ""][0] += 1
    for plan in AccountPlan.objects.filter(archived_at=None, account__in=of):
        for line, key in of[plan.account_id].items():
            rows[owner[plan.account_id], line, key, plan.year, ""][1] += 1
    return dict(rows)


def expected_along(parts: dict[tuple, list], line: str, owners: set[int | None]) -> dict[str, list]:
    """key → accounts, planned, actual … target to date of 2026, actual of 2025, in EUR, from what
    ``expected_parts`` gave."""
    now, before = (
        {r.currency: r.rate for r in BudgetRate.objects.filter(year=year)} | {"EUR": Decimal(1)}
        for year in (2026, 2025)
    )
    found: dict[str, list] = defaultdict(lambda: [0, 0] + [Decimal(0)] * 8)
    for (owner, of_line, key, year, currency), values in parts.items():
        if of_line != line or owner not in owners or year not in (0, 2025, 2026):
            continue
        row = found[key]
        if currency == "":
            row[0] += values[0]
            row[1] += values[1] if year == 2026 else 0
        elif year == 2026 and currency in now:
            row[2:9] = [
                held + v * now[currency] for held, v in zip(row[2:9], values[2:], strict=True)
            ]
        elif year == 2025 and currency in before:
            row[9] += values[2] * before[currency]
    return found


def stored_parts() -> dict[tuple, list]:
    return {
        (p.owner_id, p.line, p.key, p.year, p.currency): [
            p.accounts, p.planned, *(getattr(p, name) for name in AMOUNTS),
        ]
        for p in PortfolioPart.objects.all()
    }  # fmt: skip
