"""Sets the company's name, currency and calendar from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kam.audit import source
from kam.editing import save_fields
from kam.models import Company

FIELDS = ("name", "currency", "fiscal_year_start", "timezone", "accent")


class Command(BaseCommand):
    help = "Sets what is named of the company's settings, and leaves the rest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="the company's name")
        parser.add_argument("--currency", help="company currency, such as USD")
        parser.add_argument("--fiscal-year-start", type=int, help="its first month: 1 to 12")
        parser.add_argument("--timezone", help="such as Europe/Oslo")
        parser.add_argument("--accent", help="colour in reports, such as #1f5f8b")

    def handle(self, *args: Any, **options: Any) -> None:
        changes = {name: options[name] for name in FIELDS if options[name] is not None}
        if not changes:
            raise CommandError("Name at least one setting; see --help.")
        company, _created = Company.objects.get_or_create(pk=1)
        try:
            with source("command"):
                company = save_fields(company, changes, base_version=None)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        company.save()  # the cache forgets what it held
        self.stdout.write(
            f"{company.name}: {company.currency}, year from month {company.fiscal_year_start}, "
            f"{company.timezone}"
        )
