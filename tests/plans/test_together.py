"""Several people in one plan: who is here, undo, and nothing lost with 64 of them writing at once."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccountTeamMember
from kam.models import Role
from plans.models import Audience, Presence, Section
from plans.services import presence
from plans.services.sections import change_section
from tests.conftest import person

# --- who is here ----------------------------------------------------------------------------------


def others(cast, who, field=""):
    url = f"/plans/{cast.plan.pk}/presence/"
    return cast.client(who).post(url, {"field": field}).content.decode()


def test_who_else_is_here_and_where_they_write(cast):
    assert "Kari" not in others(cast, "kam")
    assert "Kari Kam" in others(cast, "leader", f"section-{cast.section.pk}-body")
    html = others(cast, "kam")
    assert "Lena Leader" in html
    assert "writes in Strategy" in html
    assert f'data-place="section-{cast.section.pk}-body"' in html
    assert "writes" not in others(cast, "leader")


def test_who_has_not_been_heard_of_has_left_and_old_rows_go(cast):
    others(cast, "leader")
    Presence.objects.update(seen_at=timezone.now() - presence.HERE - timedelta(seconds=1))
    assert "Lena" not in others(cast, "kam")
    Presence.objects.filter(user=cast.leader).update(
        seen_at=timezone.now() - presence.KEPT - timedelta(seconds=1)
    )
    others(cast, "kam")
    assert list(Presence.objects.values_list("user", flat=True)) == [cast.kam.pk]


def test_where_somebody_writes_is_not_told_to_who_does_not_read_it(cast):
    cast.section.audience = Audience.LEADERS
    cast.section.title = "Secret heading"
    cast.section.save()
    others(cast, "leader", f"section-{cast.section.pk}-body")
    html = others(cast, "contributor")
    assert "Lena Leader" in html
    assert "Secret" not in html
    assert f"section-{cast.section.pk}" not in html


@pytest.mark.parametrize("field", ["x" * 300, "section-1-body<b>", "javascript:1", "user-1-name"])
def test_nonsense_is_nowhere(cast, field):
    others(cast, "leader", field)
    assert Presence.objects.get().field == ""


def test_being_present_is_cheap(cast):
    others(cast, "leader", f"section-{cast.section.pk}-body")
    client = cast.client("kam")
    url = f"/plans/{cast.plan.pk}/presence/"
    client.post(url)
    with CaptureQueriesContext(connection) as queries:
        client.post(url)
    # session and person · plan · here I am · who else · what they write in
    assert len(queries) <= 5, [q["sql"][:90] for q in queries]


# --- undo -----------------------------------------------------------------------------------------


def edit_url(cast, field="summary"):
    return f"/plans/{cast.plan.pk}/edit/{field}/"


HTMX = {"HX-Request": "true"}


def undo_form(html):
    return {
        "undo": re.search(r'name="undo" value="(\d+)"', html)[1],
        "version": re.search(r'name="undo".*?name="version" value="(\d+)"', html, re.DOTALL)[1],
    }


def save(client, url, name, text, version, **more):
    data = {name: text, "version": version, **more}
    return client.post(url, data, headers=HTMX)


def test_a_save_is_undone_and_the_undo_too(cast):
    client = cast.client("kam")
    url = f"/plans/goals/{cast.goal.pk}/edit/title/"
    html = save(client, url, "title", "Fewer pumps", cast.goal.version).content.decode()
    for expected in ("More pumps", "Fewer pumps"):
        response = client.post(url, undo_form(html), headers=HTMX)
        assert response.status_code == 200
        cast.goal.refresh_from_db()
        assert cast.goal.title == expected
        html = response.content.decode()


def test_a_text_that_saved_by_itself_is_undone_to_what_it_was_when_it_was_opened(cast):
    client = cast.client("kam")
    url = f"/plans/sections/{cast.section.pk}/edit/body/"
    form = client.get(url, headers=HTMX).content.decode()
    done = re.search(r'hx-get="([^"]+since=\d+)"', form)[1].replace("&amp;", "&")
    version = cast.section.version
    for words in ("H", "Hello", "Hello all"):
        response = save(client, url, "body", words, version, _touched="body")
        version = response["X-Row-Version"]
    html = client.get(done, headers=HTMX).content.decode()
    client.post(url, undo_form(html), headers=HTMX)
    cast.section.refresh_from_db()
    assert cast.section.body == ""


def test_a_text_that_was_only_looked_at_or_changed_by_others_offers_no_undo(cast):
    kari, lena = cast.client("kam"), cast.client("leader")
    url = f"/plans/sections/{cast.section.pk}/edit/body/"
    since = cast.section.version
    done = f"{url}?cancel&since={since}"
    assert "Undo" not in kari.get(done, headers=HTMX).content.decode()
    save(lena, url, "body", "Lena's", since, _touched="body")
    assert "Undo" not in kari.get(done, headers=HTMX).content.decode()
    assert "Undo" in lena.get(done, headers=HTMX).content.decode()


def test_undo_does_not_take_what_somebody_saved_since(cast):
    kari, lena = cast.client("kam"), cast.client("leader")
    url = f"/plans/goals/{cast.goal.pk}/edit/title/"
    html = save(kari, url, "title", "Kari's", cast.goal.version).content.decode()
    cast.goal.refresh_from_db()
    save(lena, url, "title", "Lena's", cast.goal.version)
    response = kari.post(url, undo_form(html), headers=HTMX)
    assert response.status_code == 409
    conflict = response.content.decode()
    for words in ("Kari&#x27;s", "Lena&#x27;s", "More pumps"):
        assert words in conflict
    cast.goal.refresh_from_db()
    assert cast.goal.title == "Lena's"
    # The conflict's own form brings the old value back where it is chosen.
    version = re.search(r'name="version" value="(\d+)"', conflict)[1]
    posted = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', conflict))
    kari.post(url, {**posted, "version": version, "choice-title": "mine"}, headers=HTMX)
    cast.goal.refresh_from_db()
    assert cast.goal.title == "More pumps"


def test_undo_goes_where_saving_goes_and_nowhere_else(cast):
    client = cast.client("kam")
    url = f"/plans/goals/{cast.goal.pk}/edit/title/"
    html = save(client, url, "title", "New", cast.goal.version).content.decode()
    form = undo_form(html)
    assert cast.client("contributor").post(url, form, headers=HTMX).status_code == 403
    assert cast.client("outsider").post(url, form, headers=HTMX).status_code == 404
    for undo in ("0", "999999", "x", "-1"):
        assert client.post(url, {**form, "undo": undo}, headers=HTMX).status_code == 404
    cast.goal.refresh_from_db()
    assert cast.goal.title == "New"


# --- sixty-four ---------------------------------------------------------------------------------------

MANY = 64


@pytest.fixture
def web(transactional_db, tmp_path) -> Iterator[str]:
    """The address of gunicorn with two processes, as in production, over the test's own database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = connection.settings_dict
    address = (
        f"postgres://{database['USER']}:{database['PASSWORD']}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "kam.settings.test",
        "DATABASE_URL": address,
        "KAM_TEST_DB": settings.CACHES["default"]["KEY_PREFIX"],
    }
    command = [sys.executable, "-m", "gunicorn", "kam.wsgi", "--workers=2", "--threads=6"]
    command += [f"--bind=127.0.0.1:{port}", "--timeout=120", "--log-level=warning"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            for _try in range(300):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')
TEXT = re.compile(r"<textarea[^>]*>\n?(.*?)</textarea>", re.DOTALL)


class Writer:
    """One of many, in a browser of their own: reads a form, writes, asks again where they collide."""

    def __init__(self, site, user, number):
        client = Client()
        client.force_login(user, backend="kam.auth.ShellBackend")
        self.site, self.number = site, number
        self.http = requests.Session()
        self.http.headers["Connection"] = "close"  # nobody waits on a connection that is idle
        self.http.cookies.set(
            settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value
        )

    def form(self, url):
        html = self.http.get(self.site + url, headers=HTMX, timeout=120).text
        text = TEXT.search(html)[1]
        return TOKEN.search(html)[1], VERSION.search(html)[1], text

    def save(self, url, body, token, version):
        """The answer's status, and what it says."""
        data = {
            "body": body,
            "version": version,
            "_touched": "body",
            "csrfmiddlewaretoken": token,
        }
        headers = {**HTMX, "Referer": self.site}
        answer = self.http.post(self.site + url, data, headers=headers, timeout=120)
        assert answer.status_code in (204, 409), (answer.status_code, answer.text[:200])
        return answer.status_code, answer.text

    def write_own(self, url):
        token, version, _text = self.form(url)
        assert self.save(url, f"own{self.number}.", token, version)[0] == 204

    def add_to_shared(self, url):
        """Adds a word to what is there, asking again until it is taken."""
        for _try in range(100):
            token, version, text = self.form(url)
            if self.save(url, f"{text} w{self.number}.".strip(), token, version)[0] == 204:
                return
        raise AssertionError("never came to write")


@pytest.mark.django_db(transaction=True)
def test_sixty_four_people_write_in_one_plan_and_no_acknowledged_word_is_lost(cast, web):
    """First each writes a section of their own, all at once. Then all have read the same section and
    save it at the same moment: one is taken, the others get their own words back beside it. Then some
    of these add their word until it is taken. Whatever was answered with "saved" is there."""
    people = [person(f"Writer N{n}", Role.CONTRIBUTOR) for n in range(MANY)]
    AccountTeamMember.objects.bulk_create(
        AccountTeamMember(account=cast.account, user=p, function="deputy", may_edit=True)
        for p in people
    )
    own = [Section.objects.create(plan=cast.plan, kind="other", title=f"S{n}") for n in range(MANY)]
    shared = f"/plans/sections/{cast.section.pk}/edit/body/"
    writers = [Writer(web, p, n) for n, p in enumerate(people)]
    start = Barrier(MANY, timeout=300)

    def work(writer):
        start.wait()
        writer.write_own(f"/plans/sections/{own[writer.number].pk}/edit/body/")
        token, version, _text = writer.form(shared)
        start.wait()
        status, text = writer.save(shared, f"w{writer.number}.", token, version)
        assert status == 204 or f"w{writer.number}." in text
        start.wait()
        if status == 409 and writer.number % 16 == 0:
            writer.add_to_shared(shared)
            status = 204
        return writer.number if status == 204 else None

    with ThreadPoolExecutor(MANY) as pool:
        taken = [n for n in pool.map(work, writers) if n is not None]
    bodies = dict(Section.objects.filter(plan=cast.plan).values_list("pk", "body"))
    assert [bodies[s.pk] for s in own] == [f"own{n}." for n in range(MANY)]
    assert 4 <= len(taken) <= 5
    assert sorted(bodies[cast.section.pk].split()) == sorted(f"w{n}." for n in taken)


def test_without_the_version_words_would_be_lost(cast):
    """The proof that the test above can fail: two who save without saying what they saw."""
    change_section(cast.section, {"body": "one"}, base_version=None)
    change_section(cast.section, {"body": "two"}, base_version=None)
    cast.section.refresh_from_db()
    assert cast.section.body == "two"
