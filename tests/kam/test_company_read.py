"""The company's settings are read once in a request, and never older than the last save in it."""

import re

from django import forms
from django.core.cache import cache, caches
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from kam.middleware import EdgeGuard
from kam.models import Company


def asked(monkeypatch):
    """The keys that are asked of the cache from now on."""
    keys, backend = [], type(caches["default"])
    get = backend.get
    monkeypatch.setattr(
        backend, "get", lambda self, key, *a, **k: keys.append(key) or get(self, key, *a, **k)
    )
    return keys


def test_a_list_reads_the_company_once(cast, monkeypatch):
    client = cast.client("kam")
    client.get(reverse("plans:activity_list"))
    keys = asked(monkeypatch)
    assert client.get(reverse("plans:activity_list")).status_code == 200
    assert keys.count("company") == 1


def test_a_save_is_seen_in_the_same_request_and_by_the_next(db):
    seen = []

    def view(_request):
        seen.append(Company.current().name)
        company = Company.objects.get()
        company.name = "Renamed"
        company.save()
        seen.append(Company.current().name)
        return HttpResponse()

    guard = EdgeGuard(view)
    guard(RequestFactory().get("/"))
    guard(RequestFactory().get("/"))
    assert seen == ["KAM", "Renamed", "Renamed", "Renamed"]


def test_another_process_s_change_is_seen_by_the_next_request(db):
    seen = []
    guard = EdgeGuard(lambda _request: seen.append(Company.current().name) or HttpResponse())
    guard(RequestFactory().get("/"))
    Company.objects.update(name="Renamed elsewhere")
    cache.delete("company")  # as the other process does
    guard(RequestFactory().get("/"))
    assert seen == ["KAM", "Renamed elsewhere"]


def test_a_list_of_options_is_written_like_django_writes_it(db):
    class Choosing(forms.Form):
        colour = forms.ChoiceField(
            choices=[("", "–"), ("Warm", [("r", "<Red>"), ("y", "Yellow")]), (3, "Grey")],
            initial=3,
            widget=forms.Select(attrs={"data-x": True, "data-y": False}),
        )

    own = str(Choosing()["colour"])
    django = Choosing(renderer=forms.renderers.DjangoTemplates())["colour"].as_widget()
    assert own.strip() == re.sub(r">\s+<", "><", django).strip()
    assert '<option value="3" selected>Grey</option>' in own
    assert "&lt;Red&gt;" in own
