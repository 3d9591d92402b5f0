"""Plans over the API: made, changed, submitted, decided; the same services and scope as the pages."""

from decimal import Decimal

import pytest

from kam.editing import archive
from plans.models import AccountPlan, TargetMonth


def test_a_plan_is_made_with_targets_from_last_year(api, cast):
    response = api("kam").call(
        "post", "plans/", {"account": cast.account.pk, "year": 2027, "growth": "10"}
    )
    assert response.status_code == 201, response.json()
    plan = AccountPlan.objects.get(pk=response.json()["id"])
    assert plan.currency == "NOK"
    months = TargetMonth.objects.filter(target__plan=plan)
    assert sum(m.revenue for m in months) == Decimal("1100.00")  # 1,000 sold in 2026


def test_a_second_plan_for_the_year_is_refused_with_a_sentence(api, cast):
    response = api("kam").call("post", "plans/", {"account": cast.account.pk, "year": 2026})
    assert response.status_code == 400
    assert "has a plan for this year already" in response.json()["detail"]


@pytest.mark.parametrize("name", ["foreign", "unowned"])
def test_a_foreign_account_does_not_exist_for_the_caller(api, cast, name):
    account = getattr(cast, name)
    response = api("kam").call("post", "plans/", {"account": account.pk, "year": 2027})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "account"


@pytest.mark.parametrize("name", ["contributor", "editor", "management"])
def test_who_does_not_answer_for_the_account_cannot_make_a_plan(api, cast, name):
    response = api(name).call("post", "plans/", {"account": cast.account.pk, "year": 2027})
    assert response.status_code == 403
    assert "answer for Fjord Shipyards" in response.json()["detail"]
    assert not AccountPlan.objects.filter(year=2027).exists()


@pytest.mark.parametrize(
    ("name", "status"),
    [("kam", 200), ("leader", 200), ("contributor", 403), ("management", 403), ("other_kam", 404)],
)
def test_who_changes_a_plan(api, cast, name, status):
    response = api(name).call("patch", f"plans/{cast.plan.pk}/", {"summary": "Uptime"})
    assert response.status_code == status


def test_the_account_of_a_plan_stays(api, cast):
    api("administrator").call("patch", f"plans/{cast.plan.pk}/", {"account": cast.foreign.pk})
    cast.plan.refresh_from_db()
    assert cast.plan.account == cast.account


def test_a_plan_is_submitted_by_its_kam_and_decided_by_the_leader_once(api, cast):
    url = f"plans/{cast.plan.pk}/"
    assert api("kam").call("post", url + "submit/").json()["status"] == "submitted"
    assert api("kam").call("post", url + "approve/").status_code == 403
    assert api("south_leader").call("post", url + "approve/").status_code == 404
    assert api("leader").call("post", url + "return/").status_code == 400  # without words
    assert (
        api("leader").call("post", url + "approve/", {"note": "Go."}).json()["status"] == "active"
    )
    again = api("management").call("post", url + "return/", {"note": "No."})
    assert again.status_code == 400
    assert "Lena Leader has decided" in again.json()["detail"]


def test_a_submitted_plan_stands_still(api, cast):
    client = api("kam")
    client.call("post", f"plans/{cast.plan.pk}/submit/")
    for path, change in (
        (f"plans/{cast.plan.pk}/", {"summary": "Late thought"}),
        (f"goals/{cast.goal.pk}/", {"title": "Late thought"}),
        (f"target-months/{cast.target.months.get().pk}/", {"revenue": "1"}),
    ):
        response = client.call("patch", path, change)
        assert response.status_code == 400, path
        assert "waits for a decision" in response.json()["detail"]


def test_a_target_is_phased_to_the_cent(api, cast):
    cast.target.delete()
    response = api("kam").call(
        "post", "targets/", {"plan": cast.plan.pk, "line": cast.line.pk, "revenue": "1000.00"}
    )
    assert response.status_code == 201, response.json()
    months = TargetMonth.objects.filter(target=response.json()["id"])
    assert len(months) == 12
    assert sum(m.revenue for m in months) == Decimal("1000.00")


def test_an_activity_names_only_people_who_see_the_account(api, cast):
    data = {"plan": cast.plan.pk, "title": "Call", "responsible": cast.other_kam.pk}
    response = api("kam").call("post", "activities/", data)
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "responsible"


def test_a_foreign_contact_cannot_be_named(api, cast):
    data = {"plan": cast.plan.pk, "title": "Call", "contact": cast.foreign_contact.pk}
    response = api("kam").call("post", "activities/", data)
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "contact"


def test_delete_archives_and_restore_brings_back(api, cast):
    client = api("kam")
    url = f"activities/{cast.activity.pk}/"
    assert client.call("delete", url).status_code == 204
    cast.activity.refresh_from_db()
    assert cast.activity.archived_at is not None
    assert client.call("post", url + "restore/").status_code == 204
    cast.activity.refresh_from_db()
    assert cast.activity.archived_at is None


def test_an_archived_account_gets_no_plan_and_its_plan_no_goal(api, cast):
    archive(cast.account)
    client = api("kam")
    for path, fields in (
        ("plans/", {"account": cast.account.pk, "year": 2027}),
        ("goals/", {"plan": cast.plan.pk, "title": "x", "metric": "y"}),
    ):
        response = client.call("post", path, fields)
        assert response.status_code == 400
        assert "is archived. Restore it first." in response.json()["detail"]
