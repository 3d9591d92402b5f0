"""The two lists of plans: those that are there, and the accounts that have none."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, AccountYear
from kam.listing import Bulk, Column, Key, Listing
from kam.listing.bulk import BULK_CAP
from kam.number_text import amount, percent
from kam.periods import company_year
from kam.scoping import SEES_ALL, principal, signed_in
from plans.calc import ratio
from plans.filters import PlanFilter, UnplannedFilter
from plans.life_forms import ManyPlansForm
from plans.models import AccountPlan
from plans.services import copying
from plans.views.plans.badges import state_badge
from plans.views.plans.sums import sales_of_plans, with_sums


class PlanList(Listing):
    """All plans that this person sees."""

    key = "plans"
    title = gettext_lazy("Plans")
    model = AccountPlan
    filterset_class = PlanFilter
    first_filters = ("q", "year", "status")
    template = "plans/list.html"
    sort = "-year"
    empty_title = gettext_lazy("No plans yet")
    empty_text = gettext_lazy(
        "A plan belongs to an account and a year. Begin with an account that has none."
    )
    columns = (
        Column(
            "account",
            gettext_lazy("Account"),
            show=lambda plan: format_html(
                '<a href="{}">{}</a>', plan.get_absolute_url(), plan.account
            ),
            export=lambda plan: plan.account.name,
            sort="account__name",
            heading=True,
        ),
        Column(
            "year",
            gettext_lazy("Year"),
            show=lambda plan: company_year(plan.year).label,
            sort=(Key("year"), Key("account__name", descending=True)),
        ),
        Column("status", gettext_lazy("State"), show=state_badge, sort="status"),
        Column(
            "owner",
            gettext_lazy("KAM"),
            show=lambda plan: plan.account.owner,
            export=lambda plan: str(plan.account.owner or ""),
            sort=Key("account__owner__name", nullable=True),
        ),
        Column(
            "currency",
            gettext_lazy("Currency"),
            show=lambda plan: plan.currency,
        ),
        Column(
            "target",
            gettext_lazy("Target"),
            show=lambda plan: amount(plan.target_revenue),
            export=lambda plan: plan.target_revenue,
            number=True,
        ),
        Column(
            "actual",
            gettext_lazy("Actual"),
            show=lambda plan: amount(plan.actual_revenue),
            export=lambda plan: plan.actual_revenue,
            number=True,
        ),
        Column(
            "attainment",
            gettext_lazy("Attainment"),
            show=lambda plan: percent(ratio(plan.actual_revenue, plan.target_revenue)),
            export=lambda plan: ratio(plan.actual_revenue, plan.target_revenue),
            number=True,
        ),
        Column(
            "late",
            gettext_lazy("Late activities"),
            show=lambda plan: _late_text(plan),
            export=lambda plan: plan.late_activities or 0,
            number=True,
        ),
        Column("updated_at", gettext_lazy("Changed"), sort="updated_at", on_page=False),
    )

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """Of everybody's plans a page is found within its year, by the accounts' names; of one's own
        all are read, and sorted."""
        first, *others = super().keys
        person = principal(self.request.user)
        few = first.path == "year" and person is not None and person.role in SEES_ALL
        return (replace(first, few=few), *others)

    def fetch(self, queryset: Any) -> Any:
        return with_sums(queryset.select_related("account__owner"))

    def prepare(self, rows: list[Any]) -> None:
        """Sales of each plan's year, in the plan's currency; missing where a rate is missing."""
        sales = sales_of_plans(rows)
        for plan in rows:
            plan.actual_revenue = sales[plan.pk]

    def more_context(self) -> dict[str, Any]:
        return {
            "tabs": list_tabs(self.request, "plans:list"),
            "empty_url": reverse("plans:unplanned_list"),
            "empty_action": _("Accounts without a plan"),
        }


def _late_text(plan: Any) -> Any:
    if plan.late_activities:
        return format_html(
            '<span class="badge badge--bad">{}</span>',
            _("%(late)d of %(open)d late")
            % {"late": plan.late_activities, "open": plan.open_activities},
        )
    return plan.open_activities and _("none of %(open)d") % {"open": plan.open_activities}


class UnplannedList(Listing):
    """Accounts without a plan for a year: each with one click to its plan."""

    key = "unplanned"
    title = gettext_lazy("Accounts without a plan")
    model = Account
    filterset_class = UnplannedFilter
    first_filters = ("q",)
    template = "plans/unplanned.html"
    sort = "name"
    empty_title = gettext_lazy("Every account has a plan")
    empty_text = gettext_lazy("Nothing to do here for this year.")
    related = ("owner",)
    bulk = Bulk(
        ManyPlansForm,
        lede=gettext_lazy(
            "Each account gets its plan for the year, from the template that fits it."
        ),
        submit=gettext_lazy("Make plans"),
    )

    def _editable(self, selection: Any) -> Any:
        """A plan is made by who answers for the account; an edit seat fills it."""
        return selection.filter(
            pk__in=Account.objects.staffed_by(self.request.user).order_by().values("pk")
        )

    def do_bulk(self) -> HttpResponse:
        """Plans for the chosen accounts, made in the worker."""
        selection = self.selection(self.request.POST)
        form = ManyPlansForm(self.request.POST, user=self.request.user)
        if not form.is_valid():
            return self.show_bulk(selection, form, status=422)
        chosen = self._editable(selection).order_by().values_list("pk", flat=True)
        accounts = list(chosen[: BULK_CAP + 1])
        if not accounts or len(accounts) > BULK_CAP:
            return self.show_bulk(selection, form, status=422)
        template = form.cleaned_data["template"]
        job = copying.start_making(
            signed_in(self.request),
            accounts,
            self.year,
            form.cleaned_data["growth"],
            template.pk if template else None,
        )
        return redirect("kam:job_detail", pk=job.pk)

    @cached_property
    def year(self) -> int:
        asked = self.request.GET.get("year", "")
        present = company_year().year
        known = asked.isascii() and asked.isdigit() and len(asked) == 4
        year = int(asked) if known else present
        return year if present - 3 <= year <= present + 2 else present

    def query(self, **changes: Any) -> str:
        kept = super().query(**changes)
        year = f"year={self.year}" if "year" in self.request.GET else ""
        return "&".join(filter(None, [kept, year]))

    def rows(self) -> Any:
        planned = AccountPlan.objects.active().filter(  # unscoped: says only that there is one
            account=OuterRef("pk"), year=self.year
        )
        return super().rows().active().filter(~Exists(planned))

    def prepare(self, rows: list[Any]) -> None:
        last = AccountYear.objects.filter(  # unscoped: of accounts that the list has scoped
            account__in=rows, year=self.year - 1
        )
        sold: dict[int, list[str]] = defaultdict(list)
        for row in last.order_by("currency"):
            sold[row.account_id].append(f"{amount(row.revenue)} {row.currency}")
        mine = set(
            Account.objects.staffed_by(self.request.user)
            .filter(pk__in=[row.pk for row in rows])
            .values_list("pk", flat=True)
        )
        for row in rows:
            row.last_year = ", ".join(sold[row.pk])
            row.may_plan = row.pk in mine

    @property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        return (
            Column("name", _("Account"), sort="name", heading=True),
            Column(
                "owner",
                _("KAM"),
                sort=Key("owner__name", nullable=True),
                export=lambda account: str(account.owner or ""),
            ),
            Column(
                "last_year",
                _("Revenue last year"),
                show=lambda account: account.last_year,
                export=lambda account: account.last_year,
                number=True,
            ),
            Column("plan", _("Plan"), show=self._create_link, in_file=False),
        )

    def _create_link(self, account: Any) -> Any:
        if not account.may_plan:
            return _("None yet")
        return format_html(
            '<button class="btn btn--small" form="create-plan" name="account" value="{}">{}'
            '<span class="sr-only"> · {}</span></button>',
            account.pk,
            _("Create"),
            account.name,
        )

    def more_context(self) -> dict[str, Any]:
        present = company_year()
        years = [present.shifted(n) for n in (-1, 0, 1)]
        return {
            "tabs": list_tabs(self.request, "plans:unplanned_list"),
            "year": self.year,
            "year_label": company_year(self.year).label,
            "years": [(y.label, f"?year={y.year}", y.year == self.year) for y in years],
        }


def list_tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """The two lists of plans: those that are there, and the accounts that have none."""
    places = (
        ("plans:list", _("Plans")),
        ("plans:unplanned_list", _("Accounts without a plan")),
    )
    return [
        {"label": label, "url": reverse(route), "current": route == current}
        for route, label in places
    ]
