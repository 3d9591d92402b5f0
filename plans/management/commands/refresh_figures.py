"""Bring the prepared figures of the roll-up up to date."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kam.audit import source
from plans.services.nightly import run_night
from plans.services.portfolios import mark_new_day, refresh_portfolios


class Command(BaseCommand):
    help = "Computes the prepared figures anew where they are marked as stale; all with --all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="every portfolio from its rows (the nightly run)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with source("command"):
            if options["all"]:
                words = f"{run_night()} prepared figures changed"
            else:
                mark_new_day()
                words = f"{refresh_portfolios()} marks worked off"
        self.stdout.write(f"{words}, {time.monotonic() - started:.1f} s")
