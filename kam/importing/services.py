"""Uploading, checking and applying a file. Everything that writes runs in one transaction."""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import IO, Any

from django.core.files import File
from django.db import DatabaseError, OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam import jobs
from kam.audit import source
from kam.importing import reading as files
from kam.importing.engine import Report, Run
from kam.importing.mapping import Map, MapRefused, columns_read, guess, style_columns
from kam.importing.reading import FileRefused, Profile, Reading
from kam.importing.resource import Resource, resource_named, run_after
from kam.models import ImportBatch, ImportMap, Job, User

log = logging.getLogger(__name__)
LOCK = "import"  # imports are written one after another
WAIT = 600  # seconds that one import waits for another
#: What a batch counts of its rows.
COUNTS = ("created", "changed", "unchanged", "refused")
Step = Callable[[int, int], None]


class ImportRefused(Exception):  # noqa: N818 - a verdict, not a defect
    """Nothing was written; the message says why. ``batch.report`` has the rows."""


def upload(
    resource: str,
    file: IO[bytes],
    name: str,
    *,
    user: User | None,
    mapping: Map | None = None,
) -> ImportBatch:
    """Keeps a file and looks at how it is written; raises FileRefused (and keeps nothing)."""
    found = resource_named(resource, user)
    reading = files.detect(file, name)
    if mapping is not None:
        reading = mapping.stated_reading(reading)
    profile, reading = files.profile(file, reading)
    batch = ImportBatch(
        resource=resource,
        file_name=PurePath(name).name[:200],
        digest=_digest(file),
        created_by=user,
    )
    batch.reading = _reading_json(reading, profile, mapping or guess(found, profile.head))
    file.seek(0)
    batch.file.save(_safe(batch.file_name), File(file), save=False)
    batch.save()
    return batch


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _safe(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)
    return kept[-80:].lstrip(".") or "file"


def _reading_json(reading: Reading, profile: Profile, mapping: Map) -> dict[str, Any]:
    return {**reading.as_json(), "profile": profile.as_json(), "map": mapping.as_json()}


def reading_of(batch: ImportBatch) -> Reading:
    return Reading.from_json(batch.reading)


def profile_of(batch: ImportBatch) -> Profile:
    return Profile.from_json(batch.reading["profile"])


def map_of(batch: ImportBatch) -> Map:
    return Map.from_json(batch.reading["map"])


@dataclass(frozen=True, slots=True)
class FileColumns:
    """Which columns of a file the map reads, which it leaves, and which names stand there twice."""

    read: list[str]
    not_read: list[str]
    doubled: list[str]


def columns_of(batch: ImportBatch) -> FileColumns | None:
    """What became of the file's columns; ``None`` where no file was read."""
    if "map" not in batch.reading:  # facts that came over the API
        return None
    head = profile_of(batch).head
    read = columns_read(map_of(batch), head)
    return FileColumns(read, [name for name in head if name not in read], files.doubled(head))


def resource_of(batch: ImportBatch, user: User | None = None) -> Resource:
    return resource_named(batch.resource, user or batch.created_by)


def read_again(batch: ImportBatch, stated: dict[str, Any]) -> ImportBatch:
    """Reads the file anew with what a person states of it; raises FileRefused."""
    mapping = map_of(batch)
    mapping = replace(mapping, reading={k: v for k, v in stated.items() if v})
    with batch.file.open("rb") as file:
        reading = mapping.stated_reading(files.detect(file, batch.file_name))
        profile, reading = files.profile(file, reading)
    if profile.head != profile_of(batch).head:
        mapping = replace(guess(resource_of(batch), profile.head), reading=mapping.reading)
    batch.reading = _reading_json(reading, profile, mapping)
    _back_to_uploaded(batch)
    return batch


def set_map(batch: ImportBatch, mapping: Map) -> ImportBatch:
    """Takes another map for the batch; raises MapRefused."""
    mapping.fitting(resource_of(batch), profile_of(batch).head)
    batch.reading = {**batch.reading, "map": mapping.as_json()}
    _back_to_uploaded(batch)
    return batch


@transaction.atomic
def check_with(batch: ImportBatch, mapping: Map, *, user: User) -> Job:
    """Takes another map for the batch and lets a worker check the file by it.

    Where the map states otherwise how the file is written, the file is read anew. Raises
    MapRefused, FileRefused, and ImportRefused while work goes on for the batch or once it is over.
    """
    held = (
        ImportBatch.objects.select_for_update(of=("self",)).select_related("job").get(pk=batch.pk)
    )
    if held.job is not None and not held.job.is_over:
        if held.job.arguments.get("step") == "apply":
            raise ImportRefused(_("This file is being imported at this moment."))
        raise ImportRefused(_("The file is being checked."))
    if "map" not in held.reading:  # facts that came over the API
        raise ImportRefused(_("This import is over."))
    if mapping.reading != map_of(held).reading:
        read_again(held, mapping.reading)
    set_map(held, mapping)
    return start(held, "check", user=user)


