"""Accounts: making, moving, archiving them, their team and contacts, and their pages."""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from accounts import selectors, services
from accounts.models import Account, AccountTeamMember, Contact, ProductLine, SalesFact
from kam import editing
from kam.models import BudgetRate, ImportBatch, User
from tests.conftest import YEAR


# --- making and moving ----------------------------------------------------------------------------
def test_an_account_is_made_and_its_owner_told(cast):
    account = services.create_account(name="New Yards", owner=cast.kam, parent=cast.account)
    assert account.path == [cast.account.pk, account.pk]
    assert cast.kam.notifications.filter(title__contains="New Yards").exists()


@pytest.mark.parametrize("owner", ["management", "contributor", "service"])
def test_only_kams_and_leaders_own_accounts(cast, owner):
    with pytest.raises(ValidationError, match="cannot own"):
        services.create_account(name="New", owner=getattr(cast, owner))


def test_a_number_is_one_accounts_own(cast):
    with pytest.raises(ValidationError) as error:
        services.create_account(name="New", number="A1")
    assert "Another account has this number." in str(error.value)


def test_moving_carries_the_whole_subtree(cast):
    leaf = services.create_account(name="Leaf", parent=cast.child)
    services.move_account(cast.child, cast.foreign)
    leaf.refresh_from_db()
    assert leaf.path == [cast.foreign.pk, cast.child.pk, leaf.pk]


