"""Every component of the design system in all its states; served in development only."""

from datetime import timedelta
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

LONG = "Österlånggatan Byggnadsförvaltnings- och Fastighetsunderhållsaktiebolag i Norra Götaland"


class SampleForm(forms.Form):
    """One field of every kind that the product uses."""

    name = forms.CharField(
        label="Account", max_length=80, help_text="As it stands in the contract."
    )
    revenue = forms.DecimalField(label="Revenue target", help_text="In kEUR for the whole year.")
    owner = forms.ChoiceField(
        label="Key account manager", choices=[("", "Nobody yet"), ("1", "Ingrid Østbø")]
    )
    due = forms.DateField(
        label="Due", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label="Need", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    kinds = forms.MultipleChoiceField(
        label="Products",
        required=False,
        choices=[("a", "Service"), ("b", "Spare parts"), ("c", "Training")],
        widget=forms.CheckboxSelectMultiple,
    )
    style = forms.ChoiceField(
        label="Structure",
        required=False,
        choices=[("bow", "Bow-tie"), ("diamond", "Diamond")],
        widget=forms.RadioSelect,
    )
    confidential = forms.BooleanField(
        label="Confidential", required=False, help_text="Only the account team sees it."
    )


def _jobs() -> list[SimpleNamespace]:
    def job(state: str, done: int, total: int, message: str = "") -> SimpleNamespace:
        return SimpleNamespace(
            title="Import of sales facts, March",
            state=state,
            done=done,
            total=total,
            message=message,
            is_over=state not in ("queued", "running"),
            cancel_requested=False,
        )

    return [
        job("queued", 0, 0),
        job("running", 4200, 9000),
        job("done", 9000, 9000, "9,000 rows added, none refused."),
        job("failed", 17, 9000, "Row 18, column “amount”: expected a number, found “n/a”."),
    ]


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the style guide; 404 unless ``DEBUG`` is on."""
    if not settings.DEBUG:
        raise Http404
    if "poll" in request.GET:
        return HttpResponse(status=204)
    now = timezone.now()
    refused = SampleForm({"name": LONG, "revenue": "twelve", "style": "bow"})
    refused.is_valid()
    context = {
        "long": LONG,
        "now": now,
        "crumbs": [{"label": "Accounts", "url": "#"}, {"label": LONG, "url": "#"}],
        "tabs": [
            {"label": "Overview", "url": "#", "current": True},
            {"label": "Plan", "url": "#", "current": False},
            {"label": "Contacts", "url": "#", "current": False, "count": 12},
            {"label": "Meetings", "url": "#", "current": False, "count": 0},
            {"label": "Contracts and receivables", "url": "#", "current": False},
            {"label": "History", "url": "#", "current": False},
        ],
        "figures": [
            {
                "label": "Revenue, 12 months",
                "value": "12,480",
                "unit": "kEUR",
                "note": "+8 % on last year",
                "note_kind": "pos",
                "why": "#",
            },
            {
                "label": "Margin",
                "value": "\u2212312",
                "unit": "kEUR",
                "note": "plan 240",
                "note_kind": "neg",
                "why": "#",
            },
            {
                "label": "Satisfaction",
                "value": "74",
                "unit": "of 100",
                "note": "3 answers",
                "why": "#",
            },
            {"label": "Potential", "value": None, "note": "not assessed"},
            {"label": "Share of our sales", "value": "41 %", "note": "limit 75 %", "url": "#"},
            {"label": "Overdue", "value": "0", "unit": "kEUR", "note": "of 1,204"},
        ],
        "rows": [
            {
                "name": "Nordlys Energi AS",
                "kam": "Ingrid Østbø",
                "revenue": 12480,
                "change": 0.08,
                "margin": 2310,
                "share": 62,
                "status": ("good", "On plan"),
            },
            {
                "name": LONG,
                "kam": "Åse Häkkinen-Sørensen",
                "revenue": 8120,
                "change": -0.124,
                "margin": -312,
                "share": 40,
                "status": ("bad", "Behind"),
            },
            {
                "name": "华东精密制造有限公司",
                "kam": "Li Wei",
                "revenue": 4033,
                "change": None,
                "margin": 610,
                "share": 21,
                "status": ("warn", "At risk"),
            },
            {
                "name": "Tiny",
                "kam": None,
                "revenue": None,
                "change": None,
                "margin": None,
                "share": 0,
                "status": ("draft", "Draft"),
            },
        ],
        "sort": "-revenue",
        "page": {"previous": None, "next": "abc", "count": 10000, "capped": True},
        "form": SampleForm(initial={"name": "Nordlys Energi AS", "revenue": "12480"}),
        "refused": refused,
        "conflicts": [
            {
                "name": "goal",
                "label": "Goal",
                "before": "Revenue 12 mEUR",
                "theirs": "Revenue 13 mEUR",
                "yours": "Revenue 12.5 mEUR and two more plants",
            },
            {
                "name": "owner",
                "label": "Owner",
                "before": None,
                "theirs": "Li Wei",
                "yours": "Ingrid Østbø",
            },
        ],
        "posted": [("goal", "x"), ("owner", "2")],
        "jobs": _jobs(),
        "events": [
            {
                "when": now,
                "who": "Ingrid Østbø",
                "for_whom": "Li Wei",
                "what": "changed the plan",
                "changes": [
                    {"label": "Goal", "before": "12", "after": "13"},
                    {"label": "Due", "before": None, "after": "1 Mar"},
                ],
            },
            {
                "when": now - timedelta(days=3),
                "who": "Åse Häkkinen",
                "what": "submitted the plan",
                "changes": [],
                "url": "#",
            },
        ],
        "groups": [
            {
                "label": "Accounts",
                "hits": [
                    {
                        "url": "#",
                        "title": "Nordlys Energi AS",
                        "note": "Ingrid Østbø",
                        "icon": "accounts",
                    },
                    {"url": "#", "title": LONG, "note": "", "icon": "accounts"},
                ],
            },
            {
                "label": "Contacts",
                "hits": [
                    {"url": "#", "title": "Nora Lys", "note": "Nordlys Energi AS", "icon": "user"}
                ],
            },
        ],
        "icons": [
            "mark",
            "home",
            "accounts",
            "portfolio",
            "plans",
            "roll-up",
            "sales",
            "incentives",
            "playbook",
            "import",
            "people",
            "user",
            "settings",
            "search",
            "bell",
            "menu",
            "more",
            "plus",
            "edit",
            "trash",
            "archive",
            "history",
            "download",
            "pdf",
            "filter",
            "columns",
            "check",
            "warning",
            "error",
            "info",
            "late",
            "chevron",
            "chevron-left",
            "chevron-down",
            "up",
            "down",
            "external",
            "link",
            "calendar",
            "mail",
            "chat",
            "drag",
            "close",
            "sun",
            "moon",
            "key",
            "lock",
            "sign-out",
            "refresh",
            "star",
            "swap",
        ],
        "inks": ["ink", "ink-2", "ink-3", "accent", "good", "warn", "bad"],
    }
    return render(request, "styleguide.html", context)
