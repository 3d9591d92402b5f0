"""Writes on customers. Pages, API, tasks, imports and commands call these and nothing else."""

from accounts.services.sales import (
    Counts,
    rebuild_account_years,
    record_sales_facts,
    refresh_account_years,
)

__all__ = [
    "Counts",
    "rebuild_account_years",
    "record_sales_facts",
    "refresh_account_years",
]
