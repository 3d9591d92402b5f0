"""Account plans: lists, the page of one plan, its texts, and why its numbers are what they are."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Account, AccountYear
from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render as render_part
from kam.inplace import InPlace
from kam.listing import Column, Key, Listing
from kam.markdown import rendered
from kam.models import BudgetRate, Company
from kam.money import Rates, Total, rates_for
from kam.number_text import amount, percent, signed
from kam.periods import company_today, company_year
from kam.pictures.monthly import Month
from kam.templatetags.kam_format import month as month_text
from plans.calc import MonthFigures, YearFigures, ratio
from plans.filters import PlanFilter, UnplannedFilter
from plans.forms import NewPlanForm, PlanForm
from plans.models import AccountPlan, Activity, TargetMonth
from plans.phasing import suggested
from plans.selectors import Sales, plan_year, sales_of, target_months
from plans.services import lifecycle, plans
from plans.services.locks import text_is_open
from plans.services.refusals import PlanExists, PlanRefusal
from plans.views.rows import crumbs_to, plan_for

Status = AccountPlan.Status
BADGES = {
    Status.DRAFT: "draft",
    Status.SUBMITTED: "active",
    Status.RETURNED: "warn",
    Status.ACTIVE: "good",
    Status.CLOSED: "",
}
#: What each text is for, as the reader of an empty one is asked.
QUESTIONS = {
    "summary": gettext_lazy("Where do we stand, and what do we want this year, in five lines?"),
    "situation": gettext_lazy("How is the customer doing? Which trends affect them?"),
    "needs": gettext_lazy("What does the customer need now, and what later?"),
    "value_offer": gettext_lazy("What do we offer, and what does it change for the customer?"),
    "competitors": gettext_lazy("Who else is there, or may come, and how do they work?"),
    "strategy": gettext_lazy("How do we get there?"),
    "risks": gettext_lazy("What may go wrong, and what do we do then?"),
}


def state_badge(plan: AccountPlan) -> SafeString:
    """The plan's state as a shape and a word."""
    kind = BADGES[Status(plan.status)]
    return format_html(
        '<span class="badge{}">{}</span>',
        f" badge--{kind}" if kind else "",
        plan.get_status_display(),
    )


# --- lists ----------------------------------------------------------------------------------------
def _open_activities() -> Any:
    return (
        Activity.objects.open()  # unscoped: counted beside plans that the list has scoped
        .filter(plan=OuterRef("pk"))
        .order_by()
        .values("plan")
    )


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

    def fetch(self, queryset: Any) -> Any:
        months = (
            TargetMonth.objects.filter(  # unscoped: summed beside plans that the list has scoped
                target__plan=OuterRef("pk"), target__archived_at__isnull=True
            )
            .order_by()
            .values("target__plan")
        )
        todo = _open_activities().annotate(
            late=Count("pk", filter=Q(due_on__lt=company_today())), open=Count("pk")
        )
        return queryset.select_related("account__owner").annotate(
            target_revenue=Subquery(months.annotate(sum=Sum("revenue")).values("sum")),
            open_activities=Subquery(todo.values("open")),
            late_activities=Subquery(todo.values("late")),
        )

    def prepare(self, rows: list[Any]) -> None:
        """Sales of each plan's year, in the plan's currency; missing where a rate is missing."""
        sales = _sales_of_plans(rows)
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


def _sales_of_plans(plans: Iterable[AccountPlan]) -> dict[int, Decimal | None]:
    """Each plan's sales from the prepared years (two queries for all plans together)."""
    listed = list(plans)
    wanted = {(plan.account_id, plan.year) for plan in listed}
    amounts: dict[tuple[int, int], list[tuple[str, Decimal]]] = defaultdict(list)
    for row in AccountYear.objects.filter(  # unscoped: of accounts whose plans are in sight
        account__in={a for a, _y in wanted}, year__in={y for _a, y in wanted}
    ):
        amounts[row.account_id, row.year].append((row.currency, row.revenue))
    rates = _rates({plan.year for plan in listed})
    found: dict[int, Decimal | None] = {}
    for plan in listed:
        sold = amounts[plan.account_id, plan.year]
        if all(currency == plan.currency for currency, _amount in sold):
            found[plan.pk] = sum((value for _currency, value in sold), Decimal(0))
            continue
        total: Total = rates[plan.year].total(sold)
        into = rates[plan.year].rate(plan.currency)
        found[plan.pk] = total.amount / into if into and total.complete else None
    return found


