"""Tests: the real PostgreSQL and Redis-protocol server, each run in its own database."""

import os
import re
import zlib

from .base import *  # noqa: F403

SECRET_KEY = "tests"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("KAM_TEST_DB", "test_kam")}  # noqa: F405
CACHES["default"]["KEY_PREFIX"] = os.environ.get("KAM_TEST_DB", "test_kam")  # noqa: F405
# Clearing the cache empties its whole Redis database: never the one that a running site uses.
# Processes that share the tests (gw0, gw1 …) each have the next one.
_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_own = 1 + (zlib.crc32(CACHES["default"]["KEY_PREFIX"].encode()) + _process) % 15  # noqa: F405
CACHES["default"]["LOCATION"] = re.sub(r"/\d*$", "", REDIS_URL) + f"/{_own}"  # noqa: F405
MEDIA_ROOT = VAR_DIR / "test-media"  # noqa: F405
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
WHITENOISE_AUTOREFRESH = True
ACCOUNT_RATE_LIMITS = False
KAM_API_RATE = "100000/min"
