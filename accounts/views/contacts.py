"""Contacts: the list, a contact's page, and what is done to one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from accounts.filters import ContactFilter
from accounts.forms import ContactForm, NewContactForm
from accounts.models import Account, Contact
from kam.editing import fetch_editable, fetch_visible
from kam.inplace import InPlace
from kam.listing import Column, Key, Listing
from kam.panels import panels_for
from kam.templatetags.kam_format import day

DECISION_FIELDS = (
    "dmu_role",
    "influence",
    "attitude",
    "coverage",
    "holder",
    "last_contact_on",
)
PERSON_FIELDS = ("name", "title", "parent", "email", "phone")


def _account(row: Contact) -> Any:
    return format_html('<a href="{}">{}</a>', row.account.get_absolute_url(), row.account.name)


class ContactList(Listing):
    """The people at the accounts that one sees."""

    key = "contacts"
    title = gettext_lazy("Contacts")
    model = Contact
    filterset_class = ContactFilter
    first_filters = ("q", "who", "dmu_role", "attitude")
    related = ("account", "holder", "parent")
    sort = "name"
    template = "accounts/contact_list.html"
    columns = (
        Column("name", gettext_lazy("Contact"), sort="name", heading=True),
        Column("title", gettext_lazy("Title"), sort="title"),
        Column(
            "account",
            gettext_lazy("Account"),
            show=_account,
            export=lambda r: r.account.name,
            sort="account__name",
        ),
        Column("dmu_role", gettext_lazy("Role in the decision"), sort="dmu_role"),
        Column(
            "influence",
            gettext_lazy("Influence"),
            sort=Key("influence", nullable=True),
            number=True,
        ),
        Column("attitude", gettext_lazy("Attitude"), sort="attitude"),
        Column("coverage", gettext_lazy("Our contact"), sort="coverage"),
        Column(
            "holder",
            gettext_lazy("Who knows them"),
            show=lambda r: r.holder,
            export=lambda r: str(r.holder or ""),
            sort=Key("holder__name", nullable=True),
        ),
        Column(
            "last_contact_on",
            gettext_lazy("Last contact"),
            show=lambda r: day(r.last_contact_on),
            sort=Key("last_contact_on", nullable=True),
            nowrap=True,
        ),
        Column("email", gettext_lazy("E-mail"), on_page=False),
        Column("phone", gettext_lazy("Telephone"), on_page=False),
        Column(
            "reports_to",
            gettext_lazy("Reports to"),
            export=lambda r: str(r.parent or ""),
            on_page=False,
        ),
    )
    empty_title = gettext_lazy("No contacts yet")
    empty_text = gettext_lazy(
        "Enter the people at your accounts who take part in decisions, and what they think of us."
    )

    def more_context(self) -> dict[str, Any]:
        return {
            "empty_url": reverse("accounts:contact_create"),
            "empty_action": _("New contact"),
        }


contact_list = ContactList.as_view()


class EditContact(InPlace):
    """A contact's fields, each where it stands."""

    model = Contact
    form_class = ContactForm
    fields = ContactForm.Meta.fields
    related = ("account", "parent", "holder")
    route = "accounts:contact_edit"
    save = staticmethod(services.change_contact)

    @classmethod
    def label(cls, name: str) -> str:
        return _("Reports to") if name == "parent" else super().label(name)


contact_edit = EditContact.as_view()


@login_required
@require_GET
def contact_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A contact's page."""
    contact = fetch_visible(
        Contact.objects.select_related("account", "parent", "holder"), request.user, pk=pk
    )
    reports = Contact.objects.visible_to(request.user).active().filter(parent=contact)
    context = {
        "contact": contact,
        "reports": list(reports.order_by("name", "id")[:50]),
        "may_edit": Contact.objects.editable_by(request.user).filter(pk=pk).exists(),
        "crumbs": [
            {"label": _("Accounts"), "url": reverse("accounts:list")},
            {"label": contact.account.name, "url": contact.account.get_absolute_url()},
        ],
        "decision_fields": DECISION_FIELDS,
        "person_fields": PERSON_FIELDS,
        "aside": panels_for("contact", contact, aside=True),
    }
    return render(request, "accounts/contact_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def contact_create(request: HttpRequest) -> HttpResponse:
    """A new contact at an account that is named in the form."""
    form = NewContactForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        account = fields.pop("account")
        answer = _create(request, form, account, fields)
        if answer is not None:
            return answer
    context = {"form": form, "title": _("New contact"), "back": reverse("accounts:contact_list")}
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def contact_add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new contact at this account."""
    account = fetch_editable(Account.objects, request.user, pk=pk)
    form = ContactForm(request.POST or None, user=request.user, account=account)
    if request.method == "POST" and form.is_valid():
        answer = _create(request, form, account, form.cleaned_data)
        if answer is not None:
            return answer
    context = {
        "form": form,
        "title": _("New contact at %(name)s") % {"name": account},
        "back": account.get_absolute_url(),
    }
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


def _create(
    request: HttpRequest, form: Any, account: Account, fields: dict[str, Any]
) -> HttpResponseRedirect | None:
    if not Account.objects.editable_by(request.user).filter(pk=account.pk).exists():
        raise PermissionDenied
    try:
        contact = services.create_contact(account, **fields)
    except ValidationError as error:
        form.add_model_errors(error)
        return None
    messages.success(request, _("%(name)s is entered.") % {"name": contact})
    return redirect(contact)


@login_required
@require_http_methods(["GET", "POST"])
def contact_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then takes a contact out of use."""
    contact = fetch_editable(Contact.objects.select_related("account"), request.user, pk=pk)
    if request.method == "POST":
        services.archive_contact(contact)
        messages.success(request, _("%(name)s is archived.") % {"name": contact})
        return redirect(contact)
    context = {
        "row": contact,
        "question": _("Archive %(name)s?") % {"name": contact},
        "text": _("The contact leaves lists. Their history stays, and they can be restored."),
        "submit": _("Archive"),
    }
    return render(request, "accounts/confirm.html", context)


@login_required
@require_http_methods(["POST"])
def contact_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a contact back into use."""
    contact = fetch_editable(Contact.objects.select_related("account"), request.user, pk=pk)
    try:
        services.restore_contact(contact)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%(name)s is in use again.") % {"name": contact})
    return redirect(contact)
