from pathlib import Path

import pytest
from django.conf import settings as django_settings


@pytest.fixture(autouse=True)
def _sample_templates(settings):
    """Reports of the tests lie beside them."""
    templates = [dict(django_settings.TEMPLATES[0])]
    templates[0]["DIRS"] = [Path(__file__).parent, *templates[0]["DIRS"]]
    settings.TEMPLATES = templates
    settings.SITE_URL = "https://kam.example.com"
