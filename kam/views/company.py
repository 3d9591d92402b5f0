"""The company's settings and budget rates, for administrators."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from kam import logo, services
from kam.company_forms import CompanyForm, RatesForm, YearForm, rate_text
from kam.editing import fetch_editable
from kam.models import BudgetRate, Company
from kam.money import currencies_without_rate
from kam.periods import company_year
from kam.views.administration import administrators_only, saved


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Name, currency, calendar, time zone, colour. Weighty changes are explained and asked again."""
    Company.current()  # makes the row where the installation is new
    company = fetch_editable(Company.objects, request.user, pk=1)
    form = CompanyForm(
        request.POST if request.method == "POST" else None,
        instance=fetch_editable(Company.objects, request.user, pk=1),
        user=request.user,
    )
    if form.is_valid() and form.weighty and "sure" not in request.POST:
        return _ask(request, company, form)
    answer = saved(
        request,
        form,
        lambda changes, base: services.change_company(company, changes, base_version=base),
        done=request.path,
    )
    return answer or _page(request, company, form)


def _page(request: HttpRequest, company: Company, form: CompanyForm) -> HttpResponse:
    context = {"company": company, "form": form, "logo": logo.logo_address(company)}
    return render(request, "kam/settings.html", context, status=422 if form.errors else 200)


@administrators_only
@require_POST
def settings_logo(request: HttpRequest) -> HttpResponse:
    """Takes the company's logo, or takes it away."""
    Company.current()  # makes the row where the installation is new
    fetch_editable(Company.objects, request.user, pk=1)
    upload = request.FILES.get("logo")
    if upload is None and "remove" not in request.POST:
        messages.error(request, _("Choose a picture first."))
    else:
        try:
            logo.set_logo(upload)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("kam:settings"))


def _ask(request: HttpRequest, company: Company, form: CompanyForm) -> HttpResponse:
    """What a change of currency or calendar means, before it is made."""
    consequences = []
    if "currency" in form.weighty:
        facts = {"old": company.currency, "new": form.cleaned_data["currency"]}
        consequences += [
            _("All totals are shown in %(new)s instead of %(old)s.") % facts,
            _("Budget rates say what one unit is worth in %(old)s: set them all anew.") % facts,
            _("Until then, amounts in other currencies are named as missing and not summed."),
        ]
    if "fiscal_year_start" in form.weighty:
        consequences += [
            _(
                "Every month belongs to another fiscal year than before: totals of all years change."
            ),
            _("Plans and budget rates keep their year's number and now cover other months."),
            _("Targets whose months fall outside their plan's year no longer count in it."),
            _("The prepared figures are computed anew; that may take some minutes."),
        ]
    context = {
        "company": company,
        "consequences": consequences,
        "posted": [(n, v) for n, values in request.POST.lists() for v in values],
        "cancel_url": request.path,
    }
    return render(request, "kam/settings_sure.html", context)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def rates(request: HttpRequest) -> HttpResponse:
    """The grid of one year's budget rates, with what is missing named."""
    year = _year(request.GET)
    company = Company.current()
    held = dict(
        BudgetRate.objects.visible_to(request.user)
        .active()
        .filter(year=year)
        .values_list("currency", "rate")
    )
    last = dict(
        BudgetRate.objects.visible_to(request.user)
        .active()
        .filter(year=year - 1)
        .values_list("currency", "rate")
    )
    form = RatesForm(
        request.POST if request.method == "POST" else None,
        company_currency=company.currency,
        rates=held,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                n = services.set_rates(year, form.changed_rates(), form.cleaned_data["source"])
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                messages.success(
                    request, ngettext("%(n)d rate saved.", "%(n)d rates saved.", n) % {"n": n}
                )
                return HttpResponseRedirect(f"{request.path}?year={year}")
    context = {
        "form": form,
        "year": year,
        "company": company,
        "rows": [
            (form[code], rate_text(last[code]) if code in last else None)
            for code in form.currencies
        ],
        "missing": currencies_without_rate(year),
        "may_copy": bool(set(last) - set(held)),
    }
    return render(request, "kam/rates.html", context, status=status)


@administrators_only
@require_POST
def rates_copy(request: HttpRequest) -> HttpResponse:
    """Takes over last year's rates where this year has none."""
    year = _year(request.POST)
    n = services.copy_rates(year)
    messages.success(
        request, ngettext("%(n)d rate taken over.", "%(n)d rates taken over.", n) % {"n": n}
    )
    return HttpResponseRedirect(f"{reverse('kam:rates')}?year={year}")


def _year(asked: Any) -> int:
    form = YearForm(asked)
    return form.cleaned_data["year"] if form.is_valid() else company_year().year
