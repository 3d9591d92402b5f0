"""All needs that a person sees, and accounts ranked by their improvement potential."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.listing import Column, Key, Listing
from kam.models import Company
from kam.number_text import amount, percent
from kam.periods import company_year
from plans.calc import ratio
from plans.models import AccountPlan, Need
from plans.needs_filters import NeedFilter, PotentialFilter
from plans.potentials import having_needs, with_index, with_potential
from plans.views.needs import improvement_text, state_text


def tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """The two lists: needs one by one, and accounts by the sum of theirs."""
    places = (("plans:need_list", _("Needs")), ("plans:potential_list", _("Accounts, ranked")))
    return [
        {"label": label, "url": reverse(route), "current": route == current}
        for route, label in places
    ]


def _company_currency(_listing: Any) -> str:
    return Company.current().currency


class NeedList(Listing):
    """Needs of all plans."""

    key = "needs"
    title = gettext_lazy("Needs")
    model = Need
    filterset_class = NeedFilter
    first_filters = ("q", "state", "year")
    template = "plans/needs/list.html"
    sort = "-potential"
    empty_title = gettext_lazy("No needs")
    empty_text = gettext_lazy("Needs are written in account plans: a pain or gain first.")
    related = ("plan__account__owner", "agreed_by")
    columns = (
        Column(
            "title",
            gettext_lazy("Need"),
            show=lambda need: format_html(
                '<a href="{}">{}</a>', reverse("plans:need_detail", args=[need.pk]), need.title
            ),
            export=lambda need: need.title,
            sort="title",
            heading=True,
        ),
        Column(
            "account",
            gettext_lazy("Account and plan"),
            show=lambda need: format_html(
                '<a href="{}">{} {}</a>',
                need.plan.get_absolute_url(),
                need.plan.account,
                company_year(need.plan.year).label,
            ),
            export=lambda need: f"{need.plan.account} {company_year(need.plan.year).label}",
            sort="plan__account__name",
        ),
        Column("kind", gettext_lazy("Pain or gain"), sort="kind", on_page=False),
        Column("state", gettext_lazy("State"), show=state_text, sort="state"),
        Column("customer_line", gettext_lazy("The customer's line"), sort="customer_line"),
        Column(
            "improvement",
            gettext_lazy("Improvement"),
            show=improvement_text,
            export=lambda need: str(improvement_text(need)),
            in_file=False,
        ),
        Column(
            "value",
            gettext_lazy("Value a year"),
            show=lambda need: "" if need.value is None else _in_currency(need),
            export=lambda need: need.value,
            number=True,
        ),
        Column(
            "currency",
            gettext_lazy("Currency"),
            export=lambda need: need.plan.currency,
            on_page=False,
        ),
        Column(
            "chance",
            gettext_lazy("Chance"),
            unit="%",
            sort=Key("chance", nullable=True),
            number=True,
        ),
        Column(
            "potential",
            gettext_lazy("Potential"),
            show=lambda need: (
                amount(need.company_potential) if need.company_potential is not None else ""
            ),
            export=lambda need: need.company_potential,
            sort=Key("company_potential", nullable=True),
            number=True,
            unit=_company_currency,
        ),
        Column("diagnosis", gettext_lazy("Diagnosis"), on_page=False),
        Column("capability", gettext_lazy("Our capability"), on_page=False),
        Column("measure", gettext_lazy("Measure"), on_page=False),
        Column("measured", gettext_lazy("From"), on_page=False),
        Column("attainable", gettext_lazy("To"), on_page=False),
        Column("improved_by", gettext_lazy("Until"), on_page=False),
        Column("agreed_on", gettext_lazy("Agreed on"), on_page=False),
        Column("realised_value", gettext_lazy("Value realised"), on_page=False),
        Column("realised_on", gettext_lazy("Realised on"), on_page=False),
    )

    def rows(self) -> Any:
        return with_potential(super().rows().filter(plan__archived_at__isnull=True))

    def fetch(self, queryset: Any) -> Any:
        return with_potential(queryset.select_related(*self.related))

    def more_context(self) -> dict[str, Any]:
        return {
            "tabs": tabs(self.request, "plans:need_list"),
            "empty_url": reverse("plans:list"),
            "empty_action": _("Open the plans"),
        }


def _in_currency(need: Need) -> str:
    return f"{amount(need.value)} {need.plan.currency}"


class PotentialList(Listing):
    """Account plans by their improvement potential index, the highest first."""

    key = "potentials"
    title = gettext_lazy("Improvement potential")
    model = AccountPlan
    filterset_class = PotentialFilter
    first_filters = ("q", "year")
    template = "plans/needs/list.html"
    sort = "-index"
    empty_title = gettext_lazy("No needs")
    empty_text = gettext_lazy("Needs are written in account plans: a pain or gain first.")
    columns = (
        Column(
            "account",
            gettext_lazy("Account"),
            show=lambda plan: format_html(
                '<a href="{}">{}</a>',
                reverse("plans:need_of_plan", args=[plan.pk]),
                plan.account,
            ),
            export=lambda plan: plan.account.name,
            sort="account__name",
            heading=True,
        ),
        Column(
            "year",
            gettext_lazy("Year"),
            show=lambda plan: company_year(plan.year).label,
            sort="year",
        ),
        Column(
            "owner",
            gettext_lazy("KAM"),
            show=lambda plan: plan.account.owner,
            export=lambda plan: str(plan.account.owner or ""),
            sort=Key("account__owner__name", nullable=True),
        ),
        Column(
            "needs",
            gettext_lazy("Needs counted"),
            show=lambda plan: _counted(plan),
            export=lambda plan: int(plan.counted or 0),
            number=True,
        ),
        Column(
            "attainable",
            gettext_lazy("Attainable value"),
            show=lambda plan: _money(plan, plan.attainable_value),
            export=lambda plan: plan.attainable_value,
            number=True,
        ),
        Column(
            "present",
            gettext_lazy("Present value"),
            show=lambda plan: _money(plan, plan.present_value),
            export=lambda plan: plan.present_value,
            number=True,
        ),
        Column(
            "chance",
            gettext_lazy("Chance"),
            show=lambda plan: percent(_chance(plan)) if _chance(plan) is not None else "",
            export=lambda plan: _chance(plan),
            number=True,
        ),
        Column(
            "currency",
            gettext_lazy("Currency"),
            show=lambda plan: plan.currency,
            on_page=False,
        ),
        Column(
            "index",
            gettext_lazy("Index"),
            show=lambda plan: (
                amount(plan.company_index) if plan.company_index is not None else _no_index(plan)
            ),
            export=lambda plan: plan.company_index,
            sort=Key("company_index", nullable=True),
            number=True,
            unit=_company_currency,
        ),
    )

    def rows(self) -> Any:
        return with_index(having_needs(super().rows()))

    def fetch(self, queryset: Any) -> Any:
        return with_index(queryset.select_related("account__owner"), parts=True)

    def more_context(self) -> dict[str, Any]:
        return {
            "tabs": tabs(self.request, "plans:potential_list"),
            "explained": True,
            "empty_url": reverse("plans:list"),
            "empty_action": _("Open the plans"),
        }


def _counted(plan: Any) -> str:
    counted, unknown = int(plan.counted or 0), int(plan.unknown or 0)
    if unknown:
        return _("%(n)s of %(all)s") % {"n": counted, "all": counted + unknown}
    return str(counted)


def _money(plan: Any, value: Any) -> str:
    return "" if value is None else f"{amount(value)} {plan.currency}"


def _chance(plan: Any) -> Any:
    if plan.index is None:
        return None
    return ratio(plan.index, plan.attainable_value - plan.present_value)


def _no_index(plan: Any) -> str:
    if plan.index is None:
        return ""
    return _("no rate for %(currency)s") % {"currency": plan.currency}
