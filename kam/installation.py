"""What an administrator has to put right; the apps above register theirs in `installation.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.models import Job, Role, Team, User
from kam.money import currencies_without_rate
from kam.periods import company_year


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to put right, and where."""

    text: str
    url: str


_finders: list[Callable[[Any], Iterable[ToDo]]] = []


def finds(finder: Callable[[Any], Iterable[ToDo]]) -> Callable[[Any], Iterable[ToDo]]:
    """Registers a function: user → what is to be put right."""
    _finders.append(finder)
    return finder


def to_do(user: Any) -> list[ToDo]:
    """Everything that is to be put right, as far as ``user`` may see it."""
    return [item for finder in _finders for item in finder(user)]


def there_are(user: Any, *querysets: Any) -> tuple[bool, ...]:
    """Whether each of the querysets has a row, in one statement."""
    asked = [Exists(rows.order_by()) for rows in querysets]
    return tuple(User.objects.filter(pk=user.pk).values_list(*asked).get())


@finds
def nothing_entered(user: Any) -> Iterable[ToDo]:
    """The first steps of an empty installation, in the order in which they are taken."""
    people = User.objects.visible_to(user).people().exclude(role=Role.ADMINISTRATOR)
    teams, others = there_are(user, Team.objects.visible_to(user), people)
    if not teams:
        yield ToDo(_("Form the teams, or import them"), reverse("kam:team_list"))
    if not others:
        yield ToDo(_("Enter the people who work here"), reverse("kam:user_list"))


@finds
def people_without_team(user: Any) -> Iterable[ToDo]:
    people = User.objects.visible_to(user).people()
    n = people.filter(role__in=(Role.KAM, Role.LEADER), team__isnull=True).count()
    if n:
        text = ngettext("%(n)d person without team", "%(n)d people without team", n) % {"n": n}
        yield ToDo(text, reverse("kam:user_list") + "?teamless=true")


@finds
def missing_rates(user: Any) -> Iterable[ToDo]:
    year = company_year()
    missing = currencies_without_rate(year.year)
    if missing:
        facts = {"year": year.label, "currencies": ", ".join(missing)}
        yield ToDo(_("No budget rate for %(year)s: %(currencies)s") % facts, reverse("kam:rates"))


@finds
def failed_jobs(user: Any) -> Iterable[ToDo]:
    week = timezone.now() - timedelta(days=7)
    jobs = Job.objects.visible_to(user).filter(state=Job.State.FAILED, finished_at__gte=week)
    n = jobs.count()
    if n:
        text = ngettext("%(n)d job failed this week", "%(n)d jobs failed this week", n) % {"n": n}
        yield ToDo(text, reverse("kam:job_list"))
