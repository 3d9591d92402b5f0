"""Products in their tree of lines, and the industries: everybody reads, administrators keep."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from accounts.forms import IndustryForm, ProductForm, ProductLineForm
from accounts.models import Industry, Product, ProductLine
from kam.editing import fetch_editable
from kam.forms import RowForm
from kam.inplace import InPlace


class _CatalogueEdit(InPlace):
    save = staticmethod(services.change_entry)

    @classmethod
    def row_url(cls, row: Any) -> str:
        name = "industry_list" if isinstance(row, Industry) else "product_list"
        return reverse(f"accounts:{name}")


class EditProductLine(_CatalogueEdit):
    model = ProductLine
    form_class = ProductLineForm
    fields = ("name", "parent")
    related = ("parent",)
    route = "accounts:product_line_edit"


class EditProduct(_CatalogueEdit):
    model = Product
    form_class = ProductForm
    fields = ("name", "number", "line", "unit", "list_price")
    related = ("line",)
    route = "accounts:product_edit"


class EditIndustry(_CatalogueEdit):
    model = Industry
    form_class = IndustryForm
    fields = ("name",)
    route = "accounts:industry_edit"


product_line_edit = EditProductLine.as_view()
product_edit = EditProduct.as_view()
industry_edit = EditIndustry.as_view()


def _keeps(request: HttpRequest) -> bool:
    """Whether this person keeps the catalogue; a substitute does not inherit that."""
    user = request.user
    return bool(user.is_authenticated and user.is_administrator and not user.read_only)


@login_required
@require_GET
def product_list(request: HttpRequest) -> HttpResponse:
    """The tree of lines with their products (three queries)."""
    archived = request.GET.get("archived") == "all"
    lines = ProductLine.objects.visible_to(request.user).select_related("parent")
    products = Product.objects.visible_to(request.user).select_related("line")
    if not archived:
        lines, products = lines.active(), products.active()
    inside: dict[int, list[Product]] = {}
    for product in products.order_by("name", "id"):
        inside.setdefault(product.line_id, []).append(product)
    by_id = {line.pk: line for line in lines.order_by("name", "id")}
    names = {
        line.pk: [by_id[pk].name for pk in line.path if pk in by_id] for line in by_id.values()
    }
    rows = [
        (line, names[line.pk], inside.get(line.pk, []))
        for line in sorted(by_id.values(), key=lambda line: (names[line.pk], line.pk))
    ]
    context = {"lines": rows, "may_edit": _keeps(request), "archived": archived}
    return render(request, "accounts/product_list.html", context)


@login_required
@require_GET
def industry_list(request: HttpRequest) -> HttpResponse:
    """The company's list of industries."""
    industries = Industry.objects.visible_to(request.user).order_by("name", "id")
    context = {"industries": list(industries), "may_edit": _keeps(request)}
    return render(request, "accounts/industry_list.html", context)


def _create(request: HttpRequest, form_class: type[RowForm], title: str, back: str) -> HttpResponse:
    if not _keeps(request):
        raise PermissionDenied
    form = form_class(request.POST or None, user=request.user)
    back = reverse(f"accounts:{back}")
    if request.method == "POST" and form.is_valid():
        try:
            entry = services.create_entry(form.save(commit=False))
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            messages.success(request, _("%(name)s is entered.") % {"name": entry})
            return redirect(back)
    context = {"form": form, "title": title, "back": back}
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def product_line_create(request: HttpRequest) -> HttpResponse:
    return _create(request, ProductLineForm, _("New product line"), "product_list")


@login_required
@require_http_methods(["GET", "POST"])
def product_create(request: HttpRequest) -> HttpResponse:
    return _create(request, ProductForm, _("New product"), "product_list")


@login_required
@require_http_methods(["GET", "POST"])
def industry_create(request: HttpRequest) -> HttpResponse:
    return _create(request, IndustryForm, _("New industry"), "industry_list")


def _set_use(request: HttpRequest, rows: Any, pk: int, back: str, *, use: bool) -> HttpResponse:
    entry = fetch_editable(rows, request.user, pk=pk)
    act = services.restore_entry if use else services.archive_entry
    try:
        act(entry)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = _("%(name)s is in use again.") if use else _("%(name)s is archived.")
        messages.success(request, text % {"name": entry})
    return redirect(f"accounts:{back}")


@login_required
@require_http_methods(["POST"])
def product_line_archive(request: HttpRequest, pk: int) -> HttpResponse:
    queryset = ProductLine.objects.visible_to(request.user)
    return _set_use(request, queryset, pk, "product_list", use=False)


@login_required
@require_http_methods(["POST"])
def product_line_restore(request: HttpRequest, pk: int) -> HttpResponse:
    queryset = ProductLine.objects.visible_to(request.user).select_related("parent")
    return _set_use(request, queryset, pk, "product_list", use=True)


@login_required
@require_http_methods(["POST"])
def product_archive(request: HttpRequest, pk: int) -> HttpResponse:
    return _set_use(
        request, Product.objects.visible_to(request.user), pk, "product_list", use=False
    )


@login_required
@require_http_methods(["POST"])
def product_restore(request: HttpRequest, pk: int) -> HttpResponse:
    queryset = Product.objects.visible_to(request.user).select_related("line")
    return _set_use(request, queryset, pk, "product_list", use=True)


@login_required
@require_http_methods(["POST"])
def industry_archive(request: HttpRequest, pk: int) -> HttpResponse:
    return _set_use(
        request, Industry.objects.visible_to(request.user), pk, "industry_list", use=False
    )


@login_required
@require_http_methods(["POST"])
def industry_restore(request: HttpRequest, pk: int) -> HttpResponse:
    return _set_use(
        request, Industry.objects.visible_to(request.user), pk, "industry_list", use=True
    )
