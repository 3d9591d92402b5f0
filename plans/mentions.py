"""Who reads a section, and who is called by name in a comment: ``@Kari Kam``."""

import re
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe

from accounts.models import AccountTeamMember
from kam.models import Role, Team, User
from plans.models import AccountPlan, Audience, Section, SectionReader
from plans.selectors import people_who_see

#: An at-sign at the beginning of a word, and up to five words behind it.
_CALL = re.compile(r"(?<![\w@])@((?:[^\s@]+[ \u00a0]?){1,5})")
_AFTER = ".,;:!?)]}»”\"'"


def people_who_read(plan: AccountPlan, section: Section | None = None) -> QuerySet[User]:
    """Active people who read a section; without one, who see the plan.

    The rule of ``SectionQuerySet``, read the other way round.
    """
    account = plan.account
    people = people_who_see(account)
    if section is None or section.audience == Audience.ACCOUNT:
        return people
    mine = Q(pk=account.owner_id)
    if section.audience == Audience.TEAM:
        seats = AccountTeamMember.objects.active().filter(account=account)
        mine |= Q(pk__in=seats.order_by().values("user"))
    elif section.audience == Audience.NAMED:
        named = SectionReader.objects.active().filter(section=section)
        mine |= Q(pk__in=named.order_by().values("user"))
    elif section.audience == Audience.LEADERS:
        # Leaders who see the account by leading its owner, not by a seat in its team.
        leading = Q(role=Role.LEADER, pk__in=_leaders_above(account.owner_id))
        mine |= Q(role=Role.MANAGEMENT) | leading
    return people.filter(mine)


def _leaders_above(owner_id: int | None) -> list[int]:
    if owner_id is None:
        return []
    path = User.objects.filter(pk=owner_id).values_list("team__path", flat=True).first() or []
    led = Team.objects.active().filter(pk__in=path, leader__isnull=False)
    return list(led.values_list("leader", flat=True))


def _calls(body: str) -> list[list[str]]:
    """For each at-sign the names that may be meant, the longest first, in small letters."""
    found = []
    for match in _CALL.finditer(body):
        words = match[1].replace("\u00a0", " ").split()
        names = []
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count]).rstrip(_AFTER).lower()
            if name and name not in names:
                names.append(name)
        found.append(names)
    return found


def people_called(bodies: Iterable[str]) -> list[list[User]]:
    """For each name that is called, the active people of that name (one query; none without calls).

    What stands behind an at-sign and is nobody's name is left as it is.
    """
    calls = [names for body in bodies for names in _calls(body)]
    wanted = {name for names in calls for name in names}
    if not wanted:
        return []
    by_name: dict[str, list[User]] = {}
    rows = User.objects.people().annotate(_name=Lower("name")).filter(_name__in=wanted)
    for person in rows.order_by("pk"):
        by_name.setdefault(person.name.lower(), []).append(person)
    found = []
    for names in calls:
        name = next((name for name in names if name in by_name), None)
        if name is not None and by_name[name] not in found:
            found.append(by_name[name])
    return found


def marked(body: str, names: Sequence[str]) -> SafeString:
    """A comment as HTML, with the people whom it calls set off."""
    text = linebreaks(body, autoescape=True)
    for name in sorted(names, key=len, reverse=True):
        called = re.compile(re.escape(f"@{escape(name)}") + r"(?!\w)", re.IGNORECASE)
        text = called.sub(lambda match: f'<b class="mention">{match[0]}</b>', text)
    return mark_safe(text)  # escaped by linebreaks; names are escaped, too
