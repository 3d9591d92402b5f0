"""The list of accounts, an account's page, and what is done to an account as a whole."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts import selectors, services
from accounts.filters import AccountFilter
from accounts.forms import AccountForm, BulkAccountForm
from accounts.models import Account, SalesFact
from accounts.querysets import CLASSIFIED_FIELDS, DECIDED_FIELDS
from kam.editing import fetch_editable, fetch_visible
from kam.forms import violation
from kam.inplace import InPlace
from kam.listing import Bulk, Column, Key, Listing
from kam.models import Company
from kam.number_text import MISSING, percent, short, signed_percent
from kam.panels import panels_for
from kam.periods import FiscalYear, company_today, company_year
from kam.scoping import Role, principal
from kam.templatetags.kam_format import amount, day

#: Who may enter new accounts.
CREATES = frozenset({Role.KAM, Role.LEADER, Role.ADMINISTRATOR})


def may_create(user: Any) -> bool:
    person = principal(user)
    return person is not None and person.role in CREATES


# --- the list -------------------------------------------------------------------------------------
def _name(row: Account) -> Any:
    link = format_html('<a href="{}">{}</a>', row.get_absolute_url(), row.name)
    if row.parent is None:
        return link
    return format_html('{}<br><span class="muted">‹ {}</span>', link, row.parent)


def _money(value: Any, row: Account) -> Any:
    if not row.figures.no_rate:
        return amount(value)
    words = _("Without %(currencies)s: no budget rate") % {
        "currencies": ", ".join(row.figures.no_rate)
    }
    return format_html(
        '{} <span class="badge badge--warn" title="{}">{}</span>',
        amount(value),
        words,
        "+ " + ", ".join(row.figures.no_rate),
    )


def _revenue(row: Account) -> Any:
    return _money(row.figures.revenue, row)


def _before(row: Account) -> Any:
    return amount(row.figures.revenue_before)


def _key_mark(row: Account) -> Any:
    return (
        format_html('<span class="badge badge--key">{}</span>', _("Key"))
        if row.is_key_account
        else " "
    )


def _this_unit(listing: "AccountList") -> str:
    return f"{listing.year.label} {listing.company.currency}"


def _before_unit(listing: "AccountList") -> str:
    return f"{listing.year.shifted(-1).label} {listing.company.currency}"


class AccountList(Listing):
    """All accounts that the person sees."""

    key = "accounts"
    title = gettext_lazy("Accounts")
    model = Account
    filterset_class = AccountFilter
    first_filters = ("q", "who", "is_key_account", "level")
    related = ("parent", "owner", "industry", "figures")
    template = "accounts/list.html"
    sort = "name"
    bulk = Bulk(BulkAccountForm, services.change_accounts)
    columns = (
        Column(
            "name",
            gettext_lazy("Account"),
            show=_name,
            export=lambda r: r.name,
            sort="name",
            heading=True,
        ),
        Column(
            "parent", gettext_lazy("Parent"), export=lambda r: str(r.parent or ""), on_page=False
        ),
        Column("number", gettext_lazy("Number"), sort=Key("number", nullable=True), nowrap=True),
        Column(
            "owner",
            gettext_lazy("KAM"),
            show=lambda r: r.owner,
            export=lambda r: str(r.owner or ""),
            sort=Key("owner__name", nullable=True),
        ),
        Column("level", gettext_lazy("Level"), sort="level"),
        Column(
            "is_key_account", gettext_lazy("Key account"), show=_key_mark, sort="is_key_account"
        ),
        Column("lifecycle", gettext_lazy("Lifecycle"), on_page=False),
        Column("type", gettext_lazy("Type"), on_page=False),
        Column(
            "industry",
            gettext_lazy("Industry"),
            show=lambda r: r.industry,
            export=lambda r: str(r.industry or ""),
            sort=Key("industry__name", nullable=True),
        ),
        Column(
            "country",
            gettext_lazy("Country"),
            show=lambda r: r.country.name if r.country else "",
            export=lambda r: r.country.code or "",
            sort="country",
        ),
        Column(
            "revenue",
            gettext_lazy("Revenue"),
            show=_revenue,
            export=lambda r: r.figures.revenue,
            sort=Key("figures__revenue", nullable=True),
            number=True,
            unit=_this_unit,
        ),
        Column(
            "before",
            gettext_lazy("Revenue"),
            show=_before,
            export=lambda r: r.figures.revenue_before,
            sort=Key("figures__revenue_before", nullable=True),
            number=True,
            unit=_before_unit,
        ),
        Column(
            "no_rate",
            gettext_lazy("Without a budget rate"),
            export=lambda r: ", ".join(r.figures.no_rate),
            on_page=False,
        ),
        Column(
            "changed",
            gettext_lazy("Changed"),
            show=lambda r: day(r.updated_at),
            export=lambda r: r.updated_at,
            sort="updated_at",
            nowrap=True,
        ),
    )
    empty_title = gettext_lazy("No accounts yet")
    empty_text = gettext_lazy(
        "You see the accounts that you own or on whose team you are. Enter the first one, or ask"
        " an administrator to import them."
    )

    @property
    def year(self) -> FiscalYear:
        return company_year()

    @property
    def company(self) -> Company:
        return Company.current()

    def _editable(self, selection: Any) -> Any:
        form = BulkAccountForm(self.request.POST, user=self.request.user)
        asked = form.cleaned_data if form.is_valid() else {}
        changes = {name: value for name, value in asked.items() if value not in (None, "")}
        # unscoped: ``changeable`` goes through the scope
        mine = services.changeable(Account.objects.all(), self.request.user, changes)
        return selection.filter(pk__in=mine.order_by().values("pk"))

    def ordered(self, queryset: Any) -> Any:
        # Each account has its row of figures: an inner join, so that their indexes give the order.
        by_figures = self.keys[0].path.startswith("figures__")
        return queryset.filter(figures__year__gte=0) if by_figures else queryset

    def more_context(self) -> dict[str, Any]:
        creates = may_create(self.request.user)
        return {
            "may_create": creates,
            "empty_url": "new/" if creates else "",
            "empty_action": _("New account"),
        }


account_list = AccountList.as_view()


# --- one account ----------------------------------------------------------------------------------
class EditAccount(InPlace):
    """An account's fields, each where it stands."""

    model = Account
    form_class = AccountForm
    fields = AccountForm.Meta.fields
    related = ("parent", "owner", "industry")
    route = "accounts:edit"
    save = staticmethod(services.change_account)

    @classmethod
    def may_edit(cls, user: Any, row: Account, name: str) -> bool:
        if not super().may_edit(user, row, name):
            return False
        if name in CLASSIFIED_FIELDS:
            return services.marks_key(user)
        return name not in DECIDED_FIELDS or selectors.decides_on(user, row)