def _back_to_uploaded(batch: ImportBatch) -> None:
    batch.state = ImportBatch.State.UPLOADED
    batch.report = {}
    nothing = dict.fromkeys(COUNTS, 0)
    for name, n in nothing.items():
        setattr(batch, name, n)
    open_states = [ImportBatch.State.UPLOADED, ImportBatch.State.CHECKED, ImportBatch.State.REFUSED]
    changed = ImportBatch.objects.filter(pk=batch.pk, state__in=open_states).update(
        reading=batch.reading, state=batch.state, report={}, **nothing
    )
    if not changed:
        raise ImportRefused(_("This import is over."))


def save_map(resource: str, name: str, mapping: Map, *, user: User | None) -> ImportMap:
    """Keeps a map under a name; the same name is written over."""
    with source("page", user=user.pk if user else None):
        found, _created = ImportMap.objects.update_or_create(
            resource=resource, name=name.strip()[:80], defaults={"content": mapping.as_json()}
        )
    return found


def _run_of(batch: ImportBatch, file: IO[bytes], user: User | None, step: Step) -> Run:
    resource = resource_of(batch, user)
    profile = profile_of(batch)
    mapping = map_of(batch).fitting(resource, profile.head)
    reading = mapping.stated_reading(reading_of(batch))
    numbers, dates = style_columns(resource, mapping, profile)
    reading = files.decided(reading, profile, numbers, dates)
    problems = files.undecided(reading, profile, numbers, dates)
    if problems:
        raise FileRefused(" ".join(problems))
    batch.reading = {**batch.reading, "decimal": reading.decimal, "dates": reading.dates}
    total = profile.rows
    return Run(resource, mapping, reading, file, profile, lambda done: step(done, total))


def check(
    batch: ImportBatch, *, user: User | None = None, step: Step = lambda done, total: None
) -> Report | None:
    """Says what an import would do; writes nothing but the batch's report.

    ``None`` when the file or map as a whole is refused; the report says why.
    """
    try:
        with batch.file.open("rb") as file:
            report = _run_of(batch, file, user, step).check()
    except FileRefused as error:
        _keep(batch, ImportBatch.State.REFUSED, {"error": str(error)})
        return None
    _keep(batch, ImportBatch.State.CHECKED, report.as_json(), report)
    return report


def _keep(
    batch: ImportBatch, state: str, content: dict[str, Any], report: Report | None = None
) -> None:
    batch.state, batch.report = state, content
    for name in COUNTS:
        setattr(batch, name, getattr(report, name) if report else 0)
    ImportBatch.objects.filter(pk=batch.pk).exclude(
        state__in=[ImportBatch.State.APPLIED, ImportBatch.State.CANCELLED]
    ).update(
        state=state,
        report=content,
        reading=batch.reading,
        created=batch.created,
        changed=batch.changed,
        unchanged=batch.unchanged,
        refused=batch.refused,
    )


def apply(
    batch: ImportBatch,
    *,
    user: User | None,
    good_rows_only: bool = False,
    unseen: bool = False,
    step: Step = lambda done, total: None,
) -> Report:
    """Writes the file's rows, all or (if wished) the good ones; raises ImportRefused.

    The file is checked again in the transaction that writes, so what the preview showed some
    minutes ago is not relied on. A batch is applied once, however often and by whomever it is
    asked for. ``unseen``: also a file of which nobody has asked for a preview.
    """
    refused: tuple[str, dict[str, Any], Report | None] | None = None
    try:
        with transaction.atomic(), source("import", user=user.pk if user else None, batch=batch.pk):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '15min'")
            _claim(batch, unseen=unseen)
            _wait_for_turn(step)
            with batch.file.open("rb") as file:
                run = _run_of(batch, file, user, step)
                report = run.check(keep=True)
                if report.refused and not good_rows_only:
                    refused = (_refused_text(report), report.as_json(), report)
                    transaction.set_rollback(True)
                else:
                    run.write(batch)
                    batch.state = ImportBatch.State.APPLIED
                    batch.good_rows_only = good_rows_only
                    batch.applied_at = timezone.now()
                    batch.report = report.as_json()
                    for name in COUNTS:
                        setattr(batch, name, getattr(report, name))
                    batch.save(
                        update_fields=[
                            "state",
                            "reading",
                            "good_rows_only",
                            "applied_at",
                            "report",
                            "created",
                            "changed",
                            "unchanged",
                            "refused",
                        ]
                    )
    except FileRefused as error:
        refused = (str(error), {"error": str(error)}, None)
    except OperationalError:
        raise
    except DatabaseError as error:
        # A rule of the database spoke that no check here knows: nothing was written.
        text = _("The database refused it: %(error)s") % {"error": str(error).split("\n")[0]}
        refused = (text, {"error": text}, None)
    if refused is not None:
        text, content, found = refused
        _keep(batch, ImportBatch.State.REFUSED, content, found)
        raise ImportRefused(text)
    _refresh(batch)
    return report


