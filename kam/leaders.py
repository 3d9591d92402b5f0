"""Who leads somebody: read along the team tree."""

from collections.abc import Iterable

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


def leaders_above(people: Iterable[tuple[int, int | None]]) -> dict[int, int]:
    """The same for many, as keys: from (person, team) pairs to person → leader (two queries).

    Who has nobody above them is left out.
    """
    teams = Team.objects.order_by().values_list("pk", "path", "leader", "archived_at")
    paths = {}
    leading: dict[int, int] = {}
    for pk, path, leader, archived_at in teams:
        paths[pk] = path
        if leader is not None and archived_at is None:
            leading[pk] = leader
    able = set(
        User.objects.people()
        .filter(pk__in=set(leading.values()), role__in=DECIDE)
        .order_by()
        .values_list("pk", flat=True)
    )
    found = {}
    for person, team in people:
        above = (leading.get(pk) for pk in reversed(paths.get(team, [])))  # type: ignore[arg-type]
        nearest = next((pk for pk in above if pk in able and pk != person), None)
        if nearest is not None:
            found[person] = nearest
    return found
