"""``/api/v1/``: each app registers its resources; the apps above are named by string only."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

app_name = "api"
#: Modules with a ``register(router)`` function and, where they need it, ``paths`` of their own.
RESOURCES = ("kam.api.foundation", "kam.api.imports", "accounts.api", "portfolio.api", "plans.api")

router = DefaultRouter()
router.include_format_suffixes = False
own_paths: list[URLPattern | URLResolver] = []
for name in RESOURCES:
    module = import_module(name)
    module.register(router)
    own_paths += getattr(module, "paths", [])

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    *own_paths,
    path("", include(router.urls)),
]
