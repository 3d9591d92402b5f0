"""Forms of the company's settings and budget rates."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import formats
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from kam.forms import RowForm
from kam.models import Company
from kam.money import CURRENCIES
from kam.person_forms import ZoneInput

YEARS = (1990, 2100)


class CompanyForm(RowForm):
    """The company's settings."""

    class Meta:
        model = Company
        fields = ("name", "currency", "fiscal_year_start", "timezone", "accent")
        widgets = {
            "timezone": ZoneInput(),
            "fiscal_year_start": forms.Select(choices=list(MONTHS.items())),
            "accent": forms.TextInput(attrs={"type": "color"}),
        }

    #: Changes that turn figures over: the page explains them and asks.
    WEIGHTY = ("currency", "fiscal_year_start")

    @property
    def weighty(self) -> list[str]:
        """Which weighty fields this form would change."""
        changes = self.changes()
        return [n for n in self.WEIGHTY if n in changes and changes[n] != self.initial.get(n)]


class YearForm(forms.Form):
    """Which year; anything else than a year between 1990 and 2100 is no year."""

    year = forms.IntegerField(min_value=YEARS[0], max_value=YEARS[1])


class RatesForm(forms.Form):
    """The rates of one year: one field per currency; an empty one means that there is no rate."""

    source = forms.CharField(label=_("Source"), max_length=150, required=False)

    def __init__(self, *args: Any, company_currency: str, rates: dict, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = rates
        for code, label in CURRENCIES:
            if code == company_currency:
                continue
            held = rates.get(code)
            self.fields[code] = RateField(label=label, initial=held)

    @property
    def currencies(self) -> list[str]:
        return [name for name in self.fields if name != "source"]

    def changed_rates(self) -> dict[str, Decimal | None]:
        """The rates that differ from those held."""
        return {
            code: self.cleaned_data[code]
            for code in self.currencies
            if self.cleaned_data[code] != self.held.get(code)
        }


def rate_text(rate: Decimal) -> str:
    """A rate with all its places and no more, as the reader writes numbers."""
    return f"{rate.normalize():f}".replace(".", formats.get_format("DECIMAL_SEPARATOR"))


class RateField(forms.CharField):
    """A rate above zero with at most eight places, as people write it (comma or point)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=20,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
            validators=[RegexValidator(r"^[0-9., \u00a0\u202f]*$", _("A number such as 0.0875."))],
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return rate_text(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        text = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
        if formats.get_format("DECIMAL_SEPARATOR") == "," and "," in text:
            text = text.replace(".", "")
        try:
            rate = Decimal(text.replace(",", "."))
        except InvalidOperation:
            raise forms.ValidationError(_("A number such as 0.0875.")) from None
        if not rate:
            raise forms.ValidationError(_("A rate is above zero."))
        if rate >= 10**10 or -int(rate.as_tuple().exponent) > 8:
            raise forms.ValidationError(_("At most ten digits before and eight after the point."))
        return rate


__all__ = ["CompanyForm", "RatesForm", "YearForm"]
