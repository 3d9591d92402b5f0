"""What is measured: pages and API resources, each as somebody, with its limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse

from benchmarks.filling import World
from kam.periods import company_year

PAGE_QUERIES = 8
SERVER_MS = 100
COMPANY_MS = 150

ACCOUNTS_BY_NAME = (
    "SELECT * FROM accounts_account WHERE archived_at IS NULL ORDER BY name, id LIMIT 51"
)
ACCOUNTS_BY_REVENUE = (
    "SELECT a.* FROM accounts_accountfigures f JOIN accounts_account a ON a.id = f.account_id"
    " WHERE a.archived_at IS NULL ORDER BY f.revenue DESC NULLS LAST, f.account_id DESC LIMIT 51"
)
ACCOUNTS_BY_SEARCH = (
    "SELECT * FROM accounts_account WHERE archived_at IS NULL AND name ILIKE '%fjellvik vann 1%'"
    " ORDER BY name, id LIMIT 51"
)
PORTFOLIO_MONTHS = (
    "SELECT owner_id, month, currency, actual_revenue, target_revenue FROM plans_portfoliomonth"
    " WHERE month >= date_trunc('year', now())"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One address as one person. ``floor``: the bare SQL of the same rows."""

    name: str
    route: str
    who: str
    args: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    limit_ms: int = SERVER_MS
    queries: int = PAGE_QUERIES
    floor: str = ""
    is_list: bool = False
    htmx: bool = False

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api:")

    @property
    def url(self) -> str | None:
        """The address; nothing where the route does not exist."""
        try:
            return reverse(self.route, kwargs=dict(self.args)) + self.query
        except NoReverseMatch:
            return None


def portfolio_pages(panel: Any, account: Mapping[str, Any]) -> list[Page]:
    """Matrix, concentration, dashboard: each panel within 100 ms."""
    tiles = (
        "cells", "key-share", "pareto", "bridge", "portfolios", "key-accounts", "improvement",
        "moves", "trend",
    )  # fmt: skip
    return [
        *(
            Page(f"Dashboard: {name}", "portfolio:dashboard_tile", who, {"name": name}, htmx=True)
            for name in tiles
            for who in ("management", "leader", "kam")
        ),
        Page("Dashboard", "portfolio:dashboard", "management"),
        *(Page("Matrix", "portfolio:matrix", who) for who in ("management", "leader", "kam")),
        *(
            Page("Concentration", "portfolio:concentration", who)
            for who in ("management", "leader", "kam")
        ),
        *(
            Page(name, route, who, htmx=True)
            for name, route in (
                ("Concentration: trend", "portfolio:concentration_trend"),
                ("Concentration: bridge", "portfolio:concentration_bridge"),
                ("Concentration: white space", "portfolio:white_space"),
            )
            for who in ("management", "leader", "kam")
        ),
        Page("Resources", "portfolio:resources", "management"),
        Page("Resources", "portfolio:resources", "leader"),
        Page("The week's hours", "portfolio:hours", "kam"),
        Page("Nominations", "portfolio:nomination_list", "management", is_list=True),
        Page("Criteria", "portfolio:version_list", "administrator"),
        panel("Account: scores", "portfolio:account_scores", account),
        panel("Account: wallet and potential", "portfolio:account_estimates", account),
        panel("Account: judgements", "portfolio:account_judgements", account),
        panel("Account: time and return", "portfolio:account_resources", account),
        panel("Account: key account", "portfolio:account_nominations", account),
        panel("Account: segments", "portfolio:account_segments", account),
        Page("API: scores", "api:accountscore-list", "management"),
    ]


