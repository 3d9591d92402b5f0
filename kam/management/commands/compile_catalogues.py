"""``manage.py compile_catalogues``: the translations as the running product reads them.

Django's own ``compilemessages`` needs the system's gettext; this needs a Python package only.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compiles locale/*/LC_MESSAGES/*.po where the .mo is older or missing."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                target = source.with_suffix(".mo")
                if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                    continue
                with source.open("rb") as po:
                    catalogue = read_po(po)
                with target.open("wb") as mo:
                    write_mo(mo, catalogue)
                if options["verbosity"]:
                    self.stdout.write(f"{source.parent.parent.name}: {len(catalogue)} texts")