edit = EditAccount.as_view()


def figures(account: Account, user: Any) -> list[dict[str, Any]]:
    """The row of key figures of an account's page (at most four queries)."""
    company = Company.current()
    year = company_year()
    facts = SalesFact.objects.visible_to(user).filter(account=account)
    sales = selectors.account_sales(facts, year, company_today(company))
    unit = company.currency
    no_rate = ", ".join(sales.no_rate)
    warning = (
        _("without %(currencies)s: no budget rate") % {"currencies": no_rate} if no_rate else ""
    )
    change = sales.change
    note = warning or (
        ngettext(
            "%(change)s on the same month", "%(change)s on the same %(n)d months", sales.closed
        )
        % {"change": signed_percent(change), "n": sales.closed}
        if change is not None
        else ""
    )
    kind = "warn" if warning else "neg" if change is not None and change < 0 else "pos"
    shown = [
        {
            "label": _("Revenue %(year)s to date") % {"year": year.label},
            "value": short(sales.this.revenue.amount)
            if sales.this.revenue.amount or not no_rate
            else MISSING,
            "unit": unit,
            "note": note,
            "note_kind": kind if note else "",
        },
        {
            "label": _("Revenue %(year)s") % {"year": year.shifted(-1).label},
            "value": short(sales.before.revenue.amount),
            "unit": unit,
            "note": _("same months: %(amount)s") % {"amount": short(sales.same.revenue.amount)}
            if 0 < sales.closed < 12
            else "",
        },
        {
            "label": _("Margin %(year)s to date") % {"year": year.label},
            "value": short(sales.this.margin),
            "unit": unit,
            "note": percent(sales.this.margin_share) if sales.this.margin_share is not None else "",
        },
    ]
    below = Account.objects.visible_to(user).under(account.pk).exclude(pk=account.pk)
    sums = selectors.year_sums(below, year.year, selectors.rates_of(year.year)[year.year])
    if sums.revenue.amount or sums.revenue.missing:
        shown.append(
            {
                "label": _("Accounts below, %(year)s") % {"year": year.label},
                "value": short(sums.revenue.amount),
                "unit": unit,
                "note": _("not in the figures beside"),
            }
        )
    return shown


