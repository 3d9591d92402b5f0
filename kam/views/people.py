"""People: everybody's page of a colleague, and the administrators' list and forms."""

from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam import services
from kam.editing import fetch_editable, fetch_visible
from kam.listing import Column, Key, Listing
from kam.models import Role, Substitution, Team, User
from kam.periods import company_today
from kam.person_forms import PersonForm, TokenForm
from kam.scoping import signed_in
from kam.search import Fold, cleaned
from kam.views.administration import administrators_only, saved


@login_required
@require_safe
def user_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague: who they are, how to reach them, who stands in for them."""
    person = fetch_visible(User.objects.select_related("team__leader"), request.user, pk=pk)
    today = company_today()
    stands_in = (
        Substitution.objects.visible_to(request.user)
        .active()
        .filter(absent=person, ends_on__gte=today)
        .select_related("substitute")
        .order_by("starts_on")
    )
    return render(
        request,
        "kam/user_detail.html",
        {
            "person": person,
            "today": today,
            "substitutes": list(stands_in),
            "may_edit": signed_in(request).is_administrator,
        },
    )


# --- administration -----------------------------------------------------------------------------
class PersonFilter(filters.FilterSet):
    """Filters of the people list."""

    q = filters.CharFilter(label=gettext_lazy("Name or e-mail"), method="matching")
    role = filters.ChoiceFilter(
        choices=Role.choices, label=gettext_lazy("Role"), empty_label=gettext_lazy("All")
    )
    team = filters.ModelChoiceFilter(
        label=gettext_lazy("Team"), queryset=lambda request: Team.objects.visible_to(request.user)
    )
    teamless = filters.BooleanFilter(
        label=gettext_lazy("Without team"),
        method="without_team",
        widget=forms.Select(choices=[("", ""), ("true", gettext_lazy("Yes"))]),
    )
    state = filters.ChoiceFilter(
        label=gettext_lazy("State"),
        choices=[
            ("active", gettext_lazy("May sign in")),
            ("inactive", gettext_lazy("May not sign in")),
            ("archived", gettext_lazy("Archived")),
        ],
        method="in_state",
        empty_label=gettext_lazy("In use"),
    )

    class Meta:
        model = User
        fields = ("q", "role", "team", "teamless", "state")

    @property
    def qs(self) -> Any:
        rows = super().qs
        if not self.form.is_bound or not self.data.get("state"):
            rows = rows.filter(archived_at__isnull=True)
        return rows

    def matching(self, rows: Any, _name: str, value: str) -> Any:
        text = cleaned(value)
        marked = rows.annotate(_name=Fold("name"), _mail=Fold("email"))
        for word in text.split():
            wanted = Fold(Value(word))
            marked = marked.filter(Q(_name__contains=wanted) | Q(_mail__contains=wanted))
        return marked

    def without_team(self, rows: Any, _name: str, value: bool) -> Any:
        lacking = Q(team__isnull=True, role__in=(Role.KAM, Role.LEADER))
        return rows.filter(lacking) if value else rows.exclude(lacking)

    def in_state(self, rows: Any, _name: str, value: str) -> Any:
        if value == "archived":
            return rows.filter(archived_at__isnull=False)
        return rows.filter(archived_at__isnull=True, is_active=value == "active")


class PeopleList(Listing):
    """Everybody in the installation, for administrators."""

    key = "people"
    title = gettext_lazy("People")
    model = User
    filterset_class = PersonFilter
    first_filters = ("q", "role")
    template = "kam/people.html"
    related = ("team",)
    sort = "name"
    columns = (
        Column(
            "name",
            gettext_lazy("Name"),
            show=lambda row: format_html(
                '<a href="{}">{}</a>', reverse("kam:user_edit", args=[row.pk]), row
            ),
            export=lambda row: row.name,
            sort="name",
            heading=True,
        ),
        Column("email", gettext_lazy("E-mail"), show=lambda row: row.email, sort="email"),
        Column("role", gettext_lazy("Role"), sort="role"),
        Column(
            "team",
            gettext_lazy("Team"),
            show=lambda row: row.team,
            export=lambda row: str(row.team or ""),
            sort=Key("team__name", nullable=True),
        ),
        Column("is_active", gettext_lazy("May sign in")),
        Column(
            "last_login",
            gettext_lazy("Last sign-in"),
            sort=Key("last_login", nullable=True),
        ),
    )
    empty_title = gettext_lazy("Nobody matches")
    empty_text = gettext_lazy("Take a filter away, or enter the person.")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not request.user.is_administrator:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def user_create(request: HttpRequest) -> HttpResponse:
    """Enters a person and mails them a link by which they set their password."""
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        instance=User(is_active=True),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                person = services.enter_person(**form.cleaned_data)
            except ValidationError as error:
                form.add_model_errors(error)
            else:
                if person.role != Role.SERVICE and "invite" in request.POST:
                    services.mail_password_link(request, person)
                messages.success(request, _("%(name)s is entered.") % {"name": person})
                return redirect("kam:user_edit", pk=person.pk)
    return render(request, "kam/user_create.html", {"form": form}, status=status)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def user_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's role, team and access."""
    person = fetch_editable(User.objects, request.user, pk=pk)
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        instance=fetch_visible(User.objects, request.user, pk=pk),
        user=request.user,
    )
    answer = saved(
        request,
        form,
        lambda changes, base: services.change_person(person, changes, base_version=base),
        done=request.path,
    )
    return answer or _edit_page(request, person, form, status=422 if form.errors else 200)


