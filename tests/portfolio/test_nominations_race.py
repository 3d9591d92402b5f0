"""Two people confirm at the same moment, each in a transaction of their own: never one too many."""

import threading

import pytest
from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import Account
from accounts.services import key_accounts
from kam.models import Role
from portfolio.models import PortfolioSettings
from portfolio.services import nominations as process
from tests.conftest import person
from tests.plans.test_concurrency import together
from tests.portfolio.test_nominations_limit import set_limits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(cast):
    """Room for one more, two proposals to confirm, and two of management."""
    set_limits(company=2)
    rows = []
    for account in (cast.child, cast.foreign):
        row = process.propose(account, cast.administrator, reason="x")
        row = process.accept(row, cast.management)
        rows.append(process.validate(row, cast.management, "y"))
    return rows, person("Max Management", Role.MANAGEMENT)


def confirm_both(cast, two) -> list[str]:
    rows, other = two
    refused: list[str] = []

    def confirming(row, by):
        def work():
            try:
                process.confirm(row, by)
            except ValidationError as error:
                refused.append(" ".join(error.messages))

        return work

    together(confirming(rows[0], cast.management), confirming(rows[1], other))
    return refused


def test_of_two_confirmations_at_once_one_is_told_of_the_limit(cast, two):
    (refusal,) = confirm_both(cast, two)
    assert "at most 2 key accounts" in refusal
    assert Account.objects.filter(is_key_account=True).count() == 2


def test_without_the_lock_the_limit_breaks(cast, two, monkeypatch):
    """The race is real: each counts before the other has committed."""
    both_counted = threading.Barrier(2)
    check = key_accounts.Held.check

    def checked(self):
        check(self)
        both_counted.wait(timeout=20)

    monkeypatch.setattr(key_accounts, "lock", lambda: None)
    monkeypatch.setattr(key_accounts.Held, "check", checked)
    assert confirm_both(cast, two) == []
    assert Account.objects.filter(is_key_account=True).count() == 3


def test_a_confirmation_and_an_edit_of_its_account_do_not_wait_for_each_other(cast, two):
    """Both take the lock before any row: no deadlock, whoever is first.

    Where the edit is first, the account has its mark when the confirmation's turn comes,
    and that is told.
    """
    rows, _other = two
    PortfolioSettings.objects.update(key_account_limit=9)
    refused: list[str] = []

    def confirming():
        try:
            process.confirm(rows[0], cast.management)
        except process.NominationRefusal as refusal:
            refused.extend(refusal.messages)

    def editing():
        for _n in range(5):
            services.change_account(cast.child, {"owner": cast.kam, "is_key_account": True})

    together(confirming, editing)
    assert refused in ([], ["Fjord Shipyards Bergen is a key account already."])
    assert Account.objects.get(pk=cast.child.pk).is_key_account
