"""What is archived does not change by a file either: refused by line, column and reason."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.models import Account, AccountTeamMember, Contact
from kam.editing import archive
from kam.importing.services import ImportRefused, apply
from kam.models import User
from plans.models import AccountPlan, TargetMonth
from tests.kam.importing.files import checked, counts, imported, refusals

pytestmark = pytest.mark.django_db
GONE = "an account in use; B1 is archived: restore it first"


@pytest.fixture
def gone(cast):
    """B1 is archived; its plan as well."""
    archive(cast.foreign_plan)
    services.archive_account(cast.foreign)
    return cast.foreign


def test_an_archived_account_does_not_change_by_a_file(cast, gone):
    file = "number,name,employees\nA1,Fjord Shipyards,7\nB1,Skåne Foods,8\n"
    batch = checked("accounts", file, cast.administrator)
    assert counts(batch) == (0, 1, 0, 1)
    assert refusals(batch) == [(3, "number", GONE)]
    with pytest.raises(ImportRefused):
        apply(batch, user=cast.administrator)
    batch = checked("accounts", file, cast.administrator)
    apply(batch, user=cast.administrator, good_rows_only=True)
    assert Account.objects.get(number="A1").employees == 7
    assert Account.objects.get(number="B1").employees is None


def test_a_row_that_says_what_an_archived_account_holds_changes_nothing(cast, gone):
    batch = imported("accounts", "number,name\nB1,Skåne Foods\n", cast.administrator)
    assert counts(batch) == (0, 0, 1, 0)


def test_nothing_is_put_under_an_archived_account(cast, gone):
    Account.objects.filter(pk=cast.unowned.pk).update(parent=gone)  # stands there from before
    file = "number,name,parent\nN1,New,B1\nA2,Fjord Shipyards Bergen,B1\nC1,Mills,B1\n"
    batch = checked("accounts", file, cast.administrator)
    assert counts(batch) == (0, 1, 0, 2)
    assert refusals(batch) == [(2, "parent", GONE), (3, "parent", GONE)]


def test_an_archived_account_gets_no_contacts_and_no_team(cast, gone):
    Contact.objects.filter(pk=cast.foreign_contact.pk).update(number="P1")
    file = "number,account,name\nP1,B1,Other Name\nP2,B1,New\nP3,A1,New\n"
    batch = checked("contacts", file, cast.administrator)
    assert counts(batch) == (1, 0, 0, 2)
    assert refusals(batch) == [(2, "account", GONE), (3, "account", GONE)]
    short = checked("contacts", "number,name\nP1,Other Name\n", cast.administrator)
    assert refusals(short) == [(2, "number", GONE)]
    file = "account,user,function\nB1,ola.outsider@example.com,bids\n"
    batch = checked("account_teams", file, cast.administrator)
    assert refusals(batch) == [(2, "account", GONE)]


def test_a_contact_stays_at_its_account(cast):
    Contact.objects.filter(pk=cast.contact.pk).update(number="P1")
    batch = checked("contacts", "number,account,name\nP1,B1,Brit Buyer\n", cast.administrator)
    assert refusals(batch) == [(2, "account", "A1: a contact stays at its account")]


@pytest.mark.parametrize("left", [{"is_active": False}, {"role": "service"}])
def test_those_who_cannot_sign_in_get_no_seat(cast, left):
    User.objects.filter(pk=cast.outsider.pk).update(**left)
    file = "account,user,function\nA1,ola.outsider@example.com,bids\n"
    batch = checked("account_teams", file, cast.administrator)
    assert refusals(batch) == [(2, "person (user)", "somebody who can sign in")]
    assert not AccountTeamMember.objects.filter(user=cast.outsider).exists()


def test_targets_of_archived_accounts_and_plans_are_refused(cast):
    file = "account,line,month,revenue\nA1,Pumps,2026-01,2000\n"
    AccountPlan.objects.filter(pk=cast.plan.pk).update(archived_at=cast.plan.created_at)
    batch = checked("targets", file, cast.administrator)
    assert refusals(batch) == [(2, "account", "a plan that may be changed; it is archived")]
    AccountPlan.objects.filter(pk=cast.plan.pk).update(archived_at=None, status="closed")
    archive(cast.account)
    text = "an account in use; A1 is archived: restore it first"
    assert refusals(checked("targets", file, cast.administrator)) == [(2, "account", text)]
    new = "account,line,month,revenue\nA1,Pumps,2027-01,2000\n"
    columns = {n: n for n in ("account", "line", "month", "revenue")}
    batch = checked("targets", new, cast.administrator, columns=columns, create_missing=["plan"])
    assert refusals(batch) == [(2, "account", text)]
    assert TargetMonth.objects.get(target=cast.target, month="2026-01-01").revenue == 1200


def test_sales_of_an_archived_account_are_recorded(cast, gone):
    """They happened: an invoice may come after the customer has left."""
    file = "account,product,month,currency,revenue\nB1,P500,2026-02,EUR,70\n"
    assert counts(imported("sales_facts", file, cast.administrator)) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("resource", "head", "row"),
    [
        ("accounts", "number,name,parent", "N{i},Name,B1"),
        ("contacts", "number,account,name", "N{i},B1,Name"),
        ("account_teams", "account,user,function", "B1,{user},bids"),
        ("targets", "account,line,month,revenue", "B1,Pumps,20{i}-01,5"),
    ],
)
def test_the_rule_costs_one_query_for_each_block_and_none_for_each_row(
    cast, gone, resource, head, row
):
    def asked(rows: int) -> int:
        emails = [f"p{i}@example.com" for i in range(rows)]
        lines = [row.format(i=26 + i, user=emails[i]) for i in range(rows)]
        if resource == "account_teams":
            User.objects.bulk_create([User(email=e) for e in emails], ignore_conflicts=True)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            batch = checked(resource, "\n".join([head, *lines]) + "\n", cast.administrator)
        assert batch.refused == rows
        return len(queries)

    assert asked(3) == asked(30)
