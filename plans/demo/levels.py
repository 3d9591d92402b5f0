"""The demo company's plans above the accounts: company, teams, KAMs; targets shared out in all states;
twelve months of forecasts that were kept, each KAM with a bias of their own."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from accounts.models import SalesFact
from kam.audit import source
from kam.models import Team, User
from kam.periods import add_months, company_year, month_of
from plans import rollups
from plans.demo.customers import rng
from plans.models import AccountPlan, CascadeShare, KeptForecast, LevelPlan, Measure
from plans.rollup_scope import scope_of
from plans.services import cascades, levels
from plans.services.forecasts import LEADS, keep_forecasts, refresh_outcomes
from plans.views.levels.cascade import parts_for, preview

Basis = CascadeShare.Basis
COMPANY = {
    "summary": "Grow with the customers that we serve best: service and spare parts before new "
    "machines, and fewer, larger plans.",
    "priorities": "1. **Key accounts first**: a plan that the customer has seen by the end of March.\n"
    "2. **Service agreements** in every account with more than three machines.\n"
    "3. **Margin before volume** where we stand alone.",
    "resources": "One more service engineer in Denmark from May. Bid support for tenders above 500,000.",
    "gap_argument": "The account plans hold less than the budget. The rest is to come from the "
    "agreements that are negotiated now; we look at it again in June.",
}
TEAM = {
    "summary": "Defend the large accounts, and win back what went to others last year.",
    "priorities": "- Visit each key account's management twice\n- One joint plan per KAM",
    "resources": "Two days a week of product support; the shared bid desk.",
}
KAM = {
    "summary": "Three accounts decide the year; the others are looked after by telephone.",
    "priorities": "- Agree the savings of the two largest with their plant managers\n"
    "- Introduce the service lead everywhere",
    "resources": "Half of my time for the two largest accounts.",
}
ARGUMENTS = (
    "Two of our yards close in summer: a tenth less is what we can stand for.",
    "The largest customer has frozen its investments until autumn.",
    "Last year held one order that does not come again.",
)


def make_levels(people: dict[str, User], today: date) -> None:
    """Plans of the levels with goals and shares, and the forecasts of the past months."""
    year = company_year().year
    management = people["management"]
    with source("command", user=management.pk):
        company = _plan("company", year, COMPANY, management, Decimal("1.06"))
        _goals(company)
        _share_out(company, management, Basis.LAST_YEAR)
        _answer(company)
    for team in Team.objects.active().order_by("path"):
        if team.leader is None:
            continue
        with source("command", user=team.leader.pk):
            plan = _plan("team", year, TEAM, management, Decimal("1.03"), team=team)
            _goals(plan)
            _share_out(plan, team.leader, Basis.POTENTIAL)
            _answer(plan)
    kam = people["kam"]
    with source("command", user=kam.pk):
        plan = _plan("kam", year, KAM, management, Decimal("1.04"), owner=kam)
        _goals(plan)
        _share_out(plan, kam, Basis.LAST_YEAR)
        _answer(plan)
    with source("task"):
        _keep_the_past(today)
        keep_forecasts(today)
        refresh_outcomes(today)


def _plan(
    level: str, year: int, texts: dict[str, str], reader: User, factor: Decimal,
    *, owner: User | None = None, team: Team | None = None,
) -> LevelPlan:  # fmt: skip
    """A plan with a target above what the account plans hold, where no share has set one."""
    plan = levels.create_level_plan(level, year, owner=owner, team=team)
    changes: dict[str, object] = dict(texts)
    if plan.revenue is None:
        pk = owner.pk if owner else team.pk if team else None
        _accounts, owners = scope_of(reader).accounts_of(level, pk)
        fiscal = company_year(year)
        figures, _sheet = rollups.sums(owners, fiscal, fiscal.first, unowned=level == "company")
        changes["revenue"] = _rounded(figures.year.target * factor)
        changes["margin"] = _rounded(figures.year.target_margin * factor)
    return levels.change_level_plan(plan, changes, base_version=None)


def _rounded(amount: Decimal) -> Decimal:
    return (amount / 1000).quantize(Decimal(1), ROUND_HALF_UP) * 1000


def _goals(plan: LevelPlan) -> None:
    end = date(plan.year, 12, 31)
    for title, measure, metric, perspective, target, actual in (
        ("Revenue of the year", Measure.REVENUE, "company currency", "finance", plan.revenue, None),
        ("Earn more on each sale", Measure.MARGIN_SHARE, "% of revenue", "finance", 35, None),
        ("Customers content", Measure.SATISFACTION, "1–5, as judged", "customer", "4.5", None),
        ("Joint plans signed", Measure.HAND, "plans", "process", 12, 5),
        ("KAMs certified in negotiation", Measure.HAND, "people", "learning", 8, 3),
    ):
        levels.add_level_goal(
            plan, title=title, measured_by=measure, metric=metric, perspective=perspective,
            target=None if target is None else Decimal(target),
            actual=None if actual is None else Decimal(actual), due_on=end,
        )  # fmt: skip


def _share_out(plan: LevelPlan, by: User, basis: str) -> None:
    lines = preview(plan, parts_for(plan, by, basis), basis, [], None)
    proposals = [cascades.Proposal(line.part.key, line.proposed, basis) for line in lines]
    if plan.revenue and sum(p.revenue for p in proposals) == plan.revenue:
        cascades.propose(plan, proposals, by)


def _answer(plan: LevelPlan) -> None:
    """Of every five shares three are accepted, one is argued against, one waits."""
    shares = plan.shares.active().filter(state=CascadeShare.State.PROPOSED).order_by("-revenue")
    for at, share in enumerate(shares.select_related("team", "owner", "account")):
        person = cascades.recipient(share)
        if person is None or at % 5 == 4:
            continue
        with source("command", user=person.pk):
            if at % 5 == 1:
                chance = rng("argument", plan.level, cascades.part_name(share))
                cascades.argue(share, person, chance.choice(ARGUMENTS))
            else:
                cascades.accept(share, person)


def _keep_the_past(today: date) -> None:
    """What was forecast for the last twelve months, one and three months ahead.

    Made from what came: each KAM is too hopeful or too careful in their own measure, and less sure
    further ahead.
    """
    this_month = month_of(today)
    planned = set(AccountPlan.objects.active().values_list("account", flat=True))
    sold = (
        SalesFact.objects.filter(
            account__in=planned, month__gte=add_months(this_month, -12), month__lt=this_month,
            account__archived_at__isnull=True,
        )
        .order_by("account", "month", "currency")
        .values_list("account", "account__name", "account__owner", "account__owner__email", "month",
                     "currency")
        .annotate(revenue=Sum("revenue"))
    )  # fmt: skip
    biases: dict[str, float] = {}
    rows: dict[tuple, KeptForecast] = {}
    for account, name, owner, email, month, currency, revenue in sold:
        bias = biases.setdefault(email or "", rng("bias", email or "").uniform(-0.08, 0.14))
        for lead in LEADS:
            chance = rng("forecast", name, month.isoformat(), lead)
            factor = Decimal(str(round(1 + bias + chance.gauss(0, 0.05 + 0.04 * lead), 4)))
            rows.setdefault(
                (account, month, lead),
                KeptForecast(
                    account_id=account, owner_id=owner, month=month, currency=currency,
                    kept_on=add_months(month, -lead), typed=chance.random() < 0.7,
                    forecast=max(Decimal(0), (revenue * factor).quantize(Decimal(1))),
                ),
            )  # fmt: skip
    KeptForecast.objects.bulk_create(rows.values(), batch_size=2000)
