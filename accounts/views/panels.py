"""The panels of an account's page, each with its own address and permission check."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import selectors, services
from accounts.forms import AccountForm, SeatForm
from accounts.models import Account, AccountTeamMember, Contact, SalesFact
from kam.editing import fetch_editable, fetch_visible
from kam.inplace import InPlace
from kam.listing import Key, key_page, with_id
from kam.models import Company
from kam.number_text import short
from kam.panels import render_panel
from kam.periods import company_today, company_year
from kam.pictures import monthly, tree

#: Accounts of one group that the panel shows; more are said and left out.
MOST_IN_GROUP = 200


def _may_edit(account: Account, user: Any) -> bool:
    if account.archived_at is not None:
        return False
    if selectors.decides_on(user, account):
        return True
    return Account.objects.editable_by(user).filter(pk=account.pk).exists()


@login_required
@require_GET
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """What the account is, each field edited where it stands."""
    account = fetch_visible(
        Account.objects.select_related("owner", "industry", "parent"), request.user, pk=pk
    )
    names = [name for name in AccountForm.Meta.fields if name != "description"]
    context = {"account": account, "names": names, "may_edit": _may_edit(account, request.user)}
    return render_panel(
        request, "accounts/panels/profile.html", context, title=_("Profile"), row=account
    )


@login_required
@require_GET
def contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """The people at the customer, the most influential first."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    people = list(
        Contact.objects.visible_to(request.user)
        .active()
        .filter(account=account)
        .select_related("holder")
        .order_by("-influence", "name", "id")[:51]
    )
    people.sort(key=lambda c: (-(c.influence or 0), c.name))
    context = {
        "account": account,
        "contacts": people[:50],
        "more": len(people) > 50,
        "may_edit": _may_edit(account, request.user),
    }
    return render_panel(
        request, "accounts/panels/contacts.html", context, title=_("Contacts"), row=account
    )


@login_required
@require_GET
def hierarchy(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole group that the account belongs to; every account counts once."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    found = list(
        Account.objects.visible_to(request.user)
        .active()
        .under(account.path[0])
        .select_related("owner")
        .order_by("name", "id")[: MOST_IN_GROUP + 1]
    )
    year = company_year()
    nodes = selectors.group(
        found[:MOST_IN_GROUP], year.year, selectors.rates_of(year.year)[year.year]
    )
    tops = [node.total for node in nodes if node.depth == 0]
    total = sum(tops[1:], tops[0]) if tops else selectors.Sums()
    unit = Company.current().currency
    context = {
        "account": account,
        "nodes": nodes,
        "total": total,
        "unit": unit,
        "year": year,
        "more": len(found) > MOST_IN_GROUP,
        "may_edit": _may_edit(account, request.user),
        "picture": [
            tree.Row(
                node.account.pk,
                next((p for p in reversed(node.account.path[:-1])), None),
                node.account.name,
                f"{short(node.total.revenue.amount)} {unit}",
                node.account.get_absolute_url(),
                node.account.pk == account.pk,
            )
            for node in nodes
        ]
        if len(nodes) > 1
        else [],
        "caption": _("%(name)s: revenue %(year)s with all that stands below")
        % {"name": nodes[0].account.name if nodes else account.name, "year": year.label},
    }
    return render_panel(
        request, "accounts/panels/hierarchy.html", context, title=_("Group"), row=account
    )