def _rates(years: set[int]) -> dict[int, Rates]:
    by_year: dict[int, dict[str, Decimal]] = {year: {} for year in years}
    known = BudgetRate.objects.active().filter(year__in=years)  # unscoped: rates are everybody's
    for row in known:
        by_year[row.year][row.currency] = row.rate
    currency = Company.current().currency
    return {year: Rates(currency, rates, year) for year, rates in by_year.items()}


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
        planned = (
            AccountPlan.objects.active()  # unscoped: says only that there is one
            .filter(year=self.year)
            .order_by()
            .values("account")
        )
        return super().rows().active().exclude(pk__in=planned)

    def prepare(self, rows: list[Any]) -> None:
        last = AccountYear.objects.filter(  # unscoped: of accounts that the list has scoped
            account__in=rows, year=self.year - 1
        )
        sold: dict[int, list[str]] = defaultdict(list)
        for row in last.order_by("currency"):
            sold[row.account_id].append(f"{amount(row.revenue)} {row.currency}")
        mine = set(
            Account.objects.editable_by(self.request.user)
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


# --- creating -------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The plan of one account for one year. GET shows what would become its targets."""
    asked = request.POST if request.method == "POST" else request.GET
    pk = asked.get("account", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return HttpResponseRedirect(reverse("plans:unplanned_list"))
    account = fetch_editable(Account.objects, request.user, pk=int(pk))
    start = {"year": asked.get("year") or company_year().year, "growth": Decimal(0)}
    bound = request.method == "POST" or "growth" in request.GET
    form = NewPlanForm(asked if bound else start)
    if request.method == "POST" and form.is_valid():
        year, growth = form.cleaned_data["year"], form.cleaned_data["growth"]
        try:
            plan = plans.create_plan(account, year, growth=growth)
        except PlanExists as exists:
            messages.info(request, exists.sentence)
            plan = exists.plan
        except PlanRefusal as refusal:
            messages.error(request, refusal.sentence)
            return HttpResponseRedirect(account.get_absolute_url())
        else:
            messages.success(request, _("The plan is there. Go through its targets first."))
        return HttpResponseRedirect(plan.get_absolute_url())
    status = 422 if request.method == "POST" else 200
    context = {"account": account, "form": form, "crumbs": [
        {"label": _("Plans"), "url": reverse("plans:list")},
        {"label": str(account), "url": account.get_absolute_url()},
    ]}  # fmt: skip
    if form.is_valid():
        context |= _suggestion(account, **form.cleaned_data)
    return render(request, "plans/create.html", context, status=status)


def _suggestion(account: Account, year: int, growth: Decimal | None) -> dict[str, Any]:
    """What the targets would be: last year's lines with the growth."""
    last = company_year(year).shifted(-1)
    sales = sales_of(account.pk, [last], account.currency, rates_for(year))[last.year]
    if growth is None:
        return {"sales": sales}
    found = suggested(sales.lines, growth)
    lines = [
        {"name": sales.names.get(s.line, ""), "last_year": s.last_year, "target": s.total}
        for s in found
    ]
    return {
        "sales": sales,
        "lines": lines,
        "last_label": last.label,
        "last_total": sum((s.last_year for s in found), Decimal(0)),
        "target_total": sum((s.total for s in found), Decimal(0)),
    }


# --- one plan -------------------------------------------------------------------------------------
def year_figures(plan: AccountPlan) -> tuple[YearFigures, Sales]:
    """The plan's twelve months in its own currency, and the sales behind them (three queries)."""
    year = plan_year(plan)
    sales = sales_of(plan.account_id, [year], plan.currency, rates_for(plan.year))[year.year]
    targets = target_months(plan)
    closed = year.closed_months(company_today())
    actual, margin = sales.months("revenue"), sales.months("margin")
    nothing: dict[str, Decimal] = {}
    months = []
    for at, month in enumerate(year.months()):
        target = targets.get(month, nothing)
        months.append(
            MonthFigures(
                month=month,
                closed=at < closed,
                actual=actual[at],
                actual_margin=margin[at],
                target=target.get("target", Decimal(0)),
                target_margin=target.get("target_margin", Decimal(0)),
                forecast=target.get("expected", Decimal(0)),
            )
        )
    return YearFigures(tuple(months)), sales


def key_figures(plan: AccountPlan, figures: YearFigures, todo: dict[str, int]) -> list[dict]:
    """The row of key figures; each number says where it comes from."""
    why = reverse("plans:why", args=[plan.pk])
    pace = figures.pace
    kind = "" if pace is None else "pos" if pace >= 1 else "neg"
    closed = sum(1 for month in figures.months if month.closed)
    return [
        {
            "label": _("Target"),
            "value": amount(figures.target) if figures.target else "",
            "unit": plan.currency,
            "note": _("revenue of the year"),
            "why": f"{why}#target",
        },
        {
            "label": _("Actual"),
            "value": amount(figures.actual),
            "unit": plan.currency,
            "note": _("gap %(gap)s") % {"gap": signed(figures.gap)} if figures.target else "",
            "why": f"{why}#actual",
        },
        {
            "label": _("Attainment"),
            "value": percent(figures.attainment) if figures.target else "",
            "note": _("of the year's target"),
            "why": f"{why}#attainment",
        },
        {
            "label": _("Pace"),
            "value": percent(pace) if pace is not None else "",
            "note": (
                _("on pace") if pace is not None and pace >= 1
                else _("behind the plan") if pace is not None
                else _("no month is over") if not closed else _("no target to date")
            ),
            "note_kind": kind,
            "why": f"{why}#pace",
        },
        {
            "label": _("Forecast"),
            "value": amount(figures.forecast) if figures.target or figures.actual else "",
            "unit": plan.currency,
            "note": percent(figures.forecast_attainment) + " " + _("of target")
            if figures.target
            else "",
            "why": f"{why}#forecast",
        },
        {
            "label": _("Open activities"),
            "value": str(todo["open"]),
            "note": _("%(n)d late") % {"n": todo["late"]} if todo["late"] else _("none late"),
            "note_kind": "neg" if todo["late"] else "",
            "url": f"{reverse('plans:activity_list')}?plan={plan.pk}&whose=all",
        },
    ]  # fmt: skip


def months_of(figures: YearFigures) -> list[Month]:
    """The twelve months for the picture; what has not begun has no actual yet."""
    return [
        Month(
            label=str(month_text(m.month)).split(" ")[0][:3],
            name=str(month_text(m.month)),
            actual=m.actual if m.closed or m.actual else None,
            target=m.target,
            forecast=None if m.closed else m.forecast,
        )
        for m in figures.months
    ]


def caption_of(figures: YearFigures) -> str:
    """The picture's message."""
    if not figures.target:
        return _("No targets yet")
    if figures.pace is None:
        return _("The year is ahead: revenue target by month")
    if figures.pace >= 1:
        return _("Ahead of the plan: %(pace)s of the target to date") % {
            "pace": percent(figures.pace)
        }
    return _("Behind the plan: %(pace)s of the target to date") % {"pace": percent(figures.pace)}


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The working place of a KAM: figures, texts, and the panels of targets, goals, activities."""
    plan = plan_for(request.user, pk)
    figures, sales = year_figures(plan)
    todo = (
        plan.activities.open()
        .order_by()
        .aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=company_today())))
    )
    steps = steps_for(plan)
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,  # type: ignore[attr-defined]
        "year_label": company_year(plan.year).label,
        "badge": BADGES[Status(plan.status)],
        "crumbs": crumbs_to(plan, itself=False),
        "figures": key_figures(plan, figures, todo),
        "months": months_of(figures),
        "caption": caption_of(figures),
        "missing": sales.missing,
        "texts": [name for name in plans.TEXTS if name != "summary"],
        "main_step": steps[0] if steps and steps[0]["main"] else None,
        "steps": steps[1:] if steps and steps[0]["main"] else steps,
        "has_figures": bool(figures.target or figures.actual),
    }
    return render(request, "plans/detail.html", context)


def steps_for(plan: Any) -> list[dict[str, Any]]:
    """The steps that this person may take with the plan now; the one that matters first."""
    if plan.archived_at is not None:
        return []
    found = []
    for step in (
        lifecycle.APPROVE,
        lifecycle.RETURN,
        lifecycle.SUBMIT,
        lifecycle.WITHDRAW,
        lifecycle.CLOSE,
        lifecycle.REOPEN,
    ):
        allowed = plan.decidable if step.decides or step is lifecycle.REOPEN else plan.editable
        if allowed and plan.status in step.origins:
            main = step in (lifecycle.APPROVE, lifecycle.SUBMIT)
            url = reverse(f"plans:{step.name}", args=[plan.pk])
            found.append({"label": step.label, "url": url, "main": main, "name": step.name})
    return found


@login_required
@require_safe
def why(request: HttpRequest, pk: int) -> HttpResponse:
    """How each key figure comes about: formula, months, rates, what is missing."""
    plan = plan_for(request.user, pk)
    figures, sales = year_figures(plan)
    context = {
        "plan": plan,
        "figures": figures,
        "sales": sales,
        "lines": [
            {
                "name": sales.names[line.line],
                "revenue": sum(line.revenue),
                "margin": sum(line.margin),
                "volume": sum(line.volume),
            }
            for line in sorted(sales.lines, key=lambda line: -sum(line.revenue))
        ],
        "year_label": company_year(plan.year).label,
        "crumbs": crumbs_to(plan),
        "company_currency": Company.current().currency,
    }
    return render(request, "plans/why.html", context)


def shown_text(plan: AccountPlan, name: str) -> SafeString:
    """A text of the plan as HTML; its question where nobody has answered it yet."""
    html = rendered(getattr(plan, name))
    if not html:
        return format_html('<span class="muted">{}</span>', QUESTIONS[name])
    return format_html('<div class="prose">{}</div>', html)


class EditPlan(InPlace):
    """The plan's texts, where they stand: Markdown that saves by itself while one writes."""

    model = AccountPlan
    form_class = PlanForm
    fields = plans.TEXTS
    route = "plans:edit"
    related = ("account",)
    save = staticmethod(plans.change_plan)
    displays = {name: partial(shown_text, name=name) for name in plans.TEXTS}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return text_is_open(row)

    def _form(
        self,
        request: HttpRequest,
        row: Any,
        field: str,
        form: Any,
        version: int,
        status: int = 200,
    ) -> HttpResponse:
        htmx = getattr(request, "htmx", None)
        if not htmx or status != 200:
            return super()._form(request, row, field, form, version, status)
        url = self.edit_url(row, field)
        context = {
            "id": self.dom_id(row, field),
            "form": form,
            "version": version,
            "action": url,
            "done_url": f"{url}?cancel",
        }
        return render(request, "plans/_text_form.html", context)


# --- on the account's page ------------------------------------------------------------------------
@login_required
@require_safe
def account_plans(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of an account's plans, newest first."""
    account = fetch_visible(Account.objects.select_related("owner"), request.user, pk=pk)
    months = (
        TargetMonth.objects.filter(  # unscoped: summed beside plans of an account in sight
            target__plan=OuterRef("pk"), target__archived_at__isnull=True
        )
        .order_by()
        .values("target__plan")
    )
    todo = _open_activities().annotate(
        late=Count("pk", filter=Q(due_on__lt=company_today())), open=Count("pk")
    )
    rows = list(
        AccountPlan.objects.visible_to(request.user)
        .active()
        .filter(account=account)
        .annotate(
            target_revenue=Coalesce(
                Subquery(months.annotate(sum=Sum("revenue")).values("sum")), Decimal(0)
            ),
            open_activities=Coalesce(Subquery(todo.values("open")), 0),
            late_activities=Coalesce(Subquery(todo.values("late")), 0),
            owner_id=F("account__owner"),
        )
        .order_by("-year")[:10]
    )
    sales = _sales_of_plans(rows)
    lines = [
        {
            "plan": plan,
            "actual_revenue": sales[plan.pk],
            "attainment": ratio(sales[plan.pk], plan.target_revenue),
            "label": company_year(plan.year).label,
            "badge": BADGES[Status(plan.status)],
        }
        for plan in rows
    ]
    present = company_year()
    may_create = (
        not any(plan.year == present.year for plan in rows)
        and Account.objects.editable_by(request.user).filter(pk=account.pk).exists()
    )
    context = {
        "account": account,
        "plans": lines,
        "may_create": may_create,
        "create_url": f"{reverse('plans:create')}?account={account.pk}&year={present.year}",
        "year_label": present.label,
    }
    return render_part(
        request, "plans/account_panel.html", context, fragment="plans/_account_plans.html"
    )
