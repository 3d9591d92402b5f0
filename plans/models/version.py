"""What was agreed: a plan's content as it stood when it was approved."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.models.plan import AccountPlan
from plans.querysets import OfPlanReadQuerySet


class PlanVersion(models.Model):
    """A frozen copy of a plan. It is made once and never changed.

    ``content`` is what ``plans.versions.snapshot`` wrote: plan, sections, targets by month, goals,
    strategies, needs, activities, each row with its id. Sections carry their audience, and are
    shown to those who may read the section.
    """

    class Occasion(models.TextChoices):
        APPROVED = "approved", _("Approved")
        CLOSED = "closed", _("Closed")

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    occasion = models.CharField(_("occasion"), max_length=8, choices=Occasion.choices)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    note = models.TextField(_("words with the decision"), blank=True)
    content = models.JSONField(_("content"))

    objects = OfPlanReadQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a plan")
        verbose_name_plural = _("versions of plans")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plans_planversion_key")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_content",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("plan", "number", "occasion", "made_at", "content"),
                func="RAISE EXCEPTION 'a version of a plan does not change';",
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} · {self.number}"
