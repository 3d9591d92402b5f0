"""Finding anything: the palette's answers, and a page for everybody else."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kam.htmx import render
from kam.search import cleaned
from kam.search import search as find


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """``?q=``: what the person may see that matches, by kind."""
    text = cleaned(request.GET.get("q", ""))
    context = {"q": text, "groups": find(request.user, text)}
    return render(request, "kam/search.html", context, fragment="components/_search_results.html")
