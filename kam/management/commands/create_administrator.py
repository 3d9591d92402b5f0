"""The first administrator of an empty installation."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from kam.models import Role, User


class Command(BaseCommand):
    help = (
        "Creates an administrator. Asks for e-mail, name and password on a terminal; otherwise "
        "reads KAM_ADMIN_EMAIL, KAM_ADMIN_NAME and KAM_ADMIN_PASSWORD."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="the e-mail address to sign in with")
        parser.add_argument("--name", help="the person's name")
        parser.add_argument(
            "--if-none",
            action="store_true",
            help="do nothing when there is an administrator who may sign in",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
        if options["if_none"] and administrators.exists():
            return
        email = options["email"] or os.environ.get("KAM_ADMIN_EMAIL", "")
        name = options["name"] or os.environ.get("KAM_ADMIN_NAME", "")
        password = os.environ.get("KAM_ADMIN_PASSWORD", "")
        if email and password:
            self.create(email, name, password)
            return
        if not sys.stdin.isatty():
            raise CommandError(
                "There is no terminal to ask on: set KAM_ADMIN_EMAIL and KAM_ADMIN_PASSWORD."
            )
        self.stdout.write("The first administrator (Ctrl-C leaves without one):")
        while True:
            asked = email or input("  E-mail: ")
            asked_name = name or input("  Name: ")
            first = password or getpass.getpass("  Password (10 characters or more): ")
            if not password and getpass.getpass("  Password again: ") != first:
                self.stderr.write("  The two passwords differ.")
                continue
            try:
                self.create(asked, asked_name, first)
            except CommandError as error:
                self.stderr.write(f"  {error}")
                continue
            return

    @transaction.atomic
    def create(self, email: str, name: str, password: str) -> None:
        """Create the account, or raise a CommandError that says what is wrong."""
        email = email.strip().lower()
        person = User(
            email=email, name=name.strip() or email.split("@")[0], role=Role.ADMINISTRATOR
        )
        try:
            validate_email(email)
            validate_password(password, person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError(f"{email} has an account already.")
        person.set_password(password)
        person.save()
        self.stdout.write(f"{email} may sign in as administrator.")
