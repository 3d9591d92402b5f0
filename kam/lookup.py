"""Choosing one row among very many: one types a few letters, and the browser offers what fits.

A lookup is registered by name for a model; ``LookupField`` stands in forms and filters. Without
script one types the whole name, or the number in brackets after it. Both ways go through the scope.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from django_filters import ModelChoiceFilter
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from kam.models import User
from kam.search import best, cleaned


@dataclass(frozen=True)
class Lookup:
    """``rows(user)`` may be chosen; ``key`` is the field that tells rows of one name apart."""

    name: str
    model: type[models.Model]
    rows: Callable[[Any], Any]
    key: str
    paths: Sequence[str]

    def label(self, row: Any) -> str:
        """What stands in the field: the name, with the key (or the id) in brackets."""
        return f"{row} ({getattr(row, self.key, None) or f'#{row.pk}'})"

    def find(self, queryset: Any, text: str) -> Any:
        """The one row that the text means; raises ``ValidationError`` for none or several."""
        text = text.strip()[:300]
        name, bracket, key = text.removesuffix(")").rpartition(" (")
        if bracket and key.startswith("#") and key[1:].isdecimal() and len(key) < 20:
            found = list(queryset.filter(pk=int(key[1:]))[:1])
        elif bracket and name:
            found = list(queryset.filter(**{self.key: key})[:1])
        else:
            found = []
        if not found:
            found = list(queryset.filter(**{self.key: text})[:1])
        if not found:
            found = list(queryset.filter(**{self.paths[0]: text})[:2])
        if not found:
            raise ValidationError(_("Nothing is called “%(text)s”."), params={"text": text})
        if len(found) > 1:
            labels = ", ".join(self.label(row) for row in found)
            raise ValidationError(
                _("Several are called “%(text)s”: say which, such as %(labels)s."),
                params={"text": text, "labels": labels},
            )
        return found[0]


_lookups: dict[str, Lookup] = {}


def register(lookup: Lookup) -> None:
    _lookups[lookup.name] = lookup


@login_required
@require_GET
def offer(request: HttpRequest, name: str) -> HttpResponse:
    """The options for what has been typed so far, at most eight."""
    lookup = _lookups.get(name)
    if lookup is None:
        raise Http404
    asked = request.headers.get("HX-Trigger-Name", "q")
    text = cleaned(request.GET.get(asked) or request.GET.get("q", ""))
    rows = best(lookup.rows(request.user), text, lookup.paths) if len(text) > 1 else []
    labels = [lookup.label(row) for row in rows]
    return render(request, "kam/lookup_options.html", {"labels": labels})


class LookupWidget(forms.TextInput):
    template_name = "kam/widgets/lookup.html"

    def __init__(self, name: str) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false"})
        self.lookup_name = name

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}-options"
        context["widget"]["attrs"] |= {
            "list": list_id,
            "hx-get": reverse("kam:lookup", args=[self.lookup_name]),
            "hx-trigger": "input changed delay:150ms",
            "hx-target": "next datalist",
            "hx-swap": "innerHTML",
            "hx-select": "unset",
            "hx-push-url": "false",
            "hx-sync": "this:replace",
        }
        return {**context, "list_id": list_id}


class LookupField(forms.ModelChoiceField):
    """A reference that is typed. ``queryset`` is narrowed to the user's scope by the form.

    With ``ids`` (rows in the user's scope, in any state) digits alone are the id of one of them.
    """

    ids: Any = None

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.lookup_name = name
        kwargs.setdefault("queryset", None)
        super().__init__(**kwargs, widget=LookupWidget(name))

    @property
    def lookup(self) -> Lookup:
        return _lookups[self.lookup_name]

    def prepare_value(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, str):
            return value
        if not isinstance(value, models.Model):
            value = self.lookup.model._default_manager.filter(pk=value).first()
        return "" if value is None else self.lookup.label(value)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        if isinstance(value, self.lookup.model):
            return value
        text = str(value)
        if self.ids is None or not (text.isascii() and text.isdigit()):
            return self.lookup.find(self.queryset, text)
        found = self.ids.filter(pk=int(text)).first() if len(text) < 19 else None
        if found is None:
            raise ValidationError(
                _("There is nothing with the id %(id)s."), params={"id": text[:30]}
            )
        return found

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)


@extend_schema_field(
    {
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}],
        "description": "Digits alone are an id. Else a name, an e-mail address or a number with "
        "other signs than digits, of a row in use; or a name with the address or number in "
        "brackets after it.",
    }
)
class LookupFilter(ModelChoiceFilter):
    """A filter by one row among many: over the API by its id too, archived rows included.

    On pages digits are what a person knows, such as an account's number, and never an id.
    """

    field_class = LookupField

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", self._scoped(name))
        kwargs.setdefault("label", gettext_lazy("Name"))
        super().__init__(*args, name=name, **kwargs)

    @property
    def field(self) -> Any:
        field = super().field
        request = getattr(self.parent, "request", None) if hasattr(self, "parent") else None
        if isinstance(request, Request):
            field.ids = field.lookup.model._default_manager.visible_to(request.user)
        return field

    @staticmethod
    def _scoped(name: str) -> Callable[[Any], Any]:
        return lambda request: _lookups[name].rows(getattr(request, "user", None))


register(
    Lookup(
        "people",
        User,
        lambda user: User.objects.visible_to(user).people(),
        "email",
        ("name", "email"),
    )
)
# Who has ever worked here, and service accounts: for what has happened.
register(
    Lookup("anybody", User, lambda user: User.objects.visible_to(user), "email", ("name", "email"))
)
