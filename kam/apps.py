from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KamConfig(AppConfig):
    name = "kam"
    verbose_name = "Foundation"

    def ready(self) -> None:
        import kam.importing.services  # noqa: F401 - registers the kind of job

        # Each app registers what can be found in it, how its rows come back, what waits.
        autodiscover_modules("people_search", "search", "history", "installation")
