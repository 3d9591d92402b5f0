"""The classification process: the queue, one nomination with its history, proposing, the steps."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Account
from kam.editing import EditConflict, fetch_editable, fetch_visible
from kam.forms import posted_version
from kam.listing import Column, Key, Listing
from kam.panels import Home, render_panel
from kam.periods import company_today
from kam.scoping import signed_in
from kam.templatetags.kam_format import day
from portfolio.filters.nominations import NominationFilter
from portfolio.forms.nominations import DecisionForm, NominationForm
from portfolio.key_accounts import key_since, may_propose, standing_of
from portfolio.models import Axis, Nomination
from portfolio.services import nominations as process
from portfolio.services.nominations import STEPS, WAITING

State = Nomination.State
BADGES = {
    State.PROPOSED: "active",
    State.ACCEPTED: "active",
    State.VALIDATED: "active",
    State.CONFIRMED: "good",
    State.REJECTED: "bad",
    State.WITHDRAWN: "draft",
}
#: State → the step that leads on, and what is asked for.
NEXT = {State.PROPOSED: "accept", State.ACCEPTED: "validate", State.VALIDATED: "confirm"}
DONE: dict[str, Any] = {
    "accept": gettext_lazy("Accepted. Next it is validated against the criteria."),
    "validate": gettext_lazy("Validated. Management is asked to confirm."),
    "confirm": gettext_lazy("Confirmed."),
    "reject": gettext_lazy("Rejected."),
    "withdraw": gettext_lazy("Withdrawn."),
}
SHOWN = 8


def state_badge(row: Nomination) -> SafeString:
    """The state as a shape and a word."""
    return format_html(
        '<span class="badge badge--{}">{}</span>',
        BADGES[State(row.state)],
        row.get_state_display(),
    )


def due_text(row: Nomination, today: date | None = None) -> Any:
    """The day, with a word and a shape where it has passed."""
    if row.due_on is None:
        return ""
    days = ((today or company_today()) - row.due_on).days
    if days <= 0:
        return format_html('<span class="nowrap">{}</span>', day(row.due_on))
    return format_html(
        '<span class="nowrap">{}</span> <span class="badge badge--bad">{}</span>',
        day(row.due_on),
        ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days},
    )


#: What a tab without rows says; the others say that there are no nominations at all.
NOTHING_SHOWN: dict[str, dict[str, Any]] = {
    "mine": {
        "empty_title": gettext_lazy("Nothing waits for you"),
        "empty_text": gettext_lazy("Here are the proposals whose next step is yours."),
    },
    "decided": {
        "empty_title": gettext_lazy("Nothing has been decided yet"),
        "empty_text": gettext_lazy("Confirmed, rejected and withdrawn proposals stay here."),
    },
}


# --- the queue ------------------------------------------------------------------------------------
class NominationList(Listing):
    """Who is proposed, where each proposal stands, and whose turn it is."""

    key = "nominations"
    title = gettext_lazy("Nominations")
    model = Nomination
    filterset_class = NominationFilter
    first_filters = ("q", "kind")
    tab_filter = "show"
    template = "portfolio/nominations/list.html"
    related = ("account", "owner", "proposed_by")
    sort = "due_on"
    empty_title = gettext_lazy("No nominations yet")
    empty_text = gettext_lazy(
        "Open an account that follows the strategy, and propose it as a key account."
    )
    columns = (
        Column(
            "account",
            gettext_lazy("Account"),
            show=lambda row: format_html(
                '<a href="{}">{}</a>', row.get_absolute_url(), row.account
            ),
            export=lambda row: row.account.name,
            sort="account__name",
            heading=True,
        ),
        Column("kind", gettext_lazy("Proposal"), sort="kind"),
        Column("state", gettext_lazy("State"), show=state_badge, sort="state"),
        Column("level", gettext_lazy("Level")),
        Column(
            "owner",
            gettext_lazy("KAM"),
            show=lambda row: row.owner,
            export=lambda row: str(row.owner or ""),
            sort=Key("owner__name", nullable=True),
        ),
        Column(
            "proposed_by",
            gettext_lazy("Proposed by"),
            show=lambda row: row.proposed_by,
            export=lambda row: str(row.proposed_by or ""),
        ),
        Column(
            "created_at",
            gettext_lazy("Proposed"),
            show=lambda row: day(row.created_at),
            sort="created_at",
            nowrap=True,
        ),
        Column("due_on", gettext_lazy("Due"), show=due_text, sort=Key("due_on", nullable=True)),
        Column("reason", gettext_lazy("Reason"), on_page=False),
    )

    def more_context(self) -> dict[str, Any]:
        here = self.request.GET.get("show", "")
        shown = [
            ("", _("All that wait")),
            ("mine", _("Wait for me")),
            ("decided", _("Decided")),
            ("all", _("All")),
        ]
        return {
            "tabs": [
                {
                    "label": label,
                    "url": f"{self.request.path}?{self.query(show=name or None)}",
                    "current": name == here,
                }
                for name, label in shown
            ],
            **NOTHING_SHOWN.get(here, {}),
            "empty_url": reverse("accounts:list"),
            "empty_action": _("Open the accounts"),
        }


nomination_list = NominationList.as_view()


# --- one nomination -------------------------------------------------------------------------------
def _nomination(user: Any, pk: int) -> Nomination:
    """The nomination as this person sees it (one query), or 404.

    ``decides``: its present step is theirs; ``takes_back``: they proposed it; ``edits``: they may
    change what is proposed; ``sees_leaves``: they see the account that leaves.
    """

    def among(rows: Any) -> Exists:
        return Exists(rows.filter(pk=OuterRef("pk")).order_by())

    seen = Nomination.objects.visible_to(user)
    row = (
        seen.select_related("account__owner", "owner", "leaves", "proposed_by")
        .annotate(
            decides=among(seen.decided_by(user)),
            takes_back=among(seen.proposed_by(user)),
            edits=among(Nomination.objects.editable_by(user)),
            sees_leaves=Exists(
                Account.objects.visible_to(user).filter(pk=OuterRef("leaves")).order_by()
            ),
        )
        .filter(pk=pk)
        .first()
    )
    if row is None:
        raise Http404
    return row


def _page(
    request: HttpRequest, row: Any, form: DecisionForm | None = None, status: int = 200
) -> HttpResponse:
    waiting = row.state in WAITING
    steps = list(row.steps.select_related("by", "acting_for"))
    findings = row.findings
    if not findings and waiting:
        findings = process.findings_of(row.account)
    user = signed_in(request)
    name = NEXT[State(row.state)] if waiting else ""
    own = bool(steps) and row.state == State.VALIDATED and row.decides and _is_own(steps[0], user)
    context = {
        "nomination": row,
        "crumbs": [
            {"label": _("Nominations"), "url": reverse("portfolio:nomination_list")},
            {"label": str(row.account), "url": row.account.get_absolute_url()},
        ],
        "badge": BADGES[State(row.state)],
        "another": process.ANOTHER,
        "waiting": waiting,
        "due": due_text(row),
        "steps": steps,
        "findings": findings,
        "kept": bool(row.findings),
        "sentences": process.sentences(findings),
        "scores": [
            (Axis(axis).label, value)
            for axis, value in findings.get("scores", {}).items()
            if value is not None
        ],
        "room": process.room_for(row.owner) if waiting and row.kind == "add" else None,
        "next_step": STEPS[name] if name else None,
        "next_url": reverse(f"portfolio:nomination_{name}", args=[row.pk]) if name else "",
        "own": own,
        "asks": process.ASKS.get(row.state, ""),
        "form": (form or DecisionForm(initial={"version": row.version})) if waiting else None,
        "may_edit": waiting and row.edits and row.kind == "add",
    }
    return render(request, "portfolio/nominations/detail.html", context, status=status)


def _is_own(first: Any, user: Any) -> bool:
    acting_for = getattr(user, "acting_for", None)
    mine = {user.pk, acting_for.pk if acting_for else user.pk}
    return bool(mine & {first.by_id, first.acting_for_id})


@login_required
@require_safe
def nomination_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is proposed, what the criteria say, who decided what, and the present step's buttons."""
    return _page(request, _nomination(request.user, pk))


