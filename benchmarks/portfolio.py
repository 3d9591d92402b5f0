"""What the portfolio is measured with: a version of the criteria, estimates, judgements, hours."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from kam.periods import add_months, month_of
from portfolio.models import CriteriaVersion, Criterion, CriterionGroup, PortfolioSettings

MEASURED = (
    ("profitability", "contribution_12m", "percentile", None, None),
    ("profitability", "contribution_margin", "linear", 0, 60),
    ("profitability", "return_per_hour", "percentile", None, None),
    ("potential", "attainable_revenue", "percentile", None, None),
    ("potential", "white_space", "linear", 0, 200_000),
    ("potential", "growth", "linear", -20, 40),
    ("improvement", "improvement_potential", "percentile", None, None),
    ("strategic", "employees", "linear", 0, 5_000),
)
JUDGED = (
    ("potential", "openness"),
    ("strategic", "fit"),
    ("strategic", "image"),
    ("relation", "trust"),
    ("relation", "access"),
    ("impact", "impact"),
    ("risk", "alternatives"),
)


def fill_portfolio(today: date) -> None:
    """Fills set by set; needs accounts and sales facts."""
    PortfolioSettings.objects.update_or_create(pk=1, defaults={"hourly_cost": Decimal(70)})
    version = CriteriaVersion.objects.create(name="Bench", state="active", active_from=today)
    groups = {
        axis: CriterionGroup.objects.create(criteria_version=version, axis=axis, name="All")
        for axis in {row[0] for row in MEASURED + JUDGED}
    }
    for axis, measure, function, worst, best in MEASURED:
        Criterion.objects.create(
            group=groups[axis], code=measure.replace("_", "-"), name=measure, kind="measured",
            measure=measure, function=function, worst=worst, best=best,
        )  # fmt: skip
    for axis, code in JUDGED:
        Criterion.objects.create(group=groups[axis], code=code, name=code)
    end = month_of(today)
    with connection.cursor() as cursor:
        for table in ("lineestimate", "judgement", "hoursspent"):
            cursor.execute(f"ALTER TABLE portfolio_{table} DISABLE TRIGGER USER")
        _rows(cursor, today, end)
        for table in ("lineestimate", "judgement", "hoursspent"):
            cursor.execute(f"ALTER TABLE portfolio_{table} ENABLE TRIGGER USER")
        cursor.execute("ANALYZE")


def _rows(cursor: Any, today: date, end: date) -> None:
    cursor.execute(
        """
        INSERT INTO portfolio_lineestimate
               (version, created_at, updated_at, account_id, line_id, currency, wallet, potential,
                chance, source, as_of, confidence)
        SELECT 1, now(), now(), a.id, l.id, a.currency, 20000 + a.id %% 90000, 9000 + a.id %% 40000,
               a.id %% 100, 'bench', %(today)s, 'medium'
          FROM accounts_account a
          CROSS JOIN LATERAL (
              SELECT id FROM accounts_productline ORDER BY (id + a.id) %% 6 LIMIT 2) l
         WHERE a.id %% 4 <> 0;
        INSERT INTO portfolio_hoursspent
               (version, created_at, updated_at, account_id, user_id, week, hours, from_meetings, note)
        SELECT 1, now(), now(), a.id, a.owner_id,
               date_trunc('week', %(end)s::date - 28 * n)::date, 1 + (a.id + n) %% 6, 0, ''
          FROM accounts_account a CROSS JOIN generate_series(1, 12) n
         WHERE a.owner_id IS NOT NULL
        """,
        {"today": today, "end": end},
    )
    cursor.execute(
        """
        INSERT INTO portfolio_judgement
               (version, created_at, updated_at, account_id, code, value, evidence, source, judged_on)
        SELECT 1, now(), now(), a.id, c.code, 1 + (a.id * 7 + length(c.code)) %% 5, '', 'bench', %s
          FROM accounts_account a CROSS JOIN unnest(%s::text[]) AS c (code)
         WHERE (a.id + length(c.code)) %% 3 <> 0
        """,
        [add_months(end, -2), [code for _axis, code in JUDGED]],
    )
