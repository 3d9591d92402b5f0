"""Makes the demo company: an invented supplier with its people, customers, sales and plans."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kam.models import User
from kam.running import DEMO_PASSWORD
from plans.demo import making


class Command(BaseCommand):
    help = "Makes the demo company (in demo installations only: KAM_DEMO=1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there are people already"
        )
        parser.add_argument(
            "--reset", action="store_true", help="take a demo company that is there away first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        there = User.objects.exists()
        if there and options["if_empty"]:
            return
        if not settings.DEMO:
            raise CommandError(
                "This is no demo installation: its sign-ins are known to everybody. "
                "Set KAM_DEMO=1 if it is meant to be one."
            )
        if there and not options["reset"]:
            raise CommandError("There are people here already. --reset makes the demo anew.")
        began = time.monotonic()
        say = self.stdout.write if options["verbosity"] else lambda _text: None
        try:
            making.make(say=say, reset=options["reset"])
        except making.NotTheDemoError as error:
            raise CommandError(str(error)) from error
        say(
            f"The demo company is there ({time.monotonic() - began:.0f} s). "
            f"Everybody's password is {DEMO_PASSWORD}."
        )