def _take(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    row: Any = _nomination(request.user, pk)
    if not (row.takes_back if step == "withdraw" else row.decides):
        if row.state in WAITING:
            raise PermissionDenied
        messages.error(request, _("It is decided already."))
        return HttpResponseRedirect(row.get_absolute_url())
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, 422)
    act: Any = getattr(process, step)
    note, version = form.cleaned_data["note"], form.cleaned_data["version"]
    try:
        act(row, signed_in(request), note, base_version=version)
    except ValidationError as refusal:
        _show(form, refusal)
        return _page(request, _nomination(request.user, pk), form, 422)
    messages.success(request, DONE[step])
    return HttpResponseRedirect(row.get_absolute_url())


def _show(form: Any, refusal: ValidationError) -> None:
    """A refusal at the fields that the form has; the others at its head."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


@login_required
@require_POST
def nomination_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """It is to be validated."""
    return _take(request, pk, "accept")


@login_required
@require_POST
def nomination_validate(request: HttpRequest, pk: int) -> HttpResponse:
    """The criteria's findings are kept with it; management is asked."""
    return _take(request, pk, "validate")


@login_required
@require_POST
def nomination_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """It becomes a key account, or stops being one."""
    return _take(request, pk, "confirm")


@login_required
@require_POST
def nomination_reject(request: HttpRequest, pk: int) -> HttpResponse:
    """It is not done, for a reason."""
    return _take(request, pk, "reject")


