"""Makes an API token for a person or service account and prints it, and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kam import services
from kam.audit import source
from kam.models import User


class Command(BaseCommand):
    help = "Make an API token for a person or service account; prints the token and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose token: the e-mail address")
        parser.add_argument("--write", action="store_true", help="the token may write, too")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument(
            "--days", type=int, default=0, help="days until it expires (0: without end)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        person = User.objects.filter(email__iexact=email, archived_at__isnull=True).first()
        if person is None:
            raise CommandError(f"There is no person with the e-mail address {email}.")
        if not person.is_active:
            raise CommandError(f"{person} may not sign in; a token would not work.")
        if not 0 <= options["days"] <= 36_500:
            raise CommandError("--days is a number from 0 (without end) to 36500.")
        if not options["name"].strip() or len(options["name"]) > 100:
            raise CommandError("--name has 1 to 100 letters.")
        with source("command"):
            _row, secret = services.issue_token(
                person,
                options["name"].strip(),
                may_write=options["write"],
                days=options["days"] or None,
            )
        self.stdout.write(secret)
