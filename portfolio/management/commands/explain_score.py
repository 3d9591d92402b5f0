"""Take an account's scores apart."""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from accounts.models import Account
from kam.number_text import amount
from portfolio.explain import as_json, explain, score_on


class Command(BaseCommand):
    help = "Explains an account's scores: fact, value, weight, contribution, what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="id, or number in other systems")
        parser.add_argument(
            "--night", type=date.fromisoformat, help="YYYY-MM-DD; the newest without"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["account"]
        by_id = Q(pk=int(name)) if name.isdecimal() and len(name) < 19 else Q(pk=None)
        found = list(Account.objects.filter(by_id | Q(number=name))[:2])
        if len(found) != 1:
            raise CommandError(
                f"{'several accounts are' if found else 'no account is'} called {name}"
            )
        score = score_on(found[0], options["night"])
        if score is None:
            raise CommandError(f"{found[0]} has no scores on that night")
        explanation = explain(score, options["night"])
        if options["json"]:
            self.stdout.write(json.dumps(as_json(explanation), indent=2, ensure_ascii=False))
            return
        self.stdout.write(f"{found[0]}: {score.get_cell_display() or 'no cell'}")
        for axis in explanation.axes:
            self.stdout.write(f"{axis.label}: {axis.score} ({amount(axis.known)} % known)")
            for line in axis.criteria:
                share = "" if line.share is None else f"{100 * line.share:.1f} %"
                points = "missing" if line.contribution is None else f"{line.contribution:.2f}"
                self.stdout.write(
                    f"  {line.name}: {line.raw} {line.unit} → {line.value} × {share} = {points}"
                )
