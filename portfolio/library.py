"""Ready criteria to choose from; a version takes them over and may then say it otherwise.

Each has its code (the same in every version, so that judgements stay valid), the score it speaks
for, and how a fact becomes a value. Measured ones name a measure of ``portfolio.measures``; judged
ones say what 1, 3 and 5 mean and where the evidence is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from portfolio.models import Axis, Criterion

Kind = Criterion.Kind
Function = Criterion.Function
Direction = Criterion.Direction
Missing = Criterion.Missing


@dataclass(frozen=True, slots=True)
class Ready:
    """A criterion of the library. ``worst`` and ``best`` are in the measure's unit.

    ``floors`` and ``values`` are those of bands; ``default`` (0–100) stands in for a missing fact,
    which is left out where there is none.
    """

    code: str
    name: Any
    axis: str
    group: Any
    guidance: Any
    measure: str = ""
    direction: str = Direction.UP
    function: str = Function.LINEAR
    worst: Decimal | None = None
    best: Decimal | None = None
    floors: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    default: Decimal | None = None

    @property
    def kind(self) -> str:
        return Kind.MEASURED if self.measure else Kind.JUDGED

    @property
    def kind_label(self) -> Any:
        return Kind(self.kind).label

    def fields(self) -> dict[str, Any]:
        """What a criterion of a version begins with, in the reader's language."""
        return {
            "code": self.code,
            "name": str(self.name),
            "guidance": str(self.guidance),
            "kind": self.kind,
            "measure": self.measure,
            "direction": self.direction,
            "function": self.function,
            "worst": self.worst,
            "best": self.best,
            "band_floors": [Decimal(n) for n in self.floors],
            "band_values": [Decimal(n) for n in self.values],
            "missing": Missing.EXCLUDE if self.default is None else Missing.DEFAULT,
            "default_value": self.default,
        }


def _ranked(
    code: str, name: Any, axis: str, group: Any, guidance: Any, measure: str, **more: Any
) -> Ready:
    return Ready(code, name, axis, group, guidance, measure, function=Function.PERCENTILE, **more)


def _scaled(
    code: str,
    name: Any,
    axis: str,
    group: Any,
    guidance: Any,
    measure: str,
    worst: int,
    best: int,
) -> Ready:
    return Ready(
        code,
        name,
        axis,
        group,
        guidance,
        measure,
        direction=Direction.UP if best > worst else Direction.DOWN,
        worst=Decimal(worst),
        best=Decimal(best),
    )


_RESULT, _BUYING = _("What the account earns us"), _("How it buys and pays")
_ROOM, _CHANCE, _FIT = _("Room to grow"), _("Chance to win it"), _("Fit with us")
_STRATEGY, _LEARNING = _("Our strategy"), _("What we learn and show")
_TIE, _HISTORY = _("The people"), _("The history")
_IMPROVEMENT = _("What can be improved")
_THEIR_PROFIT, _SUPPLY = _("What we mean to their result"), _("What binds them to us")

