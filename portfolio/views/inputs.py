"""An account's panels of what people know about it, and the forms that they lead to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Account
from kam import editing
from kam.editing import fetch_editable, fetch_visible
from kam.forms import RowForm
from kam.inplace import Group, InPlace
from kam.panels import render_panel
from kam.periods import company_today, company_year, month_of
from kam.scoping import principal
from kam.templatetags.kam_format import day
from kam.views.administration import saved
from portfolio import resources
from portfolio.forms.inputs import CostForm, EstimateForm, JudgementForm, PlannedForm
from portfolio.models import Judgement, LineEstimate, PlannedHours, ServiceCost
from portfolio.services import inputs


def account_to_show(request: HttpRequest, pk: int) -> Account:
    """The visible account with ``may_edit``, in one query; 404 for a foreign one."""
    may = Account.objects.editable_by(request.user).filter(pk=OuterRef("pk"))
    account = fetch_visible(
        Account.objects.annotate(  # unscoped: fetch_visible goes through the scope
            may_edit=Exists(may)
        ),
        request.user,
        pk=pk,
    )
    account.may_edit = account.may_edit and account.archived_at is None
    return account


@login_required
@require_safe
def account_estimates(request: HttpRequest, pk: int) -> HttpResponse:
    """Wallet and potential per product line, and what follows from them."""
    account: Any = account_to_show(request, pk)
    context = {
        "account": account,
        "may_edit": account.may_edit,
        "found": resources.estimates_of(account),
    }
    return render_panel(
        request,
        "portfolio/inputs/estimates.html",
        context,
        title=_("Wallet and potential"),
        row=account,
    )


@login_required
@require_safe
def account_judgements(request: HttpRequest, pk: int) -> HttpResponse:
    """What people think of the account by the criteria that are judged."""
    account: Any = account_to_show(request, pk)
    criteria, others = resources.judgements_of(account)
    context = {
        "account": account,
        "may_edit": account.may_edit,
        "criteria": criteria,
        "others": others,
        "open": sum(1 for criterion in criteria if criterion.judgement is None),
    }
    return render_panel(
        request,
        "portfolio/inputs/judgements.html",
        context,
        title=_("Judgements"),
        row=account,
    )


@login_required
@require_safe
def account_resources(request: HttpRequest, pk: int) -> HttpResponse:
    """Hours planned and spent, costs to serve, and what the account leaves over."""
    account: Any = account_to_show(request, pk)
    context = {
        "account": account,
        "may_edit": account.may_edit,
        "found": resources.time_and_return(account),
    }
    return render_panel(
        request,
        "portfolio/inputs/resources.html",
        context,
        title=_("Time and return"),
        row=account,
    )


# --- fields that are edited where they stand --------------------------------------------------------
class _OfAccount(InPlace):
    related: ClassVar[Sequence[str]] = ("account",)
    save = staticmethod(inputs.change_row)
    panel: str

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse(f"portfolio:{cls.panel}", args=[row.account_id])


def _origin(row: LineEstimate) -> str:
    return f"{row.source}, {day(row.as_of)}, {row.get_confidence_display()}"


class EditEstimate(_OfAccount):
    model = LineEstimate
    form_class = EstimateForm
    fields = ("wallet", "potential", "chance", "currency", "source", "as_of", "confidence")
    groups = {
        "origin": Group(
            gettext_lazy("Source, date and confidence"),
            ("source", "as_of", "confidence"),
            _origin,
        )
    }
    route = "portfolio:estimate_edit"
    panel = "account_estimates"


class EditCost(_OfAccount):
    model = ServiceCost
    form_class = CostForm
    fields = ("amount", "source")
    route = "portfolio:cost_edit"
    panel = "account_resources"


class EditPlanned(_OfAccount):
    model = PlannedHours
    form_class = PlannedForm
    fields = ("hours",)
    related = ("account", "user")
    route = "portfolio:planned_edit"
    panel = "account_resources"


estimate_edit = EditEstimate.as_view()
cost_edit = EditCost.as_view()
planned_edit = EditPlanned.as_view()


# --- new rows ---------------------------------------------------------------------------------------
def _new(
    request: HttpRequest,
    account: Account,
    form: RowForm,
    title: str,
    panel: str,
    keep: Callable[[dict[str, Any]], Any],
) -> HttpResponse:
    back = f"{account.get_absolute_url()}#panel-{panel}"
    if request.method == "POST" and form.is_valid():
        try:
            keep(form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(back)
    context = {
        "form": form,
        "title": title,
        "back": back,
        "crumbs": [{"label": account.name, "url": account.get_absolute_url()}],
    }
    return render(
        request, "portfolio/inputs/form.html", context, status=422 if form.errors else 200
    )


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def estimate_add(request: HttpRequest, pk: int) -> HttpResponse:
    """An estimate for one more product line."""
    account = fetch_editable(Account.objects, request.user, pk=pk)
    line = request.GET.get("line", "")
    form = EstimateForm(
        _posted(request),
        user=request.user,
        initial={
            "currency": account.currency,
            "as_of": company_today(),
            "line": line if line.isdecimal() and len(line) < 19 else None,
        },
    )
    form.instance.account = account
    title = _("Wallet and potential: %(account)s") % {"account": account}
    return _new(
        request, account, form, title, "estimates", lambda v: inputs.add_estimate(account, **v)
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cost_add(request: HttpRequest, pk: int) -> HttpResponse:
    """A cost to serve."""
    account = fetch_editable(Account.objects, request.user, pk=pk)
    form = CostForm(
        _posted(request),
        user=request.user,
        initial={"currency": account.currency, "month": month_of(company_today())},
    )
    title = _("Cost to serve: %(account)s") % {"account": account}
    return _new(request, account, form, title, "resources", lambda v: inputs.add_cost(account, **v))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def planned_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Planned hours of one more person."""
    account = fetch_editable(Account.objects, request.user, pk=pk)
    form = PlannedForm(
        _posted(request),
        user=request.user,
        initial={"user": principal(request.user), "year": company_year().year},
    )
    title = _("Planned hours: %(account)s") % {"account": account}
    return _new(
        request,
        account,
        form,
        title,
        "resources",
        lambda v: inputs.plan_hours(account, **v, only_new=True),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def judgement_edit(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """One judgement, new or held: value, evidence, source and date belong together."""
    account = fetch_editable(Account.objects, request.user, pk=pk)
    criterion = resources.judged_criteria().filter(code=code).first()
    rows = Judgement.objects.visible_to(request.user).filter(account=account, code=code)
    row = rows.active().first()
    if criterion is None and row is None:
        raise Http404
    back = f"{account.get_absolute_url()}#panel-judgements"
    given = {"initial": {"judged_on": company_today()}} if row is None else {}
    # The form writes into the row that it is given; what is asked for stays as it is stored.
    form = JudgementForm(_posted(request), user=request.user, instance=row, **given)
    answer = saved(
        request,
        form,
        lambda changes, base: inputs.judge(
            account,
            code,
            changes,
            by=principal(request.user),
            base_version=base if row is not None else None,
        ),
        done=back,
        cancel=back,
    )
    if answer is not None:
        return answer
    context = {
        "form": form,
        "row": row,
        "title": criterion.name if criterion is not None else code,
        "guidance": criterion.guidance if criterion is not None else "",
        "back": back,
        "crumbs": [{"label": account.name, "url": account.get_absolute_url()}],
    }
    return render(
        request, "portfolio/inputs/form.html", context, status=422 if form.errors else 200
    )


# --- out of use, and back ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of input: its rows, the panel on which they stand, how they come back."""

    rows: Any
    panel: str
    restore: Callable[[Any], Any]


KINDS = {
    "estimate": Kind(
        LineEstimate.objects.select_related("account", "line"),  # unscoped: fetch_editable
        "account_estimates",
        inputs.restore_estimate,
    ),
    "judgement": Kind(
        Judgement.objects.select_related("account"),  # unscoped: fetch_editable goes through it
        "account_judgements",
        inputs.restore_row,
    ),
    "cost": Kind(
        ServiceCost.objects.select_related("account"),  # unscoped: fetch_editable goes through it
        "account_resources",
        inputs.restore_row,
    ),
    "planned": Kind(
        PlannedHours.objects.select_related("account", "user"),  # unscoped: fetch_editable
        "account_resources",
        inputs.restore_row,
    ),
}


def _use(request: HttpRequest, kind: str, pk: int, *, use: bool) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    found = KINDS[kind]
    row = fetch_editable(found.rows, request.user, pk=pk)
    if row.account.archived_at is not None and not use:
        raise PermissionDenied
    try:
        if use:
            found.restore(row)
        else:
            editing.archive(row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(reverse(f"portfolio:{found.panel}", args=[row.account_id]))


@login_required
@require_POST
def input_archive(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Takes an estimate, judgement, cost or planned hours out of use."""
    return _use(request, kind, pk, use=False)


@login_required
@require_POST
def input_restore(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Brings it back."""
    return _use(request, kind, pk, use=True)
