"""What a dashboard is asked for: by whom, with which filters, of which night.

Those who see the whole company read the sums that the nightly run prepared (``PortfolioNight``)
as long as the filters are ones that these know; everybody else, and any other filter, the scores.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kam.models import Company
from kam.scoping import SEES_ALL, principal
from portfolio import matrix
from portfolio.filters.matrix import MatrixFilter
from portfolio.matrix_picture import unrated_words
from portfolio.models import AccountScore, PortfolioNight, ScoringRun
from portfolio.nights import read_night

#: Filters that the prepared sums know.
PREPARED = {"owner", "team", "is_key_account", "cell"}
FILTERS = tuple(MatrixFilter.base_filters)
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


class _Request:
    """What a FilterSet wants of a request: who asks."""

    def __init__(self, user: Any) -> None:
        self.user = user


class Asked:
    """A dashboard for one person: the filters of the address, the night, the rows in scope.

    Raises ``BadRequest`` where the night is no date.
    """

    def __init__(self, user: Any, query: Mapping[str, Any]) -> None:
        self.user, self.data = user, query
        self.night = read_night(query.get("night", ""))

    @cached_property
    def run(self) -> ScoringRun | None:
        return matrix.run_on(self.user, self.night)

    @cached_property
    def year_before(self) -> ScoringRun | None:
        """The newest run a year before this one, at most a month older; ``None`` without one."""
        if self.run is None:
            return None
        found = matrix.run_on(self.user, self.run.night - YEAR)
        return found if found and found.night > self.run.night - YEAR - MONTH else None

    def filterset(self, rows: QuerySet, night: date | None = None) -> MatrixFilter:
        return MatrixFilter(self.data, queryset=rows, request=_Request(self.user), night=night)

    @cached_property
    def form(self) -> Any:
        return self.filterset(AccountScore.objects.none()).form

    def scores(self, run: ScoringRun | None) -> Any:
        """The scores in scope that match the filters, after a run; none without one."""
        if run is None or not self.form.is_valid():
            return AccountScore.objects.none()
        newest = self.night is None and run == self.run
        rows = matrix.scores_on(self.user, run, newest=newest)
        return self.filterset(rows, None if newest else run.night).qs

    @property
    def in_force(self) -> set[str]:
        return {name for name in FILTERS if self.data.get(name)}

    @property
    def currency(self) -> str:
        return Company.current().currency

    def sums(
        self, by: Sequence[str], run: ScoringRun | None, **only: Any
    ) -> Iterable[dict[str, Any]]:
        """Accounts, revenue, contribution and hours, grouped; from the prepared sums if they can.

        ``only`` narrows the rows further, as ``filter`` does.
        """
        if run is None or not self.form.is_valid():
            return []
        person = principal(self.user)
        prepared = person is not None and person.role in SEES_ALL and self.in_force <= PREPARED
        if prepared:
            rows = PortfolioNight.objects.visible_to(self.user).filter(night=run.night)
            filtered = self.filterset(rows).qs
            counted: Any = Sum("accounts")
        else:
            filtered, counted = self.scores(run), Count("pk")
        return filtered.filter(**only).order_by().values(*by).annotate(
            n=counted,
            money=Sum("revenue"),
            margin=Sum("contribution"),
            time=Sum("hours"),
        )  # fmt: skip

    def query(self, **changes: Any) -> str:
        """The filters as an address' query, with some changed (``None`` takes away)."""
        kept = {name: self.data.get(name) for name in (*FILTERS, "night")} | changes
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})

    def matrix_url(self, **changes: Any) -> str:
        return reverse("portfolio:matrix") + "?" + self.query(**changes)


def errors_of(asked: Asked) -> list[str]:
    """What is wrong with the filters; nothing is shown by a filter that cannot be read."""
    form = asked.form
    return [
        f"{form.fields[name].label}: {error}"
        for name, found in form.errors.items()
        for error in found
    ]


def without_rate(asked: Asked) -> str:
    """A sentence on the accounts whose amounts are in no sum because a budget rate is missing."""
    found = asked.scores(asked.run).filter(matrix.UNRATED).count() if asked.run else 0
    return unrated_words(found)


def filter_words(asked: Asked) -> list[tuple[str, str]]:
    """The filters in force as a reader's words: (label, value)."""
    form = asked.form
    if not form.is_valid():
        return []
    found = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if value in (None, ""):
            continue
        choices = {} if hasattr(field, "queryset") else dict(field.choices)
        found.append((str(field.label), str(choices.get(value, value))))
    return found


def night_words(run: ScoringRun | None, night: date | None = None) -> str:
    """How old the figures are; where another ``night`` was asked for, so is said."""
    if run is None and night is not None:
        return _("No night up to %(night)s has been scored.") % {
            "night": date_format(night, "SHORT_DATE_FORMAT")
        }
    if run is None:
        return _("No night has been scored yet.")
    if night is not None and run.night != night:
        return _(
            "Scored in the night of %(night)s by “%(criteria)s”, the last one until %(asked)s."
        ) % {
            "night": date_format(run.night, "SHORT_DATE_FORMAT"),
            "criteria": run.criteria_version,
            "asked": date_format(night, "SHORT_DATE_FORMAT"),
        }
    return _("Scored in the night of %(night)s by “%(criteria)s”.") % {
        "night": date_format(run.night, "SHORT_DATE_FORMAT"),
        "criteria": run.criteria_version,
    }


def as_query(text: str) -> QueryDict:
    """A kept query as the address had it."""
    return QueryDict(text)
