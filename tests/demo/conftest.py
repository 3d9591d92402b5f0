"""The demo company, made once for the tests here; and behind a real web server for a browser."""

from collections.abc import Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread

from kam.models import User
from plans.demo import making


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "demo":
            item.add_marker(pytest.mark.xdist_group("demo"))  # in one process: it takes a minute


@pytest.fixture(autouse=True)
def _media() -> None:
    """The company's files stay where they were made."""


class Site:
    """The demo company's address, and sessions of its people."""

    def __init__(self, url: str) -> None:
        self.url = url

    def context(self, chromium, name: str | None, **options):
        """A browser window in which ``name`` (of ``…@example.com``) has signed in."""
        context = chromium.new_context(base_url=self.url, locale="en-GB", **options)
        if name is not None:
            client = Client()
            person = User.objects.get(email=f"{name}@example.com")
            client.force_login(person, backend="kam.auth.ShellBackend")
            context.add_cookies(
                [
                    {
                        "name": "sessionid",
                        "value": client.cookies["sessionid"].value,
                        "url": self.url,
                    }
                ]
            )
        return context


@pytest.fixture(scope="package")
def demo_company(test_database, django_db_blocker, tmp_path_factory) -> Iterator[None]:
    """The demo company, committed; taken away at the end."""
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO=True, MEDIA_ROOT=tmp_path_factory.mktemp("media")),
    ):
        call_command("demo", verbosity=0)
        yield
        making.empty()


@pytest.fixture(scope="package")
def demo_site(demo_company) -> Iterator[Site]:
    """A web server in front of the demo company."""
    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    try:
        if server.error:
            raise server.error
        yield Site(f"http://localhost:{server.port}")
    finally:
        server.terminate()
