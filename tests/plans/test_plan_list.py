"""The list of plans: the years one after another, each by the account's name, page by page."""

import pytest

from accounts.models import Account
from kam.listing import Key, key_page
from plans.models import AccountPlan

KEYS = (Key("year", descending=True, few=True), Key("account__name"), Key("id"))
SIZE = 4


@pytest.fixture
def plans(cast):
    """One plan in the newest year, nine in the next, none, then six."""
    AccountPlan.objects.all().delete()
    accounts = [Account.objects.create(name=f"Firm {9 - i}", owner=cast.kam) for i in range(9)]
    for year, count in ((2031, 1), (2030, 9), (2028, 6)):
        for account in accounts[:count]:
            AccountPlan.objects.create(account=account, year=year, currency="NOK")
    return list(AccountPlan.objects.order_by("-year", "account__name", "id"))


@pytest.mark.parametrize("fetch", [None, lambda rows: rows], ids=["rows", "keys first"])
def test_every_plan_stands_on_one_page_in_both_directions(plans, fetch):
    def page(**cursor):
        return key_page(AccountPlan.objects.all(), KEYS, size=SIZE, fetch=fetch, **cursor)

    pages = [page()]
    while pages[-1].next:
        pages.append(page(after=pages[-1].next))
    assert [plan for p in pages for plan in p.rows] == plans
    assert [len(p.rows) for p in pages] == [4, 4, 4, 4]

    back = [pages[-1]]
    while back[-1].previous:
        back.append(page(before=back[-1].previous))
    assert [p.rows for p in reversed(back)] == [p.rows for p in pages]


def test_a_page_within_one_year_is_found_with_one_query(plans, django_assert_num_queries):
    newest = AccountPlan.objects.filter(year__lt=2031)
    with django_assert_num_queries(1):
        page = key_page(newest, KEYS, size=SIZE)
    with django_assert_num_queries(1):
        assert key_page(newest, KEYS, size=SIZE, after=page.next).rows == plans[5:9]
    with django_assert_num_queries(2):  # the year's last plan, and then the year before
        assert len(key_page(AccountPlan.objects.all(), KEYS, size=SIZE).rows) == SIZE


def test_nothing_is_an_empty_page(db):
    page = key_page(AccountPlan.objects.all(), KEYS, size=SIZE)
    assert (page.rows, page.previous, page.next) == ([], None, None)
