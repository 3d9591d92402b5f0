"""What a seat that may edit does not reach: owner, parent, key mark, archiving, restoring."""

import pytest

from accounts import services
from accounts.models import Account
from tests.api.conftest import api  # noqa: F401 - the client with a token

LIST = "/accounts/"


def now(row: Account) -> Account:
    return Account.objects.get(pk=row.pk)


def bulk(cast, name: str, row: Account, **values: str):
    data = {"do": "bulk", "which": "ids", "ids": [row.pk], **values}
    return cast.client(name).post(LIST, data, follow=True)


@pytest.mark.parametrize(("name", "status"), [("editor", 403), ("kam", 200), ("leader", 200)])
@pytest.mark.parametrize("field", ["owner", "parent"])
def test_who_edits_what_amounts_to_ownership_on_the_page(cast, name, status, field):
    client = cast.client(name)
    assert client.get(f"/accounts/{cast.account.pk}/edit/{field}/").status_code == status
    assert client.get(f"/accounts/{cast.account.pk}/edit/level/").status_code == 200
    profile = client.get(f"/accounts/{cast.account.pk}/profile/").content.decode()
    assert (f"/accounts/{cast.account.pk}/edit/{field}/" in profile) is (status == 200)
    assert f"/accounts/{cast.account.pk}/edit/level/" in profile


@pytest.mark.parametrize(("name", "refused"), [("editor", True), ("kam", False)])
def test_who_archives_and_brings_back(cast, name, refused):
    services.add_seat(cast.child, cast.editor, "deputy", may_edit=True)
    client = cast.client(name)
    page, act = f"/accounts/{cast.child.pk}/", f"/accounts/{cast.child.pk}/archive/"
    assert (act in client.get(page).content.decode()) is not refused
    assert client.post(act).status_code == (403 if refused else 302)
    assert (now(cast.child).archived_at is None) is refused
    if refused:
        services.archive_account(cast.child)
        assert "restore/" not in client.get(page).content.decode()
    history = f"/history/accounts.account/{cast.child.pk}/restore/"
    assert client.post(history).status_code == (403 if refused else 302)
    assert client.post(f"{page}restore/").status_code == (403 if refused else 302)
    assert (now(cast.child).archived_at is not None) is refused


@pytest.mark.parametrize(
    ("name", "status"), [("editor", 403), ("kam", 403), ("leader", 403), ("administrator", 200)]
)
def test_who_sets_the_key_mark_on_the_page(cast, name, status):
    client, address = cast.client(name), f"/accounts/{cast.account.pk}/edit/is_key_account/"
    assert client.get(address).status_code == status
    version = now(cast.account).version
    assert client.post(address, {"version": version}).status_code in (status, 302)
    assert now(cast.account).is_key_account is (status == 403)
    profile = client.get(f"/accounts/{cast.account.pk}/profile/").content.decode()
    assert (address in profile) is (status == 200)


@pytest.mark.parametrize("name", ["kam", "leader"])
def test_nobody_else_enters_a_key_account(cast, api, name):  # noqa: F811
    client = cast.client(name)
    form = client.get("/accounts/new/").context["form"]
    assert "is_key_account" not in form.fields
    data = {b.html_name: b.field.prepare_value(b.value()) or "" for b in form}
    answer = client.post("/accounts/new/", data | {"name": "New", "is_key_account": "on"})
    assert answer.status_code == 422
    words = "Only administrators set this directly"
    assert words in str(answer.context["form"].errors["is_key_account"])
    sent = {"name": "New", "owner": getattr(cast, name).pk, "is_key_account": True}
    answer = api(name).call("post", "accounts/", sent)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["attr"], words in error["detail"]) == ("is_key_account", True)
    assert not Account.objects.filter(name="New").exists()
    assert api("administrator").call("post", "accounts/", sent).status_code == 201


