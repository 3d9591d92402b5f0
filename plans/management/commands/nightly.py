"""The whole night's work, now and in the foreground."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from plans.services.nightly import work_through


class Command(BaseCommand):
    help = (
        "Does the whole night's work now: figures, scores, plans, reminders, mail. "
        "Safe to repeat, to break off, and beside a running worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        began, done = time.monotonic(), []
        for result in work_through():
            done.append(result)
            if not options["json"]:
                words = result.error or ", ".join(f"{n} {v}" for n, v in result.counts.items())
                mark = "FAILED " if result.error else ""
                self.stdout.write(
                    f"{result.step.name:12} {result.seconds:7.1f} s  {mark}{words or 'done'}"
                )
        seconds = round(time.monotonic() - began, 1)
        failed = [result.step.name for result in done if result.error]
        if options["json"]:
            steps = [
                {
                    "name": result.step.name,
                    "seconds": round(result.seconds, 3),
                    "counts": result.counts,
                    "error": result.error,
                }
                for result in done
            ]
            self.stdout.write(json.dumps({"seconds": seconds, "failed": failed, "steps": steps}))
        else:
            self.stdout.write(f"{'all':12} {seconds:7.1f} s")
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}")
