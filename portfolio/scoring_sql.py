"""The statements of the nightly run: gathering facts, turning them into values, scores and cells.

Values from people and settings come in as parameters; a recipe's numbers are ``Decimal``s written as
literals, its places are integers. The pure twin of these expressions is ``portfolio.calc.scores``.
"""

from decimal import Decimal

from portfolio.calc.scores import shares
from portfolio.measures import MEASURES
from portfolio.models import Axis
from portfolio.recipe import Recipe

FIGURES = ("revenue", "contribution", "attainable", "hours")
AXES = tuple(Axis.values)

#: The next slice: the ids of its ends, and how many accounts it has.
SLICE = """
SELECT min(id), max(id), count(*)
  FROM (SELECT id FROM accounts_account WHERE archived_at IS NULL AND id > %(after)s
         ORDER BY id LIMIT %(size)s) a
"""
#: Facts of the accounts from ``%(low)s`` to ``%(high)s`` into the table ``{target}``.
_GATHER = """
WITH rate AS (
    SELECT * FROM unnest(%(rate_years)s::int[], %(rate_currencies)s::text[], %(rates)s::numeric[])
        AS r (year, currency, rate)
), b AS MATERIALIZED (
    SELECT a.id, a.owner_id, a.is_key_account, a.employees, a.updated_at::date AS changed_on,
           a.customer_revenue * r.rate AS customer_revenue, f.month AS first_month
      FROM accounts_account a
      LEFT JOIN rate r ON r.currency = a.currency AND r.year = %(year)s
      LEFT JOIN LATERAL (SELECT month FROM accounts_salesfact
                          WHERE account_id = a.id AND month < %(end)s
                          ORDER BY month LIMIT 1) f ON true
     WHERE a.archived_at IS NULL AND a.id BETWEEN %(low)s AND %(high)s
), fact AS MATERIALIZED (
    SELECT f.account_id, p.line_id, f.month, f.month >= %(first)s AS recent,
           f.revenue * r.rate AS revenue, f.cost * r.rate AS cost, f.revenue > 0 AS bought
      FROM accounts_salesfact f
      JOIN accounts_product p ON p.id = f.product_id
      LEFT JOIN rate r ON r.currency = f.currency
           AND r.year = extract(year FROM f.month + make_interval(months => %(shift)s))::int
     WHERE f.account_id BETWEEN %(low)s AND %(high)s AND f.month >= %(before)s AND f.month < %(end)s
), s AS MATERIALIZED (
    SELECT account_id,
           sum(revenue) FILTER (WHERE recent) AS revenue,
           sum(cost) FILTER (WHERE recent) AS cost,
           sum(revenue) FILTER (WHERE NOT recent) AS before,
           coalesce(bool_or(revenue IS NULL) FILTER (WHERE recent), false) AS no_rate,
           coalesce(bool_or(revenue IS NULL) FILTER (WHERE NOT recent), false) AS no_rate_before,
           count(DISTINCT month) FILTER (WHERE recent AND bought) AS months,
           count(DISTINCT line_id) FILTER (WHERE recent AND bought) AS lines
      FROM fact GROUP BY 1
), own AS MATERIALIZED (
    SELECT f.account_id, above.line_id, sum(f.revenue) AS revenue,
           bool_or(f.revenue IS NULL) AS no_rate
      FROM fact f
      JOIN accounts_productline l ON l.id = f.line_id
      CROSS JOIN LATERAL unnest(l.path) AS above (line_id)
     WHERE f.recent GROUP BY 1, 2
), e AS MATERIALIZED (
    SELECT e.account_id, sum(e.wallet * r.rate) AS wallet, sum(e.potential * r.rate) AS potential,
           sum(coalesce(o.revenue, 0)) FILTER (WHERE e.wallet IS NOT NULL) AS own_of_wallet,
           sum(greatest(0, e.potential * r.rate - coalesce(o.revenue, 0)) * e.chance / 100)
               AS improvement,
           min(e.as_of) AS as_of,
           bool_or(r.rate IS NULL OR coalesce(o.no_rate, false)) AS no_rate
      FROM portfolio_lineestimate e
      LEFT JOIN rate r ON r.currency = e.currency AND r.year = %(year)s
      LEFT JOIN own o ON o.account_id = e.account_id AND o.line_id = e.line_id
     WHERE e.account_id BETWEEN %(low)s AND %(high)s AND e.archived_at IS NULL
     GROUP BY 1
), h AS MATERIALIZED (
    SELECT account_id, sum(hours) AS hours FROM portfolio_hoursspent
     WHERE account_id BETWEEN %(low)s AND %(high)s AND archived_at IS NULL
       AND week >= %(first)s AND week < %(end)s
     GROUP BY 1
), c AS MATERIALIZED (
    SELECT c.account_id, sum(c.amount * r.rate) AS amount, bool_or(r.rate IS NULL) AS no_rate
      FROM portfolio_servicecost c
      LEFT JOIN rate r ON r.currency = c.currency
           AND r.year = extract(year FROM c.month + make_interval(months => %(shift)s))::int
     WHERE c.account_id BETWEEN %(low)s AND %(high)s AND c.archived_at IS NULL
       AND c.month >= %(first)s AND c.month < %(end)s
     GROUP BY 1
), j AS MATERIALIZED (
    SELECT account_id, jsonb_object_agg(code, value) AS value,
           jsonb_object_agg(code, judged_on) AS judged_on
      FROM portfolio_judgement
     WHERE account_id BETWEEN %(low)s AND %(high)s AND archived_at IS NULL
     GROUP BY 1
)
    INSERT INTO {target} (account_id, owner_id, is_key_account, raw, as_of, values, cell,
                          completeness, revenue, contribution, attainable, hours)
    SELECT b.id, b.owner_id, b.is_key_account,
           ARRAY[{raws}]::numeric(24, 4)[], ARRAY[{dates}]::date[], '{{}}', '', 0,
           {figures}
      FROM b
      LEFT JOIN s ON s.account_id = b.id LEFT JOIN e ON e.account_id = b.id
      LEFT JOIN h ON h.account_id = b.id LEFT JOIN c ON c.account_id = b.id
      LEFT JOIN j ON j.account_id = b.id
    ON CONFLICT (account_id) DO UPDATE SET
        owner_id = excluded.owner_id, is_key_account = excluded.is_key_account,
        raw = excluded.raw, as_of = excluded.as_of, revenue = excluded.revenue,
        contribution = excluded.contribution, attainable = excluded.attainable,
        hours = excluded.hours
"""


