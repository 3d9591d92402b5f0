"""Filters of people's load: page and API alike."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from accounts.filters import TeamFilter
from kam.filters import TextFilter
from kam.models import Team, User


def _teams(request: Any) -> Any:
    return Team.objects.visible_to(getattr(request, "user", None)).active()


class LoadFilter(FilterSet):
    """People of a team with all teams below it, or by name."""

    q = TextFilter(("name",))
    team = TeamFilter(field_name="team", empty_label=_("All"), queryset=_teams, label=_("Team"))

    class Meta:
        model = User
        fields: list[str] = []
