"""Weights by pairwise comparison: one's own sheet, the others', and what they say together."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kam.editing import fetch_visible
from kam.scoping import signed_in
from portfolio.calc import ahp
from portfolio.criteria import Comparison, comparison_of
from portfolio.forms.criteria import ComparisonForm
from portfolio.models import Axis, CriteriaVersion, CriterionGroup
from portfolio.services import criteria
from portfolio.views.criteria import crumbs_to, draft_for, keeps_criteria


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def axis_comparison(request: HttpRequest, pk: int, axis: str) -> HttpResponse:
    """The groups of a score against each other."""
    version = fetch_visible(CriteriaVersion.objects, request.user, pk=pk)
    if axis not in Axis.values:
        raise Http404
    return _page(request, version, axis, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def group_comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """The criteria of a group against each other."""
    group = fetch_visible(
        CriterionGroup.objects.select_related("criteria_version"), request.user, pk=pk
    )
    return _page(request, group.criteria_version, group.axis, group)


@login_required
@require_POST
def axis_weights(request: HttpRequest, pk: int, axis: str) -> HttpResponse:
    """Takes the weights of all sheets into the draft: the groups of a score."""
    version = draft_for(request, pk)
    if axis not in Axis.values:
        raise Http404
    return _apply(request, version, axis, None)


@login_required
@require_POST
def group_weights(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes the weights of all sheets into the draft: the criteria of a group."""
    group = fetch_visible(
        CriterionGroup.objects.select_related("criteria_version"), request.user, pk=pk
    )
    version = draft_for(request, group.criteria_version_id)
    return _apply(request, version, group.axis, group)


def _address(version: CriteriaVersion, axis: str, group: CriterionGroup | None) -> str:
    if group is not None:
        return reverse("portfolio:group_comparison", args=[group.pk])
    return reverse("portfolio:axis_comparison", args=[version.pk, axis])


def _apply(
    request: HttpRequest, version: CriteriaVersion, axis: str, group: CriterionGroup | None
) -> HttpResponse:
    try:
        weighing = criteria.apply_weights(version, axis, group)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(_address(version, axis, group))
    messages.success(request, _("The weights are taken over."))
    if not weighing.consistent:
        messages.warning(request, _("The judgements contradict each other: look at them again."))
    return HttpResponseRedirect(version.get_absolute_url())


def _page(
    request: HttpRequest, version: CriteriaVersion, axis: str, group: CriterionGroup | None
) -> HttpResponse:
    user = signed_in(request)
    found = comparison_of(version, axis, group)
    if request.method == "POST":
        if user.read_only:
            raise PermissionDenied
        return _save(request, version, axis, group, found)
    return _show(request, version, axis, group, found, _blank(request, found))


def _blank(request: HttpRequest, found: Comparison) -> ComparisonForm:
    """The form with what this person said before."""
    return ComparisonForm(
        request.POST if request.method == "POST" else None,
        pairs=found.pairs(_steps(request, found)),
    )


def _steps(request: HttpRequest, found: Comparison) -> list[int | None]:
    own = found.of(request.user)
    if own is not None and own.result is not None:
        return [ahp.nearest(ratio) for ratio in own.comparison.ratios]
    return [None] * len(ahp.pairs(len(found.rows)))


def _save(
    request: HttpRequest,
    version: CriteriaVersion,
    axis: str,
    group: CriterionGroup | None,
    found: Comparison,
) -> HttpResponse:
    form = _blank(request, found)
    items = [int(pk) for pk in request.POST.get("items", "").split(",") if pk.isdecimal()][:100]
    if form.is_valid():
        try:
            criteria.save_comparison(
                version, axis, group, signed_in(request), form.ratios(), items=items
            )
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
        else:
            messages.success(request, _("Your comparison is kept."))
            return HttpResponseRedirect(_address(version, axis, group))
    return _show(request, version, axis, group, found, form, status=422)


def _scale(field: BoundField) -> list[tuple[Any, int]]:
    """The radio buttons of a pair, each with the number of Saaty's scale that stands below it."""
    return [(radio, abs(int(radio.data["value"])) + 1) for radio in field]


def _show(
    request: HttpRequest,
    version: CriteriaVersion,
    axis: str,
    group: CriterionGroup | None,
    found: Comparison,
    form: ComparisonForm,
    status: int = 200,
) -> HttpResponse:
    draft = version.state == CriteriaVersion.State.DRAFT
    results = [(s.comparison.person, s.result) for s in found.sheets]
    counted = [(person, result) for person, result in results if result is not None]
    own = found.of(request.user)
    pairs = found.pairs(_steps(request, found))
    context: dict[str, Any] = {
        "version": version,
        "axis": Axis(axis),
        "group": group,
        "draft": draft,
        "comparable": 2 <= len(found.rows) <= ahp.MOST,
        "most": ahp.MOST,
        "form": form,
        "scales": [(pair, form[pair.name], _scale(form[pair.name])) for pair in pairs],
        "items": ",".join(str(pk) for pk in found.items),
        "own": own.result if own is not None else None,
        "counted": counted,
        "outdated": [person for person, result in results if result is None],
        "together": found.together,
        "weights": [
            (
                row,
                [result.weights[i] for _person, result in counted],
                found.together.weights[i] if found.together else None,
            )
            for i, row in enumerate(found.rows)
        ],
        "limit": ahp.LIMIT,
        "may_apply": draft and keeps_criteria(request.user) and found.together is not None,
        "apply_url": reverse("portfolio:group_weights", args=[group.pk])
        if group is not None
        else reverse("portfolio:axis_weights", args=[version.pk, axis]),
        "crumbs": crumbs_to(version),
    }
    return render(request, "portfolio/criteria/comparison.html", context, status=status)
