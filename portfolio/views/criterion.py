"""Groups and criteria of a draft: added, edited where they stand, removed and brought back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kam.editing import EditConflict, fetch_editable
from kam.forms import RowForm
from kam.inplace import Group as Together
from kam.inplace import InPlace
from kam.views.administration import conflict_page
from portfolio.criteria import VersionSheet, fact, sheet_of, value_in_words
from portfolio.forms.criteria import CriterionForm, GroupForm, MoveForm
from portfolio.models import Axis, CriteriaVersion, Criterion, CriterionGroup
from portfolio.services import criteria
from portfolio.views.criteria import crumbs_to, draft_for


class _OfVersion(InPlace):
    """A changed weight changes the shares of its whole score: the page is loaded anew."""

    def _saved(self, request: HttpRequest, row: Any, field: str, **more: Any) -> HttpResponse:
        response = super()._saved(request, row, field, **more)
        if field in ("weight", "axis"):
            response["HX-Refresh"] = "true"
        return response


class EditGroup(_OfVersion):
    """A group's name, score and weight."""

    model = CriterionGroup
    form_class = GroupForm
    fields = ("name", "weight", "axis")
    related = ("criteria_version",)
    route = "portfolio:group_edit"
    save = staticmethod(criteria.change_group)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return row.criteria_version.get_absolute_url()


def _value(row: Criterion) -> Any:
    return format_html('{}<br><span class="muted">{}</span>', fact(row), value_in_words(row))


class EditCriterion(_OfVersion):
    """A criterion's words, its weight, and all that makes a value of its fact."""

    model = Criterion
    form_class = CriterionForm
    fields = ("name", "guidance", "weight")
    groups = {
        "value": Together(
            gettext_lazy("How it becomes a value"),
            (
                "kind", "measure", "direction", "function", "worst", "best",
                "band_floors", "band_values", "missing", "default_value",
            ),
            _value,
        )
    }  # fmt: skip
    related = ("group__criteria_version",)
    route = "portfolio:criterion_edit"
    save = staticmethod(criteria.change_criterion)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return row.group.criteria_version.get_absolute_url()


group_edit = EditGroup.as_view()
criterion_edit = EditCriterion.as_view()


def _form_page(
    request: HttpRequest,
    version: CriteriaVersion,
    form: RowForm,
    title: str,
    add: Callable[[], Any],
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            added = add()
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            messages.success(request, _("%(name)s is entered.") % {"name": added})
            return HttpResponseRedirect(version.get_absolute_url())
    context = {
        "form": form,
        "title": title,
        "crumbs": crumbs_to(version),
        "cancel_url": version.get_absolute_url(),
    }
    status = 422 if form.errors else 200
    return render(request, "portfolio/criteria/form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def group_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more group for a score of the draft."""
    version = draft_for(request, pk)
    asked = request.GET.get("axis", "")
    start = {"axis": asked if asked in Axis.values else Axis.PROFITABILITY}
    form = GroupForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        instance=CriterionGroup(criteria_version=version),
        initial=start,
    )
    return _form_page(
        request,
        version,
        form,
        _("New group of criteria"),
        lambda: criteria.add_group(version, **form.cleaned_data),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def criterion_create(request: HttpRequest, pk: int) -> HttpResponse:
    """One more criterion in a group of the draft."""
    group = _group(request, pk)
    form = CriterionForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        instance=Criterion(group=group),
    )
    return _form_page(
        request,
        group.criteria_version,
        form,
        _("New criterion in “%(group)s”") % {"group": group},
        lambda: criteria.add_criterion(group, form.cleaned_data),
    )


def _group(request: HttpRequest, pk: int) -> CriterionGroup:
    return fetch_editable(
        CriterionGroup.objects.select_related("criteria_version"), request.user, pk=pk
    )


def _criterion(request: HttpRequest, pk: int) -> Criterion:
    return fetch_editable(
        Criterion.objects.select_related("group__criteria_version"), request.user, pk=pk
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def criterion_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Another place for a criterion: in its group, or in another group of the draft."""
    row = _criterion(request, pk)
    version = row.group.criteria_version
    sheet = sheet_of(version)
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        places=_places(sheet, row),
        initial={"version": row.version, "place": _present(sheet, row)},
    )
    if request.method == "POST" and form.is_valid():
        group, after = form.chosen()
        groups = CriterionGroup.objects.visible_to(request.user)
        behind = Criterion.objects.visible_to(request.user).filter(pk=after or 0).first()
        try:
            criteria.move_criterion(
                row, groups.get(pk=group), behind, base_version=form.cleaned_data["version"]
            )
        except EditConflict as conflict:
            return conflict_page(request, conflict, request.path)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("“%(name)s” is moved.") % {"name": row})
            return HttpResponseRedirect(version.get_absolute_url())
    context = {
        "form": form,
        "title": _("Move “%(name)s”") % {"name": row},
        "submit": _("Move"),
        "crumbs": crumbs_to(version),
        "cancel_url": version.get_absolute_url(),
    }
    status = 422 if form.errors else 200
    return render(request, "portfolio/criteria/form.html", context, status=status)


def _places(sheet: VersionSheet, row: Criterion) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each group of the draft with the places in it: first, or behind one of its criteria."""
    found = []
    for axis in sheet.axes:
        for group in axis.groups:
            others = [line.criterion for line in group.lines if line.criterion.pk != row.pk]
            choices = [(f"{group.group.pk}-0", _("first"))]
            choices += [
                (f"{group.group.pk}-{c.pk}", _("after %(name)s") % {"name": c.name}) for c in others
            ]
            found.append((f"{axis.axis.label}: {group.group.name}", choices))
    return found


def _present(sheet: VersionSheet, row: Criterion) -> str:
    """Where the criterion stands now."""
    group = next(g for a in sheet.axes for g in a.groups if g.group.pk == row.group_id)
    before = 0
    for line in group.lines:
        if line.criterion.pk == row.pk:
            break
        before = line.criterion.pk
    return f"{row.group_id}-{before}"


def _act(
    request: HttpRequest, version: CriteriaVersion, act: Callable[[], Any], done: str
) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(version.get_absolute_url())


@login_required
@require_POST
def group_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a group with its criteria out of the draft."""
    group = _group(request, pk)
    done = _("“%(name)s” is removed. You can bring it back below.") % {"name": group}
    return _act(request, group.criteria_version, lambda: criteria.remove_group(group), done)


@login_required
@require_POST
def group_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a group with its criteria back."""
    group = _group(request, pk)
    done = _("“%(name)s” is back.") % {"name": group}
    return _act(request, group.criteria_version, lambda: criteria.restore_group(group), done)


@login_required
@require_POST
def criterion_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a criterion out of the draft."""
    row = _criterion(request, pk)
    done = _("“%(name)s” is removed. You can bring it back below.") % {"name": row}
    return _act(request, row.group.criteria_version, lambda: criteria.remove_criterion(row), done)


@login_required
@require_POST
def criterion_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a criterion back."""
    row = _criterion(request, pk)
    done = _("“%(name)s” is back.") % {"name": row}
    return _act(request, row.group.criteria_version, lambda: criteria.restore_criterion(row), done)