def pages(world: World) -> list[Page]:
    """Every kind of page and each role that sees it differently."""
    account, plan = {"pk": world.account}, {"pk": world.plan}
    year = company_year().year
    history = {"model": "accounts.account", "pk": world.account}

    def panel(name: str, route: str, args: Mapping[str, Any], who: str = "kam") -> Page:
        return Page(name, route, who, args, htmx=True)

    return [
        *(
            Page("Home", "kam:home", who)
            for who in ("kam", "leader", "management", "administrator", "contributor")
        ),
        Page("Accounts by name", "accounts:list", "kam", is_list=True),
        Page("Accounts by name", "accounts:list", "leader", is_list=True),
        Page("Accounts by name", "accounts:list", "contributor", is_list=True),
        Page("Accounts by name", "accounts:list", "management", is_list=True, floor=ACCOUNTS_BY_NAME),
        Page(
            "Accounts by revenue", "accounts:list", "management", query="?sort=-revenue",
            is_list=True, floor=ACCOUNTS_BY_REVENUE,
        ),
        Page("Accounts by revenue", "accounts:list", "kam", query="?sort=-revenue", is_list=True),
        Page(
            "Accounts, search", "accounts:list", "management", query="?q=fjellvik+vann+1",
            is_list=True, floor=ACCOUNTS_BY_SEARCH,
        ),
        Page("Accounts, search", "accounts:list", "kam", query="?q=vann", is_list=True),
        Page("Accounts, filters", "accounts:list", "management", query="?is_key_account=yes&country=NO"),
        Page("Account", "accounts:detail", "kam", account),
        Page("Account", "accounts:detail", "management", account),
        panel("Account: profile", "accounts:profile_panel", account),
        panel("Account: plans", "plans:account_panel", account),
        panel("Account: activities", "plans:account_activities", account),
        panel("Account: sales", "accounts:sales_panel", account),
        panel("Account: group", "accounts:hierarchy_panel", account),
        panel("Account: team", "accounts:team_panel", account),
        panel("Account: contacts", "accounts:contacts_panel", account),
        panel("Account: history", "kam:history", history),
        Page("Contacts", "accounts:contact_list", "kam", is_list=True),
        Page("Contacts", "accounts:contact_list", "management", is_list=True),
        Page("Plans", "plans:list", "kam", is_list=True),
        Page("Plans", "plans:list", "leader", query="?status=submitted", is_list=True),
        Page("Plans", "plans:list", "management", is_list=True),
        Page("Accounts without plan", "plans:unplanned_list", "management", is_list=True),
        Page("Plan", "plans:detail", "kam", plan),
        Page("Plan: targets", "plans:target_list", "kam", plan),
        Page("Plan: goals", "plans:goal_list", "kam", plan),
        Page("Plan: activities", "plans:plan_activities", "kam", plan),
        Page("Activities", "plans:activity_list", "kam", is_list=True),
        Page("Activities", "plans:activity_list", "management", is_list=True),
        Page(
            "Roll-up: company", "plans:rollup_company", "management", limit_ms=COMPANY_MS,
            floor=PORTFOLIO_MONTHS,
        ),
        Page("Roll-up: team", "plans:rollup_team", "leader", {"pk": world.team}),
        Page("Roll-up: team", "plans:rollup_team", "management", {"pk": world.team}),
        Page("Roll-up: person", "plans:rollup_kam", "kam", {"pk": world.kam}),
        Page("Roll-up: without owner", "plans:rollup_unowned", "management"),
        Page("Roll-up: lines", "plans:rollup_lines", "kam", {"level": "kam", "pk": world.kam}),
        *portfolio_pages(panel, account),
        Page("Search", "kam:search", "kam", query="?q=fjell"),
        Page("Search", "kam:search", "management", query="?q=fjellvik+vann"),
        Page("Notifications", "kam:notifications", "kam"),
        Page("People", "kam:user_list", "administrator", is_list=True),
        Page("Audit trail", "kam:audit", "administrator"),
        Page("API: accounts", "api:account-list", "management"),
        Page("API: accounts", "api:account-list", "kam"),
        Page("API: account", "api:account-detail", "kam", account),
        Page("API: sales facts", "api:salesfact-list", "kam"),
        Page("API: sales facts", "api:salesfact-list", "management"),
        Page("API: plans", "api:plan-list", "management", query=f"?year={year}"),
    ]  # fmt: skip
