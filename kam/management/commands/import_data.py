"""Brings a file in from the command line; see docs/importing.md."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kam.importing import services
from kam.importing.mapping import Map
from kam.importing.reading import FileRefused
from kam.importing.resource import resources
from kam.importing.services import ImportRefused
from kam.models import ImportBatch, ImportMap, Role, User


class Command(BaseCommand):
    help = "Imports a CSV or XLSX file. Exit code 1 when it is refused; then nothing is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [resource.name for resource in resources()]
        parser.add_argument("resource", choices=names, help="what the file holds")
        parser.add_argument("file", help="the CSV or XLSX file")
        parser.add_argument("--map", help="a TOML file, or the name of a saved map")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, only")
        parser.add_argument(
            "--good-rows-only", action="store_true", help="import what is right, leave the rest out"
        )
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
        parser.add_argument("--user", help="e-mail of the administrator who does it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = self._user(options["user"])
        self._json = options["json"]
        batch: ImportBatch | None = None
        try:
            mapping = self._map(options["resource"], options["map"])
            path = Path(options["file"])
            try:
                with path.open("rb") as file:
                    batch = services.upload(
                        options["resource"], file, path.name, user=user, mapping=mapping
                    )
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}") from None
            if options["dry_run"]:
                report = services.check(batch, user=user)
                if report is None:
                    raise ImportRefused(batch.report["error"])
                self._tell(batch, applied=False)
                refused = report.refused and not options["good_rows_only"]
                if refused:
                    sys.exit(1)
                return
            # What applies checks every row first, in the transaction that writes.
            good_rows_only = options["good_rows_only"]
            services.apply(batch, user=user, good_rows_only=good_rows_only, unseen=True)
        except (FileRefused, ImportRefused) as error:
            if batch is not None and batch.report:
                self._tell(batch, applied=False, error=str(error))
            elif self._json:
                self.stdout.write(json.dumps({"error": str(error)}))
            raise CommandError(str(error)) from None
        self._tell(batch, applied=True)

    def _user(self, email: str | None) -> User | None:
        administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
        if not email:
            return None
        found = administrators.filter(email__iexact=email).first()
        if found is None:
            raise CommandError(f"{email} is no administrator who may sign in.")
        return found

    def _map(self, resource: str, name: str | None) -> Map | None:
        if not name:
            return None
        path = Path(name)
        if path.suffix == ".toml" or path.is_file():
            try:
                return Map.from_toml(path.read_text(encoding="utf-8"))
            except OSError as error:
                raise CommandError(f"{name}: {error.strerror}") from None
        found = ImportMap.objects.active().filter(resource=resource, name=name).first()
        if found is None:
            raise CommandError(f"There is no file and no saved map called {name}.")
        return Map.from_json(found.content)

    def _tell(self, batch: ImportBatch, *, applied: bool, error: str = "") -> None:
        report = batch.report
        columns = services.columns_of(batch)
        if self._json:
            self.stdout.write(
                json.dumps(
                    {
                        "batch": batch.pk,
                        "resource": batch.resource,
                        "file": batch.file_name,
                        "applied": applied,
                        "error": error,
                        "reading": {
                            k: v for k, v in batch.reading.items() if k not in ("profile", "map")
                        },
                        "map": batch.reading["map"],
                        "columns": asdict(columns) if columns else None,
                        **report,
                    },
                    ensure_ascii=False,
                )
            )
            return
        if "error" in report:
            return
        out = self.stdout.write
        out(f"{batch.file_name}: {report['read']} rows, {self._written_as(batch)}")
        verb = "" if applied else "would be "
        out(
            f"  {verb}created {report['created']}, {verb}changed {report['changed']}, "
            f"unchanged {report['unchanged']}, refused {report['refused']}"
        )
        if columns is not None and columns.not_read:
            out(f"  columns not used: {', '.join(columns.not_read)}")
        if columns is not None and columns.doubled:
            out(f"  more than one column is called: {', '.join(columns.doubled)}")
        for column, words in report["left_out_values"].items():
            listed = ", ".join(f"{word or '(empty)'} {n}" for word, n in words.items())
            out(f"  left out by the map: {column}: {listed}")
        if report["added_up"]:
            out(f"  added up into others: {report['added_up']} rows")
        if report["repeated"]:
            out(f"  repeated, counted once: {report['repeated']} rows")
        for name, words in report["translated"].items():
            meaning = batch.reading["map"]["values"][name]
            listed = ", ".join(f"{w} → {meaning[w]} ({n})" for w, n in words.items())
            out(f"  translated: {name}: {listed}")
        for name, words in report["new_words"].items():
            out(f"  new in {name}: {', '.join(words)}")
        for warning in report["warnings"]:
            out(f"  note: {warning}")
        for row in report["rows"]["refused"][:50]:
            where = f", {row['column']}" if row["column"] else ""
            what = f" “{row['value']}”" if row["value"] else ""
            out(f"  refused: line {row['line']}{where}:{what} expected {row['expected']}")
        hidden = sum(report["reasons"].values()) - min(50, len(report["rows"]["refused"]))
        if hidden > 0:
            out(f"  … and {hidden} more reasons")

    def _written_as(self, batch: ImportBatch) -> str:
        reading = batch.reading
        if reading["kind"] == "xlsx":
            return f"sheet {reading['sheet']}"
        names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", ":": "colon"}
        words = [reading["encoding"], names.get(reading["delimiter"], reading["delimiter"])]
        if reading["decimal"]:
            words.append({".": "decimal point", ",": "decimal comma"}[reading["decimal"]])
        if reading["dates"]:
            words.append(f"dates {reading['dates']}")
        return ", ".join(words)
