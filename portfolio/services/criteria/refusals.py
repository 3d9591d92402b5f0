"""What stands against a change of the criteria; the open draft that changes need."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portfolio.models import CriteriaVersion

State = CriteriaVersion.State
HUNDRED = Decimal(100)


class CriteriaRefusal(ValidationError):  # noqa: N818
    """A rule of the criteria stands against it. The text is meant for the reader."""

    @property
    def sentence(self) -> str:
        return " ".join(self.messages)


class NoDraft(CriteriaRefusal):
    """Only drafts change; what was in force stays as it was, so that its scores can be explained."""


def open_draft(version_pk: int) -> CriteriaVersion:
    """The draft, locked until the end of the transaction; ``NoDraft`` where it is none, or waits for
    the date on which it comes into force."""
    version = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version_pk)
    if version.state != State.DRAFT:
        facts = {"version": version, "state": version.get_state_display()}
        raise NoDraft(
            _("“%(version)s” is %(state)s: only a draft is changed. Make a copy of it.") % facts
        )
    if version.activate_on is not None:
        facts = {
            "version": version,
            "day": date_format(version.activate_on, "SHORT_DATE_FORMAT"),
        }
        raise NoDraft(
            _("“%(version)s” comes into force on %(day)s. To change it, take that back first.")
            % facts
        )
    return version