def gather(recipe: Recipe, target: str) -> str:
    """The statement that gathers one slice of accounts."""
    raws, dates = [], []
    for code in recipe.inputs:
        measure = MEASURES.get(code)
        if measure is not None:
            sql, dated = measure.sql, measure.dated
        else:
            sql = f"(j.value ->> {_quoted(code)})::numeric"
            dated = f"(j.judged_on ->> {_quoted(code)})::date"
        raws.append(f"round(({sql})::numeric, 4)")
        dates.append(f"CASE WHEN ({sql}) IS NULL THEN NULL ELSE {dated} END")
    figures = [
        f"round(({MEASURES[code].sql})::numeric, 2)"
        for code in ("revenue_12m", "contribution_12m", "attainable_revenue", "hours_12m")
    ]
    return _GATHER.format(
        target=target, raws=", ".join(raws), dates=", ".join(dates), figures=", ".join(figures)
    )


def scored(recipe: Recipe, source: str) -> str:
    """A select over gathered rows (``account_id``, ``raw`` …) that adds values, scores and cells."""
    values = ", ".join(_value(recipe, i) for i in range(len(recipe.criteria)))
    scores: dict[str, str] = dict.fromkeys(AXES, "NULL::numeric")
    known: list[str] = []
    for axis, groups in recipe.axes.items():
        means = []
        for _name, group, places in groups:
            means.append((_mean([(f"v.list[{i + 1}]", recipe.criteria[i].rule.weight)
                                 for i in places]), group.weight))  # fmt: skip
        scores[axis] = f"round({_mean(means)}, 2)"
        known += _known(recipe, groups)
    complete = " + ".join(known) or "0"
    axes = ", ".join(f"{sql} AS {axis}" for axis, sql in scores.items())
    count = len(recipe.axes) or 1
    return f"""
        SELECT p.*, CASE WHEN p.profitability IS NULL OR p.potential IS NULL THEN ''
                         WHEN p.potential >= {recipe.potential_cut} THEN
                              CASE WHEN p.profitability >= {recipe.profitability_cut} THEN 'all'
                                   ELSE 'develop' END
                         WHEN p.profitability >= {recipe.profitability_cut} THEN 'nurture'
                         ELSE 'retain' END AS cell
          FROM (SELECT v.account_id, v.owner_id, v.is_key_account, v.raw, v.as_of,
                       v.revenue, v.contribution, v.attainable, v.hours, v.list AS values,
                       {axes}, round(100 * ({complete}) / {count}, 2) AS completeness
                  FROM (SELECT g.*, ARRAY[{values}]::numeric(7, 4)[] AS list
                          FROM {source} g) v) p
    """


