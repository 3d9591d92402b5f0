"""The product in a process of its own, on this test's database, with no mock between."""

import os
from pathlib import Path

from django.conf import settings
from django.db import connection


def own_process(media: Path | None = None) -> dict[str, str]:
    """The environment of a process that works on the test database, with this run's cache keys.

    ``media`` is where it keeps files. The test must commit what that process shall see
    (``django_db(transaction=True)``).
    """
    found = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": (
            f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}"
            f"/{found['NAME']}"
        ),
        "DJANGO_SETTINGS_MODULE": "kam.settings.test",
        "KAM_TEST_DB": settings.CACHES["default"]["KEY_PREFIX"],
    }
    return environment if media is None else environment | {"KAM_MEDIA_ROOT": str(media)}
