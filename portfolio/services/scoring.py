"""The nightly run: every account scored by the active version, in statements over slices.

Facts are gathered slice by slice into a stage, each slice in its own transaction, so that a killed
run goes on where it stopped. Values, scores and cells are then computed and published in one
transaction: until it commits, people see the night before. Running twice changes nothing.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Product
from kam.models import BudgetRate, Company
from kam.periods import add_months, company_today, fiscal_year_of, month_of
from portfolio import scoring_sql
from portfolio.models import CriteriaVersion, PortfolioSettings, ScoringRun
from portfolio.recipe import Recipe
from portfolio.services.criteria import activate_due, due
from portfolio.services.segments import place_accounts

log = logging.getLogger(__name__)
SLICE = 5_000
STAGE = "portfolio_scorestage"
_LOCK = "portfolio:scoring"

Told = Callable[[int, int], None]


class AnotherRunError(Exception):
    """Another run is at work."""


def score_night(night: date | None = None, told: Told | None = None) -> ScoringRun:
    """Scores every account for a night (a date in the company's calendar; today's by default).

    ``told(done, total)`` hears how far it is. Raises ``AnotherRunError`` while another run is at work
    and ``ValidationError`` where no version is active or a later night is whole already.
    """
    night = night or company_today()
    with _alone():
        activate_due(night)
        run, published = _claim(night)
        try:
            _gather_all(run, told)
            _publish(run, anew=published != run.recipe)
        except Exception:
            ScoringRun.objects.filter(pk=run.pk).update(state=ScoringRun.State.FAILED)
            raise
    run.refresh_from_db()
    return run


def due_night() -> date | None:
    """The night that is to be scored now, if there is one."""
    today = company_today()
    if not CriteriaVersion.objects.in_force().exists() and not due(today).exists():
        return None
    done = ScoringRun.objects.filter(night__gte=today, state=ScoringRun.State.WHOLE).exists()
    return None if done else today


@contextmanager
def _alone() -> Iterator[None]:
    """One run at a time, whatever crashes: the database frees the lock with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [_LOCK])
        if not cursor.fetchone()[0]:
            raise AnotherRunError
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [_LOCK])


def _claim(night: date) -> tuple[ScoringRun, dict[str, Any] | None]:
    """The night's run, and the recipe by which the rows now published were made.

    A stopped run goes on if nothing that it scores by has changed.
    """
    version = CriteriaVersion.objects.in_force().first()
    if version is None:
        raise ValidationError(_("No version of the criteria is active."))
    if ScoringRun.objects.filter(night__gt=night, state=ScoringRun.State.WHOLE).exists():
        raise ValidationError(_("A later night is scored already."))
    recipe, facts = Recipe.of(version).as_json(), facts_of(night)
    with transaction.atomic():
        unfinished = ScoringRun.objects.exclude(state=ScoringRun.State.WHOLE)
        run = unfinished.select_for_update().filter(night=night).first()
        published = _published_recipe(night)
        goes_on = (
            run is not None
            and (run.recipe, run.facts) == (recipe, facts)
            and not _staged_by_another(run)
        )
        if run is None:
            run = ScoringRun(night=night)
        if not goes_on:
            run.next_account = run.scored = 0
            run.started_at = timezone.now()
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {STAGE}")
        run.criteria_version = version
        run.recipe, run.facts = recipe, facts
        run.state, run.finished_at = ScoringRun.State.RUNNING, None
        run.save()
    return run, published


def _published_recipe(night: date) -> dict[str, Any] | None:
    whole = ScoringRun.objects.filter(state=ScoringRun.State.WHOLE, night__lte=night)
    return whole.order_by("-night").values_list("recipe", flat=True).first()


def _staged_by_another(run: ScoringRun) -> bool:
    """Whether a later run has used the stage since this one stopped."""
    return ScoringRun.objects.filter(started_at__gt=run.started_at).exists()


def facts_of(night: date) -> dict[str, Any]:
    """What the night's amounts are made with: twelve closed months, currency, rates, cost of an hour."""
    company = Company.current()
    end = month_of(night)
    year = fiscal_year_of(night, company.fiscal_year_start).year
    rates = BudgetRate.objects.active().filter(year__range=(year - 3, year))
    lines = Product.objects.active().order_by().values("line").distinct().count()
    return {
        "first": add_months(end, -12).isoformat(),
        "end": end.isoformat(),
        "currency": company.currency,
        "fiscal_year_start": company.fiscal_year_start,
        "year": year,
        "rates": [[r.year, r.currency, str(r.rate)] for r in rates.order_by("year", "currency")],
        "hourly_cost": f"{PortfolioSettings.current().hourly_cost:.2f}",
        "lines_offered": lines,
    }


