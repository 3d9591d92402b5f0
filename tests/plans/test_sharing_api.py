"""Links, comments and readers over the API."""

import pytest
from django.test import Client

from kam.models import ApiToken
from plans import joint
from plans.models import Audience, PlanComment, PlanShare, Section, SectionReader
from plans.services import comments


@pytest.fixture
def api(cast):
    def of(name: str) -> Client:
        token = ApiToken.issue(getattr(cast, name), "t", may_write=True)[1]
        return Client(headers={"Authorization": f"Bearer {token}"})

    return of


@pytest.fixture
def brit(cast):
    cast.contact.email = "brit@fjord.example"
    cast.contact.save()
    return cast.contact


def post(client, what, data):
    return client.post(f"/api/v1/{what}/", data, content_type="application/json")


def share(cast, client, contact, **more):
    data = {"plan": cast.plan.pk, "contact": contact.pk, "sections": [cast.section.pk], **more}
    return post(client, "plan-shares", data)


def test_a_link_is_given_once_shown_and_ended(cast, api, brit):
    client = api("kam")
    made = share(cast, client, brit, goals=[cast.goal.pk], mail=False)
    assert made.status_code == 201
    body = made.json()
    assert (body["sections"], body["goals"], body["activities"]) == (
        [cast.section.pk],
        [cast.goal.pk],
        [],
    )
    token = body["url"].rstrip("/").rsplit("/", 1)[1]
    assert PlanShare.objects.get().token_hash == joint.digest_of(token)
    assert Client().get(f"/joint/{token}/").status_code == 200
    again = client.get(f"/api/v1/plan-shares/{body['id']}/")
    assert again.json()["url"] is None
    assert token not in again.content.decode()
    assert token not in client.get("/api/v1/plan-shares/").content.decode()
    assert client.get(f"/api/v1/plan-share-events/?share={body['id']}").json()["results"][0][
        "what"
    ] == ("opened")
    assert client.delete(f"/api/v1/plan-shares/{body['id']}/").status_code == 204
    assert Client().get(f"/joint/{token}/").status_code == 410
    assert client.post(f"/api/v1/plan-shares/{body['id']}/restore/").status_code == 404


def test_who_only_reads_makes_no_link_and_names_no_foreign_rows(cast, api, brit):
    assert share(cast, api("contributor"), brit).status_code == 403
    foreign = Section.objects.create(plan=cast.foreign_plan, kind="risks")
    assert share(cast, api("kam"), brit, sections=[foreign.pk]).status_code == 400
    assert share(cast, api("administrator"), brit, sections=[foreign.pk]).status_code == 400
    assert share(cast, api("kam"), brit, expires_on="2001-01-01").status_code == 400
    assert not PlanShare.objects.exists()


def test_a_kept_back_section_is_not_listed_at_a_link_for_who_does_not_read_it(cast, api, brit):
    made = share(cast, api("kam"), brit, mail=False).json()
    Section.objects.filter(pk=cast.section.pk).update(audience=Audience.LEADERS)
    url = f"/api/v1/plan-shares/{made['id']}/"
    assert api("contributor").get(url).json()["sections"] == []
    assert api("kam").get(url).json()["sections"] == [cast.section.pk]


def test_comments_are_written_changed_and_resolved(cast, api):
    carl, kari = api("contributor"), api("kam")
    made = post(carl, "plan-comments", {"plan": cast.plan.pk, "body": "Hm @Kari Kam"})
    assert made.status_code == 201
    url = f"/api/v1/plan-comments/{made.json()['id']}/"
    change = {"data": {"body": "Better"}, "content_type": "application/json"}
    assert kari.patch(url, **change).status_code == 403
    assert carl.patch(url, **change).json()["body"] == "Better"
    assert kari.post(f"{url}resolve/").json()["resolved_by"] == cast.kam.pk
    assert carl.post(f"{url}reopen/").json()["resolved_at"] is None
    assert (
        post(kari, "plan-comments", {"plan": cast.plan.pk, "body": "@Odd Other"}).status_code == 400
    )


def test_comments_on_kept_sections_and_sections_of_other_plans(cast, api):
    Section.objects.filter(pk=cast.section.pk).update(audience=Audience.LEADERS)
    cast.section.refresh_from_db()
    comments.add_comment(cast.plan, "secret", author=cast.kam, section=cast.section)
    assert api("contributor").get("/api/v1/plan-comments/").json()["results"] == []
    said = {"plan": cast.plan.pk, "section": cast.section.pk, "body": "x"}
    assert post(api("contributor"), "plan-comments", said).status_code == 400
    other = Section.objects.create(plan=cast.foreign_plan, kind="risks")
    said = {"plan": cast.plan.pk, "section": other.pk, "body": "x"}
    assert post(api("administrator"), "plan-comments", said).status_code == 400
    assert PlanComment.objects.count() == 1


def test_readers_are_named_and_taken_away(cast, api):
    Section.objects.filter(pk=cast.section.pk).update(audience=Audience.NAMED)
    kari = api("kam")
    named = {"section": cast.section.pk, "user": cast.contributor.pk}
    made = post(kari, "section-readers", named)
    assert made.status_code == 201
    assert Section.objects.visible_to(cast.contributor).filter(pk=cast.section.pk).exists()
    blind = {"section": cast.section.pk, "user": cast.other_kam.pk}
    assert post(kari, "section-readers", blind).status_code == 400
    assert post(api("contributor"), "section-readers", named).status_code == 403
    assert kari.delete(f"/api/v1/section-readers/{made.json()['id']}/").status_code == 204
    assert not SectionReader.objects.active().exists()