@login_required
@require_GET
def sales(request: HttpRequest, pk: int) -> HttpResponse:
    """What the account bought, by month and by product."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    facts = SalesFact.objects.visible_to(request.user).filter(account=account)
    company = Company.current()
    year = company_year()
    totals = selectors.account_sales(facts, year, company_today(company))
    products = selectors.product_sales(facts, year)
    lines_url = reverse("accounts:sales_list", args=[pk])
    months = [
        monthly.Month(
            formats.date_format(month, "M"),
            formats.date_format(month, "F Y"),
            totals.months[month].revenue.amount if month in totals.months else None,
            _last_year(totals, month),
            None,
            f"{lines_url}?month={month:%Y-%m}" if month in totals.months else "",
        )
        for month in year.months()
    ]
    context = {
        "account": account,
        "totals": totals,
        "products": products[:25],
        "more": max(0, len(products) - 25),
        "months": months,
        "unit": company.currency,
        "year": year,
        "before": year.shifted(-1),
        "lines_url": lines_url,
        "caption": _("Revenue %(year)s against the year before") % {"year": year.label},
    }
    return render_panel(
        request, "accounts/panels/sales.html", context, title=_("Sales"), row=account
    )


def _last_year(totals: selectors.AccountSales, month: date) -> Any:
    sums = totals.months.get(month.replace(year=month.year - 1))
    return sums.revenue.amount if sums else None


@login_required
@require_GET
def sales_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The single facts: currency, rate, and the import that brought each."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    facts = (
        SalesFact.objects.visible_to(request.user)
        .filter(account=account)
        .select_related("product__line", "batch")
        .defer("batch__report", "batch__reading")  # far larger than the page
    )
    asked = request.GET.get("month", "")
    month = _month(asked)
    if month is not None:
        facts = facts.filter(month=month)
    product = request.GET.get("product", "")
    if product.isdecimal() and len(product) < 19:
        facts = facts.filter(product=int(product))
    page = key_page(
        facts,
        with_id((Key("month", descending=True),)),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    start = company_year().start_month
    years = {fact: selectors.fiscal_year_of(fact.month, start).year for fact in page.rows}
    rates = selectors.rates_of(*set(years.values()))
    lines = []
    for fact, year in years.items():
        rate = rates[year].rate(fact.currency)
        lines.append((fact, rate, None if rate is None else fact.revenue * rate))
    context = {
        "account": account,
        "lines": lines,
        "page": page,
        "month": month,
        "unit": Company.current().currency,
    }
    return render(request, "accounts/sales_list.html", context)


def _month(text: str) -> date | None:
    year, _dash, month = text.partition("-")
    if len(year) == 4 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12:
        return date(int(year), int(month), 1) if int(year) else None
    return None


# --- the account team -----------------------------------------------------------------------------
class EditSeat(InPlace):
    """What a member of the team does, and whether they may edit."""

    model = AccountTeamMember
    form_class = SeatForm
    fields = ("function", "may_edit")
    related = ("account", "user")
    route = "accounts:seat_edit"

    @classmethod
    def row_url(cls, row: AccountTeamMember) -> str:
        return reverse("accounts:team_panel", args=[row.account_id])


seat_edit = EditSeat.as_view()


def _team(request: HttpRequest, account: Account, form: SeatForm | None = None) -> HttpResponse:
    staffs = account.archived_at is None and (
        Account.objects.staffed_by(request.user).filter(pk=account.pk).exists()
    )
    seats = (
        AccountTeamMember.objects.visible_to(request.user)
        .active()
        .filter(account=account)
        .select_related("user")
    )
    context = {
        "account": account,
        "seats": list(seats),
        "may_edit": staffs,
        "form": form or (SeatForm(user=request.user) if staffs else None),
    }
    status = 422 if form is not None else 200
    return render_panel(
        request,
        "accounts/panels/team.html",
        context,
        title=_("Account team"),
        row=account,
        status=status,
    )


@login_required
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """Who works for this account; POST adds a seat."""
    account = fetch_visible(Account.objects.select_related("owner"), request.user, pk=pk)
    if request.method == "GET":
        return _team(request, account)
    fetch_editable_team(request, account)
    form = SeatForm(request.POST, user=request.user)
    if not form.is_valid():
        return _team(request, account, form)
    try:
        services.add_seat(account, **form.cleaned_data)
    except ValidationError as error:
        form.add_model_errors(error)
        return _team(request, account, form)
    if getattr(request, "htmx", False):
        return _team(request, account)
    return redirect("accounts:detail", pk=pk)


def fetch_editable_team(request: HttpRequest, account: Account) -> None:
    """403 for those who see the account and do not decide on its team."""
    if not Account.objects.staffed_by(request.user).filter(pk=account.pk).exists():
        raise PermissionDenied


@login_required
@require_http_methods(["POST"])
def seat_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes somebody out of the team."""
    seat = fetch_editable(
        AccountTeamMember.objects.select_related("account__owner"), request.user, pk=pk
    )
    services.remove_seat(seat)
    if getattr(request, "htmx", False):
        return _team(request, seat.account)
    return redirect("accounts:detail", pk=seat.account_id)
