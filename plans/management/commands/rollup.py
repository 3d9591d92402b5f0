"""Print the roll-up of one level."""

import json
from decimal import Decimal
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import Http404
from rich.console import Console
from rich.table import Table

from kam.money import rounded
from kam.number_text import amount, percent
from kam.periods import company_today, company_year
from plans import rollups
from plans.api.levels import along_json
from plans.management.commands.export_pdf import reader_of
from plans.rollup_json import account_json, node_json
from plans.rollup_scope import Scope, scope_of
from plans.rollups.along import LINES, schemes
from plans.views.levels.along import of_level


class Command(BaseCommand):
    help = "Prints target, actual, forecast, attainment and pace of the company, teams, KAMs or accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--level", required=True, choices=["company", "team", "kam", "account"])
        parser.add_argument(
            "--id", type=int, help="of the team, person or account; else all of them"
        )
        parser.add_argument("--year", type=int, help="fiscal year; the present one without")
        parser.add_argument(
            "--json", action="store_true", help="decimals as strings, rounded to cents"
        )
        parser.add_argument("--as", dest="reader", help="e-mail of the person whose view it is")
        parser.add_argument(
            "--by", choices=list(LINES), help="along this line instead of down the team tree"
        )
        parser.add_argument("--scheme", type=int, help="the segment scheme; the first without")

    def handle(self, *args: Any, **options: Any) -> None:
        level, pk = options["level"], options["id"]
        year, today = company_year(options["year"]), company_today()
        scope = scope_of(reader_of(options["reader"]))
        if options["by"]:
            self._along(scope, level, pk, year, options)
            return
        try:
            answers = self._answers(scope, level, pk, year, today)
        except Http404:
            raise CommandError(f"there is no {level} {pk or ''}".rstrip()) from None
        if options["json"]:
            shown = answers[0] if pk is not None or level == "company" else answers
            self.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False))
            return
        self._table(answers, parts=pk is not None or level == "company")

    def _along(
        self, scope: Scope, level: str, pk: int | None, year: Any, options: dict[str, Any]
    ) -> None:
        if level == "account" or (level == "company") != (pk is None):
            raise CommandError("--by wants company, or a team or kam with --id")
        known = list(schemes()) if options["by"] == "segment" else []
        asked = options["scheme"]
        scheme = next((s for s in known if asked in (None, s.pk)), None)
        if options["by"] == "segment" and scheme is None:
            raise CommandError("there is no such segment scheme")
        try:
            found = of_level(scope, options["by"], level, pk, year, scheme)
        except Http404:
            raise CommandError(f"there is no {level} {pk or ''}".rstrip()) from None
        answer = along_json(found)
        if options["json"]:
            self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
            return
        table = Table(title=f"{answer['name']}, {answer['year']}, {answer['currency']}")
        table.add_column("name")
        for head in ("target", "actual", "forecast", "attainment", "pace", "accounts"):
            table.add_column(head, justify="right")
        rows = [("  " * p["depth"] + p["name"], p["figures"]) for p in answer["parts"]]
        if answer["others"]:
            rows.append((f"{answer['others']['parts']} others", answer["others"]["figures"]))
        for name, figures in [*rows, ("Total", answer["total"])]:
            table.add_row(*_along_cells(name, figures), style="bold" if name == "Total" else None)
        width = None if self.stdout.isatty() else 140
        Console(file=cast("IO[str]", self.stdout), width=width).print(table)

    def _answers(
        self, scope: Scope, level: str, pk: int | None, year: Any, today: Any
    ) -> list[dict[str, Any]]:
        if level == "company":
            return [node_json(scope.node("company", None, year, today))]
        if level == "account":
            if pk is None:
                raise CommandError("account needs --id")
            account = scope.accounts().filter(pk=pk).first()
            if account is None:
                raise Http404
            return [account_json(rollups.account_tree(account, scope.accounts(), year, today))]
        if pk is not None:
            return [node_json(scope.node(level, pk, year, today))]
        if level == "team":
            ids = scope.teams.order_by("path").values_list("pk", flat=True)
            return [node_json(scope.node("team", one, year, today)) for one in ids]
        return [
            one
            for owner in scope.owners.filter(role="kam").order_by("name", "pk")
            for one in [node_json(rollups.portfolio(owner, year, today))]
        ]

    def _table(self, answers: list[dict[str, Any]], *, parts: bool) -> None:
        first = answers[0] if answers else {"currency": "", "year": ""}
        table = Table(title=f"{first['year']}, {first['currency']}")
        table.add_column("name")
        for head in (
            "target",
            "actual",
            "forecast",
            "attainment",
            "pace",
            "accounts",
            "no plan",
            "late",
        ):
            table.add_column(head, justify="right")
        for answer in answers:
            for part in answer.get("parts", []) if parts else []:
                table.add_row(*_cells(part))
            table.add_row(*_cells(answer), style="bold" if parts else None)
        console = Console(
            file=cast("IO[str]", self.stdout), width=None if self.stdout.isatty() else 140
        )
        console.print(table)
        for answer in answers:
            for gap in answer["figures"]["missing"]:
                console.print(
                    f"{answer['name']}: {gap['currency']} {gap['amount']} ({gap['measure']})"
                    f" not included: no rate for {gap['year']}"
                )


def _cells(row: dict[str, Any]) -> list[str]:
    figures, counts = row["figures"], row.get("counts") or {}

    def money(name: str) -> str:
        return amount(rounded(Decimal(figures[name])))

    def share(name: str) -> str:
        return percent(None if figures[name] is None else Decimal(figures[name]))

    return [
        row["name"] or row["level"],
        money("target"),
        money("actual"),
        money("forecast"),
        share("attainment"),
        share("pace"),
        *(str(counts.get(name, "")) for name in ("accounts", "unplanned", "late_activities")),
    ]


def _along_cells(name: str, figures: dict[str, Any]) -> list[str]:
    def share(key: str) -> str:
        return percent(None if figures[key] is None else Decimal(figures[key]))

    return [
        name,
        *(amount(rounded(Decimal(figures[key]))) for key in ("target", "actual", "forecast")),
        share("attainment"),
        share("pace"),
        "" if figures["accounts"] is None else str(figures["accounts"]),
    ]