def _parameters(facts: dict[str, Any]) -> dict[str, Any]:
    end, year = date.fromisoformat(facts["end"]), facts["year"]
    own = [[y, facts["currency"], "1"] for y in range(year - 3, year + 1)]
    rates = [r for r in facts["rates"] if r[1] != facts["currency"]] + own
    return {
        "first": date.fromisoformat(facts["first"]),
        "before": add_months(end, -24),
        "end": end,
        "last_day": end - timedelta(days=1),
        "year": year,
        "shift": (13 - facts["fiscal_year_start"]) % 12,
        "rate_years": [r[0] for r in rates],
        "rate_currencies": [r[1] for r in rates],
        "rates": [Decimal(r[2]) for r in rates],
        "hourly_cost": Decimal(facts["hourly_cost"]),
        "offered": facts["lines_offered"],
    }


def _gather_all(run: ScoringRun, told: Told | None) -> None:
    statement = scoring_sql.gather(Recipe.from_json(run.recipe), STAGE)
    parameters = _parameters(run.facts)
    total = _population() if told else 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(scoring_sql.SLICE, {"after": run.next_account, "size": SLICE})
            low, high, count = cursor.fetchone()
            if not count:
                return
            cursor.execute(statement, {**parameters, "low": low, "high": high})
            run.next_account, run.scored = high, run.scored + count
            run.save(update_fields=["next_account", "scored"])
        if told:
            told(min(run.scored, total), total)


def _population() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_account WHERE archived_at IS NULL")
        return cursor.fetchone()[0]


#: What a published row says; the first two name it.
_SAID = (
    "owner_id", "is_key_account", "raw", "as_of", "values", *scoring_sql.AXES, "completeness",
    "cell", *scoring_sql.FIGURES,
)  # fmt: skip