def _value(recipe: Recipe, i: int) -> str:
    rule = recipe.criteria[i].rule
    raw = f"g.raw[{recipe.inputs.index(rule.input) + 1}]"
    if rule.function == "percentile":
        order = "ASC" if rule.up else "DESC"
        known = f"PARTITION BY ({raw} IS NULL)"
        ordered = f"({known} ORDER BY {raw} {order})"
        # rank() − 1 are worse; the ordered count() are those and the equal ones, this one too
        twice = f"(rank() OVER {ordered} + count(*) OVER {ordered} - 2)::numeric"
        others = f"nullif(count(*) OVER ({known}) - 1, 0)"
        sql = f"coalesce({twice} / (2 * {others}), 0.5) * 100"
    elif rule.function == "bands":
        whens = "".join(
            f" WHEN {raw} >= {floor} THEN {value}"
            for floor, value in reversed(list(zip(rule.floors, rule.values, strict=True)))
        )
        sql = f"CASE{whens} ELSE 0 END" if whens else "0"
    else:
        share = f"({raw} - ({rule.worst})) / ({rule.best} - ({rule.worst}))"
        sql = f"least(1, greatest(0, {share})) * 100"
    found = f"CASE WHEN {raw} IS NULL THEN NULL ELSE round({sql}, 4) END"
    return found if rule.default is None else f"coalesce({found}, {rule.default})"


def _mean(parts: list[tuple[str, Decimal]]) -> str:
    """Σ weight × part / Σ weight over the parts that are not NULL."""
    above = " + ".join(f"coalesce({sql}, 0) * {weight}" for sql, weight in parts)
    below = " + ".join(f"CASE WHEN {sql} IS NULL THEN 0 ELSE {weight} END" for sql, weight in parts)
    return f"(({above})::numeric / nullif({below}, 0))"


def _known(recipe: Recipe, groups: list) -> list[str]:
    return [
        f"CASE WHEN v.raw[{recipe.inputs.index(recipe.criteria[i].rule.input) + 1}] IS NULL"
        f" THEN 0 ELSE {share} END"
        for row, (_name, _group, places) in zip(
            shares([group for _n, group, _p in groups]), groups, strict=True
        )
        for share, i in zip(row, places, strict=True)
    ]


def _quoted(code: str) -> str:
    """A slug as an SQL string; what is no slug never comes from the models' validators."""
    if not code.replace("-", "").replace("_", "").isalnum():
        raise ValueError(code)
    return f"'{code}'"