def _refresh(batch: ImportBatch) -> None:
    """Figures are right at once; should that break, the data stands and the next tick does it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '15min'")
        try:
            run_after(batch)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")
    except DatabaseError:
        log.exception("figures after import %s wait for the next tick", batch.pk)


def _refused_text(report: Report) -> str:
    return ngettext(
        "%(n)d row is refused; nothing was imported.",
        "%(n)d rows are refused; nothing was imported.",
        report.refused,
    ) % {"n": report.refused}


def _claim(batch: ImportBatch, *, unseen: bool) -> None:
    """Takes the batch for this transaction, or raises ImportRefused."""
    try:
        with transaction.atomic():
            now = ImportBatch.objects.select_for_update(nowait=True, of=("self",)).get(pk=batch.pk)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != "55P03":
            raise
        raise ImportRefused(_("This file is being imported at this moment.")) from None
    if now.state == ImportBatch.State.APPLIED:
        raise ImportRefused(_("This file was imported already."))
    if now.state != ImportBatch.State.CHECKED and not (
        unseen and now.state == ImportBatch.State.UPLOADED
    ):
        raise ImportRefused(_("Only a checked file can be imported."))


def _wait_for_turn(step: Step) -> None:
    until = time.monotonic() + WAIT
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [LOCK])
            if cursor.fetchone()[0]:
                return
        if time.monotonic() > until:
            raise ImportRefused(_("Another import is at work; try again when it is over."))
        step(0, 0)
        time.sleep(0.5)


def cancel(batch: ImportBatch) -> None:
    """Gives the import up; work that goes on for it is stopped and leaves nothing."""
    if batch.job is not None and not batch.job.is_over:
        jobs.cancel(batch.job)
        if batch.job.arguments.get("step") == "apply":
            return  # it goes back to the preview
    ImportBatch.objects.filter(
        pk=batch.pk,
        state__in=[
            ImportBatch.State.UPLOADED,
            ImportBatch.State.CHECKED,
            ImportBatch.State.REFUSED,
        ],
    ).update(state=ImportBatch.State.CANCELLED)


# --- in the worker -------------------------------------------------------------------------------------


def start(batch: ImportBatch, step: str, *, user: User, good_rows_only: bool = False) -> Job:
    """Lets a worker check or apply the file; returns the job, whose page shows how far it is.

    While one job for the batch goes on, no second one is started.
    """
    with transaction.atomic():
        held = (
            ImportBatch.objects.select_for_update(of=("self",))
            .select_related("job")
            .get(pk=batch.pk)
        )
        if held.job is not None and not held.job.is_over:
            return held.job
        if step == "apply" and held.state != ImportBatch.State.CHECKED:
            raise ImportRefused(_("Only a checked file can be imported."))
        words = {"check": _("Checking %(file)s"), "apply": _("Importing %(file)s")}
        job = jobs.start(
            "import",
            words[step] % {"file": held.file_name},
            user,
            batch=held.pk,
            step=step,
            good_rows_only=good_rows_only,
        )
        held.job = job
        held.save(update_fields=["job"])
    batch.job = job
    return job


@jobs.kind("import")
def work(progress: jobs.Progress) -> None:
    """Checks or applies a batch in the worker."""
    batch = ImportBatch.objects.select_related("created_by").get(pk=progress.arguments["batch"])
    applying = progress.arguments["step"] == "apply"

    def step(done: int, total: int) -> None:
        total = max(total * (2 if applying else 1), done, 1)
        progress.job.total = total
        progress.step(min(done, total), total)

    if not applying:
        check(batch, user=progress.user, step=step)
        progress.say("", reverse("kam:import_preview", args=[batch.pk]))
        return
    try:
        report = apply(
            batch,
            user=progress.user,
            good_rows_only=bool(progress.arguments.get("good_rows_only")),
            step=step,
        )
    except ImportRefused as error:
        raise jobs.JobFailed(str(error)) from None
    progress.say(
        _("%(created)d created, %(changed)d changed, %(unchanged)d unchanged.")
        % {"created": report.created, "changed": report.changed, "unchanged": report.unchanged},
        reverse("kam:import_result", args=[batch.pk]),
    )


__all__ = [
    "FileRefused",
    "ImportRefused",
    "MapRefused",
    "apply",
    "cancel",
    "check",
    "check_with",
    "columns_of",
    "map_of",
    "profile_of",
    "read_again",
    "reading_of",
    "resource_of",
    "save_map",
    "set_map",
    "start",
    "upload",
]