def test_history_puts_the_key_mark_back_only_for_administrators(cast):
    event = cast.account.events.order_by("pgh_id").first().pgh_id
    services.change_account(cast.account, {"is_key_account": False, "level": "global"})
    address = f"/history/accounts.account/{cast.account.pk}/restore/"
    asked = {"event": event, "field": "is_key_account"}
    assert cast.client("editor").post(address, asked).status_code == 403
    assert cast.client("editor").post(address, asked | {"field": "level"}).status_code == 302
    assert now(cast.account).level != "global"
    assert not now(cast.account).is_key_account
    assert cast.client("kam").post(address, asked).status_code == 403
    assert cast.client("administrator").post(address, asked).status_code == 302
    assert now(cast.account).is_key_account


def test_bulk_edit_leaves_what_others_decide(cast):
    answer = bulk(cast, "editor", cast.account, is_key_account="no", level="global")
    assert "you may not change it: Fjord Shipyards" in answer.content.decode()
    assert now(cast.account).is_key_account
    bulk(cast, "editor", cast.account, level="global")
    assert now(cast.account).level == "global"
    for name in ("kam", "leader"):
        answer = bulk(cast, name, cast.account, is_key_account="no")
        assert "you may not change it: Fjord Shipyards" in answer.content.decode()
        assert now(cast.account).is_key_account
    bulk(cast, "kam", cast.account, is_key_account="yes", level="national")
    assert now(cast.account).level == "national", "what stays may be named"
    bulk(cast, "administrator", cast.account, is_key_account="no")
    assert not now(cast.account).is_key_account


@pytest.mark.parametrize(
    ("name", "status"), [("editor", 403), ("kam", 403), ("leader", 403), ("service", 200)]
)
def test_the_api_asks_the_same(cast, api, name, status):  # noqa: F811
    client, path = api(name), f"accounts/{cast.account.pk}/"
    assert client.call("patch", path, {"is_key_account": False}).status_code == status
    assert now(cast.account).is_key_account is (status == 403)
    if name == "editor":
        same = {"owner": cast.kam.pk, "employees": 7}
        assert client.call("patch", path, same).status_code == 200, "what stays may be named"
        for changes in ({"owner": None}, {"parent": cast.foreign.pk}):
            assert client.call("patch", path, changes).status_code in (400, 403)
        assert client.call("delete", path).status_code == 403
        assert client.call("post", f"{path}restore/").status_code == 403
        assert now(cast.account).owner == cast.kam


@pytest.mark.parametrize("way", ["page", "bulk", "api"])
@pytest.mark.parametrize(
    ("name", "gives"), [("kam", True), ("leader", True), ("editor", False), ("contributor", False)]
)
def test_who_gives_an_account_to_another_owner(cast, api, way, name, gives):  # noqa: F811
    """One rule for every way in, also where the account leaves the giver's sight."""
    other, path = cast.other_kam, f"accounts/{cast.account.pk}/"
    if way == "api":
        answer = api(name).call("patch", path, {"owner": other.pk})
        assert answer.status_code == (200 if gives else 403)
    elif way == "bulk":
        bulk(cast, name, cast.account, owner=other.email)
    else:
        asked = {"owner": other.email, "version": now(cast.account).version}
        cast.client(name).post(f"/{path}edit/owner/", asked)
    assert now(cast.account).owner == (other if gives else cast.kam)


def test_bulk_edit_names_what_stays_as_the_api_does(cast):
    """A value that the account has already is no decision: the rest of the change goes through."""
    bulk(cast, "editor", cast.account, owner=cast.kam.email, level="global")
    assert now(cast.account).level == "global"


def test_a_kam_without_accounts_owns_the_one_that_they_enter(cast):
    Account.objects.filter(owner=cast.other_kam).update(owner=None)
    client = cast.client("other_kam")
    form = client.get("/accounts/new/").context["form"]
    data = {b.html_name: b.field.prepare_value(b.value()) or "" for b in form}
    answer = client.post("/accounts/new/", data | {"name": "Vestland Ferries"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert Account.objects.get(name="Vestland Ferries").owner == cast.other_kam