READY: Sequence[Ready] = (
    # --- profitability ----------------------------------------------------------------------------
    _ranked(
        "contribution", _("Contribution"), Axis.PROFITABILITY, _RESULT,
        _("Net revenue less cost of goods and cost to serve, last twelve closed months. The account is ranked among all accounts."),
        "contribution_12m",
    ),
    _scaled(
        "contribution_margin", _("Contribution margin"), Axis.PROFITABILITY, _RESULT,
        _("Contribution as a share of net revenue. 0 % counts nothing, 40 % and more counts fully; set the ends to what is good in your trade."),
        "contribution_margin", 0, 40,
    ),
    _ranked(
        "size", _("Size: revenue with us"), Axis.PROFITABILITY, _RESULT,
        _("Net revenue of the last twelve closed months, ranked among all accounts. A large account is not yet a key account: give size a modest weight."),
        "revenue_12m",
    ),
    _ranked(
        "return_per_hour", _("Return on our time"), Axis.PROFITABILITY, _RESULT,
        _("Contribution for each hour spent on the account, ranked among all accounts with hours."),
        "return_per_hour",
    ),
    _ranked(
        "hours", _("Time that the account takes"), Axis.PROFITABILITY, _BUYING,
        _("Hours spent on the account in twelve months, ranked: the fewer, the better."),
        "hours_12m", direction=Direction.DOWN,
    ),
    Ready(
        "payment_reliability", _("Payment reliability"), Axis.PROFITABILITY, _BUYING,
        _("1: often overdue, credit limit reached, disputes about invoices. 3: pays late now and then, after a reminder. 5: always on time. Evidence: receivables, credit check."),
    ),
    Ready(
        "buyer_type", _("Price, technology or service buyer"), Axis.PROFITABILITY, _BUYING,
        _("1: buys on price alone. 3: buys on technology, price decides between equals. 5: buys service and total cost, and pays for it. Evidence: the last tenders and negotiations."),
    ),
    Ready(
        "centralisation", _("Centralisation of buying"), Axis.PROFITABILITY, _BUYING,
        _("1: every site buys by itself. 3: central contract, sites call off as they like. 5: one central buyer decides for all sites. Evidence: their purchasing organisation, the contract."),
    ),
    # --- potential --------------------------------------------------------------------------------
    _ranked(
        "attainable", _("Potential: attainable revenue"), Axis.POTENTIAL, _ROOM,
        _("What we could sell in a year, by product line, from the wallet and potential entered on the account; ranked among all accounts."),
        "attainable_revenue",
    ),
    _ranked(
        "white_space", _("White space"), Axis.POTENTIAL, _ROOM,
        _("The part of the account's yearly purchases in our categories that is not yet ours, ranked among all accounts."),
        "white_space",
    ),
    _scaled(
        "share_of_wallet", _("Share of wallet still to win"), Axis.POTENTIAL, _ROOM,
        _("Our share of the account's purchases in our categories. The smaller it is, the more there is to win: 100 % counts nothing, 0 % fully."),
        "share_of_wallet", 100, 0,
    ),
    _scaled(
        "growth", _("Growth with us"), Axis.POTENTIAL, _ROOM,
        _("Revenue of the last twelve closed months against the twelve before. −10 % counts nothing, +20 % fully."),
        "growth", -10, 20,
    ),
    _scaled(
        "penetration", _("Product lines not yet bought"), Axis.POTENTIAL, _ROOM,
        _("Product lines bought of those that we offer. The fewer, the more room for cross-selling: 100 % counts nothing, 0 % fully."),
        "penetration", 100, 0,
    ),
    Ready(
        "lines_bought", _("Breadth of purchases"), Axis.POTENTIAL, _ROOM,
        _("How many of our product lines the account bought in twelve months: from one 25, from two 50, from three 75, from five 100."),
        "lines_bought", function=Function.BANDS, floors=(1, 2, 3, 5), values=(25, 50, 75, 100),
    ),
    _ranked(
        "employees", _("Employees"), Axis.POTENTIAL, _ROOM,
        _("Number of employees from the account's record, ranked among all accounts: a rough measure of need where no wallet is known."),
        "employees",
    ),
    _ranked(
        "customer_revenue", _("Customer's own revenue"), Axis.POTENTIAL, _ROOM,
        _("The customer's own yearly revenue from the account's record, ranked among all accounts."),
        "customer_revenue",
    ),
    Ready(
        "growth_expected", _("The customer's growth"), Axis.POTENTIAL, _CHANCE,
        _("1: their market shrinks. 3: grows with the economy. 5: invests, opens sites, gains share. Evidence: annual report, investment plans, market insight."),
    ),
    Ready(
        "needs", _("Needs that we can solve"), Axis.POTENTIAL, _CHANCE,
        _("1: no need that we know of. 3: needs known, one of our solutions fits. 5: several needs with consequences that the customer has agreed to, and we can solve them. Evidence: needs in the account plan."),
    ),
    Ready(
        "resale", _("Likelihood of resale"), Axis.POTENTIAL, _CHANCE,
        _("1: one-off purchase. 3: buys again, each time in competition. 5: standing contract or regular call-offs. Evidence: contract, purchase pattern."),
    ),
    Ready(
        "upsell", _("Likelihood of upsell"), Axis.POTENTIAL, _CHANCE,
        _("1: buys what they always bought. 3: open to more, no project yet. 5: a project for more or better with budget and date. Evidence: opportunities, meeting notes."),
    ),
    Ready(
        "win_expand", _("Win now, expand later"), Axis.POTENTIAL, _CHANCE,
        _("1: no way in. 3: a first order is possible within a year. 5: a first order is close, and their other sites or lines can follow. Evidence: opportunities, their group structure."),
    ),
    Ready(
        "effort", _("Effort needed to make progress"), Axis.POTENTIAL, _CHANCE,
        _("1: little, the next steps are agreed. 3: several months with a specialist. 5: years, or investment of our own before the first order. Less is better. Evidence: the account plan's activities."),
        direction=Direction.DOWN,
    ),
    Ready(
        "fit_offer", _("Fit of our offer"), Axis.POTENTIAL, _FIT,
        _("1: we would have to adapt much. 3: standard products cover half of the need. 5: our whole offer fits as it is. Evidence: needs against our product lines."),
    ),
    Ready(
        "fit_culture", _("Fit of culture"), Axis.POTENTIAL, _FIT,
        _("1: we work in opposite ways. 3: some friction between the units. 5: same way to work, plan and solve problems. Evidence: the account team's experience."),
    ),
    Ready(
        "fit_industry", _("Fit of industry"), Axis.POTENTIAL, _FIT,
        _("1: an industry that we do not know. 3: some references. 5: one of our chosen industries, with references and specialists. Evidence: the strategy's list of industries."),
    ),
    Ready(
        "relationship_preference", _("Relationship preferences"), Axis.POTENTIAL, _FIT,
        _("1: wants transactions only, keeps suppliers at a distance. 3: wants a steady contact. 5: wants a partnership and joint planning. Evidence: what they said, how they treat other suppliers."),
    ),
    Ready(
        "geography", _("Geography"), Axis.POTENTIAL, _FIT,
        _("1: far from our sales and service. 3: within reach, some sites are not. 5: their sites lie where we sell and serve. Evidence: the account's sites."),
    ),
    # --- strategic importance ---------------------------------------------------------------------
    Ready(
        "strategic_importance", _("Strategic importance"), Axis.STRATEGIC, _STRATEGY,
        _("1: without it our strategy changes nothing. 3: supports one of our strategic aims. 5: we do not reach an aim without it. Evidence: the business strategy, by name of the aim."),
    ),
    Ready(
        "industry", _("Industry of the future"), Axis.STRATEGIC, _STRATEGY,
        _("1: an industry that we leave. 3: one that we keep. 5: one that we have chosen to grow in. Evidence: the strategy's list of industries."),
    ),
    Ready(
        "market_position", _("Reach in the market"), Axis.STRATEGIC, _STRATEGY,
        _("1: follows others. 3: known in its region. 5: sets standards that others follow. Evidence: market insight."),
    ),
    Ready(
        "logo", _("Image of the logo"), Axis.STRATEGIC, _LEARNING,
        _("1: an unknown name, or one that we would not show. 3: a good name in its region. 5: a name that opens doors, and a reference that we may use. Evidence: reference agreement, press."),
    ),
    Ready(
        "innovation", _("Openness to innovation"), Axis.STRATEGIC, _LEARNING,
        _("1: wants what is proven. 3: tries what others have tried. 5: develops and tests with us. Evidence: joint projects."),
    ),
    # --- strength of the relation -----------------------------------------------------------------
    Ready(
        "relation", _("Strength of the relation"), Axis.RELATION, _TIE,
        _("1: one contact, seldom met. 3: several contacts, none who decides. 5: contacts at every level, deciders among them who speak for us. Evidence: contacts and decision-making unit."),
    ),
    Ready(
        "satisfaction", _("Satisfaction"), Axis.RELATION, _TIE,
        _("1: open complaints, says so. 3: content. 5: recommends us to others. Evidence: survey, complaints, references."),
    ),
    Ready(
        "loyalty", _("Loyalty"), Axis.RELATION, _HISTORY,
        _("1: changes supplier for any better price. 3: stays when we match others. 5: stays and gives us the first chance. Evidence: tenders won and lost."),
    ),
    _scaled(
        "years_customer", _("Years as a customer"), Axis.RELATION, _HISTORY,
        _("Years since the first sale that we know of. Ten years and more count fully."),
        "years_customer", 0, 10,
    ),
    _scaled(
        "months_bought", _("Regularity of purchases"), Axis.RELATION, _HISTORY,
        _("Months with purchases, of the last twelve. Every month counts fully."),
        "months_bought", 0, 12,
    ),
    # --- improvement potential --------------------------------------------------------------------
    _ranked(
        "improvement_potential", _("Improvement potential"), Axis.IMPROVEMENT, _IMPROVEMENT,
        _("Attainable less present revenue, weighted by chance, from the wallet and potential entered on the account; ranked among all accounts."),
        "improvement_potential",
    ),
    Ready(
        "improvement_agreed", _("Improvements agreed with the customer"), Axis.IMPROVEMENT, _IMPROVEMENT,
        _("1: none discussed. 3: discussed, without figures. 5: agreed in their figures, with who and when. Evidence: joint plan, minutes."),
    ),
    # --- Kraljic, seen from the supplier ----------------------------------------------------------
    Ready(
        "profit_impact", _("Impact on their profit"), Axis.IMPACT, _THEIR_PROFIT,
        _("1: we are a trifle in their costs. 3: one of several larger purchases. 5: our part decides on their cost or revenue. Evidence: their cost structure, their annual report."),
    ),
    Ready(
        "quality_impact", _("Impact on their quality and delivery"), Axis.IMPACT, _THEIR_PROFIT,
        _("1: nobody notices when we fail. 3: costs them time. 5: their production or delivery stands still without us. Evidence: what happened the last time."),
    ),
    Ready(
        "few_alternatives", _("Few alternatives to us"), Axis.RISK, _SUPPLY,
        _("1: many suppliers, bought like goods. 3: two or three approved suppliers. 5: nobody else delivers this today. Evidence: their supplier list, competitors."),
    ),
    Ready(
        "switching_cost", _("Cost of changing supplier"), Axis.RISK, _SUPPLY,
        _("1: changed within days. 3: approval and tests for some months. 5: new design, investment or permits. Evidence: their specifications and approvals."),
    ),
)  # fmt: skip

BY_CODE: Mapping[str, Ready] = {ready.code: ready for ready in READY}


def by_axis() -> list[tuple[Axis, list[Ready]]]:
    """The library, one list for each score."""
    return [(axis, [ready for ready in READY if ready.axis == axis]) for axis in Axis]
