"""Choosing a dashboard's panels, and sending it by mail: claimed before it is made, sent once."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kam import jobs
from kam.editing import archive, save_fields
from kam.models import Company, User
from kam.notifications import may_be_told
from kam.pdf import ReportError, render_report
from kam.periods import add_months, company_today, month_of
from portfolio.dashboard import (
    TILES,
    Asked,
    as_query,
    errors_of,
    filter_words,
    night_words,
    without_rate,
)
from portfolio.models import DashboardChoice, DashboardMail

log = logging.getLogger(__name__)


def choose_panels(user: User, names: Sequence[str]) -> DashboardChoice:
    """Keeps which panels a person wants, in this order; unknown names are left out."""
    return DashboardChoice.objects.update_or_create(
        user=user, defaults={"panels": list(dict.fromkeys(names))}
    )[0]


def order_mail(user: User, rhythm: str, query: str) -> DashboardMail:
    """Lets the dashboard with these filters come by mail; raises ``ValidationError``."""
    asked = Asked(user, as_query(query))
    if found := errors_of(asked):
        raise ValidationError(found)
    words = " · ".join(f"{label}: {value}" for label, value in filter_words(asked))
    row = DashboardMail(
        user=user,
        rhythm=rhythm,
        query=query,
        words=words[:500],
        next_on=next_day(rhythm, company_today()),
    )
    row.full_clean()
    row.save()
    return row


def end_mail(row: DashboardMail) -> DashboardMail:
    return archive(row)


def pause_mail(row: DashboardMail, today: date | None = None) -> DashboardMail:
    """Nothing is sent until it is resumed."""
    return save_fields(row, {"paused_on": today or company_today()}, base_version=None)


def resume_mail(row: DashboardMail, today: date | None = None) -> DashboardMail:
    """The next one comes on the next day of its rhythm; what fell into the pause is not made up."""
    after = next_day(row.rhythm, today or company_today())
    return save_fields(row, {"paused_on": None, "next_on": after}, base_version=None)


def next_day(rhythm: str, after: date) -> date:
    """The next Monday, or first of a month, after a day."""
    if rhythm == DashboardMail.Rhythm.WEEKLY:
        return after + timedelta(days=7 - after.weekday())
    return add_months(month_of(after), 1)


def start_due_mails(today: date | None = None) -> int:
    """Claims what is due and lets the worker make it; returns how many were begun.

    The conditional update decides between several callers: a mail may be lost where the worker dies
    between claim and sending, but is never sent twice.
    """
    today = today or company_today()
    due = DashboardMail.objects.active().filter(
        next_on__lte=today,
        paused_on__isnull=True,
        user__is_active=True,
        user__archived_at__isnull=True,
    )
    begun = 0
    for row in due.select_related("user")[:200]:
        with transaction.atomic():
            claimed = DashboardMail.objects.filter(
                pk=row.pk, next_on=row.next_on, paused_on__isnull=True
            ).update(next_on=next_day(row.rhythm, today))
            if claimed:
                with translation.override(row.user.language):
                    title = _("Dashboard by mail")
                jobs.start("dashboard-mail", title, row.user, mail=row.pk)
                begun += 1
    return begun


@jobs.kind("dashboard-mail")
def send_mail(progress: jobs.Progress) -> None:
    """Makes one dashboard's PDF and mails it to the person who ordered it."""
    row = DashboardMail.objects.active().select_related("user").filter(
        pk=progress.arguments["mail"]
    ).first()  # fmt: skip
    if row is None or row.paused_on is not None or not may_be_told(row.user):
        raise jobs.JobFailed(_("This mail is no longer wanted."))
    with translation.override(row.user.language):
        try:
            pdf, name = make_pdf(row.user, row.query, chosen(row.user), limited=True)
        except (ReportError, BadRequest) as error:
            raise jobs.JobFailed(str(error)) from None
        # Claimed for today: a job that is begun again after the mail went out ends here.
        today = company_today()
        fresh = DashboardMail.objects.filter(pk=row.pk).exclude(sent_on=today)
        if not fresh.update(sent_on=today):
            raise jobs.JobFailed(_("This mail went out today already."))
        mail = EmailMessage(
            _("Dashboard of %(company)s") % {"company": Company.current().name},
            _("The dashboard that you ordered is attached. You open it here:")
            + f"\n{settings.SITE_URL}{reverse('portfolio:dashboard')}?{row.query}\n\n"
            + _("You pause or end this mail here:")
            + f"\n{settings.SITE_URL}{reverse('portfolio:dashboard_mails')}",
            to=[row.user.email],
        )
        mail.attach(name, pdf, "application/pdf")
        mail.send()
        progress.deliver(pdf, name)


def chosen(user: User) -> list[str]:
    """The names of the tiles that this person wants, in their order."""
    choice = DashboardChoice.objects.filter(user=user).first()
    wanted = choice.panels if choice else list(TILES)
    return [name for name in wanted if name in TILES]


def make_pdf(
    user: Any, query: str, names: Sequence[str], *, limited: bool = False
) -> tuple[bytes, str]:
    """The dashboard as PDF, and its file name; raises ``kam.pdf.ReportError``.

    A filter that cannot be read (any more) is a ``BadRequest``: never other figures than asked for.
    """
    asked = Asked(user, as_query(query))
    if found := errors_of(asked):
        raise BadRequest(" ".join(found))
    tables = [TILES[name].make(asked) for name in names]
    run = asked.run
    night = run.night if run else company_today()
    report = render_report(
        "portfolio/dashboard/report.html",
        {
            "tables": tables,
            "age": night_words(run, asked.night),
            "without_rate": without_rate(asked),
        },
        limited=limited,
        title=_("Dashboard"),
        subject="",
        author=str(user),
        company=Company.current().name,
        period=_("Twelve months before the night"),
        as_of=night,
        filters=filter_words(asked)
        or [(_("Filter"), _("none: all accounts that %(name)s sees") % {"name": user})],
        keywords=["KAM"],
        language=translation.get_language(),
    )
    return report.pdf, f"{slugify(_('Dashboard')) or 'dashboard'}-{night.isoformat()}.pdf"


def kept_query(asked: Asked) -> str:
    """The filters without the night: a mail is always of the newest one."""
    return asked.query(night=None)
