"""Write a report of plans as PDF."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from accounts.models import Account
from kam.audit import source
from kam.models import User
from kam.pdf import ReportError
from kam.periods import company_year
from kam.scoping import Role
from plans import reports
from plans.models import AccountPlan


class Command(BaseCommand):
    help = "Writes a PDF: the company, a team, a KAM's portfolio, or an account's plan of the year."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("level", choices=["company", "team", "kam", "account"])
        parser.add_argument("id", nargs="?", type=int, help="of the team, person or account")
        parser.add_argument("--year", type=int, help="fiscal year; the present one without")
        parser.add_argument("--output", required=True, help="the file to write")
        parser.add_argument(
            "--as",
            dest="reader",
            help="e-mail of the person whose view it is; else an administrator's",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        level, pk = options["level"], options["id"]
        if (level == "company") != (pk is None):
            raise CommandError(
                "company takes no ID" if level == "company" else f"{level} needs an ID"
            )
        year = company_year(options["year"])
        reader = reader_of(options["reader"])
        if level == "account":
            level, pk = "plan", self._plan(pk, year.year)
        try:
            with source("command"), timezone.override(reader.zone):
                pdf = reports.make(reports.prepare(reader, level, pk, year.year), limited=True)
        except Http404:
            raise CommandError(f"{reader.email} sees no {options['level']} {pk or ''}") from None
        except ReportError as error:
            raise CommandError(str(error)) from error
        output = Path(options["output"])
        try:
            output.write_bytes(pdf)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from error
        self.stdout.write(f"{output} ({len(pdf):,} bytes)")

    def _plan(self, account_id: int, year: int) -> int:
        plan = AccountPlan.objects.active().filter(account=account_id, year=year).only("pk").first()
        if plan is None:
            if not Account.objects.filter(pk=account_id).exists():
                raise CommandError(f"there is no account {account_id}")
            raise CommandError(f"account {account_id} has no plan for {year}")
        return plan.pk


def reader_of(email: str | None) -> User:
    """The person by e-mail; else somebody who sees everything, for who runs commands may."""
    people = User.objects.people()
    found = (
        people.filter(email__iexact=email).first()
        if email
        else people.filter(Q(role=Role.ADMINISTRATOR) | Q(role=Role.MANAGEMENT))
        .order_by("role", "pk")
        .first()
    )
    if found is None:
        raise CommandError(
            f"there is no active person {email}" if email else "there is no administrator yet"
        )
    return found
