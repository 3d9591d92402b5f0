"""Editing where a value stands: one field, or a few that belong together.

Declare a view for a model, name its route, and write ``{% editable row "field" %}`` in templates::

    class EditContact(InPlace):
        model = Contact
        form_class = ContactForm          # a kam.forms.RowForm
        fields = ("name", "title")        # what may be edited in place
        route = "accounts:contact_edit"   # path("contacts/<int:pk>/edit/<slug:field>/", …)
        save = staticmethod(services.change_contact)   # default: kam.editing.save_fields

GET gives the form, ``?cancel`` the value again, POST saves: 200 with the value and its save state,
422 with the error, 409 with both values of an edit conflict. Without htmx the same address is a
page, and saving leads back to the row.

After a save the value offers **undo**: the same address takes ``undo`` (the version whose value comes
back) and ``version`` (the one that is undone), so that what somebody else saved since is a conflict
as with every save.

The form carries the version of the moment in which it was opened, so a page with many fields needs
no version of its own, and fields edited one after another do not stand in each other's way. Long
text that saves by itself (``{% autosave row "field" %}``) posts to the same address.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html, linebreaks
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views import View

from kam.editing import EditConflict, fetch_editable, fetch_visible, save_fields
from kam.event_readers import readable_events
from kam.forms import TOUCHED, RowForm, violation
from kam.htmx import wants_fragment
from kam.templatetags.kam_format import amount, day

#: Header of a saved answer: the row's new version, for forms that stay on the page.
VERSION_HEADER = "X-Row-Version"
_views: dict[type[models.Model], type["InPlace"]] = {}


def view_for(model: type[models.Model]) -> type["InPlace"]:
    """The view that edits this model's rows in place."""
    return _views[model]


