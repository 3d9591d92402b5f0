"""How a row of the route table is written: `tests/<app>/routes.py` holds a list `ROUTES` of them.

    Route("accounts:detail", "own", lambda c: {"pk": c.account.pk}, ok_for=SEES_ACCOUNT)
    Route("accounts:archive", "own", lambda c: {"pk": c.account.pk}, method="post", ok=302,
          ok_for=EDITS_ACCOUNT, refused=SEES_ACCOUNT - EDITS_ACCOUNT)
    Route("kam:settings", ok_for=ADMINISTRATORS, otherwise=403)

The answer expected from a person: `ok` for those in `ok_for`, 403 for those in `refused`, `otherwise`
(404) for everybody else who signed in. Nobody signed in: 302 to the sign-in page, 401 from the API.
Service accounts have no pages: 302 there, as for nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Everybody in the cast, and two more: nobody, and somebody who acts for Kari (`kam`) today.
PEOPLE = (
    "administrator",
    "management",
    "region_leader",
    "leader",
    "south_leader",
    "kam",
    "other_kam",
    "contributor",
    "editor",
    "outsider",
    "service",
)
NOBODY = "nobody"
STAND_IN = "stand_in"

#: Of one role: where no row stands in the address, each speaks for the other.
SAME_ROLE = {
    "region_leader": "leader",
    "south_leader": "leader",
    "other_kam": "kam",
    "editor": "contributor",
}
#: Who is tried on a row of Odd's, and on Kari's. The one side is to the other's rows as that is to
#: theirs; for those who see both, Kari's row speaks for Odd's.
AT_FOREIGN = ("leader", "south_leader", "kam", "other_kam")
AT_OWN = tuple(name for name in PEOPLE if name not in ("south_leader", "other_kam"))

EVERYBODY = frozenset(PEOPLE)
ADMINISTRATORS = frozenset({"administrator"})
#: Who may change every account and the directory.
EDITS_ALL = frozenset({"administrator", "service"})
#: `cast.account` and what hangs from it: who sees it, who may change it.
SEES_ACCOUNT = frozenset(
    {
        "administrator",
        "management",
        "service",
        "region_leader",
        "leader",
        "kam",
        "contributor",
        "editor",
    }
)
EDITS_ACCOUNT = SEES_ACCOUNT - {"management", "contributor"}
#: `cast.child`, on whose account team nobody is.
SEES_CHILD = SEES_ACCOUNT - {"contributor", "editor"}
EDITS_CHILD = SEES_CHILD - {"management"}
#: `cast.foreign`: another KAM's account in another team.
SEES_FOREIGN = frozenset(
    {"administrator", "management", "service", "region_leader", "south_leader", "other_kam"}
)
EDITS_FOREIGN = SEES_FOREIGN - {"management"}
#: `cast.unowned`: nobody's account.
SEES_UNOWNED = frozenset({"administrator", "management", "service"})

Arguments = Callable[[Any], Mapping[str, Any]]


def nothing(_cast: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Route:
    """One line of the table: a named route, a kind of row, a method, and who gets which answer.

    `row` is `none` (no row in the address), `own` (Kari's), `team` (seen through a team), `foreign`
    (Odd's), `personal` (belongs to one person, also when somebody acts for them) or `directory` (all
    see it). `args` gives the address's parts, `data` the body, both from the cast.
    """

    name: str
    row: str = "none"
    args: Arguments = nothing
    method: str = "get"
    data: Arguments = nothing
    ok_for: frozenset[str] = EVERYBODY
    ok: int = 200
    refused: frozenset[str] = frozenset()
    otherwise: int = 404
    #: Exceptions from all of the above: person → status.
    but: Mapping[str, int] = field(default_factory=dict)
    query: str = ""

    def tried(self, *, both_sides: bool) -> list[str]:
        """Whose requests are tried; ``both_sides`` where the route has a row of Odd's as well.

        The drawing of a PDF takes seconds: two of those who get it are enough.
        """
        if both_sides and self.row in ("own", "team"):
            people = [NOBODY, *AT_OWN]
        elif both_sides and self.row == "foreign":
            people = [*AT_FOREIGN]
        elif self.row in ("none", "directory"):
            people = [NOBODY, *(name for name in PEOPLE if not self._said_by_another(name))]
        else:
            people = [NOBODY, *PEOPLE]
        if "pdf" in self.name:
            gets = [name for name in people if self.expected(name) == 200]
            people = [name for name in people if name not in gets[2:]]
        return people

    def _said_by_another(self, person: str) -> bool:
        twin = SAME_ROLE.get(person)
        return twin is not None and self.expected(twin) == self.expected(person)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.name} {self.row}{self.query}"

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    def expected(self, person: str) -> int:
        """The status that this person (or `nobody`) gets."""
        if person in self.but:
            return self.but[person]
        if person == NOBODY or (person == "service" and not self.is_api):
            return 401 if self.is_api else 302
        if person == STAND_IN:
            person = "kam"
        if person in self.ok_for:
            return self.ok
        return 403 if person in self.refused else self.otherwise
