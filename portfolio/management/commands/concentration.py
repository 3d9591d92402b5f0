"""Print how far the company's sales of a fiscal year hang on few customers."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kam.models import Company, Role, User
from kam.periods import company_year
from portfolio import concentration as figures
from portfolio import concentration_text as words
from portfolio.models import PortfolioSettings


class Command(BaseCommand):
    help = "Prints top-n shares, HHI, effective number, Gini, dependence and the bridge of a year."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="fiscal year; the present one without")
        parser.add_argument("--json", action="store_true", help="for other programs")
        parser.add_argument("--as", dest="reader", help="e-mail of the person whose view it is")

    def handle(self, *args: Any, **options: Any) -> None:
        reader = _reader(options["reader"])
        year = company_year(options["year"])
        portfolio = figures.Portfolio(reader)
        found = figures.concentration_of(portfolio, [year.year])[year.year]
        names = figures.names_of(reader, [one.top for one in found.largest])
        data = words.as_data(found, names, PortfolioSettings.current(), Company.current().currency)
        data["bridge"] = words.bridge_data(figures.bridge_of(portfolio, year.year))
        if options["json"]:
            self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))
            return
        self.stdout.write(words.message(found))
        for name, value in data.items():
            if not isinstance(value, dict | list):
                self.stdout.write(f"{name}: {value}")


def _reader(email: str | None) -> User:
    """Whose view: the named person's, or an administrator's."""
    people = User.objects.who_sign_in()
    found = (
        people.filter(email__iexact=email) if email else people.filter(role=Role.ADMINISTRATOR)
    ).first()
    if found is None:
        raise CommandError(f"there is no person {email}" if email else "there is no administrator")
    return found
