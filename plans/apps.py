from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "plans"
    verbose_name = _("Plans")

    def ready(self) -> None:
        from kam.notifications import leads_to
        from plans import loss_targets, meetings  # noqa: F401  (register themselves)
        from plans.models import AccountPlan, CascadeShare, Review
        from plans.services import obstacles  # noqa: F401  (registers itself)

        leads_to("plans:detail", AccountPlan.objects.all)
        leads_to("plans:comment_list", AccountPlan.objects.all)
        leads_to("plans:share_answer", CascadeShare.objects.all)
        leads_to("plans:review_detail", Review.objects.all)