def shown(row: models.Model, name: str) -> Any:
    """A field's value as a person reads it; empty for nothing."""
    field = row._meta.get_field(name)
    if getattr(field, "choices", None):
        return getattr(row, f"get_{name}_display")()
    value = getattr(row, name)
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(field, models.PositiveSmallIntegerField):
        return str(value)  # a year has no thousands
    if isinstance(value, Decimal | int):
        places = getattr(field, "decimal_places", 0) or 0
        whole = not isinstance(value, Decimal) or value == value.to_integral_value()
        return amount(value, 0 if whole else places)
    if isinstance(value, date | datetime):
        return day(value)
    if isinstance(field, models.URLField):
        return format_html('<a href="{0}" rel="noopener noreferrer">{0}</a>', value)
    if isinstance(field, models.EmailField):
        return format_html('<a href="mailto:{0}">{0}</a>', value)
    if isinstance(field, models.TextField):
        # safe: linebreaks has escaped the text
        return format_html(
            '<div class="prose">{}</div>', mark_safe(linebreaks(value, autoescape=True))
        )
    if isinstance(value, models.Model) and hasattr(value, "get_absolute_url"):
        return format_html('<a href="{}">{}</a>', value.get_absolute_url(), value)
    if hasattr(value, "name") and hasattr(value, "code"):  # a country
        return value.name
    return str(value)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are edited together, under one name."""

    label: Any
    fields: tuple[str, ...]
    display: Callable[[Any], Any]


class InPlace(LoginRequiredMixin, View):
    """Edits one field (or group) of one row in place; see the module."""

    model: ClassVar[Any]
    form_class: ClassVar[type[RowForm]]
    fields: ClassVar[Sequence[str]] = ()
    groups: ClassVar[Mapping[str, Group]] = {}
    #: Field → how to show it, where the default (``shown``) does not fit.
    displays: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    #: What ``shown`` and the permission need, to be fetched with the row.
    related: ClassVar[Sequence[str]] = ()
    route: ClassVar[str]
    save: ClassVar[Callable[..., Any]] = staticmethod(save_fields)
    http_method_names = ["get", "head", "post"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "model" in cls.__dict__:
            _views[cls.model] = cls

    # --- what subclasses may say ------------------------------------------------------------------
    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        """Beyond the row rule: whether this person may change this field. No queries here."""
        return getattr(row, "archived_at", None) is None

    @classmethod
    def edit_url(cls, row: Any, name: str) -> str:
        return reverse(cls.route, args=[row.pk, name])

    @classmethod
    def row_url(cls, row: Any) -> str:
        """The page on which the row stands."""
        return row.get_absolute_url()

    # --- what the template tags use ---------------------------------------------------------------
    @classmethod
    def names_in(cls, name: str) -> tuple[str, ...]:
        """The model's fields behind a name in the address; 404 where there are none."""
        if name in cls.groups:
            return cls.groups[name].fields
        if name in cls.fields:
            return (name,)
        raise Http404

    @classmethod
    def label(cls, name: str) -> str:
        if name in cls.groups:
            return str(cls.groups[name].label)
        label = str(cls.model._meta.get_field(name).verbose_name)
        return label[:1].upper() + label[1:]

    @classmethod
    def display(cls, row: Any, name: str) -> Any:
        if name in cls.groups:
            return cls.groups[name].display(row)
        return cls.displays[name](row) if name in cls.displays else shown(row, name)

    @classmethod
    def dom_id(cls, row: Any, name: str) -> str:
        return f"{cls.model._meta.model_name}-{row.pk}-{name}"

    @classmethod
    def context(cls, row: Any, name: str, *, editable: bool, **more: Any) -> dict[str, Any]:
        return {
            "id": cls.dom_id(row, name),
            "label": cls.label(name),
            "value": cls.display(row, name),
            "edit_url": cls.edit_url(row, name) if editable else "",
            **more,
        }

    @classmethod
    def form_for(cls, row: Any, name: str, user: Any, data: Any = None) -> RowForm:
        return cls.form_class(
            data,
            instance=row,
            user=user,
            only=cls.names_in(name),
            auto_id=f"id-{cls.dom_id(row, name)}-%s",
        )

    # --- the requests -----------------------------------------------------------------------------
    def get(self, request: HttpRequest, pk: int, field: str) -> HttpResponse:
        self.names_in(field)
        if "cancel" in request.GET:
            row = fetch_visible(self._rows(), request.user, pk=pk)
            since = _number(request.GET.get("since", ""))
            undo = since if since and self.mine_since(row, field, since, request.user) else 0
            return self._value(request, row, field, undo=undo)
        row = self._editable_row(request, pk, field)
        form = self.form_for(row, field, request.user)
        first = next(iter(form.fields.values()))
        first.widget.attrs["autofocus"] = True
        return self._form(request, row, field, form, row.version)

    def post(self, request: HttpRequest, pk: int, field: str) -> HttpResponse:
        names = self.names_in(field)
        row = self._editable_row(request, pk, field)
        if "undo" in request.POST:
            return self._undo(request, row, field)
        form = self.form_for(row, field, request.user, request.POST)
        version = _version(request)
        if not form.is_valid():
            return self._form(request, row, field, form, version or row.version, status=422)
        changes = {
            name: value
            for name, value in form.changes().items()
            if name in names and request.POST.get(f"choice-{name}") != "theirs"
        }
        row = self._rows().get(pk=pk)  # the form has written into the one that it was given
        try:
            saved = type(self).save(row, changes, base_version=version) if changes else row
        except EditConflict as conflict:
            return self._conflict(request, conflict, field)
        except ValidationError as error:
            form.add_model_errors(error)
            return self._form(request, row, field, form, version or row.version, status=422)
        except IntegrityError as error:
            form.add_model_errors(violation(error, self.model))
            return self._form(request, row, field, form, version or row.version, status=422)
        undo = row.version if saved.version != row.version and self._kept(names) else 0
        return self._saved(request, saved, field, undo=undo)

    # --- undo -------------------------------------------------------------------------------------
    @classmethod
    def _kept(cls, names: Sequence[str]) -> bool:
        """Whether the history holds what these fields were."""
        concrete = {f.name for f in cls.model._meta.concrete_fields}
        return hasattr(cls.model, "events") and concrete.issuperset(names)

    def mine_since(self, row: Any, field: str, since: int, user: Any) -> bool:
        """Whether the field has changed since a version, and by this person alone (one query)."""
        names = self.names_in(field)
        if since >= row.version or not self._kept(names):
            return False
        columns = [self.model._meta.get_field(name).attname for name in names]
        events = row.events.filter(version__gte=since).order_by("version", "pgh_id")
        found = list(events.values_list("version", "pgh_context", *columns)[:1000])
        if not found or found[0][0] != since:
            return False
        changed = [
            later for earlier, later in itertools.pairwise(found) if earlier[2:] != later[2:]
        ]
        return bool(changed) and all((e[1] or {}).get("user") == user.pk for e in changed)

    def _undo(self, request: HttpRequest, row: Any, field: str) -> HttpResponse:
        """Gives the field the value that it had at a version; nothing newer of others is lost."""
        names = self.names_in(field)
        held = row.events.filter(version=_number(request.POST["undo"])).order_by("pgh_id").last()
        if held is None or not self._kept(names) or not readable_events(row, request.user)(held):
            raise Http404
        changes = {name: _held(self.model, held, name, request.user) for name in names}
        before = row.version
        try:
            saved = type(self).save(row, changes, base_version=_version(request))
        except EditConflict as conflict:
            return self._conflict(request, conflict, field, again=changes)
        except ValidationError as error:
            form = self.form_for(row, field, request.user, {})
            form.is_valid()
            form.errors.clear()
            form.add_model_errors(error)
            return self._form(request, row, field, form, before, status=422)
        return self._saved(request, saved, field, undo=before if saved.version != before else 0)

    # --- the answers ------------------------------------------------------------------------------
    def _rows(self) -> Any:
        return self.model._default_manager.select_related(*self.related)

    def _editable_row(self, request: HttpRequest, pk: int, field: str) -> Any:
        row = fetch_editable(self._rows(), request.user, pk=pk)
        if not self.may_edit(request.user, row, field):
            raise PermissionDenied
        return row

    def _form(
        self,
        request: HttpRequest,
        row: Any,
        field: str,
        form: RowForm,
        version: int,
        status: int = 200,
    ) -> HttpResponse:
        url = self.edit_url(row, field)
        context = {
            "id": self.dom_id(row, field),
            "form": form,
            "version": version,
            "action": url,
            "cancel_url": f"{url}?cancel",
            "row_url": self.row_url(row),
            "row": self.model._default_manager.get(pk=row.pk) if form.is_bound else row,
            "label": self.label(field),
        }
        return _answer(request, "form", context, status)

    def _value(self, request: HttpRequest, row: Any, field: str, **more: Any) -> HttpResponse:
        if not wants_fragment(request):
            return HttpResponseRedirect(f"{self.row_url(row)}#{self.dom_id(row, field)}")
        rows = self.model._default_manager.filter(pk=row.pk).editable_by(request.user)
        editable = self.may_edit(request.user, row, field) and rows.exists()
        context = self.context(row, field, editable=editable, focus=True, **more)
        context["version"] = row.version
        response = render(request, "kam/inplace/value.html", context)
        response[VERSION_HEADER] = str(row.version)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def _saved(self, request: HttpRequest, row: Any, field: str, *, undo: int = 0) -> HttpResponse:
        # Read again through the scope: a change of owner may have taken the row from this person.
        found = self._rows().visible_to(request.user).filter(pk=row.pk).first()
        if found is None:
            messages.success(request, _("Saved. You no longer see this."))
            response = HttpResponse(status=204) if wants_fragment(request) else None
            if response is None:
                return HttpResponseRedirect(reverse("kam:home"))
            response["HX-Redirect"] = reverse("kam:home")
            return response
        if TOUCHED in request.POST and wants_fragment(request):
            response = HttpResponse(status=204)
            response[VERSION_HEADER] = str(found.version)
            return response
        if not wants_fragment(request):
            messages.success(request, _("Saved."))
        return self._value(request, found, field, saved_at=timezone.localtime(), undo=undo)

    def _conflict(
        self,
        request: HttpRequest,
        conflict: EditConflict,
        field: str,
        again: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        row = conflict.row
        url = self.edit_url(row, field)
        posted = [
            (name, value)
            for name, values in request.POST.lists()
            if not name.startswith("choice-")
            for value in values
        ]
        if again is not None:  # what was to be undone is sent again as values
            form = self.form_class(user=request.user, only=again, initial=dict(again))
            posted = [(name, _typed(form[name])) for name in again]
        context = {
            "id": self.dom_id(row, field),
            "action": url,
            "cancel_url": f"{url}?cancel",
            "version": row.version,  # type: ignore[attr-defined]
            "fields": conflict.fields_for(request.user),
            "posted": posted,
            "row": row,
            "row_url": self.row_url(row),
            "label": self.label(field),
            "full": not wants_fragment(request),
            **last_change(row),
        }
        return _answer(request, "conflict", context, 409)


def last_change(row: Any) -> dict[str, Any]:
    """Who changed the row last, and when, from the audit trail."""
    from kam.models import User

    event = row.events.order_by("-pgh_id").first()
    if event is None:
        return {}
    facts = event.pgh_context or {}
    who = User.objects.filter(pk=facts.get("user")).first() if facts.get("user") else None
    return {"who": who, "when": timezone.localtime(event.pgh_created_at)}


def _version(request: HttpRequest) -> int:
    """The version that the form began with; 0 (older than any) where the form names none."""
    return _number(request.POST.get("version", ""))


def _number(text: str) -> int:
    """A version as it was sent; 0 for what is none."""
    try:
        return max(0, min(int(text), 2**31 - 1))
    except ValueError:
        return 0


def _typed(bound: Any) -> str:
    """A field's value as its control would send it."""
    value = bound.field.widget.format_value(bound.value())
    first = (value or [""])[0] if isinstance(value, list | tuple) else value
    return "" if first is None else str(first)


def _held(model: Any, event: Any, name: str, user: Any) -> Any:
    """What a field held in an event: a value, or the related row where this person sees it."""
    field = model._meta.get_field(name)
    value = getattr(event, field.attname)
    if not field.is_relation or value is None:
        return value
    rows = field.related_model._default_manager.filter(pk=value)
    return (rows.visible_to(user) if hasattr(rows, "visible_to") else rows).first()


def _answer(request: HttpRequest, name: str, context: dict[str, Any], status: int) -> HttpResponse:
    """The fragment for htmx; else a page around it."""
    fragment = wants_fragment(request)
    context["part"] = f"kam/inplace/{name}.html"
    template = context["part"] if fragment else "kam/inplace/page.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
