"""How the whole company's sums follow from the portfolios': said once, for those who keep them
(``plans.services.company_sums``) and for those who read them where they are stale.
"""

PART_AMOUNTS = (
    "actual",
    "actual_margin",
    "target",
    "target_margin",
    "forecast",
    "closed_actual",
    "target_to_date",
)
#: Parts by (line, year, key) from cells by currency, with the rates ``r``: what a year's total is.
FOUND = f"""
    SELECT c.line, c.year, c.key, sum(c.accounts) AS accounts, sum(c.planned) AS planned,
           {", ".join(f"coalesce(sum(c.{name} * r.rate), 0) AS {name}" for name in PART_AMOUNTS)},
           bool_or(c.currency <> '' AND r.rate IS NULL
                   AND (c.actual, c.target, c.forecast) <> (0, 0, 0)) AS lacking
      FROM cells c LEFT JOIN rates r ON r.year = c.year AND r.currency = c.currency
     GROUP BY 1, 2, 3
"""  # noqa: S608 - our own names
#: The sums of a cell over portfolios ``p``.
CELL = (
    "p.line, p.year, p.key, p.currency, sum(p.accounts) AS accounts, sum(p.planned) AS planned, "
    + ", ".join(f"sum(p.{name}) AS {name}" for name in PART_AMOUNTS)
)
