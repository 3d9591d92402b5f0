"""Long work and what it leaves: jobs with progress, import batches, runs of scheduled tasks."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.models.row import Row
from kam.querysets import JobQuerySet
from kam.scoping import DirectoryQuerySet, OwnQuerySet


class Job(models.Model):
    """Work that a worker does for somebody: an import, a long report.

    The row is the truth; the broker only wakes a worker. A job is claimed by one conditional
    update, so that it runs once however often the message arrives.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("At work")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    arguments = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("of"), default=0)
    message = models.TextField(_("message"), blank=True)
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(_("begun"), default=0)
    result = models.FileField(_("file"), upload_to="jobs/%Y/%m/", blank=True, max_length=250)
    result_name = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="jobs"
    )
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    #: Moved on while the work goes on; a job whose worker died is seen by its silence.
    alive_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_by", "-created_at"], name="kam_job_list"),
            models.Index(
                fields=["created_at"],
                name="kam_job_open",
                condition=models.Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.state not in (self.State.QUEUED, self.State.RUNNING)

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 0


class ImportMap(Row):
    """How one kind of file's columns and values are to be read, under a name."""

    resource = models.CharField(_("kind of data"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    content = models.JSONField(default=dict)

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("import map")
        verbose_name_plural = _("import maps")
        ordering = ["resource", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "name"],
                name="kam_importmap_name",
                violation_error_message=_("There is a map with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ImportBatchQuerySet(OwnQuerySet):
    """Imports are administrators' work; each of them sees all batches."""

    owner_field = "created_by"

    def visible_to(self, user):  # type: ignore[no-untyped-def]
        from kam.scoping import Role, principal

        if principal(user) is not None and user.role in (Role.ADMINISTRATOR, Role.SERVICE):
            return self.all()
        return super().visible_to(user)


class ImportBatch(models.Model):
    """One file (or one API call) that brought data in: the file, how it was read, what it did."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Checked")
        APPLIED = "applied", _("Imported")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Cancelled")

    resource = models.CharField(_("kind of data"), max_length=40)
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/", blank=True, max_length=250)
    file_name = models.CharField(_("file name"), max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    reading = models.JSONField(default=dict, help_text="map, encoding, delimiter, styles")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.UPLOADED
    )
    good_rows_only = models.BooleanField(_("good rows only"), default=False)
    created = models.PositiveIntegerField(_("created"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    #: The first rows of the preview and of the refusals, as shown on the page.
    report = models.JSONField(default=dict)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="import_batches",
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    applied_at = models.DateTimeField(_("imported"), null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.file_name or self.resource


class TaskRun(models.Model):
    """The last run of each scheduled task, and the workers' heartbeat: watched by /readyz."""

    name = models.CharField(max_length=60, unique=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("task run")
        verbose_name_plural = _("task runs")

    def __str__(self) -> str:
        return self.name
