"""The limit of key accounts holds on every way in, also where two people confirm at once."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.models import Account
from accounts.services import key_accounts
from kam.importing.services import ImportRefused, apply
from portfolio.models import PortfolioSettings
from tests.kam.importing.files import checked, counts, imported, refusals


def set_limits(company=None, per_kam=None):
    PortfolioSettings.objects.update_or_create(
        pk=1, defaults={"key_account_limit": company, "key_accounts_per_kam": per_kam}
    )


@pytest.fixture
def full(cast):
    """One key account is there (Kari's), and one is the limit."""
    set_limits(company=1)


def test_without_limits_any_number_may_be_key(cast):
    services.change_account(cast.child, {"is_key_account": True})
    assert Account.objects.filter(is_key_account=True).count() == 2


@pytest.mark.parametrize(
    "way",
    [
        lambda c: services.change_account(c.foreign, {"is_key_account": True}),
        lambda c: services.change_accounts(
            Account.objects.filter(pk=c.foreign.pk), {"is_key_account": True}
        ),
        lambda c: services.create_account(name="New", owner=c.kam, is_key_account=True),
    ],
    ids=["page", "bulk", "new"],
)
def test_the_company_limit_is_held_with_words(full, cast, way):
    with pytest.raises(ValidationError, match="at most 1 key account"):
        way(cast)
    assert Account.objects.filter(is_key_account=True).count() == 1


def test_a_restored_key_account_counts(full, cast):
    Account.objects.filter(pk=cast.foreign.pk).update(
        is_key_account=True, archived_at="2026-01-01T00:00Z"
    )
    with pytest.raises(ValidationError, match="at most 1"):
        services.restore_account(Account.objects.get(pk=cast.foreign.pk))


def test_a_limit_that_was_lowered_stops_only_more(full, cast):
    Account.objects.filter(pk=cast.child.pk).update(is_key_account=True)
    services.change_account(cast.account, {"is_key_account": True, "level": "global"})
    with key_accounts.held():  # one leaves, another comes
        services.change_account(cast.child, {"is_key_account": False})
        services.change_account(cast.foreign, {"is_key_account": True})
    with pytest.raises(ValidationError):
        services.change_account(cast.unowned, {"is_key_account": True})


def test_a_kam_has_no_more_than_their_own_limit(cast):
    set_limits(per_kam=1)
    with pytest.raises(ValidationError, match="Kari Kam has it"):
        services.change_account(cast.child, {"is_key_account": True})
    services.change_account(cast.foreign, {"is_key_account": True})
    with pytest.raises(ValidationError, match="Odd Other has it"):
        services.change_account(cast.account, {"owner": cast.other_kam})
    services.change_account(cast.unowned, {"owner": cast.kam})  # no key account


def test_a_file_says_by_line_which_key_account_is_too_many(full, cast):
    file = "number,name,is_key_account\nN1,New,yes\nA2,Fjord Shipyards Bergen,no\n"
    batch = checked("accounts", file, cast.administrator)
    assert refusals(batch) == [(2, "key account (is_key_account)", "no: the company has at most 1")]


def test_in_one_file_a_key_account_may_make_room_for_another(full, cast):
    file = "number,name,is_key_account\nN1,New,yes\nA1,Fjord Shipyards,no\n"
    batch = imported("accounts", file, cast.administrator)
    assert counts(batch) == (1, 1, 0, 0)
    assert [a.number for a in Account.objects.filter(is_key_account=True)] == ["N1"]


def test_a_file_as_a_whole_is_refused_where_a_kam_would_have_too_many(cast):
    set_limits(per_kam=1)
    batch = checked("accounts", "number,owner\nA1,odd.other@example.com\n", cast.administrator)
    services.change_account(cast.foreign, {"is_key_account": True})
    with pytest.raises(ImportRefused, match="Odd Other has it"):
        apply(batch, user=cast.administrator)
    assert Account.objects.get(number="A1").owner == cast.kam


def test_what_adds_no_key_account_asks_for_no_lock(full, cast):
    with CaptureQueriesContext(connection) as caught:
        services.change_account(cast.child, {"description": "x"})
    assert not [q for q in caught if "advisory" in q["sql"]]
