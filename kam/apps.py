from typing import ClassVar

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.utils.module_loading import autodiscover_modules


class KamConfig(AppConfig):
    name = "kam"
    verbose_name = "Foundation"
    default = True

    def ready(self) -> None:
        import kam.importing.services  # noqa: F401 - registers the kind of job

        # Each app's search.py registers what can be found in it.
        autodiscover_modules("people_search", "search")


class StaticFiles(StaticFilesConfig):
    """Leaves out what packages bring and no page here uses: 5 MB that take a minute to compress."""

    ignore_patterns: ClassVar[list[str]] = [
        *StaticFilesConfig.ignore_patterns,
        "drf_spectacular_sidecar/redoc*",
        "rest_framework*",
        "flags*",
    ]