def _publish(run: ScoringRun, *, anew: bool) -> None:
    """Replaces what is current by what is new, where they differ; sums the portfolios.

    ``anew`` replaces every row: the arrays' places, or the weights behind the values, are others.
    """
    recipe = Recipe.from_json(run.recipe)
    columns = ", ".join(_SAID)
    same = (
        f"({', '.join(f's.{c}' for c in _SAID)}, s.criteria_version_id) IS NOT DISTINCT FROM"
        f" ({', '.join(f'n.{c}' for c in _SAID)}, %(version)s)"
    )
    if anew:
        same = "false"
    parameters: dict[str, Any] = {"night": run.night, "version": run.criteria_version_id}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS scored_now, outdated")
        cursor.execute(
            f"CREATE TEMP TABLE scored_now ON COMMIT DROP AS {scoring_sql.scored(recipe, STAGE)}"
        )
        cursor.execute("CREATE UNIQUE INDEX ON scored_now (account_id)")
        cursor.execute("ANALYZE scored_now")
        cursor.execute(
            f"""
            CREATE TEMP TABLE outdated ON COMMIT DROP AS
            SELECT s.id, s.account_id, s.first_night, s.cell, s.cell_before, s.cell_since
              FROM portfolio_accountscore s
              LEFT JOIN scored_now n ON n.account_id = s.account_id
             WHERE s.last_night IS NULL AND (n.account_id IS NULL OR NOT ({same}))
            """,
            parameters,
        )
        cursor.execute(
            "DELETE FROM portfolio_accountscore s USING outdated o"
            " WHERE s.id = o.id AND o.first_night >= %(night)s",
            parameters,
        )
        cursor.execute(
            "UPDATE portfolio_accountscore s SET last_night = %(night)s::date - 1 FROM outdated o"
            " WHERE s.id = o.id AND o.first_night < %(night)s",
            parameters,
        )
        cursor.execute(
            f"""
            INSERT INTO portfolio_accountscore
                   (account_id, criteria_version_id, first_night, cell_before, cell_since,
                    {columns})
            SELECT n.account_id, %(version)s, %(night)s,
                   CASE WHEN o.cell = n.cell THEN o.cell_before ELSE coalesce(o.cell, '') END,
                   CASE WHEN o.cell = n.cell THEN o.cell_since ELSE %(night)s END,
                   {", ".join(f"n.{c}" for c in _SAID)}
              FROM scored_now n
              JOIN accounts_account a ON a.id = n.account_id
              LEFT JOIN outdated o ON o.account_id = n.account_id
             WHERE NOT EXISTS (SELECT 1 FROM portfolio_accountscore s
                                WHERE s.account_id = n.account_id AND s.last_night IS NULL)
            """,
            parameters,
        )
        changed = cursor.rowcount
        _sum_portfolios(cursor, run.night)
        place_accounts(run.night)
        cursor.execute(f"DELETE FROM {STAGE}")
        ScoringRun.objects.filter(night=run.night).exclude(pk=run.pk).delete()
        ScoringRun.objects.filter(pk=run.pk).update(
            state=ScoringRun.State.WHOLE, finished_at=timezone.now(), changed=changed
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE portfolio_accountscore")


def _sum_portfolios(cursor: Any, night: date) -> None:
    cursor.execute("DELETE FROM portfolio_portfolionight WHERE night = %s", [night])
    cursor.execute(
        """
        INSERT INTO portfolio_portfolionight
               (night, owner_id, cell, is_key_account, accounts, revenue, contribution, hours)
        SELECT %s, owner_id, cell, is_key_account, count(*), coalesce(sum(revenue), 0),
               coalesce(sum(contribution), 0), coalesce(sum(hours), 0)
          FROM portfolio_accountscore WHERE last_night IS NULL
         GROUP BY owner_id, cell, is_key_account
        """,
        [night],
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """An account that a version would place in another cell."""

    account: int
    name: str
    is_key_account: bool
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a version would change, on the facts of the newest whole night.

    ``moves`` counts accounts per (cell before, cell after), unmoved ones too; ``up`` and ``down``
    count those whose place is better or worse on an axis and no worse or better on the other.
    ``key_accounts`` are key accounts that change cells, ``others`` the largest of the rest.
    ``unknown`` names the facts that no night has gathered yet: they count as missing.
    """

    night: date
    scored: int
    moves: dict[tuple[str, str], int]
    up: int
    down: int
    key_accounts: list[Moved]
    others: list[Moved]
    unknown: list[str]

    @property
    def gained(self) -> list[Moved]:
        """Key accounts that come into the cell of high profitability and potential."""
        return [m for m in self.key_accounts if m.after == "all"]

    @property
    def lost(self) -> list[Moved]:
        """Key accounts that leave it."""
        return [m for m in self.key_accounts if m.before == "all"]


#: How many accounts a preview names; the counts are of all.
NAMED = 100
_HEIGHT = {"retain": (0, 0), "nurture": (1, 0), "develop": (0, 1), "all": (1, 1)}


def preview(version: CriteriaVersion) -> Preview | None:
    """What this version would change, were it active; ``None`` before the first whole night."""
    run = ScoringRun.objects.filter(state=ScoringRun.State.WHOLE).order_by("-night").first()
    if run is None:
        return None
    gathered = Recipe.from_json(run.recipe).inputs
    wanted = Recipe.of(version)
    unknown = sorted({c.rule.input for c in wanted.criteria} - set(gathered))
    recipe = Recipe(
        wanted.criteria_version,
        (*gathered, *unknown),  # beyond the end of the stored arrays: missing
        wanted.criteria,
        wanted.profitability_cut,
        wanted.potential_cut,
    )
    source = "(SELECT * FROM portfolio_accountscore WHERE last_night IS NULL)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS previewed")
        cursor.execute(
            f"""
            CREATE TEMP TABLE previewed ON COMMIT DROP AS
            SELECT n.account_id, n.is_key_account, n.revenue, s.cell AS before, n.cell AS after
              FROM ({scoring_sql.scored(recipe, source)}) n
              JOIN portfolio_accountscore s
                ON s.account_id = n.account_id AND s.last_night IS NULL
            """
        )
        cursor.execute("SELECT before, after, count(*) FROM previewed GROUP BY 1, 2")
        moves = {(before, after): count for before, after, count in cursor.fetchall()}
        named = []
        for is_key in (True, False):
            cursor.execute(
                """
                SELECT p.account_id, a.name, p.is_key_account, p.before, p.after
                  FROM previewed p JOIN accounts_account a ON a.id = p.account_id
                 WHERE p.before <> p.after AND p.is_key_account = %s
                 ORDER BY p.revenue DESC NULLS LAST, a.name LIMIT %s
                """,
                [is_key, NAMED],
            )
            named.append([Moved(*row) for row in cursor.fetchall()])
    return Preview(
        night=run.night,
        scored=sum(moves.values()),
        moves=moves,
        up=sum(n for (b, a), n in moves.items() if _direction(b, a) > 0),
        down=sum(n for (b, a), n in moves.items() if _direction(b, a) < 0),
        key_accounts=named[0],
        others=named[1],
        unknown=unknown,
    )


def _direction(before: str, after: str) -> int:
    if before == after or not before or not after:
        return 0
    steps = [a - b for b, a in zip(_HEIGHT[before], _HEIGHT[after], strict=True)]
    return 1 if min(steps) >= 0 else -1 if max(steps) <= 0 else 0
