"""Forms of goals, strategies and activities. Choices go through the scope of the person."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from kam.days import check_day
from kam.forms import RowForm
from kam.models import User
from plans.forms import TypedNumberField
from plans.models import Activity, Goal, GoalStep, Strategy
from plans.selectors import contacts_around, people_who_see


class GoalForm(RowForm):
    """A goal; the numbers in the reader's own writing."""

    class Meta:
        model = Goal
        fields = [
            "side",
            "title",
            "perspective",
            "measured_by",
            "metric",
            "baseline",
            "target",
            "actual",
            "weight",
            "due_on",
        ]
        field_classes = dict.fromkeys(("baseline", "target", "actual"), TypedNumberField)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:  # what a new goal is not told, it takes as usual
            for name in {"metric", "perspective", "measured_by", "weight"} & self.fields.keys():
                self.fields[name].required = False

    def told(self) -> dict[str, Any]:
        """The values that were given."""
        return {name: v for name, v in self.cleaned_data.items() if v not in ("", None)}


class GoalStepForm(RowForm):
    """A goal's target by a day, and what was reached then."""

    class Meta:
        model = GoalStep
        fields = ["on", "target", "actual"]
        field_classes = dict.fromkeys(("target", "actual"), TypedNumberField)


class StrategyForm(RowForm):
    """One way to a goal of the same plan."""

    class Meta:
        model = Strategy
        fields = ["title", "goal", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def choices_for(self, name: str, queryset: Any) -> Any:
        return self.instance.plan.goals.visible_to(self.user).active()


class ActivityForm(RowForm):
    """An activity: all that it names belongs to its plan, its account, and who sees it."""

    class Meta:
        model = Activity
        fields = [
            "title",
            "reason",
            "contact",
            "responsible",
            "starts_on",
            "due_on",
            "status",
            "side",
            "goal",
            "strategy",
            "need",
            "depends_on",
            "effort_hours",
            "cost",
        ]
        field_classes = dict.fromkeys(("effort_hours", "cost"), TypedNumberField)
        widgets = {"reason": forms.Textarea(attrs={"rows": 3})}

    def choices_for(self, name: str, queryset: Any) -> Any:
        plan = self.instance.plan
        if name == "contact":
            return contacts_around(plan.account, self.user)
        if name == "responsible":
            return people_who_see(plan.account).order_by("name")
        if name == "depends_on":
            others = plan.activities.visible_to(self.user).active()
            return others.exclude(pk=self.instance.pk).order_by("due_on", "pk")
        of_plan = {"goal": plan.goals, "strategy": plan.strategies, "need": plan.needs}
        return of_plan[name].visible_to(self.user).active()


class PersonForm(forms.Form):
    """Somebody of us who takes part in an activity."""

    user = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none())

    def __init__(self, *args: Any, activity: Activity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taking = activity.people.active().order_by().values("user")
        people = people_who_see(activity.plan.account).exclude(pk__in=taking)
        self.fields["user"].queryset = people.order_by("name")  # type: ignore[attr-defined]


class ManyActivitiesForm(forms.Form):
    """What to do with the chosen activities; an empty field leaves them as they are."""

    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=[("", gettext_lazy("Leave as it is")), ("done", gettext_lazy("Done today"))],
        required=False,
    )
    due_on = forms.DateField(
        label=gettext_lazy("Postpone to"),
        required=False,
        validators=[check_day],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
