"""People: everybody's page of a colleague, and the administrators' list and forms."""

from typing import Any

import django_filters as filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kam.editing import fetch_visible
from kam.models import Role, Substitution, Team, User
from kam.periods import company_today
from kam.search import Fold, cleaned


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
            "may_edit": request.user.is_administrator,
        },
    )


# --- administration -----------------------------------------------------------------------------
class PersonFilter(filters.FilterSet):
    """Filters of the people list."""

    q = filters.CharFilter(label=gettext_lazy("Name or e-mail"), method="matching")
    role = filters.ChoiceFilter(choices=Role.choices, label=gettext_lazy("Role"))
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
            from django.db.models import Value

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
