"""Criteria over the API: versions in whole, rows of drafts, comparisons, activation."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kam.periods import company_today
from portfolio.models import CriteriaVersion, Criterion
from portfolio.services import criteria
from tests.api.conftest import api  # noqa: F401 - a fixture
from tests.plans.test_plan_pages import queries

SOUND = ["contribution", "contribution_margin", "attainable", "needs"]


@pytest.fixture
def draft(db) -> CriteriaVersion:
    return criteria.create_version("2026", picks=SOUND)


def test_a_version_is_read_whole(cast, api, draft):  # noqa: F811
    reader = api("kam")
    body = reader.call("get", f"criteria-versions/{draft.pk}/").json()
    assert (body["state"], len(body["groups"])) == ("draft", 3)
    first = body["groups"][0]["criteria"][0]
    assert (first["code"], first["measure"]) == ("contribution", "contribution_12m")


def test_a_list_of_versions_makes_four_queries_however_many(cast, api, draft):  # noqa: F811
    for number in range(5):
        criteria.create_version(f"v{number}", picks=SOUND)
    reader = api("kam")
    reader.call("get", "criteria-versions/")
    with queries(["kam_apitoken", "criteriaversion", "criteriongroup", "portfolio_criterion"]):
        body = reader.call("get", "criteria-versions/").json()
    assert len(body["results"]) == 6


def test_a_version_is_made_from_the_library_or_a_copy(cast, api, draft):  # noqa: F811
    ada = api("administrator")
    made = ada.call("post", "criteria-versions/", {"name": "A", "library": ["needs"]})
    assert made.status_code == 201, made.json()
    assert made.json()["groups"][0]["criteria"][0]["code"] == "needs"
    copy = ada.call("post", "criteria-versions/", {"name": "B", "copy_of": draft.pk})
    assert len(copy.json()["groups"]) == 3
    wrong = ada.call("post", "criteria-versions/", {"name": "C", "library": ["luck"]})
    assert wrong.status_code == 400
    assert not CriteriaVersion.objects.filter(name="C").exists()


def test_a_criterion_is_added_changed_and_refused(cast, api, draft):  # noqa: F811
    ada = api("administrator")
    group = draft.groups.get(name="Room to grow")
    made = ada.call(
        "post", "criteria/", {"group": group.pk, "code": "sites", "name": "Sites", "weight": "2"}
    )
    assert made.status_code == 201, made.json()
    path = f"criteria/{made.json()['id']}/"
    changed = ada.call("patch", path, {"weight": "3"}, **{"If-Match": made["ETag"]})
    assert changed.json()["weight"] == "3.0000"
    stale = ada.call("patch", path, {"weight": "4"}, **{"If-Match": made["ETag"]})
    assert stale.status_code == 412
    wrong = ada.call("patch", path, {"function": "bands"})
    assert (wrong.status_code, wrong.json()["errors"][0]["attr"]) == (400, "band_values")
    assert ada.call("delete", path).status_code == 204
    assert not group.criteria.active().filter(code="sites").exists()
    assert ada.call("post", path + "restore/").status_code == 204


def test_a_group_is_added_and_changed(cast, api, draft):  # noqa: F811
    ada = api("administrator")
    made = ada.call(
        "post",
        "criterion-groups/",
        {"criteria_version": draft.pk, "axis": "risk", "name": "Ties"},
    )
    assert made.status_code == 201, made.json()
    path = f"criterion-groups/{made.json()['id']}/"
    assert ada.call("patch", path, {"weight": "2.5"}).json()["weight"] == "2.5000"


def test_what_is_in_force_does_not_change(cast, api, draft):  # noqa: F811
    ada = api("administrator")
    answer = ada.call("post", f"criteria-versions/{draft.pk}/activate/")
    assert (answer.status_code, answer.json()["state"]) == (200, "active")
    assert answer.json()["activated_by"] == cast.administrator.pk
    row = Criterion.objects.get(code="needs")
    assert ada.call("patch", f"criteria/{row.pk}/", {"weight": "3"}).status_code == 403
    cut = ada.call("patch", f"criteria-versions/{draft.pk}/", {"potential_cut": "3"})
    assert cut.status_code == 400
    group = {"criteria_version": draft.pk, "axis": "risk", "name": "x"}
    assert ada.call("post", "criterion-groups/", group).status_code == 400


def test_an_unsound_draft_says_what_it_lacks(cast, api, db):  # noqa: F811
    version = criteria.create_version("empty")
    answer = api("administrator").call("post", f"criteria-versions/{version.pk}/activate/")
    assert answer.status_code == 400
    assert "Profitability has no criteria" in str(answer.json())


def test_comparisons_of_several_people_become_weights(cast, api, draft):  # noqa: F811
    group = draft.groups.get(name="What the account earns us")
    sheet = {"criteria_version": draft.pk, "axis": group.axis, "group": group.pk}
    for person, ratio in (("kam", "2"), ("leader", "8")):
        answer = api(person).call("post", "pairwise-comparisons/", {**sheet, "ratios": [ratio]})
        assert answer.status_code == 201, answer.json()
        assert answer.json()["person"] == getattr(cast, person).pk
    own = answer.json()["id"]
    assert api("kam").call("patch", f"pairwise-comparisons/{own}/", {}).status_code == 403
    where = f"criteria-versions/{draft.pk}/"
    ask = f"weighing/?axis={group.axis}&group={group.pk}"
    body = api("outsider").call("get", where + ask).json()
    assert (body["weights"], body["people"]) == (["0.800000000", "0.200000000"], 2)
    asked = {"axis": group.axis, "group": group.pk}
    assert api("kam").call("post", where + "apply-weights/", asked).status_code == 403
    assert api("service").call("post", where + "apply-weights/", asked).status_code == 200
    assert Criterion.objects.get(code="contribution").weight == Decimal(80)
    wrong = {"axis": "risk", "group": group.pk}
    assert api("service").call("post", where + "apply-weights/", wrong).status_code == 400


def test_a_criterion_moves_and_a_draft_waits_for_its_date(cast, api, draft):  # noqa: F811
    ada = api("administrator")
    row, other = Criterion.objects.get(code="contribution"), Criterion.objects.get(code="needs")
    path = f"criteria/{row.pk}/move/"
    moved = ada.call("post", path, {"group": other.group_id, "after": other.pk}).json()
    assert (moved["group"], moved["position"]) == (other.group_id, 2)
    assert ada.call("post", path, {"group": row.group_id, "after": other.pk}).status_code == 400
    assert ada.call("post", path, {"group": 0}).status_code == 400
    day = (company_today() + timedelta(days=3)).isoformat()
    path = f"criteria-versions/{draft.pk}/"
    held = ada.call("post", f"{path}activate/", {"activate_on": day})
    assert (held.status_code, held.json()["state"], held.json()["activate_on"]) == (
        200, "draft", day,
    )  # fmt: skip
    assert ada.call("patch", f"criteria/{row.pk}/", {"weight": "3"}).status_code == 403
    assert ada.call("post", f"{path}unschedule/").json()["activate_on"] is None
    wrong = ada.call("post", f"{path}activate/", {"activate_on": "2020-01-01"})
    assert wrong.status_code == 400
