"""A section that is kept to some of us: no outlet shows it to anybody else."""

import json

import pytest

from kam.models import ApiToken, AuditEntry
from plans import reports
from plans.models import Audience, Section, SectionReader
from plans.services import confidentiality, sections

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
