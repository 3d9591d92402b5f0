"""A person's own machine: everything works at once, nothing leaves it."""

from .base import *  # noqa: F403

SECRET_KEY = env("KAM_SECRET_KEY", default="only-for-this-machine")  # noqa: F405
DEBUG = env.bool("KAM_DEBUG", default=False)  # noqa: F405
ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"  # noqa: F405
if DEBUG:
    STORAGES["staticfiles"] = {  # noqa: F405
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
