"""The README's pictures, for `make screenshots`: the demo company as its people see it.

Uses a scratch database beside the installation's own, and drops it at the end. Writes docs/images/.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from kam import embedded
from kam.running import DEMO_PASSWORD, services
from scripts.machine import PROJECT, provide_chromium, say

IMAGES = PROJECT / "docs" / "images"
DATABASE = "kam_screenshots"
SIZE = {"width": 1280, "height": 860}
#: File, who looks, dark or light, the way there: an address, then links by their words or selector.
PICTURES = (
    ("home.png", "kam", "light", ("/",)),
    (
        "plan.png",
        "kam",
        "light",
        ("/plans/?q=%C3%98yerhavn+Sement+AS&status=active", "main tbody a"),
    ),
    ("account.png", "kam", "light", ("/accounts/?q=%C3%98yerhavn+Sement+AS", "main tbody th a")),
    ("roll-up.png", "management", "light", ("/plans/roll-up/company/",)),
    ("roll-up-dark.png", "leader", "dark", ("/plans/roll-up/",)),
)


def with_path(url, path):
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def statement(url, text):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(text)
    connection.close()


@contextmanager
def demo_server():
    """The demo company in its own database behind a web server; gives its address."""
    original = os.environ["DATABASE_URL"]
    drop = f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"
    statement(original, drop)
    statement(original, f"CREATE DATABASE {DATABASE}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as media:
        environment = {
            **os.environ,
            "DATABASE_URL": with_path(original, DATABASE),
            "REDIS_URL": with_path(os.environ["REDIS_URL"], "8"),
            "DJANGO_SETTINGS_MODULE": "kam.settings.development",
            "KAM_DEMO": "1",
            "KAM_MEDIA_ROOT": media,
        }
        server = None
        try:
            for command in ("migrate", "demo", "collectstatic"):
                extra = ["--noinput"] if command == "collectstatic" else []
                subprocess.run(
                    [sys.executable, "manage.py", command, "-v0", *extra],
                    cwd=PROJECT,
                    env=environment,
                    check=True,
                )
            command = [sys.executable, "-m", "gunicorn", "kam.wsgi", "--threads", "4"]
            command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
            server = subprocess.Popen(command, cwd=PROJECT, env=environment)
            wait_for(f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}"
        finally:
            if server is not None:
                server.terminate()
                server.wait(timeout=20)
            statement(original, drop)


def wait_for(address):
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web server does not answer.")


def take(browser, address):
    for name, who, colours, way in PICTURES:
        context = browser.new_context(
            base_url=address, viewport=SIZE, color_scheme=colours, locale="en-GB"
        )
        page = context.new_page()
        page.goto("/sign-in/login/")
        page.locator("input[name=login]").fill(f"{who}@example.com")
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(address + "/")
        page.goto(way[0])
        for selector in way[1:]:
            page.goto(page.locator(selector).first.get_attribute("href"))
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / name)
        say(f"docs/images/{name}")
        context.close()


def main():
    path = provide_chromium()
    if path is None:
        say("There is no Chromium here: install it, or name one by KAM_CHROMIUM.")
        return 1
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(parents=True, exist_ok=True)
    os.chdir(Path(embedded.PROJECT))
    with services(), demo_server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        take(browser, address)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