@login_required
@require_POST
def nomination_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The proposer takes it back."""
    return _take(request, pk, "withdraw")


# --- proposing ------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def nomination_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Proposes an account as a key account, or to end that where it is one."""
    account = fetch_visible(Account.objects.select_related("owner"), request.user, pk=pk)
    if not may_propose(request.user, account):
        raise PermissionDenied
    kind = Nomination.Kind.REMOVE if account.is_key_account else Nomination.Kind.ADD
    new = Nomination(account=account, kind=kind, level=account.level, owner=account.owner)
    form = NominationForm(request.POST or None, instance=new, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            row = process.propose(account, signed_in(request), kind=kind, **form.cleaned_data)
        except ValidationError as refusal:
            _show(form, refusal)
        else:
            messages.success(request, _("Proposed. Whoever decides is told."))
            return redirect(row)
    return _form_page(
        request,
        form,
        account,
        heading=new.get_kind_display(),
        room=process.room_for(account.owner) if kind == Nomination.Kind.ADD else None,
        submit=_("Propose"),
        back=account.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def nomination_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes what is proposed while it waits; after the first decision only who leaves."""
    row = fetch_editable(
        Nomination.objects.select_related("account", "owner", "leaves"), request.user, pk=pk
    )
    only = None if row.state == State.PROPOSED or row.kind == "remove" else ("leaves",)
    form = NominationForm(request.POST or None, instance=row, user=request.user, only=only)
    if request.method == "POST" and form.is_valid():
        try:
            process.change(row, form.changes(), base_version=posted_version(request, row))
        except EditConflict as conflict:
            form.show(conflict)
        except ValidationError as refusal:
            _show(form, refusal)
        else:
            return redirect(row)
    return _form_page(
        request,
        form,
        row.account,
        heading=_("Change the proposal"),
        room=process.room_for(row.owner) if row.kind == "add" else None,
        submit=_("Save"),
        back=row.get_absolute_url(),
        version=row.version,
    )


def _form_page(request: HttpRequest, form: Any, account: Account, **more: Any) -> HttpResponse:
    crumbs = [
        {"label": _("Nominations"), "url": reverse("portfolio:nomination_list")},
        {"label": str(account), "url": account.get_absolute_url()},
    ]
    context = {"form": form, "account": account, "crumbs": crumbs, **more}
    status = 422 if form.errors else 200
    return render(request, "portfolio/nominations/form.html", context, status=status)


# --- panels ---------------------------------------------------------------------------------------
@login_required
@require_safe
def account_nominations(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether the account is a key account, since when, and what is proposed."""
    account = fetch_visible(Account.objects.select_related("owner"), request.user, pk=pk)
    standing = standing_of(account, request.user)
    context = {
        "account": account,
        "since": key_since(account),
        "open": standing.open,
        "due": due_text(standing.open) if standing.open else "",
        "last": standing.last,
        "may_propose": standing.open is None and may_propose(request.user, account),
    }
    return render_panel(
        request,
        "portfolio/nominations/account_panel.html",
        context,
        title=_("Key account"),
        row=account,
    )


@login_required
@require_safe
def home_nominations(request: HttpRequest) -> HttpResponse:
    """Nominations whose present step is this person's."""
    today = company_today()
    waiting = (
        Nomination.objects.visible_to(request.user)
        .waits_for(request.user)
        .select_related("account", "proposed_by")
        .order_by("due_on", "pk")
    )
    rows = list(waiting[: SHOWN + 1])
    context = {
        "rows": [(row, due_text(row, today)) for row in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "all_url": reverse("portfolio:nomination_list") + "?show=mine",
    }
    return render_panel(
        request,
        "portfolio/nominations/home.html",
        context,
        title=_("Nominations that wait for you"),
        row=Home(),
    )