@administrators_only
@require_POST
def user_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a person out of use: their past work stays under their name."""
    person = fetch_editable(User.objects, request.user, pk=pk)
    try:
        services.archive_person(person)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%(name)s is archived.") % {"name": person})
    return redirect("kam:user_edit", pk=pk)


@administrators_only
@require_POST
def user_restore(request: HttpRequest, pk: int) -> HttpResponse:
    person = fetch_editable(User.objects, request.user, pk=pk)
    services.restore_person(person)
    messages.success(request, _("%(name)s is back.") % {"name": person})
    return redirect("kam:user_edit", pk=pk)


@administrators_only
@require_POST
def user_password_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Mails the person a link by which they set a new password."""
    person = fetch_editable(User.objects.who_sign_in(), request.user, pk=pk)
    services.mail_password_link(request, person)
    messages.success(request, _("A link is on its way to %(mail)s.") % {"mail": person.email})
    return redirect("kam:user_edit", pk=pk)


@administrators_only
@never_cache
@require_POST
def user_token_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Makes a token for a service account and shows its secret, this once."""
    person = fetch_editable(User.objects.filter(role=Role.SERVICE), request.user, pk=pk)
    form = TokenForm(request.POST)
    page_form = PersonForm(instance=person, user=request.user)
    if not form.is_valid():
        return _edit_page(request, person, page_form, status=422, token_form=form)
    values = form.cleaned_data
    _row, secret = services.issue_token(
        person, values["name"], may_write=values["may_write"], days=values["days"]
    )
    response = _edit_page(request, person, page_form, secret=secret)
    response["Cache-Control"] = "no-store"
    return response


@administrators_only
@require_POST
def user_token_revoke(request: HttpRequest, pk: int, token_pk: int) -> HttpResponse:
    """Revokes any person's token."""
    person = fetch_editable(User.objects, request.user, pk=pk)
    token = get_object_or_404(person.api_tokens, pk=token_pk)
    services.revoke_token(token)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("kam:user_edit", pk=pk)


def _edit_page(
    request: HttpRequest, person: User, form: PersonForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    tokens = person.api_tokens.filter(revoked_at__isnull=True)
    context = {
        "person": person,
        "form": form,
        "tokens": list(tokens),
        "is_service": person.role == Role.SERVICE,
        "token_form": more.pop("token_form", None) or TokenForm(),
        **more,
    }
    return render(request, "kam/user_edit.html", context, status=status)
