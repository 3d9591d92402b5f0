"""Writes to plans: each function is one transaction; pages, API, tasks and imports call these."""
