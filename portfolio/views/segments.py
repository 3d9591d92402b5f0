"""Segments: the schemes with their rules, the accounts of a segment, an account's segments."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Account
from kam.editing import EditConflict, fetch_editable, fetch_visible
from kam.forms import posted_version
from kam.listing import Column, Key, Listing
from kam.number_text import amount
from kam.panels import render_panel
from kam.periods import company_today
from kam.scoping import principal, signed_in
from kam.templatetags.kam_format import day
from portfolio.filters.segments import SegmentAccountFilter
from portfolio.forms.segments import OverrideForm, SchemeForm, SegmentForm
from portfolio.models import (
    Segment,
    SegmentOverride,
    SegmentPlacement,
    SegmentRule,
    SegmentScheme,
)
from portfolio.services import segments as service


def _keeps(request: HttpRequest) -> bool:
    """Whether this person keeps the schemes; a substitute does not inherit that."""
    user = request.user
    return bool(user.is_authenticated and user.is_administrator and not user.read_only)


def _keepers_only(request: HttpRequest) -> None:
    if not _keeps(request):
        raise PermissionDenied


def rule_words(rule: SegmentRule) -> str:
    """A rule as people say it: ``Potential, 0–100: at least 50``, ``Level: at least National``."""
    if rule.subject == SegmentRule.Subject.KEY_ACCOUNT:
        return _("Key account") if rule.at_least else _("No key account")
    is_level = rule.subject == SegmentRule.Subject.LEVEL
    label = _("Level") if is_level else rule.get_subject_display()
    parts = []
    for words, edge in ((_("at least %(n)s"), rule.at_least), (_("below %(n)s"), rule.below)):
        if edge is not None:
            parts.append(words % {"n": _level(edge) if is_level else _number(edge)})
    return f"{label}: {', '.join(parts)}"


def _level(edge: Any) -> str:
    whole = int(edge)
    known = whole == edge and 1 <= whole <= len(service.LEVELS)
    return str(service.LEVELS[whole - 1].label) if known else _number(edge)


def _number(edge: Any) -> str:
    return amount(edge, 0 if edge == edge.to_integral_value() else 2)


# --- schemes --------------------------------------------------------------------------------------
@login_required
@require_safe
def scheme_list(request: HttpRequest) -> HttpResponse:
    """All schemes with their segments and rules (three queries)."""
    keeps = _keeps(request)
    rules = SegmentRule.objects.visible_to(request.user).active()
    segments = Segment.objects.visible_to(request.user)
    schemes = SegmentScheme.objects.visible_to(request.user)
    if not keeps:
        segments, schemes = segments.active(), schemes.active()
    rows = schemes.prefetch_related(
        Prefetch("segments", segments.order_by("rank", "pk")),
        Prefetch("segments__rules", rules.order_by("pk")),
    )
    found = list(rows.order_by("pk"))
    for scheme in found:
        for segment in scheme.segments.all():
            segment.words = [rule_words(r) for r in segment.rules.all()]  # type: ignore[attr-defined]
    context = {"schemes": found, "keeps": keeps}
    return render(request, "portfolio/segments/schemes.html", context)


def _scheme_page(
    request: HttpRequest, form: Any, title: str, *, status: int | None = None, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "crumbs": [{"label": _("Segments"), "url": reverse("portfolio:scheme_list")}],
        "back": reverse("portfolio:scheme_list"),
        **more,
    }
    status = status or (422 if form.errors else 200)
    return render(request, "portfolio/segments/form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def scheme_create(request: HttpRequest) -> HttpResponse:
    """A new scheme."""
    _keepers_only(request)
    form = SchemeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            service.create_scheme(**form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return redirect("portfolio:scheme_list")
    return _scheme_page(request, form, _("New scheme"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def scheme_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A scheme's name and what it is for."""
    # unscoped: fetch_editable goes through the scope
    scheme = fetch_editable(SegmentScheme.objects.all(), request.user, pk=pk)
    form = SchemeForm(request.POST or None, instance=scheme, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            service.change_scheme(
                scheme, form.changes(), base_version=posted_version(request, scheme)
            )
        except (ValidationError, EditConflict) as error:
            form.show(error)
        else:
            return redirect("portfolio:scheme_list")
    return _scheme_page(request, form, str(scheme), version=scheme.version)


@login_required
@require_POST
def scheme_ready(request: HttpRequest) -> HttpResponse:
    """Makes the ready schemes, and places all accounts."""
    _keepers_only(request)
    made = service.create_ready()
    if not made:
        messages.info(request, _("All ready schemes are there already."))
        return redirect("portfolio:scheme_list")
    text = ngettext("%(n)d scheme is made.", "%(n)d schemes are made.", len(made))
    messages.success(request, text % {"n": len(made)})
    return redirect("kam:job_detail", pk=service.start_placing(signed_in(request)).pk)


@login_required
@require_POST
def scheme_place(request: HttpRequest) -> HttpResponse:
    """Places all accounts now, not only with the next night."""
    _keepers_only(request)
    return redirect("kam:job_detail", pk=service.start_placing(signed_in(request)).pk)


def _use(request: HttpRequest, rows: Any, pk: int, act: Any) -> HttpResponseRedirect:
    row = fetch_editable(rows, request.user, pk=pk)
    try:
        act(row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("portfolio:scheme_list")


@login_required
@require_POST
def scheme_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a scheme out of use."""
    rows = SegmentScheme.objects.visible_to(request.user)
    return _use(request, rows, pk, service.archive_scheme)


@login_required
@require_POST
def scheme_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a scheme back."""
    rows = SegmentScheme.objects.visible_to(request.user)
    return _use(request, rows, pk, service.restore_scheme)


# --- segments with their rules --------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def segment_create(request: HttpRequest, pk: int) -> HttpResponse:
    """One more segment of a scheme."""
    # unscoped: fetch_editable goes through the scope
    scheme = fetch_editable(SegmentScheme.objects.all(), request.user, pk=pk)
    last = scheme.segments.active().order_by("-rank").first()
    new = Segment(scheme=scheme, rank=last.rank + 1 if last else 1)
    form = SegmentForm(request.POST or None, instance=new, user=request.user)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("name", "rank")}
        try:
            service.create_segment(scheme, **values, rules=form.rules)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return _rules_saved(request)
    return _scheme_page(request, form, _("New segment"), scheme=scheme, lines=list(form.lines()))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A segment's name, rank and rules, saved together."""
    segment = fetch_editable(Segment.objects.select_related("scheme"), request.user, pk=pk)
    seen = request.POST.get("rules_version") or None
    now = service.rules_version(
        segment
    )  # before the rules: an older one is refused, never believed
    rules = list(segment.rules.active())
    held = {r.subject: (r.at_least, r.below) for r in rules}
    status = None
    form = SegmentForm(request.POST or None, instance=segment, user=request.user, rules=held)
    if request.method == "POST" and form.is_valid():
        try:
            service.change_segment(
                segment,
                form.own_changes(),
                rules=form.rules,
                base_rules=seen,
                base_version=posted_version(request, segment),
            )
        except service.RulesChanged as refusal:
            status = 409
            words = "; ".join(rule_words(rule) for rule in rules) or _("none")
            form.add_error(None, refusal)
            form.add_error(None, _("The rules now: %(rules)s.") % {"rules": words})
        except (ValidationError, EditConflict) as error:
            form.show(error)
        else:
            return _rules_saved(request)
    return _scheme_page(
        request,
        form,
        str(segment),
        scheme=segment.scheme,
        lines=list(form.lines()),
        version=segment.version,
        rules_version=now if status or not seen else seen,
        status=status,
    )


def _rules_saved(request: HttpRequest) -> HttpResponseRedirect:
    messages.success(
        request, _("Saved. Accounts are placed with the next night, or now by the button.")
    )
    return redirect("portfolio:scheme_list")


@login_required
@require_POST
def segment_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a segment out of its scheme."""
    rows = Segment.objects.visible_to(request.user)
    return _use(request, rows, pk, service.archive_segment)


@login_required
@require_POST
def segment_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a segment back."""
    rows = Segment.objects.visible_to(request.user)
    return _use(request, rows, pk, service.restore_segment)


# --- the accounts of a segment --------------------------------------------------------------------
def _account_link(row: Account) -> Any:
    return format_html('<a href="{}">{}</a>', row.get_absolute_url(), row.name)


class SegmentAccounts(Listing):
    """The accounts that stand in one segment now."""

    key = "segment-accounts"
    title = gettext_lazy("Accounts of a segment")
    model = Account
    filterset_class = SegmentAccountFilter
    first_filters = ("q", "who", "is_key_account")
    related = ("owner", "industry")
    template = "portfolio/segments/accounts.html"
    sort = "name"
    empty_title = gettext_lazy("No accounts here")
    empty_text = gettext_lazy(
        "None of the accounts that you see stands in this segment. They are placed each night."
    )
    columns = (
        Column(
            "name",
            gettext_lazy("Account"),
            show=_account_link,
            export=lambda row: row.name,
            sort="name",
            heading=True,
        ),
        Column("number", gettext_lazy("Number"), sort=Key("number", nullable=True), nowrap=True),
        Column(
            "owner",
            gettext_lazy("KAM"),
            show=lambda row: row.owner,
            export=lambda row: str(row.owner or ""),
            sort=Key("owner__name", nullable=True),
        ),
        Column("level", gettext_lazy("Level"), sort="level"),
        Column(
            "industry",
            gettext_lazy("Industry"),
            show=lambda row: row.industry,
            export=lambda row: str(row.industry or ""),
        ),
        Column(
            "since",
            gettext_lazy("Since"),
            show=lambda row: day(row.placement.first_night) if row.placement else "",
            export=lambda row: row.placement.first_night if row.placement else None,
            nowrap=True,
        ),
        Column(
            "by_hand",
            gettext_lazy("How"),
            show=lambda row: _how(row.placement),
            export=lambda row: _how(row.placement),
            nowrap=True,
        ),
    )

    @cached_property
    def segment(self) -> Segment:
        user = self.request.user
        return fetch_visible(Segment.objects.select_related("scheme"), user, pk=self.kwargs["pk"])

    def _placed(self) -> Any:
        rows = SegmentPlacement.objects.visible_to(self.request.user).current()
        return rows.filter(segment=self.segment)

    def rows(self) -> Any:
        placed = self._placed().order_by().values("account")
        return Account.objects.visible_to(self.request.user).filter(pk__in=placed)

    def prepare(self, rows: list[Any]) -> None:
        found = {p.account_id: p for p in self._placed().filter(account__in=rows)}
        for row in rows:
            row.placement = found.get(row.pk)

    def more_context(self) -> dict[str, Any]:
        return {
            "segment": self.segment,
            "title": f"{self.segment.scheme} · {self.segment}",
            "crumbs": [{"label": _("Segments"), "url": reverse("portfolio:scheme_list")}],
            "empty_url": reverse("portfolio:scheme_list"),
            "empty_action": _("Open the schemes"),
        }


segment_accounts = SegmentAccounts.as_view()


def _how(placement: SegmentPlacement | None) -> str:
    if placement is None:
        return ""
    return _("by hand") if placement.by_hand else _("by the rules")


# --- an account's segments ------------------------------------------------------------------------
@login_required
@require_safe
def account_segments(request: HttpRequest, pk: int) -> HttpResponse:
    """In which segment of each scheme the account stands, since when, and why."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    schemes = SegmentScheme.objects.visible_to(request.user).active().order_by("pk")
    placed = SegmentPlacement.objects.visible_to(request.user).current().filter(account=account)
    placements = {p.scheme_id: p for p in placed.select_related("segment")}
    overrides = {
        o.scheme_id: o
        for o in SegmentOverride.objects.visible_to(request.user)
        .active()
        .filter(account=account, expires_on__gte=company_today())
        .select_related("author")
    }
    editable = Account.objects.editable_by(request.user).filter(pk=pk)
    context = {
        "account": account,
        "rows": [(s, placements.get(s.pk), overrides.get(s.pk)) for s in schemes],
        "may_edit": account.archived_at is None and editable.exists(),
        "keeps": _keeps(request),
    }
    return render_panel(
        request, "portfolio/segments/account_panel.html", context, title=_("Segments"), row=account
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def override_set(request: HttpRequest, pk: int, scheme: int) -> HttpResponse:
    """Puts an account into a segment by hand, with the reason and an end."""
    # unscoped: fetch_editable goes through the scope
    account = fetch_editable(Account.objects.all(), request.user, pk=pk)
    # unscoped: fetch_visible goes through the scope
    chosen = fetch_visible(SegmentScheme.objects.all(), request.user, pk=scheme)
    new = SegmentOverride(account=account, scheme=chosen)
    form = OverrideForm(
        request.POST or None,
        instance=new,
        user=request.user,
        scheme=chosen,
        initial={"expires_on": company_today() + timedelta(days=365)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            service.set_override(account, by=principal(request.user), **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            messages.success(request, _("Saved. The account stands there until then."))
            return redirect(account)
    return _scheme_page(
        request,
        form,
        _("Segment by hand"),
        scheme=chosen,
        back=account.get_absolute_url(),
        crumbs=[{"label": str(account), "url": account.get_absolute_url()}],
    )


@login_required
@require_POST
def override_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The rules decide about the account again."""
    override = fetch_editable(
        SegmentOverride.objects.select_related("account", "scheme"), request.user, pk=pk
    )
    service.end_override(override)
    messages.success(request, _("The rules decide again."))
    return redirect(override.account)