@login_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An account's page: who it is, its figures, and panels."""
    account = fetch_visible(
        Account.objects.select_related("owner", "industry", "parent"), request.user, pk=pk
    )
    above = selectors.ancestors(request.user, account)
    decides = selectors.decides_on(request.user, account)
    context = {
        "account": account,
        "crumbs": [
            {"label": _("Accounts"), "url": reverse("accounts:list")},
            *({"label": a.name, "url": a.get_absolute_url()} for a in above),
        ],
        "may_decide": decides,
        "may_edit": decides or Account.objects.editable_by(request.user).filter(pk=pk).exists(),
        "figures": figures(account, request.user),
        "panels": panels_for("account", account, aside=False),
        "aside": panels_for("account", account, aside=True),
    }
    return render(request, "accounts/detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new account. It must be one that the person may edit: their own, or their team's."""
    if not may_create(request.user):
        raise PermissionDenied
    person = principal(request.user)
    initial: dict[str, Any] = {"currency": Company.current().currency}
    if person is not None and person.role in services.OWNER_ROLES:
        initial["owner"] = person
    parent = request.GET.get("parent", "")
    if parent.isdecimal() and len(parent) < 19:
        above = Account.objects.visible_to(request.user).filter(pk=int(parent)).first()
        initial["parent"] = above
    form = AccountForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.check_new(request.user, form.cleaned_data)
            with transaction.atomic():
                account = services.create_account(**form.cleaned_data)
                if not Account.objects.editable_by(request.user).filter(pk=account.pk).exists():
                    raise ValidationError(
                        {
                            "owner": _(
                                "Choose yourself or somebody whom you lead, or you would not see it."
                            )
                        }
                    )
        except ValidationError as error:
            form.add_model_errors(error)
        except IntegrityError as error:
            form.add_model_errors(violation(error, Account))
        else:
            messages.success(request, _("%(name)s is entered.") % {"name": account})
            return redirect(account)
    context = {"form": form, "title": _("New account"), "back": reverse("accounts:list")}
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


def _fetch_decided(accounts: Any, user: Any, pk: int) -> Account:
    """The account on which this person decides; 404 where it is not seen, 403 where others do."""
    account = fetch_editable(accounts, user, pk=pk)
    if not selectors.decides_on(user, account):
        raise PermissionDenied
    return account


@login_required
@require_http_methods(["GET", "POST"])
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then takes an account out of use."""
    # unscoped: _fetch_decided goes through the scope
    account = _fetch_decided(Account.objects.all(), request.user, pk)
    reasons: list[str] = []
    if request.method == "POST":
        try:
            services.archive_account(account)
        except ValidationError as error:
            reasons = error.messages
        else:
            messages.success(request, _("%(name)s is archived.") % {"name": account})
            return redirect(account)
    contacts = account.contacts.active().count()
    context = {
        "row": account,
        "reasons": reasons,
        "question": _("Archive %(name)s?") % {"name": account},
        "text": _("It leaves lists and roll-ups. Its history stays, and it can be restored."),
        "consequences": [
            ngettext("%(n)d contact stays with it.", "%(n)d contacts stay with it.", contacts)
            % {"n": contacts}
        ],
        "submit": _("Archive"),
    }
    return render(request, "accounts/confirm.html", context, status=409 if reasons else 200)


@login_required
@require_http_methods(["POST"])
def restore(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Brings an account back into use."""
    # unscoped: _fetch_decided goes through the scope
    account = _fetch_decided(Account.objects.select_related("parent"), request.user, pk)
    try:
        services.restore_account(account)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%(name)s is in use again.") % {"name": account})
    return redirect(account)
