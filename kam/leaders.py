"""Who leads somebody: read along the team tree."""

from kam.models import Role, Team, User

#: Whoever leads a team and may decide for it.
DECIDE = (Role.LEADER, Role.MANAGEMENT, Role.ADMINISTRATOR)


def leader_above(person: User | None) -> User | None:
    """The nearest active leader above somebody in the team tree who may decide (two queries).

    Nobody leads themselves: for a leader it is the one of the team above.
    """
    if person is None or not person.team_id:
        return None
    path = Team.objects.values_list("path", flat=True).get(pk=person.team_id)
    teams = Team.objects.active().filter(pk__in=path).select_related("leader")
    led = {team.pk: team.leader for team in teams}
    for pk in reversed(path):
        leader = led.get(pk)
        if (
            leader is not None
            and leader.pk != person.pk
            and leader.is_active
            and leader.role in DECIDE
        ):
            return leader
    return None
