"""The tree of teams, for administrators."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam import editing, services
from kam.editing import fetch_editable, fetch_visible
from kam.models import Team
from kam.person_forms import TeamForm
from kam.views.administration import administrators_only, saved


def in_tree_order(teams: list[Team]) -> list[Team]:
    """Each team before those below it, sisters by name."""
    names = {team.pk: team.name.casefold() for team in teams}
    return sorted(teams, key=lambda team: [(names.get(pk, ""), pk) for pk in team.path])


@administrators_only
@require_safe
def team_list(request: HttpRequest) -> HttpResponse:
    """All teams as a tree, with leader and members."""
    in_use = Q(members__archived_at__isnull=True, members__is_active=True)
    teams = (
        Team.objects.visible_to(request.user)
        .select_related("leader")
        .annotate(people=Count("members", filter=in_use))
    )
    context = {
        "teams": in_tree_order(list(teams.active())),
        "archived": list(teams.archived()),
    }
    return render(request, "kam/teams.html", context)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def team_create(request: HttpRequest) -> HttpResponse:
    """A new team."""
    form = TeamForm(
        request.POST if request.method == "POST" else None, user=request.user, instance=Team()
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                team = services.form_team(**form.cleaned_data)
            except ValidationError as error:
                form.add_model_errors(error)
            else:
                messages.success(request, _("The team “%(name)s” is there.") % {"name": team})
                return redirect("kam:team_list")
    return render(request, "kam/team_form.html", {"form": form}, status=status)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames or moves a team, or gives it another leader."""
    team = fetch_editable(Team.objects, request.user, pk=pk)
    instance = fetch_visible(Team.objects, request.user, pk=pk)
    form = TeamForm(
        request.POST if request.method == "POST" else None, user=request.user, instance=instance
    )
    answer = saved(
        request,
        form,
        lambda changes, base: services.change_team(team, changes, base_version=base),
        done=reverse("kam:team_list"),
    )
    return answer or _page(request, team, form, status=422 if form.errors else 200)


@administrators_only
@require_POST
def team_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes an empty team out of use."""
    team = fetch_editable(Team.objects, request.user, pk=pk)
    try:
        services.archive_team(team)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("kam:team_edit", pk=pk)
    messages.success(request, _("The team “%(name)s” is archived.") % {"name": team})
    return redirect("kam:team_list")


@administrators_only
@require_POST
def team_restore(request: HttpRequest, pk: int) -> HttpResponse:
    team = fetch_editable(Team.objects, request.user, pk=pk)
    editing.restore(team)
    messages.success(request, _("The team “%(name)s” is back.") % {"name": team})
    return redirect("kam:team_list")


def _page(request: HttpRequest, team: Team, form: Any, status: int = 200) -> HttpResponse:
    context = {"team": team, "form": form}
    return render(request, "kam/team_form.html", context, status=status)
