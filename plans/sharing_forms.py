"""Forms of the joint plan: a link of ours, and what the customer writes through one."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.forms import RowForm
from kam.models import User
from plans import joint
from plans.models import AccountPlan, Activity, Goal, PlanComment, PlanShare, Section
from plans.selectors import contacts_around, people_who_see


class _Rows(forms.ModelMultipleChoiceField):
    """Rows to tick; ``label_from_instance`` is the row as the plan's pages name it."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        side = f"{obj.get_side_display()}: " if hasattr(obj, "get_side_display") else ""
        return f"{side}{obj}"


class ShareForm(RowForm):
    """A new link: for whom, what it shows, how long."""

    sections = _Rows(label=gettext_lazy("Sections"), queryset=Section.objects.none())
    goals = _Rows(
        label=gettext_lazy("Goals to agree on"), queryset=Goal.objects.none(), required=False
    )
    activities = _Rows(
        label=gettext_lazy("Activities"), queryset=Activity.objects.none(), required=False
    )
    mail = forms.BooleanField(
        label=gettext_lazy("Mail them the link now"), required=False, initial=True
    )

    class Meta:
        model = PlanShare
        fields = ["contact", "expires_on", "message"]
        widgets = {"message": forms.Textarea(attrs={"rows": 3})}

    field_order = ["contact", "sections", "goals", "activities", "message", "expires_on", "mail"]

    def __init__(self, *args: Any, plan: AccountPlan, **kwargs: Any) -> None:
        self.plan = plan
        super().__init__(*args, **kwargs)
        self.fields["sections"].required = False
        self.fields["message"].help_text = _("Stands above the plan, and in the mail.")
        self.fields["contact"].help_text = _("Contacts with an e-mail address.")
        if not self.fields["sections"].queryset:  # type: ignore[attr-defined]
            self.fields["sections"].help_text = _("No section has text that may be shown.")
        for name in ("goals", "activities"):
            if not self.fields[name].queryset:  # type: ignore[attr-defined]
                del self.fields[name]

    def choices_for(self, name: str, queryset: Any) -> Any:
        if name == "contact":
            return contacts_around(self.plan.account, self.user).exclude(email="")
        rows = joint.shareable(self.plan, self.user)
        return rows[("sections", "goals", "activities").index(name)]

    def chosen(self) -> dict[str, Any]:
        """The valid values, as ``services.sharing.share_plan`` takes them."""
        return {k: v for k, v in self.cleaned_data.items() if k != "contact"}


class ProlongForm(RowForm):
    """Until when a link opens."""

    class Meta:
        model = PlanShare
        fields = ["expires_on"]


class TheirCommentForm(forms.ModelForm):
    """What the customer says."""

    key = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    class Meta:
        model = PlanComment
        fields = ["body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 3, "maxlength": 5000})}
        labels = {"body": gettext_lazy("Your comment")}


class CommentForm(RowForm):
    """What one of us says."""

    class Meta:
        model = PlanComment
        fields = ["body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 2, "maxlength": 5000})}


class ReadersForm(RowForm):
    """Who reads a section."""

    people = _Rows(
        label=gettext_lazy("Named people"),
        queryset=User.objects.none(),
        required=False,
        help_text=gettext_lazy("For “named people” only. The account's owner always reads it."),
    )

    class Meta:
        model = Section
        fields = ["audience"]
        widgets = {"audience": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = False  # the version says what was seen
        readers = self.instance.readers.active()
        self.initial["people"] = list(readers.values_list("user", flat=True))

    def choices_for(self, name: str, queryset: Any) -> Any:
        """Who sees the account, but for its owner."""
        account = self.instance.plan.account
        return people_who_see(account).exclude(pk=account.owner_id).order_by("name", "pk")
