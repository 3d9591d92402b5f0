"""The text of a plan, section by section, and what people say about it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from plans.models.plan import AccountPlan
from plans.models.template import SectionKind, SectionShape
from plans.querysets import CommentQuerySet, OfSectionQuerySet, SectionQuerySet


@audited()
class Section(SectionShape, Row):
    """One section of a plan: Markdown by the KAM, beside what the system knows.

    ``source`` and ``source_on`` say where what it tells comes from, and of which day it is.
    ``confirmed_on`` is the day somebody last wrote or confirmed it: freshness counts from there.
    """

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="sections")
    body = models.TextField(_("text"), blank=True, max_length=50_000)
    source = models.CharField(_("source"), max_length=200, blank=True)
    source_on = models.DateField(_("as of"), null=True, blank=True)
    confirmed_on = models.DateField(_("last confirmed"), null=True, blank=True, editable=False)

    objects = SectionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "kind"],
                condition=~models.Q(kind=SectionKind.OTHER) & models.Q(archived_at__isnull=True),
                name="plans_section_key",
                violation_error_message=_("The plan has this section already."),
            )
        ]
        indexes = [models.Index(fields=["plan", "position"], name="plans_section_order")]

    def __str__(self) -> str:
        return self.heading


@audited()
class SectionReader(Row):
    """Somebody who may read a section that is kept to named people."""

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="readers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="+",
    )

    objects = OfSectionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("reader of a section")
        verbose_name_plural = _("readers of sections")
        constraints = [
            models.UniqueConstraint(
                fields=["section", "user"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_sectionreader_key",
                violation_error_message=_("This person reads the section already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}"


@audited()
class PlanComment(Row):
    """What somebody says about a section, or about the plan where ``section`` is empty.

    Written in the plan by one of us, or by the customer through a shared link (``share``).
    """

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="comments")
    section = models.ForeignKey(
        Section, null=True, blank=True, on_delete=models.CASCADE, related_name="comments"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    share = models.ForeignKey(
        "plans.PlanShare",
        verbose_name=_("by the customer"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="comments",
    )
    body = models.TextField(_("comment"), max_length=5000)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = CommentQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]
        indexes = [models.Index(fields=["plan", "section", "id"], name="plans_comment_order")]

    def __str__(self) -> str:
        return self.body[:60]