def test_a_circle_is_refused_with_a_clear_sentence(cast):
    with pytest.raises(ValidationError) as error:
        services.move_account(cast.account, cast.child)
    assert error.value.message_dict == {
        "parent": [
            "Fjord Shipyards Bergen stands below Fjord Shipyards itself, so it cannot be its parent."
        ]
    }
    with pytest.raises(ValidationError, match="below itself"):
        services.move_account(cast.account, cast.account)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_close_no_circle(cast):
    """A goes under B while B goes under A, on two connections: one of them is refused."""
    a, b = Account.objects.get(pk=cast.foreign.pk), Account.objects.get(pk=cast.unowned.pk)
    start = threading.Barrier(2)
    refused = []

    def move(row: Account, parent: Account) -> None:
        start.wait(5)
        try:
            services.move_account(row, parent)
        except ValidationError as error:
            refused.append(error)
        finally:
            connections.close_all()

    for _round in range(5):
        Account.objects.filter(pk__in=[a.pk, b.pk]).update(parent=None)
        a.refresh_from_db(), b.refresh_from_db()
        refused.clear()
        threads = [
            threading.Thread(target=move, args=pair)
            for pair in ((a, Account.objects.get(pk=b.pk)), (b, Account.objects.get(pk=a.pk)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(refused) == 1
        parents = set(Account.objects.filter(pk__in=[a.pk, b.pk]).values_list("parent", flat=True))
        assert None in parents


# --- archiving ------------------------------------------------------------------------------------
def test_an_account_with_others_below_is_not_archived(cast):
    with pytest.raises(ValidationError, match="1 account stands below"):
        services.archive_account(cast.account)


def test_an_app_above_may_object(cast, monkeypatch):
    monkeypatch.setattr(
        "accounts.services.accounts._obstacles", [lambda a: "Its plan 2026 is open."]
    )
    answer = cast.client("kam").post(f"/accounts/{cast.child.pk}/archive/")
    assert answer.status_code == 409
    assert "Its plan 2026 is open." in answer.content.decode()
    assert Account.objects.get(pk=cast.child.pk).archived_at is None


def test_archived_and_brought_back(cast):
    client = cast.client("kam")
    client.post(f"/accounts/{cast.child.pk}/archive/")
    assert Account.objects.get(pk=cast.child.pk).archived_at
    assert "Archived on" in client.get(f"/accounts/{cast.child.pk}/").content.decode()
    client.post(f"/accounts/{cast.child.pk}/restore/")
    assert Account.objects.get(pk=cast.child.pk).archived_at is None


def test_nothing_is_put_under_an_archived_account_and_none_comes_back_there(cast):
    editing.archive(cast.plan)  # an open plan would stand against it
    services.archive_account(cast.child)
    services.archive_account(cast.account)
    cast.child.refresh_from_db()
    with pytest.raises(ValidationError, match="is archived"):
        services.move_account(cast.foreign, cast.account)
    cast.child = Account.objects.get(pk=cast.child.pk)
    with pytest.raises(ValidationError, match="Restore that first"):
        services.restore_account(cast.child)


# --- team and contacts ----------------------------------------------------------------------------
def test_a_seat_is_given_taken_and_given_again(cast):
    seat = services.add_seat(cast.account, cast.outsider, "finance")
    assert Account.objects.visible_to(cast.outsider).count() == 1
    assert cast.outsider.notifications.exists()
    services.remove_seat(seat)
    assert not Account.objects.visible_to(cast.outsider).exists()
    again = services.add_seat(cast.account, cast.outsider, "finance", may_edit=True)
    assert (again.pk, again.may_edit) == (seat.pk, True)
    with pytest.raises(ValidationError, match="already"):
        services.add_seat(cast.account, cast.outsider, "finance")


def test_a_service_account_has_no_seat(cast):
    with pytest.raises(ValidationError):
        services.add_seat(cast.account, cast.service, "finance")


def test_an_editor_changes_the_account_but_not_its_team(cast):
    client = cast.client("editor")
    page = client.get(f"/accounts/{cast.account.pk}/team/").content.decode()
    assert "Add somebody" not in page
    assert AccountTeamMember.objects.editable_by(cast.editor).count() == 0
    assert (
        "Add somebody"
        in cast.client("kam").get(f"/accounts/{cast.account.pk}/team/").content.decode()
    )


def test_contacts_report_within_their_account_and_in_no_circle(cast):
    boss = services.create_contact(cast.account, name="Boss")
    services.change_contact(cast.contact, {"parent": boss})
    with pytest.raises(ValidationError, match="reports to Boss"):
        services.change_contact(Contact.objects.get(pk=boss.pk), {"parent": cast.contact})
    with pytest.raises(ValidationError, match="works at another account"):
        services.change_contact(cast.contact, {"parent": cast.foreign_contact})


def test_a_contact_form_offers_the_accounts_own_contacts(cast):
    page = cast.client("administrator").get(f"/accounts/{cast.account.pk}/contacts/new/")
    assert set(page.context["form"].fields["parent"].queryset) == {cast.contact}


def test_a_line_with_products_is_not_archived(cast):
    with pytest.raises(ValidationError, match="1 line or product"):
        services.archive_entry(cast.line)
    services.archive_entry(cast.product)
    services.archive_entry(cast.line)
    with pytest.raises(ValidationError, match="Restore that first"):
        services.restore_entry(type(cast.product).objects.get(pk=cast.product.pk))


def test_a_product_line_stands_in_no_circle(cast):
    inner = services.create_entry(ProductLine(name="Inner", parent=cast.line))
    with pytest.raises(ValidationError, match="below itself"):
        services.change_entry(cast.line, {"parent": inner})


# --- figures --------------------------------------------------------------------------------------
@pytest.fixture
def group(cast):
    """Three levels: 87.50 EUR at the top, 175 in the middle, 350 at the bottom, and one aside."""
    leaf = services.create_account(name="Leaf", parent=cast.child, owner=cast.kam)
    batch = ImportBatch.objects.create(resource="sales_facts")
    month = SalesFact.objects.get(account=cast.account).month
    services.record_sales_facts(
        [
            {"account": a, "product": cast.product, "month": month, "currency": "NOK", "revenue": r}
            for a, r in ((cast.child, 2000), (leaf, 4000))
        ],
        batch,
    )
    services.refresh_account_years()
    return leaf


def nodes(*accounts):
    rates = selectors.rates_of(YEAR)[YEAR]
    return {n.account.name: n for n in selectors.group(list(accounts), YEAR, rates)}


def test_a_group_counts_every_account_once(cast, group):
    found = nodes(*Account.objects.visible_to(cast.kam).under(cast.account.pk))
    top = found["Fjord Shipyards"]
    assert top.own.revenue.amount == Decimal("87.50")
    assert top.below.revenue.amount == Decimal("525.00")
    assert top.total.revenue.amount == Decimal("612.50")
    assert [n.depth for n in found.values()] == [0, 1, 2]
    assert sum(n.own.revenue.amount for n in found.values()) == top.total.revenue.amount


def test_an_account_whose_parent_is_out_of_sight_stands_at_the_top(cast, group):
    found = nodes(cast.child, group)
    assert found["Fjord Shipyards Bergen"].depth == 0
    assert found["Fjord Shipyards Bergen"].total.revenue.amount == Decimal("525.00")


def test_the_group_panel_shows_the_total_once(cast, group, django_assert_num_queries):
    client = cast.client("kam")
    # 1 the person, 2 the account, 3 the group, 4 rates, 5 years, 6 editable
    with django_assert_num_queries(6):
        page = client.get(f"/accounts/{cast.child.pk}/group/", headers={"HX-Request": "true"})
    assert page.context["total"].revenue.amount == Decimal("612.50")


def test_a_missing_rate_is_named_on_the_page(cast):
    BudgetRate.objects.all().delete()
    services.refresh_account_years()
    client = cast.client("kam")
    assert (
        "without NOK: no budget rate"
        in client.get(f"/accounts/{cast.account.pk}/").content.decode()
    )
    assert "+ NOK" in client.get("/accounts/").content.decode()
    sales = client.get(f"/accounts/{cast.account.pk}/sales/").content.decode()
    assert "No budget rate for NOK" in sales


# --- pages ----------------------------------------------------------------------------------------
PAGES = {
    # 1 the person; 2 the account; 3 may it be edited; 4 facts by month, 5 their rates; 6 the rates,
    # 7 figures of the accounts below (an account with a parent: 8 those above)
    "": 7,
    # 2 the account, 3 editable
    "profile/": 3,
    # 2 the account, 3 contacts, 4 editable
    "contacts/": 4,
    # 2 the account, 3 facts by month, 4 rates, 5 facts by product, 6 rates
    "sales/": 6,
    # 2 the account, 3 may the team be changed, 4 seats
    "team/": 4,
    # 2 the account, 3 lines, 4 rates
    "sales/lines/": 4,
}


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_an_account_make_few_queries_whatever_stands_below(
    cast, group, path, django_assert_num_queries
):
    client = cast.client("kam")
    url = f"/accounts/{cast.account.pk}/{path}"
    client.get(url)
    for i in range(20):
        Contact.objects.create(account=cast.account, name=f"Contact {i}", holder=cast.kam)
        services.create_account(name=f"Below {i}", parent=cast.account, owner=cast.kam)
        AccountTeamMember.objects.create(
            account=cast.account, user=cast.people["region_leader"], function="bids"
        ) if i == 0 else None
    with django_assert_num_queries(PAGES[path]):
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 200


@pytest.mark.parametrize(
    ("url", "queries"),
    [
        # 1 the person, 2 the order, 3 rows, 4 saved views
        ("/accounts/contacts/", 4),
        # 1 the person, 2 lines, 3 products
        ("/accounts/products/", 3),
        # 1 the person, 2 industries
        ("/accounts/industries/", 2),
    ],
)
def test_other_lists_make_few_queries(cast, url, queries, django_assert_num_queries):
    client = cast.client("administrator")
    client.get(url)
    with django_assert_num_queries(queries):
        assert client.get(url).status_code == 200


def test_a_new_account_must_be_in_sight_of_its_maker(cast):
    client = cast.client("kam")
    form = {
        "name": "Far away",
        "owner": "odd.other@example.com",
        "level": "territory",
        "type": "customer",
        "lifecycle": "lead",
        "currency": "NOK",
    }
    answer = client.post("/accounts/new/", form)
    assert answer.status_code == 422
    assert not Account.objects.filter(name="Far away").exists()
    answer = client.post("/accounts/new/", form | {"owner": "kari.kam@example.com"})
    assert answer.status_code == 302
    assert Account.objects.get(name="Far away").owner == cast.kam


def test_a_panel_is_a_fragment_for_htmx_and_a_page_without(cast):
    client, url = cast.client("kam"), f"/accounts/{cast.account.pk}/profile/"
    assert "<html" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    page = client.get(url).content.decode()
    assert "<html" in page
    assert "Fjord Shipyards" in page


def test_a_reader_gets_no_edit_links(cast):
    page = cast.client("contributor").get(f"/accounts/{cast.account.pk}/profile/").content.decode()
    assert "/edit/" not in page
    assert (
        "/edit/"
        in cast.client("editor").get(f"/accounts/{cast.account.pk}/profile/").content.decode()
    )


# --- choosing by typing ---------------------------------------------------------------------------
def test_a_lookup_offers_only_what_one_sees(cast):
    client = cast.client("kam")
    text = client.get("/lookup/accounts/", {"q": "fo"}).content.decode()
    assert "Skåne" not in text
    text = client.get("/lookup/accounts/", {"q": "fjord"}).content.decode()
    assert 'value="Fjord Shipyards (A1)"' in text
    assert client.get("/lookup/secrets/", {"q": "x"}).status_code == 404


def test_a_contact_stays_at_its_account(cast):
    """Those who report to them work there; whoever changes employer is a new contact."""
    with pytest.raises(ValidationError) as refusal:
        services.change_contact(cast.contact, {"account": cast.child, "title": "Buyer"})
    assert refusal.value.message_dict == {"account": ["A contact stays at its account."]}
    kept = Contact.objects.get(pk=cast.contact.pk)
    assert (kept.account, kept.title) == (cast.account, "")


# --- people who have left -------------------------------------------------------------------------
@pytest.mark.parametrize("gone", [{"archived_at": timezone.now()}, {"is_active": False}])
def test_people_who_have_left_neither_own_accounts_nor_join_teams(cast, gone):
    User.objects.filter(pk=cast.kam.pk).update(**gone)
    left = User.objects.get(pk=cast.kam.pk)
    for give in (
        lambda: services.create_account(name="New", owner=left),
        lambda: services.change_account(cast.foreign, {"owner": left}),
        lambda: services.change_accounts(
            Account.objects.filter(pk=cast.foreign.pk), {"owner": left}
        ),
    ):
        with pytest.raises(ValidationError, match="cannot own"):
            give()
    with pytest.raises(ValidationError, match="has left"):
        services.add_seat(cast.foreign, left, "deputy")
    assert Account.objects.get(pk=cast.foreign.pk).owner == cast.other_kam
    assert not AccountTeamMember.objects.filter(user=left).exists()
