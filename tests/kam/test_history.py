"""The History panel: who changed which field from what to what; putting old values back."""

import pytest
from django.urls import reverse

from accounts.models import Account, Contact
from kam import services
from kam.history import SENSITIVE, history_of
from kam.models import AuditEntry, Substitution, User
from kam.periods import company_today
from plans.models import Review


def page(cast, name, row, **query):
    address = reverse("kam:history", args=[row._meta.label_lower, row.pk])
    return cast.client(name).get(address, query)


def edit(cast, name, row, field, value, **headers):
    client = cast.client(name)
    address = reverse("accounts:edit", args=[row.pk, field])
    response = client.post(address, {field: value, "version": row.version}, headers=headers)
    assert response.status_code in (200, 302), response.content
    row.refresh_from_db()


def events(cast, row, reader="administrator", **kwargs):
    return history_of(row, getattr(cast, reader), **kwargs).events


def test_says_who_changed_what_from_what_to_what_through_which_way(cast):
    edit(cast, "kam", cast.account, "level", "global")
    event = events(cast, cast.account)[0]
    (change,) = event.changes
    assert (event.who, event.what, event.source) == ("Kari Kam", "changed it", "page")
    assert (change.label, change.before, change.after) == ("Level", "Territory", "Global")


def test_related_rows_are_named_only_where_the_reader_sees_them(cast):
    cast.account.parent = cast.foreign
    cast.account.save()
    seen = events(cast, cast.account)[0].changes[0]
    assert seen.after == "Skåne Foods"
    hidden = events(cast, cast.account, "kam")[0].changes[0]
    assert hidden.after == "(not for you to see)"


def test_kept_data_is_not_spelled_out(cast):
    review = Review.objects.create(
        plan=cast.plan, kind=Review.Kind.ACTIVITIES, due_on=company_today()
    )
    review.agenda = {"parts": [{"part": "late", "rows": [{"numbers": [None]}]}]}
    review.save()
    (change,) = events(cast, review)[0].changes
    assert (change.label, change.before, change.after) == ("Agenda", None, "recorded")


def test_what_a_substitute_did_shows_both_names(cast):
    today = company_today()
    Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=today, ends_on=today
    )
    client = cast.client("outsider")
    row = Substitution.objects.get()
    client.post("/act-for/", {"substitution": row.pk})
    address = reverse("accounts:edit", args=[cast.account.pk, "level"])
    client.post(address, {"level": "global", "version": cast.account.version})
    event = events(cast, cast.account)[0]
    assert (event.who, event.for_whom) == ("Ola Outsider", "Kari Kam")


def test_a_bulk_write_past_the_models_is_in_the_history_too(cast):
    Account.objects.filter(pk=cast.account.pk).update(name="Renamed")
    change = events(cast, cast.account)[0].changes[0]
    assert (change.before, change.after) == ("Fjord Shipyards", "Renamed")
    entry = AuditEntry.objects.order_by("-id").first()
    assert (entry.model, entry.row_id, entry.fields) == (
        "accounts.account",
        cast.account.pk,
        ["name"],
    )


def test_archiving_and_coming_back_are_told_in_words(cast):
    from kam.editing import archive, restore

    restore(archive(cast.contact))
    words = [event.what for event in events(cast, cast.contact)]
    assert words == ["brought it back", "archived it", "created it"]


def test_secrets_are_in_no_history(cast):
    cast.kam.set_password("a new password")
    cast.kam.save()
    services.change_person(cast.kam, {"title": "Senior"}, base_version=None)
    names = {c.name for event in events(cast, cast.kam) for c in event.changes}
    assert names == {"title"}
    columns = {f.name for f in User._meta.get_field("events").related_model._meta.fields}
    assert not columns & SENSITIVE


def test_long_histories_are_read_page_by_page(cast):
    for i in range(25):
        Account.objects.filter(pk=cast.account.pk).update(name=f"Name {i}")
    first = history_of(cast.account, cast.kam, size=10)
    second = history_of(cast.account, cast.kam, size=10, before=first.next)
    assert [e.changes[0].after for e in first.events][-1] == "Name 15"
    assert next(e.changes[0].after for e in second.events) == "Name 14"


# --- putting back -----------------------------------------------------------------------------------
def put_back(cast, name, row, field, event):
    address = reverse("kam:history_restore", args=[row._meta.label_lower, row.pk])
    response = cast.client(name).post(address, {"field": field, "event": event})
    row.refresh_from_db()
    return response.status_code


def test_an_old_value_comes_back_by_the_records_own_service(cast):
    edit(cast, "kam", cast.account, "level", "global")
    old = events(cast, cast.account, may=True)[0].changes[0].event
    assert put_back(cast, "kam", cast.account, "level", old) == 302
    assert cast.account.level == "territory"


def test_who_may_not_edit_may_not_put_back(cast):
    edit(cast, "kam", cast.account, "level", "global")
    old = events(cast, cast.account, may=True)[0].changes[0].event
    assert put_back(cast, "contributor", cast.account, "level", old) == 403
    assert put_back(cast, "other_kam", cast.account, "level", old) == 404
    assert cast.account.level == "global"


def test_an_event_of_another_row_is_none_of_this_one(cast):
    other = cast.foreign.events.first().pgh_id
    assert put_back(cast, "kam", cast.account, "level", other) == 404


@pytest.mark.parametrize("field", ["version", "archived_at", "path", "id", "nonsense"])
def test_fields_that_nobody_types_are_not_put_back(cast, field):
    event = cast.account.events.first().pgh_id
    assert put_back(cast, "kam", cast.account, field, event) == 403


def test_a_plans_state_is_not_put_back_past_its_steps(cast):
    event = cast.plan.events.first().pgh_id
    assert put_back(cast, "kam", cast.plan, "status", event) == 403


def test_the_last_administrator_stays_one(cast):
    first = services.enter_person(name="New", email="new@example.com", role="kam")
    services.change_person(first, {"role": "administrator"}, base_version=None)
    first.refresh_from_db()
    User.objects.filter(pk=cast.administrator.pk).update(role="kam")
    old = first.events.order_by("pgh_id").first().pgh_id
    cast.administrator = first
    assert put_back(cast, "administrator", first, "role", old) == 302
    assert first.role == "administrator"


def test_an_archived_record_comes_back(cast):
    from kam.editing import archive

    archive(cast.contact)
    assert b"Bring it back" in page(cast, "kam", cast.contact).content
    assert put_back(cast, "kam", cast.contact, "", "") == 302
    assert cast.contact.archived_at is None


# --- queries ------------------------------------------------------------------------------------
def test_the_panel_asks_the_same_number_of_questions_however_long(cast, django_assert_num_queries):
    for i in range(15):
        Account.objects.filter(pk=cast.account.pk).update(
            name=f"N{i}", owner=cast.other_kam if i % 2 else cast.kam
        )
    client = cast.client("administrator")
    address = reverse("kam:history", args=["accounts.account", cast.account.pk])
    client.get(address)
    # session (cached), person, row, may edit?, events, people, may decide?
    with django_assert_num_queries(6):
        client.get(address)


def test_people_and_settings_are_the_administrators_history(cast):
    assert page(cast, "administrator", cast.kam).status_code == 200
    assert page(cast, "management", cast.kam).status_code == 403
    assert page(cast, "kam", cast.kam).status_code == 403


def test_contacts_of_a_foreign_account_have_no_history_here(cast):
    assert page(cast, "kam", cast.foreign_contact).status_code == 404
    assert page(cast, "kam", cast.contact).status_code == 200
    assert Contact.objects.count() == 2
