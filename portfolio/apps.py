from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortfolioConfig(AppConfig):
    name = "portfolio"
    verbose_name = _("Portfolio")

    def ready(self) -> None:
        from kam.notifications import leads_to
        from portfolio.models import Nomination
        from portfolio.services import limits  # noqa: F401  (registers itself)

        leads_to("portfolio:nomination_detail", Nomination.objects.all)
