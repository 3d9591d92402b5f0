"""Forms of the classification process."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

import accounts.lookups  # noqa: F401 - registers what LookupField names
from accounts.models import Account
from accounts.services import OWNER_ROLES
from kam.forms import RowForm
from kam.lookup import LookupField
from portfolio.models import Nomination

ADDING = ("level", "owner", "leaves", "reason")


class NominationForm(RowForm):
    """What is proposed: for an end only the reason, else also level, KAM and who leaves."""

    owner = LookupField("people", label=_("Key account manager"), required=False)
    leaves = LookupField(
        "accounts",
        label=_("Who leaves"),
        required=False,
        help_text=_("Where the limit is reached: the key account that makes room."),
    )

    class Meta:
        model = Nomination
        fields = ADDING
        widgets = {"reason": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, only: Iterable[str] | None = None, **kwargs: Any) -> None:
        instance = kwargs["instance"]
        names = ADDING if instance.kind == Nomination.Kind.ADD else ("reason",)
        super().__init__(*args, only=only or names, **kwargs)
        if "level" in self.fields:
            self.fields["level"].required = True
        if "leaves" in self.fields and instance.leaves_id:
            seen = Account.objects.visible_to(self.user).filter(pk=instance.leaves_id)
            if not seen.exists():  # left as it is, unless another one is named
                self.initial["leaves"] = None

    def choices_for(self, name: str, queryset: Any) -> Any:
        rows = super().choices_for(name, queryset)
        if name == "owner":
            return rows.filter(role__in=OWNER_ROLES)
        return rows.filter(is_key_account=True) if name == "leaves" else rows

    def _post_clean(self) -> None:
        """The service asks the rules, with the account at hand."""


class DecisionForm(forms.Form):
    """The words with a step, and the version of the proposal that was read."""

    note = forms.CharField(
        label=_("Words with the decision"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A rejection needs its reason."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
