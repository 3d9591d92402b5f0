"""Forms about people: what they set for themselves, their substitutes, what administrators enter."""

from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from kam.days import check_day
from kam.forms import RowForm
from kam.models import ApiToken, Role, Substitution, Team, User
from kam.periods import company_today
from kam.scoping import NOT_HANDED_OVER
from kam.services import OWN_FIELDS

DAYS = [(30, _("30 days")), (90, _("90 days")), (365, _("A year")), (0, _("Without end"))]

#: Offered while typing; any zone of the time zone database is accepted.
TIME_ZONES = (
    "Europe/Oslo",
    "Europe/Stockholm",
    "Europe/Copenhagen",
    "Europe/Helsinki",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Warsaw",
    "Europe/Madrid",
    "Atlantic/Reykjavik",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Australia/Sydney",
    "UTC",
)


class DayInput(forms.DateInput):
    """A date as browsers pick it."""

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs={"type": "date"})


class DayField(forms.DateField):
    """A date in the years that are kept here (``kam.days``)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=DayInput(),
            validators=[check_day],
            **kwargs,
        )


class ZoneInput(forms.TextInput):
    """Free text with suggestions."""

    template_name = "kam/widgets/zone.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        attrs = {**(attrs or {}), "list": f"{name}-zones", "autocomplete": "off"}
        context = super().get_context(name, value, attrs)
        context["zones"] = TIME_ZONES
        context["list_id"] = f"{name}-zones"
        return context


class PreferencesForm(RowForm):
    """What a person sets for themselves; a menu may post one field alone."""

    class Meta:
        model = User
        fields = OWN_FIELDS
        widgets = {"timezone": ZoneInput()}
        help_texts = {
            "timezone": _("Such as Europe/Oslo. Empty: the company's."),
            "mail": _("Everything stands under Notifications, too."),
        }


class TokenForm(forms.ModelForm):
    """A new API token."""

    days = forms.TypedChoiceField(label=_("Works for"), choices=DAYS, coerce=int, initial=365)

    class Meta:
        model = ApiToken
        fields = ("name", "may_write")
        help_texts = {
            "name": _("The system or script that will use it."),
            "may_write": _("Without this it can only read."),
        }


class SubstitutionForm(forms.ModelForm):
    """Hands a person's rights and duties to another for a period."""

    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"))

    class Meta:
        model = Substitution
        fields = ("absent", "substitute", "starts_on", "ends_on", "note")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        people = User.objects.visible_to(user).people()
        substitutes = cast(forms.ModelChoiceField, self.fields["substitute"])
        substitutes.queryset = people.exclude(pk=user.pk)
        if user.is_administrator:
            cast(forms.ModelChoiceField, self.fields["absent"]).queryset = people.exclude(
                role__in=NOT_HANDED_OVER
            )
            substitutes.queryset = people
        else:
            del self.fields["absent"]
            self.instance.absent = user

    def clean_ends_on(self) -> date:
        day = self.cleaned_data["ends_on"]
        if day < company_today():
            raise forms.ValidationError(_("This day is past."))
        return day


class PersonForm(RowForm):
    """A person as administrators enter them."""

    class Meta:
        model = User
        fields = ("name", "email", "role", "team", "title", "phone", "language", "is_active")

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("role") == Role.SERVICE and cleaned.get("team"):
            self.add_error("team", _("A service account belongs to no team."))
        return cleaned


class TeamForm(RowForm):
    """A team with its place in the tree."""

    class Meta:
        model = Team
        fields = ("name", "parent", "leader")
        labels = {"parent": _("Belongs to"), "leader": _("Leader")}
        help_texts = {
            "parent": _("Empty: stands at the top."),
            "leader": _("Sees the accounts of this team and of all teams below it."),
        }

    def choices_for(self, name: str, queryset: Any) -> Any:
        rows = super().choices_for(name, queryset)
        if name == "leader":
            return rows.exclude(role=Role.SERVICE)
        if self.instance.pk:
            return rows.exclude(path__contains=[self.instance.pk])
        return rows
