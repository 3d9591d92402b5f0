"""Editing where a value stands: the form, the answers, and two people at once."""

import pytest

from accounts.models import Account, Contact
from kam.inplace import VERSION_HEADER

HX = {"HX-Request": "true"}


def url(row, field: str) -> str:
    base = "/accounts/contacts" if isinstance(row, Contact) else "/accounts"
    return f"{base}/{row.pk}/edit/{field}/"


def open_form(client, row, field: str) -> dict[str, str]:
    """What a browser would send back unchanged."""
    page = client.get(url(row, field), headers=HX)
    form = page.context["form"]
    data = {"version": str(page.context["version"])}
    for bound in form:
        value = bound.field.prepare_value(bound.value())
        text = "" if value is None or value is False else str(value)
        data |= {bound.html_name: text, bound.html_initial_name: text}
    return data


def test_the_form_is_a_fragment_for_htmx_and_a_page_without(cast):
    client = cast.client("kam")
    part = client.get(url(cast.account, "name"), headers=HX).content.decode()
    page = client.get(url(cast.account, "name")).content.decode()
    assert "<html" not in part
    assert part.count("<form") == 1
    assert 'value="Fjord Shipyards"' in part
    assert "<html" in page
    assert 'name="version" value="1"' in page


def test_saving_gives_the_value_its_save_state_and_the_new_version(cast):
    client = cast.client("kam")
    data = open_form(client, cast.account, "name") | {"name": "Fjord Yards"}
    answer = client.post(url(cast.account, "name"), data, headers=HX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Fjord Yards" in text
    assert "Saved" in text
    assert answer[VERSION_HEADER] == "2"
    assert f'id="account-{cast.account.pk}-name"' in text


def test_saving_without_htmx_leads_back_to_the_row(cast):
    client = cast.client("kam")
    data = open_form(client, cast.account, "level") | {"level": "global"}
    answer = client.post(url(cast.account, "level"), data)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/accounts/{cast.account.pk}/")
    assert Account.objects.get(pk=cast.account.pk).level == "global"


def test_cancelling_gives_the_value_back(cast):
    answer = cast.client("kam").get(url(cast.account, "name") + "?cancel", headers=HX)
    assert "<form" not in answer.content.decode()
    assert "Fjord Shipyards" in answer.content.decode()


def test_an_error_is_said_at_the_field_and_nothing_is_saved(cast):
    client = cast.client("kam")
    data = open_form(client, cast.account, "number") | {"number": "B1"}
    answer = client.post(url(cast.account, "number"), data, headers=HX)
    assert answer.status_code == 422
    assert "Another account has this number." in answer.content.decode()
    assert 'value="B1"' in answer.content.decode(), "what was typed stays"
    assert Account.objects.get(pk=cast.account.pk).number == "A1"


def test_two_fields_of_a_page_are_saved_one_after_another(cast):
    client = cast.client("kam")
    first, second = (open_form(client, cast.account, f) for f in ("name", "level"))
    assert (
        client.post(url(cast.account, "name"), first | {"name": "N"}, headers=HX).status_code == 200
    )
    answer = client.post(url(cast.account, "level"), second | {"level": "global"}, headers=HX)
    assert answer.status_code == 200
    row = Account.objects.get(pk=cast.account.pk)
    assert (row.name, row.level, row.version) == ("N", "global", 3)


# --- two people -----------------------------------------------------------------------------------
def test_the_second_of_two_is_shown_both_values(cast):
    kari, eva = cast.client("kam"), cast.client("editor")
    hers, his = (open_form(c, cast.account, "name") for c in (kari, eva))
    eva.post(url(cast.account, "name"), his | {"name": "Eva's"}, headers=HX)
    answer = kari.post(url(cast.account, "name"), hers | {"name": "Kari's"}, headers=HX)
    text = answer.content.decode()
    assert answer.status_code == 409
    for words in ("Fjord Shipyards", "Eva&#x27;s", "Kari&#x27;s", "Eva Editor"):
        assert words in text
    assert Account.objects.get(pk=cast.account.pk).name == "Eva's"


@pytest.mark.parametrize(("choice", "name"), [("mine", "Kari's"), ("theirs", "Eva's")])
def test_a_conflict_is_settled_either_way(cast, choice, name):
    kari = cast.client("kam")
    hers = open_form(kari, cast.account, "name")
    Account.objects.filter(pk=cast.account.pk).update(name="Eva's")
    refused = kari.post(url(cast.account, "name"), hers | {"name": "Kari's"}, headers=HX)
    again = dict(refused.context["posted"])
    again |= {"version": refused.context["version"], "choice-name": choice}
    answer = kari.post(url(cast.account, "name"), again, headers=HX)
    assert answer.status_code == 200
    assert Account.objects.get(pk=cast.account.pk).name == name


def test_a_third_change_while_settling_is_a_conflict_again(cast):
    kari = cast.client("kam")
    hers = open_form(kari, cast.account, "name")
    Account.objects.filter(pk=cast.account.pk).update(name="Second")
    refused = kari.post(url(cast.account, "name"), hers | {"name": "Kari's"}, headers=HX)
    Account.objects.filter(pk=cast.account.pk).update(name="Third")
    again = dict(refused.context["posted"])
    again |= {"version": refused.context["version"], "choice-name": "mine"}
    answer = kari.post(url(cast.account, "name"), again, headers=HX)
    assert answer.status_code == 409
    assert "Third" in answer.content.decode()


def test_a_field_that_was_only_looked_at_is_no_change(cast):
    """Kari opens the name and saves it untouched, after Eva has renamed the account."""
    kari = cast.client("kam")
    hers = open_form(kari, cast.account, "name")
    Account.objects.filter(pk=cast.account.pk).update(name="Eva's")
    assert kari.post(url(cast.account, "name"), hers, headers=HX).status_code == 200
    assert Account.objects.get(pk=cast.account.pk).name == "Eva's"


def test_another_field_that_changed_meanwhile_is_kept(cast):
    kari = cast.client("kam")
    hers = open_form(kari, cast.account, "name")
    Account.objects.filter(pk=cast.account.pk).update(level="global")
    answer = kari.post(url(cast.account, "name"), hers | {"name": "Kari's"}, headers=HX)
    assert answer.status_code == 200
    row = Account.objects.get(pk=cast.account.pk)
    assert (row.name, row.level) == ("Kari's", "global")


def test_a_save_that_names_no_version_never_overwrites_unseen(cast):
    answer = cast.client("kam").post(url(cast.account, "name"), {"name": "Blind"}, headers=HX)
    assert answer.status_code == 409
    assert Account.objects.get(pk=cast.account.pk).name == "Fjord Shipyards"


# --- autosave -------------------------------------------------------------------------------------
def test_text_that_saves_itself_sends_the_touched_fields_alone(cast):
    client = cast.client("kam")
    data = {"version": "1", "_touched": "notes", "notes": "Likes\r\nfish", "name": "Other"}
    answer = client.post(url(cast.contact, "notes"), data, headers=HX)
    assert answer.status_code == 204
    assert answer[VERSION_HEADER] == "2"
    row = Contact.objects.get(pk=cast.contact.pk)
    assert (row.notes, row.name) == ("Likes\nfish", "Brit Buyer")


def test_text_that_saves_itself_meets_a_conflict_too(cast):
    Contact.objects.filter(pk=cast.contact.pk).update(notes="Theirs")
    data = {"version": "1", "_touched": "notes", "notes": "Mine"}
    answer = cast.client("kam").post(url(cast.contact, "notes"), data, headers=HX)
    assert answer.status_code == 409


# --- scope and rules ------------------------------------------------------------------------------
def test_choices_are_those_that_the_person_sees(cast):
    client = cast.client("kam")
    data = open_form(client, cast.child, "parent") | {"parent": "Skåne Foods"}
    answer = client.post(url(cast.child, "parent"), data, headers=HX)
    assert answer.status_code == 422
    assert "Nothing is called" in answer.content.decode()


def test_a_parent_below_the_account_is_refused_in_words(cast):
    client = cast.client("kam")
    data = open_form(client, cast.account, "parent") | {"parent": "A2"}
    answer = client.post(url(cast.account, "parent"), data, headers=HX)
    assert answer.status_code == 422
    assert "stands below Fjord Shipyards itself" in answer.content.decode()


def test_a_field_that_is_not_offered_is_not_there(cast):
    client = cast.client("kam")
    assert client.get(url(cast.account, "archived_at"), headers=HX).status_code == 404
    assert client.get(url(cast.account, "path"), headers=HX).status_code == 404


def test_an_archived_row_cannot_be_edited(cast):
    Account.objects.filter(pk=cast.child.pk).update(archived_at="2026-01-01T00:00Z")
    answer = cast.client("kam").get(url(cast.child, "name"), headers=HX)
    assert answer.status_code == 403


def test_giving_an_account_away_tells_the_new_owner_and_leaves_the_page(cast):
    client = cast.client("kam")
    data = open_form(client, cast.child, "owner") | {"owner": "odd.other@example.com"}
    answer = client.post(url(cast.child, "owner"), data, headers=HX)
    assert answer["HX-Redirect"] == "/"
    assert cast.other_kam.notifications.filter(kind="account").exists()


def test_editing_makes_a_fixed_number_of_queries(cast, django_assert_num_queries):
    client = cast.client("kam")
    data = open_form(client, cast.account, "name")
    # 1 the person, 2 the row, 3 whether it is editable
    with django_assert_num_queries(3):
        client.get(url(cast.account, "name"), headers=HX)
    data |= {"name": "Anew"}
    # 1 the person, 2 the row, 3 editable, 4 the row again (the form has written into the first),
    # 5 whether it is in use, 6-7 savepoints, 8 the lock (no constraint speaks of the name),
    # 9 the update, 10 the new version, 11-12 savepoints released, 13 the path, 14 seen still,
    # 15 editable still
    with django_assert_num_queries(15):
        client.post(url(cast.account, "name"), data, headers=HX)
