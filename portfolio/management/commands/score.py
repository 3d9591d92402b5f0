"""Score every account for a night."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from kam.audit import source
from portfolio.services import scoring


class Command(BaseCommand):
    help = "Scores every account by the active version of the criteria, as the night does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--night", type=date.fromisoformat, help="YYYY-MM-DD; today without")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with source("command"), Progress(transient=True) as progress:
                bar = progress.add_task("Scoring", total=None)
                run = scoring.score_night(
                    options["night"],
                    told=lambda done, total: progress.update(bar, completed=done, total=total),
                )
        except scoring.AnotherRunError:
            raise CommandError("another run is at work") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        ended = run.finished_at or run.started_at
        seconds = (ended - run.started_at).total_seconds()
        self.stdout.write(
            f"{run.night}: {run.scored} accounts scored, {run.changed} changed, {seconds:.1f} s"
        )
