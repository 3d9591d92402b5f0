"""A section that is kept to some of us: no outlet shows it to anybody else."""

import json
from datetime import timedelta

import pgtrigger
import pytest
from django.utils import timezone

from kam.models import ApiToken, AuditEntry
from plans import reports
from plans.models import Audience, Section, SectionReader
from plans.services import comments, confidentiality, sections

SECRET = "Zanzibar"
OUTSIDE = ("contributor", "editor", "administrator")


@pytest.fixture
def kept(cast) -> Section:
    """Kept to leaders; written twice, so that there is an old value to put back."""
    section = sections.change_section(cast.section, {"body": f"{SECRET} one"}, base_version=None)
    confidentiality.keep_to(section, Audience.LEADERS, by=cast.kam)
    section.refresh_from_db()
    section.title = f"{SECRET} heading"
    section.body = f"{SECRET} two"
    section.save()
    return section


def html_of(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("who", OUTSIDE)
def test_pages_history_and_search_do_not_know_it(cast, kept, who):
    client = cast.client(who)
    for url in (
        f"/plans/{cast.plan.pk}/",
        f"/plans/{cast.plan.pk}/sections/",
        f"/plans/{cast.plan.pk}/comments/",
        f"/plans/{cast.plan.pk}/links/",
        f"/history/plans.accountplan/{cast.plan.pk}/",
        f"/search/?q={SECRET}",
        "/plans/?export=csv",
        f"/plans/{cast.plan.pk}/versions/",
        f"/plans/{cast.plan.pk}/quality/",
        f"/plans/{cast.plan.pk}/why/",
    ):
        response = client.get(url)
        assert response.status_code == 200, url
        content = b"".join(response.streaming_content) if response.streaming else response.content
        found = content.decode(errors="replace").replace(f'value="{SECRET}"', "")
        assert SECRET not in found.replace(f"“{SECRET}”", ""), url
    for url in (
        f"/history/plans.section/{kept.pk}/",
        f"/plans/sections/{kept.pk}/edit/body/",
        f"/plans/sections/{kept.pk}/readers/",
        f"/plans/sections/{kept.pk}/known/",
    ):
        assert client.get(url).status_code == 404, url
    event = kept.events.order_by("pgh_id").last()
    put_back = {"field": "body", "event": event.pgh_id}
    assert client.post(f"/history/plans.section/{kept.pk}/restore/", put_back).status_code == 404
    assert client.post(f"/plans/sections/{kept.pk}/archive/").status_code == 404


def test_the_trail_names_the_row_and_never_what_it_says(cast, kept):
    entries = AuditEntry.objects.filter(model="plans.section", row_id=kept.pk)
    assert entries.exists()
    assert SECRET not in html_of(cast.client("administrator").get("/administration/audit/"))


@pytest.mark.parametrize("who", OUTSIDE)
def test_the_pdf_leaves_it_out(cast, kept, who):
    texts = str(reports.prepare(getattr(cast, who), "plan", cast.plan.pk, cast.plan.year).context)
    assert SECRET not in texts


def test_the_pdf_of_a_reader_holds_it(cast, kept):
    context = reports.prepare(cast.leader, "plan", cast.plan.pk, cast.plan.year).context
    assert SECRET in str(context)


@pytest.mark.parametrize("who", [*OUTSIDE, "service"])
def test_the_api_does_not_know_it(cast, kept, who):
    secret = ApiToken.issue(getattr(cast, who), "t", may_write=True)[1]
    client = cast.client(who)
    client.logout()
    headers = {"Authorization": f"Bearer {secret}"}
    root = client.get("/api/v1/", headers=headers).json()
    for name, url in root.items():
        if not any(word in name for word in ("plan", "section", "comment", "share")):
            continue
        if name == "plans":
            url = f"{url}{cast.plan.pk}/quality/"
        response = client.get(url, headers=headers)
        assert response.status_code == 200, url
        assert SECRET not in json.dumps(response.json()), url


def test_readers_read_it(cast, kept):
    for who in ("kam", "leader", "region_leader", "management"):
        assert SECRET in html_of(cast.client(who).get(f"/plans/{cast.plan.pk}/")), who


def readers_page(cast, who, section, **data):
    client = cast.client(who)
    url = f"/plans/sections/{section.pk}/readers/"
    if not data:
        return client.get(url)
    section.refresh_from_db()
    return client.post(url, {"version": section.version, **data})


def test_named_people_are_chosen_from_those_who_see_the_account(cast):
    html = html_of(readers_page(cast, "kam", cast.section))
    assert "Carl Contributor" in html
    assert "Odd Other" not in html
    response = readers_page(
        cast, "kam", cast.section, audience="named", people=[cast.contributor.pk]
    )
    assert response.status_code == 302
    seen = {
        name
        for name, person in cast.people.items()
        if Section.objects.visible_to(person).filter(pk=cast.section.pk).exists()
    }
    assert seen == {"kam", "contributor"}
    assert (
        readers_page(
            cast, "kam", cast.section, audience="named", people=[cast.other_kam.pk]
        ).status_code
        == 422
    )
    badge = html_of(cast.client("kam").get(f"/plans/{cast.plan.pk}/"))
    assert "Named people" in badge


def test_the_page_is_for_who_may_change_it_and_reads_it(cast, kept):
    assert readers_page(cast, "leader", kept).status_code == 200
    assert readers_page(cast, "management", kept).status_code == 403  # reads, does not change
    assert readers_page(cast, "editor", kept).status_code == 404  # changes, does not read
    assert readers_page(cast, "outsider", kept).status_code == 404


def test_nobody_locks_themselves_out(cast):
    response = readers_page(cast, "leader", cast.section, audience="named", people=[])
    assert response.status_code == 422
    assert "Name yourself" in html_of(response)
    response = readers_page(cast, "editor", cast.section, audience="leaders")
    assert "Choose another circle" in html_of(response)
    cast.section.refresh_from_db()
    assert cast.section.audience == Audience.ACCOUNT
    assert not SectionReader.objects.exists()


def test_an_audience_that_somebody_else_changed_meanwhile_is_asked_about(cast):
    version = cast.section.version
    readers_page(cast, "kam", cast.section, audience="leaders")
    client = cast.client("leader")
    url = f"/plans/sections/{cast.section.pk}/readers/"
    response = client.post(url, {"version": version, "audience": "account"})
    assert response.status_code in (422, 302)
    cast.section.refresh_from_db()
    assert cast.section.audience == Audience.LEADERS


# --- opened later: what was written for few stays theirs ----------------------------------------------


@pytest.fixture
def opened(cast, kept) -> Section:
    """Written for leaders, then put into other words and opened to all who see the account."""
    clean = {"title": "", "body": "All is well.", "audience": Audience.ACCOUNT}
    section = sections.change_section(kept, clean, base_version=None)
    assert section.version > kept.version
    return section


def _at(event, moment):
    with pgtrigger.ignore():
        type(event).objects.filter(pk=event.pk).update(pgh_created_at=moment)


def _hours_ago(row, hours):
    """One transaction has one time: the row's events so far get an earlier one."""
    for event in row.events.all():
        _at(event, timezone.now() - timedelta(hours=hours))


@pytest.mark.parametrize("who", ["contributor", "editor", "administrator", "kam", "leader"])
def test_what_a_comment_said_while_its_section_was_closed_stays_closed(cast, kept, who):
    comment = comments.add_comment(
        cast.plan, f"{SECRET} is nearly bankrupt", author=cast.leader, section=kept
    )
    comments.change_comment(comment, {"body": "We watch this."}, base_version=None)
    clean = {"title": "", "body": "All is well.", "audience": Audience.ACCOUNT}
    sections.change_section(kept, clean, base_version=None)
    _hours_ago(kept, 2)
    _hours_ago(comment, 1)
    opening = kept.events.order_by("pgh_id").last()
    _at(opening, timezone.now() - timedelta(minutes=30))
    client = cast.client(who)
    history = f"/history/plans.plancomment/{comment.pk}/"
    assert "We watch this." in html_of(client.get(f"/plans/{cast.plan.pk}/comments/"))
    assert (SECRET in html_of(client.get(history))) == (who not in OUTSIDE)
    comments.change_comment(comment, {"body": "Now we do not."}, base_version=None)
    comments.change_comment(comment, {"body": "And now again."}, base_version=None)
    page = html_of(client.get(history))
    assert "Now we do not." in page  # written for all
    assert (SECRET in page) == (who not in OUTSIDE)


def test_an_old_value_written_for_few_is_not_put_back_by_who_could_not_read_it(cast, opened):
    secret = opened.events.filter(body=f"{SECRET} two").order_by("pgh_id").first()
    client = cast.client("editor")
    history = f"/history/plans.section/{opened.pk}/restore/"
    edit = f"/plans/sections/{opened.pk}/edit/body/"
    assert client.post(history, {"field": "body", "event": secret.pgh_id}).status_code == 404
    assert client.post(edit, {"undo": secret.version, "version": opened.version}).status_code == 404
    opened.refresh_from_db()
    assert opened.body == "All is well."
    assert cast.client("kam").post(
        history, {"field": "body", "event": secret.pgh_id}
    ).status_code in (302, 303)
    opened.refresh_from_db()
    assert opened.body == f"{SECRET} two"


def test_a_conflict_does_not_tell_what_was_written_for_few(cast, opened):
    secret = opened.events.filter(body=f"{SECRET} two").order_by("pgh_id").first()
    edit = f"/plans/sections/{opened.pk}/edit/body/"
    api = f"/api/v1/sections/{opened.pk}/"
    for who in ("editor", "kam"):
        data = {"body": "Mine", "version": secret.version, "_touched": "body"}
        page = cast.client(who).post(edit, data, headers={"HX-Request": "true"})
        assert page.status_code == 409
        token = ApiToken.issue(getattr(cast, who), "t", may_write=True)[1]
        answer = cast.client(who).patch(
            api, json.dumps({"body": "Mine"}), content_type="application/json",
            headers={"Authorization": f"Bearer {token}", "If-Match": f'"{secret.version}"'},
        )  # fmt: skip
        assert answer.status_code == 412
        (told,) = answer.json()["conflicts"]
        assert told["theirs"] == "All is well."
        for text in (html_of(page), answer.content.decode()):
            assert (SECRET in text) == (who == "kam")
