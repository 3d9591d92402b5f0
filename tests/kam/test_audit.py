"""The company-wide trail: every event once, found by person, kind, source and period."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from kam.audit import source
from kam.models import AuditEntry
from plans.models import ReportKind
from plans.services.reports import order_schedule
from tests.api.conftest import ApiClient
from tests.kam.test_history import edit


@pytest.fixture
def trail(cast):
    """Kari changes an account on its page, an import and a token change others."""
    AuditEntry.objects.all().delete()
    edit(cast, "kam", cast.account, "level", "global")
    with source("import", user=cast.administrator.pk, batch=7):
        cast.foreign.name = "Skåne Foods AB"
        cast.foreign.save()
    return AuditEntry.objects.order_by("id")


def entries(cast, **query):
    response = cast.client("administrator").get(reverse("kam:audit"), query)
    assert response.status_code == 200
    return [(e["who"], e["kind"], e["source"]) for e in response.context["entries"]]


def test_each_event_is_in_the_trail_with_the_names_of_what_changed(trail, cast):
    first, second = trail
    assert (first.user_id, first.source, first.fields) == (cast.kam.pk, "page", ["level"])
    assert (second.source, second.batch_id, second.fields) == ("import", 7, ["name"])


def test_a_change_by_token_names_its_person(cast):
    from kam.models import ApiToken

    AuditEntry.objects.all().delete()
    token = ApiToken.issue(cast.kam, "script", may_write=True)[1]
    client = ApiClient(headers={"Authorization": f"Bearer {token}"})
    response = client.call("patch", f"accounts/{cast.account.pk}/", {"level": "global"})
    assert response.status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.user_id, entry.source) == (cast.kam.pk, "api")


def test_filters_narrow_it(trail, cast):
    kari, ada = ("Kari Kam", "Account", "Page"), ("Ada Admin", "Account", "Import")
    assert entries(cast) == [ada, kari]
    assert entries(cast, person=cast.kam.email) == [kari]
    assert entries(cast, source="import") == [ada]
    assert entries(cast, model="kam.team") == []
    # Two days: where the reader is it may be tomorrow already.
    later = (timezone.localdate() + timedelta(days=2)).isoformat()
    assert entries(cast, since=later) == []
    assert entries(cast, until=later) == [ada, kari]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "0043-01-01"},
        {"until": "9999-99-99"},
        {"person": "x"},
        {"person": "99999999999999999999"},
        {"model": "nonsense"},
        {"after": "broken"},
    ],
)
def test_nonsense_is_answered_and_never_an_error(trail, cast, query):
    response = cast.client("administrator").get(reverse("kam:audit"), query)
    assert response.status_code == 200


def test_paging_by_key_shows_each_entry_once(cast):
    AuditEntry.objects.all().delete()
    now = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(at=now, model="kam.team", row_id=i, event_id=i, label="update")
        for i in range(120)
    )
    client, seen, query = cast.client("administrator"), [], {}
    while True:
        page = client.get(reverse("kam:audit"), query).context["page"]
        seen += [entry.row_id for entry in page.rows]
        if not page.next:
            break
        query = {"after": page.next}
    assert seen == list(reversed(range(120)))


def test_the_trail_asks_a_constant_number_of_questions(cast, django_assert_num_queries):
    client = cast.client("administrator")
    client.get(reverse("kam:audit"))
    # (session: cached) person, entries, which of their rows are read; they name no people here
    with django_assert_num_queries(3):
        client.get(reverse("kam:audit"))


def test_only_records_that_the_reader_may_open_are_links(cast):
    """Whose report comes by mail is theirs alone; that it was ordered stands in the trail."""
    schedule = order_schedule(cast.kam, ReportKind.PORTFOLIO, cast.kam.pk, "weekly")
    client = cast.client("administrator")
    entries = client.get(reverse("kam:audit")).context["entries"]
    links = {
        entry["row_id"]: entry["url"] for entry in entries if "report" in entry["kind"].lower()
    }
    assert links == {schedule.pk: ""}
    assert any(entry["url"] for entry in entries)
    for entry in entries[:30]:
        if entry["url"]:
            assert client.get(entry["url"]).status_code == 200, entry


def test_nobody_reads_it_in_an_administrators_name(cast):
    assert not AuditEntry.objects.visible_to(cast.management).exists()
    assert AuditEntry.objects.visible_to(cast.administrator).exists()
    assert not AuditEntry.objects.editable_by(cast.administrator).exists()
