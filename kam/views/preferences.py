"""What a person sets for themselves, their API tokens, and for whom they act."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam import services
from kam.editing import EditConflict, fetch_editable, fetch_visible
from kam.htmx import wants_fragment
from kam.middleware import ACTING_FOR, apply_substitution
from kam.models import ApiToken, Substitution, User
from kam.periods import company_today
from kam.person_forms import PreferencesForm, TokenForm
from kam.scoping import signed_in
from kam.views.administration import conflict_page, without_theirs


@login_required
@require_safe
def user_menu(request: HttpRequest) -> HttpResponse:
    """The inside of the menu under one's name; without script that holds two links instead."""
    return render(request, "components/_user_menu.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The page; the menu posts language or theme alone and goes back to where it was."""
    if request.method != "POST":
        return _page(request)
    only = [name for name in services.OWN_FIELDS if name in request.POST]
    form = PreferencesForm(request.POST, instance=_self(request), user=request.user, only=only)
    if not form.is_valid():
        return _page(request, form=form if len(only) > 1 else None, status=422)
    try:
        saved = services.change_preferences(
            _self(request), without_theirs(request, form.changes()), _version(request)
        )
    except EditConflict as conflict:
        return conflict_page(request, conflict, request.path)
    except ValidationError as error:
        form.add_model_errors(error)
        return _page(request, form=form, status=422)
    if wants_fragment(request):
        return HttpResponse(status=204)
    with translation.override(saved.language):
        messages.success(request, _("Saved."))
    if len(only) == 1:
        return HttpResponseRedirect(_came_from(request))
    return redirect("kam:preferences")


@login_required
@never_cache
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Makes a token of the person's own and shows its secret, this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form, status=422)
    values = form.cleaned_data
    _row, secret = services.issue_token(
        signed_in(request), values["name"], may_write=values["may_write"], days=values["days"]
    )
    response = _page(request, secret=secret)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = fetch_editable(ApiToken.objects, request.user, pk=pk)
    services.revoke_token(token)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return HttpResponseRedirect(reverse("kam:preferences") + "#tokens")


@login_required
@require_POST
def act_for(request: HttpRequest) -> HttpResponse:
    """Begins or ends acting for somebody; nothing chosen ends it."""
    chosen = request.POST.get("substitution", "")
    if not chosen:
        request.session.pop(ACTING_FOR, None)
        messages.success(request, _("You act as yourself again."))
        return redirect("kam:home")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
        raise Http404
    row = fetch_visible(
        Substitution.objects.covering(company_today()).filter(substitute=signed_in(request)),
        request.user,
        pk=int(chosen),
    )
    if not apply_substitution(request.user, row.absent_id):
        raise Http404
    request.session[ACTING_FOR] = row.absent_id
    return redirect("kam:home")


def _self(request: HttpRequest) -> User:
    """The person as a row of their own, so that a refused form leaves the page's frame alone."""
    return User.objects.get(pk=request.user.pk)  # unscoped: oneself


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _came_from(request: HttpRequest) -> str:
    url = request.headers.get("Referer", "")
    known = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if known else reverse("kam:preferences")


def _page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    person = _self(request)
    tokens = ApiToken.objects.visible_to(request.user).filter(revoked_at__isnull=True)
    context = {
        "person": person,
        "form": context.pop("form", None) or PreferencesForm(instance=person, user=request.user),
        "token_form": context.pop("token_form", None) or TokenForm(),
        "tokens": tokens,
        **context,
    }
    return render(request, "kam/preferences.html", context, status=status)
