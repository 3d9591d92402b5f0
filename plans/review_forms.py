"""Forms of reviews and of the settings of plans."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet, NumberFilter

from accounts.models import Contact
from kam.forms import RowForm
from kam.models import User
from kam.periods import company_today
from kam.scoping import SEES_ALL, principal
from plans.duration import DurationField
from plans.models import AccountPlan, PlanSettings, Review
from plans.querysets import ReviewQuerySet
from plans.services.locks import LOCKED_ACTIVITIES
from plans.services.review_people import (
    contacts_of,
    offered,
    people_around,
    usually,
    with_customer,
)


def day_field(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        **kwargs,
    )


class ReviewForm(RowForm):
    """The fields of a review that are edited in place."""

    class Meta:
        model = Review
        fields = ["due_on", "led_by", "notes", "minutes", "others"]
        field_classes = {"minutes": DurationField}
        widgets = {"notes": forms.Textarea(attrs={"rows": 8})}

    def choices_for(self, name: str, queryset: Any) -> Any:
        if name == "led_by":
            return people_around(self.instance).order_by("name")
        return super().choices_for(name, queryset)


class DecisionForm(forms.Form):
    """One decision: what, who, until when; it becomes an activity."""

    text = forms.CharField(label=_("What was decided"), max_length=500)
    plan = forms.ModelChoiceField(
        label=_("In which plan"), queryset=AccountPlan.objects.none(), required=False
    )
    responsible = forms.ModelChoiceField(
        label=_("Who does it"), queryset=User.objects.none(), required=False
    )
    due_on = day_field(_("Until"), required=False)

    def __init__(self, *args: Any, review: Review, user: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "decision-%s")
        super().__init__(*args, **kwargs)
        self.fields["responsible"].queryset = people_around(review).order_by("name")  # type: ignore[attr-defined]
        if review.plan is not None:
            del self.fields["plan"]
            owner = review.plan.account.owner_id
        else:
            owner = review.owner_id
            plans = AccountPlan.objects.visible_to(user).active().filter(account__owner=owner)
            plans = plans.exclude(status__in=LOCKED_ACTIVITIES).select_related("account")
            self.fields["plan"].queryset = plans.order_by("account__name", "-year")  # type: ignore[attr-defined]
        self.fields["responsible"].initial = owner
        self.fields["text"].widget.attrs["autocomplete"] = "off"


class HoldForm(forms.Form):
    """The end of a review: the day, how long it took, who was there, and the next one."""

    held_on = day_field(_("Held on"))
    minutes = DurationField(label=_("Duration"), required=False)
    present = forms.ModelMultipleChoiceField(
        label=_("Who of us was there"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "They find the review among the meetings of their week, to take its hours over."
        ),
    )
    contacts = forms.ModelMultipleChoiceField(
        label=_("Who of the customer was there"),
        queryset=Contact.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    others = forms.CharField(
        label=_("Others of the customer, by name"), max_length=300, required=False
    )
    next_on = day_field(
        _("Next review"),
        required=False,
        help_text=_("Empty: as the rhythm of the plan says, within its year."),
    )

    def __init__(
        self, *args: Any, review: Review, user: User, suggested: Any = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("auto_id", "hold-%s")
        super().__init__(*args, **kwargs)
        self.fields["held_on"].initial = company_today()
        self.fields["next_on"].initial = suggested
        self.fields["present"].queryset = offered(review, user)  # type: ignore[attr-defined]
        self.fields["present"].initial = usually(review, user)
        if with_customer(review):
            # The group's others, who may be hundreds, can be named afterwards.
            theirs = contacts_of(review, user).filter(account=review.plan.account)  # type: ignore[union-attr]
            self.fields["contacts"].queryset = theirs  # type: ignore[attr-defined]
        else:
            del self.fields["contacts"], self.fields["others"]


class PresentForm(forms.Form):
    """One more who was there, after the review was held."""

    user = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none(), required=False)
    contact = forms.ModelChoiceField(
        label=_("Person of the customer"), queryset=Contact.objects.none(), required=False
    )

    def __init__(self, *args: Any, review: Review, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "present-%s")
        super().__init__(*args, **kwargs)
        people, contacts = self.fields["user"], self.fields["contact"]
        named = review.people.active().order_by()
        ours = people_around(review).exclude(pk__in=named.filter(contact=None).values("user"))
        people.queryset = ours.order_by("name", "pk")  # type: ignore[attr-defined]
        if with_customer(review):
            theirs = named.filter(user=None).values("contact")
            contacts.queryset = contacts_of(review, user).exclude(pk__in=theirs)  # type: ignore[attr-defined]
        else:
            del self.fields["contact"]
            people.required = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors and bool(values.get("user")) == bool(values.get("contact")):
            raise forms.ValidationError(_("Choose one person."))
        return values


class SkipForm(forms.Form):
    """Why a review is left out."""

    reason = forms.CharField(
        label=_("Why it is skipped"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    next_on = day_field(_("Next review"), required=False)

    def __init__(self, *args: Any, suggested: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["next_on"].initial = suggested


class NewReviewForm(forms.Form):
    """One more review of a plan."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=[c for c in Review.Kind.choices if c[0] != Review.Kind.PORTFOLIO]
    )
    due_on = day_field(_("Day"))


class PlanSettingsForm(RowForm):
    """What the company has decided about its plans."""

    class Meta:
        model = PlanSettings
        fields = [
            "approval_amount",
            "remind_days",
            "substitute_days",
            "escalate_days",
            "portfolio_review_months",
            "link_days",
        ]


class ReviewFilter(FilterSet):
    """Reviews. Without a word: mine, and to be held."""

    whose = ChoiceFilter(
        label=_("Whose"),
        choices=[("team", _("My team's")), ("all", _("Everybody's"))],
        empty_label=_("Mine"),
        method="keep",
    )
    state = ChoiceFilter(
        label=_("State"),
        choices=[*Review.State.choices, ("all", _("All"))],
        empty_label=_("To be held"),
        method="keep",
    )
    kind = ChoiceFilter(label=_("Kind"), choices=Review.Kind.choices, empty_label=_("All"))
    when = ChoiceFilter(
        label=_("Due"),
        choices=[("late", _("Late")), ("month", _("In 30 days"))],
        empty_label=_("At any time"),
        method="by_due",
    )
    plan = NumberFilter(field_name="plan", label=_("Plan"))

    class Meta:
        model = Review
        fields: list[str] = []

    def keep(self, qs: Any, _name: str, _value: str) -> Any:
        """Whose and state have a meaning without a word, too: see ``filter_queryset``."""
        return qs

    def filter_queryset(self, queryset: Any) -> Any:
        chosen = self.form.cleaned_data
        queryset = super().filter_queryset(queryset.active())
        if not chosen.get("plan"):
            queryset = self._of_whom(queryset, chosen.get("whose"))
        state = chosen.get("state")
        return queryset if state == "all" else queryset.filter(state=state or Review.State.DUE)

    def _of_whom(self, queryset: ReviewQuerySet, whose: str | None) -> Any:
        person = principal(self.request.user)
        everybody_s = whose == "team" and person is not None and person.role in SEES_ALL
        if whose == "all" or person is None or everybody_s:
            return queryset
        if whose == "team":
            people = User.objects.figures_visible_to(self.request.user).order_by()
            return queryset.of_people(people.values("pk"))
        return queryset.of_people([person.pk])

    def by_due(self, qs: Any, _name: str, value: str) -> Any:
        today = company_today()
        if value == "late":
            return qs.filter(due_on__lt=today)
        return qs.filter(due_on__range=(today, today + timedelta(days=30)))
