"""Filters of plans and activities, for pages, exports and API alike."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter, NumberFilter

from kam.filters import ArchivedFilter, TextFilter, YesNoFilter
from kam.lookup import LookupFilter
from kam.models import Team
from kam.periods import company_today, company_year
from kam.scoping import principal
from plans.models import AccountPlan, Activity, ActivityPerson, Goal, Target
from portfolio.filters.segments import SegmentFilter
from portfolio.models import AccountScore, CellText


def year_choices() -> list[tuple[int, str]]:
    """The years that a list offers: three back, two ahead."""
    present = company_year()
    return [(y.year, y.label) for y in (present.shifted(n) for n in range(2, -4, -1))]


def teams(request: Any) -> Any:
    return Team.objects.visible_to(getattr(request, "user", None)).active()


class OfTeamFilter(ModelChoiceFilter):
    """Rows of a team and of all teams below it; ``field_name`` leads to the team."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=teams, label=_("Team"), **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        if value is None:
            return qs
        return qs.filter(**{f"{self.field_name}__path__contains": [value.pk]})


class PlanFilter(FilterSet):
    """Account plans."""

    q = TextFilter(["account__name", "account__number"])
    year = ChoiceFilter(label=_("Year"), choices=year_choices, empty_label=_("All"))
    status = ChoiceFilter(
        label=_("State"), choices=AccountPlan.Status.choices, empty_label=_("All")
    )
    owner = LookupFilter("people", field_name="account__owner", label=_("Key account manager"))
    team = OfTeamFilter(field_name="account__owner__team")
    key = YesNoFilter(field_name="account__is_key_account", label=_("Key account"))
    targets = ChoiceFilter(
        label=_("Targets"),
        choices=[("without", _("Without targets")), ("with", _("With targets"))],
        empty_label=_("All"),
        method="by_targets",
    )
    decide = ChoiceFilter(
        label=_("For me"),
        choices=[("yes", _("Waiting for my decision"))],
        empty_label=_("All"),
        method="to_decide",
    )
    archived = ArchivedFilter()

    class Meta:
        model = AccountPlan
        fields: list[str] = []

    def by_targets(self, qs: Any, _name: str, value: str) -> Any:
        # unscoped: of plans that the list has scoped
        targets = Target.objects.active().filter(plan=OuterRef("pk"))
        return qs.filter(Exists(targets) if value == "with" else ~Exists(targets))

    def to_decide(self, qs: Any, _name: str, _value: str) -> Any:
        waiting = AccountPlan.objects.approvable_by(self.request.user)
        return qs.filter(
            status=AccountPlan.Status.SUBMITTED, pk__in=waiting.order_by().values("pk")
        )


class UnplannedFilter(FilterSet):
    """Accounts without a plan for a year."""

    q = TextFilter(["name", "number"])
    owner = LookupFilter("people", field_name="owner", label=_("Key account manager"))
    team = OfTeamFilter(field_name="owner__team")
    key = YesNoFilter(field_name="is_key_account", label=_("Key account"))
    segment = SegmentFilter()
    cell = ChoiceFilter(
        label=_("Matrix cell"),
        choices=CellText.Cell.choices,
        empty_label=_("All"),
        method="by_cell",
    )

    def by_cell(self, qs: Any, _name: str, value: str) -> Any:
        # unscoped: of accounts that the list has scoped
        placed = AccountScore.objects.current().filter(cell=value).order_by().values("account")
        return qs.filter(pk__in=placed)


class ActivityFilter(FilterSet):
    """Activities. Without a word: mine, and open."""

    q = TextFilter(["title", "plan__account__name"])
    whose = ChoiceFilter(
        label=_("Whose"),
        choices=[("team", _("My team's")), ("all", _("Everybody's"))],
        empty_label=_("Mine"),
        method="keep",
    )
    status = ChoiceFilter(
        label=_("Status"),
        choices=[*Activity.Status.choices, ("all", _("All"))],
        empty_label=_("Open"),
        method="keep",
    )
    when = ChoiceFilter(
        label=_("Due"),
        choices=[
            ("late", _("Late")),
            ("week", _("This week")),
            ("month", _("In 30 days")),
            ("none", _("Without a date")),
        ],
        empty_label=_("At any time"),
        method="by_due",
    )
    side = ChoiceFilter(
        label=_("For whom"), choices=Goal.Side.choices, empty_label=_("Both"), field_name="side"
    )
    blocked = ChoiceFilter(
        label=_("Waiting"),
        choices=[("yes", _("Waits for another")), ("no", _("Free to begin"))],
        empty_label=_("All"),
        method="by_waiting",
    )
    account = LookupFilter("accounts", field_name="plan__account", label=_("Account"))
    responsible = LookupFilter("people", field_name="responsible", label=_("Responsible"))
    plan = NumberFilter(field_name="plan", label=_("Plan"))
    archived = ArchivedFilter()

    class Meta:
        model = Activity
        fields: list[str] = []

    def keep(self, qs: Any, _name: str, _value: str) -> Any:
        """Whose and status have a meaning without a word, too: see ``filter_queryset``."""
        return qs

    def filter_queryset(self, queryset: Any) -> Any:
        chosen = self.form.cleaned_data
        queryset = super().filter_queryset(queryset)
        named = "all" if chosen.get("responsible") else None  # who is named need not be me
        queryset = self._of_whom(queryset, chosen.get("whose") or named)
        status = chosen.get("status")
        if status == "all":
            return queryset
        if status:
            return queryset.filter(status=status)
        return queryset.filter(status__in=[Activity.Status.PLANNED, Activity.Status.IN_PROGRESS])

    def _of_whom(self, queryset: Any, whose: str | None) -> Any:
        person = principal(self.request.user)
        if whose == "all" or person is None:
            return queryset
        if whose == "team":
            led = Team.objects.led_by(person).order_by().values("pk")
            return queryset.filter(
                Q(responsible__team__in=led) | Q(responsible__team=person.team_id or 0)
            )
        taking = ActivityPerson.objects.active().filter(user=person)  # unscoped: one's own
        return queryset.filter(
            Q(responsible=person) | Q(pk__in=taking.order_by().values("activity"))
        )

    def by_waiting(self, qs: Any, _name: str, value: str) -> Any:
        waiting = Q(depends_on__status__in=["planned", "in_progress"])
        waiting &= Q(depends_on__archived_at__isnull=True)
        return qs.filter(waiting) if value == "yes" else qs.exclude(waiting)

    def by_due(self, qs: Any, _name: str, value: str) -> Any:
        today = company_today()
        if value == "late":
            return qs.filter(due_on__lt=today)
        if value == "none":
            return qs.filter(due_on__isnull=True)
        if value == "week":
            last = today + timedelta(days=6 - today.weekday())
        else:
            last = today + timedelta(days=30)
        return qs.filter(due_on__range=(today, last))
