"""Activities by status in columns; each move is one POST, by mouse, keyboard or without script."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST

from kam.editing import fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.periods import company_today
from plans.filters import ActivityFilter
from plans.models import Activity
from plans.services import activities
from plans.services.locks import activities_are_open
from plans.views.activities import due_text, list_tabs

Status = Activity.Status
#: How many cards a column shows; the list shows all.
IN_LANE = 40
#: For how long what is over stays on the board, days.
OVER_DAYS = 30
FILTERS = ("q", "whose", "when", "plan", "account", "responsible", "side", "blocked")


@dataclass(frozen=True, slots=True)
class Card:
    """One activity on the board."""

    activity: Activity
    due: Any
    movable: bool
    moved: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One column: a status and its cards."""

    status: str
    label: Any
    cards: list[Card]
    more: bool
    others: list[tuple[str, Any]]


class Board:
    """What the address asks for: the same filters as the list, all statuses beside each other."""

    def __init__(self, request: HttpRequest, moved: int | None = None) -> None:
        self.request = request
        self.moved = moved
        asked = request.GET.copy()
        asked["status"] = "all"
        rows = Activity.objects.visible_to(request.user).filter(plan__archived_at__isnull=True)
        self.filterset = ActivityFilter(asked, queryset=rows, request=request)

    @property
    def query(self) -> str:
        """The filter in the address, as the list's tabs and the cards' buttons keep it."""
        kept = self.request.GET.copy()
        for name in list(kept):
            if name not in FILTERS or not kept[name]:
                del kept[name]
        return kept.urlencode()

    @cached_property
    def lanes(self) -> list[Lane]:
        """The columns, each read once; and once which cards this person may move."""
        since = company_today() - timedelta(days=OVER_DAYS)
        found: dict[str, list[Activity]] = {}
        for status in Status.values:
            rows = self.filterset.qs.filter(status=status)
            if status == Status.DONE:
                rows = rows.filter(done_on__gte=since).order_by("-done_on", "-pk")
            elif status == Status.CANCELLED:
                rows = rows.filter(updated_at__date__gte=since).order_by("-updated_at", "-pk")
            else:
                rows = rows.order_by("due_on", "pk")
            found[status] = list(
                rows.select_related("plan__account", "responsible", "depends_on")[: IN_LANE + 1]
            )
        shown = [row for rows in found.values() for row in rows]
        mine = set(
            Activity.objects.editable_by(self.request.user)
            .filter(pk__in=[row.pk for row in shown])
            .values_list("pk", flat=True)
        )
        today = company_today()
        return [
            Lane(
                status,
                Status(status).label,
                [
                    Card(
                        row,
                        due_text(row, today),
                        row.pk in mine and activities_are_open(row.plan),
                        row.pk == self.moved,
                    )
                    for row in rows[:IN_LANE]
                ],
                len(rows) > IN_LANE,
                [(other.value, other.label) for other in Status if other != status],
            )
            for status, rows in found.items()
        ]


def _render(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    board = Board(request, more.pop("moved", None))
    form = board.filterset.form
    context = {
        "board": board,
        "fields": [form[name] for name in ("q", "whose", "when")],
        "kept": [
            (name, request.GET[name])
            for name in FILTERS
            if name not in ("q", "whose", "when") and request.GET.get(name)
        ],
        "title": _("Activities"),
        "tabs": list_tabs(board.query, "plans:activity_board"),
        "list_url": f"{reverse('plans:activity_list')}?{board.query}",
        **more,
    }
    return render_part(
        request,
        "plans/work/board.html",
        context,
        fragment="plans/work/_board.html",
        status=status,
    )


class ActivityBoard(LoginRequiredMixin, View):
    """The board over all plans in sight; ``?plan=`` shows one plan's."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request)


@login_required
@require_POST
def activity_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts one card into another column."""
    activity = fetch_editable(Activity.objects.select_related("plan__account"), request.user, pk=pk)
    try:
        activities.move(activity, request.POST.get("status", ""))
    except ValidationError as error:
        return _render(request, refusals=error.messages, status=422)
    if wants_fragment(request):
        return _render(request, moved=pk)
    query = Board(request).query
    return HttpResponseRedirect(
        reverse("plans:activity_board") + (f"?{query}" if query else "") + f"#card-{pk}"
    )
