"""The reminder that the criteria in force must soon be revised."""

from datetime import date, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kam.models import Notification, Role, User
from kam.notifications import in_language_of, notify
from kam.periods import company_today
from portfolio.models import CriteriaVersion

#: How long before the date of revision people are reminded.
REMIND_BEFORE = timedelta(days=14)
REMINDED = (Role.ADMINISTRATOR, Role.MANAGEMENT)


def remind_of_revision(today: date | None = None) -> int:
    """Reminds once, two weeks before the version in force must be revised; says how many were told."""
    version = CriteriaVersion.objects.in_force().filter(revise_by__isnull=False).first()
    if version is None or version.revise_by is None:
        return 0
    today = today or company_today()
    occasion = f"criteria-revision-{version.pk}-{version.revise_by}"
    early = today < version.revise_by - REMIND_BEFORE
    if early or Notification.objects.filter(occasion=occasion).exists():
        return 0
    told = 0
    with transaction.atomic():
        for person in User.objects.people().filter(role__in=REMINDED):
            with in_language_of(person):
                facts = {
                    "version": version.name,
                    "day": date_format(version.revise_by, "SHORT_DATE_FORMAT"),
                }
                told += notify(
                    [person],
                    kind="criteria_revision",
                    occasion=occasion,
                    title=_("Revise the criteria “%(version)s” by %(day)s") % facts,
                    body=_("Do they still follow the strategy? Make a new version from a copy."),
                    url=reverse("portfolio:version_detail", args=[version.pk]),
                )
    return told
