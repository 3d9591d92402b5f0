from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "plans"
    verbose_name = _("Plans")

    def ready(self) -> None:
        from plans import loss_targets, meetings  # noqa: F401  (register themselves)
        from plans.services import obstacles  # noqa: F401  (registers itself)
