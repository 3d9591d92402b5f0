"""The list of hours spent: by whom, at which account, in which week, and how many from meetings."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.listing import Column, Key, Listing
from kam.templatetags.kam_format import amount, day
from portfolio.filters.resources import HoursFilter
from portfolio.models import HoursSpent


def _account(row: HoursSpent) -> Any:
    return format_html('<a href="{}">{}</a>', row.account.get_absolute_url(), row.account)


class HoursList(Listing):
    """Everybody's hours whom I see the accounts of, and my own."""

    key = "hours"
    title = gettext_lazy("Hours spent")
    model = HoursSpent
    filterset_class = HoursFilter
    first_filters = ("account", "user", "meetings")
    related = ("account", "user")
    sort = "-week"
    empty_title = gettext_lazy("No hours yet")
    empty_text = gettext_lazy("Hours are entered by the week, or taken over from its meetings.")
    columns = (
        Column(
            "account",
            gettext_lazy("Account"),
            show=_account,
            export=lambda row: row.account.name,
            heading=True,
        ),
        Column(
            "user",
            gettext_lazy("Person"),
            show=lambda row: row.user,
            export=lambda row: str(row.user),
        ),
        Column(
            "week",
            gettext_lazy("Week from"),
            show=lambda row: day(row.week),
            sort=Key("week"),
            nowrap=True,
        ),
        Column("hours", gettext_lazy("Hours"), show=lambda row: amount(row.hours, 2), number=True),
        Column(
            "from_meetings",
            gettext_lazy("Of these from meetings"),
            show=lambda row: amount(row.from_meetings, 2) if row.from_meetings else "",
            number=True,
        ),
        Column("note", gettext_lazy("Note"), show=lambda row: row.note),
    )

    def rows(self) -> Any:
        return super().rows().active()

    def more_context(self) -> dict[str, Any]:
        return {"empty_url": reverse("portfolio:hours"), "empty_action": _("Enter my week")}


hours_list = HoursList.as_view()
