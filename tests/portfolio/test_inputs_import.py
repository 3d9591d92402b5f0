"""Estimates, judgements, hours and costs from files: known by their keys, safe to send twice."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Account, ProductLine
from kam.editing import archive
from kam.importing.services import ImportRefused, apply
from portfolio.models import HoursSpent, Judgement, LineEstimate, PlannedHours, ServiceCost
from tests.kam.importing.files import checked, counts, imported, refusals
from tests.portfolio.routes_inputs import judged

D = Decimal
KARI = "kari.kam@example.com"
FILES = {
    "line_estimates": "account,line,currency,wallet,potential,chance,source,as_of,confidence\n"
    "A1,Pumps,NOK,10000,5000,40,Survey,2026-01-05,high\nA2,Pumps,NOK,300,,,Survey,2026-01-05,low\n",
    "judgements": "account,code,value,evidence,judged_on,judged_by\n"
    f"A1,trust,4,They call first,2026-01-05,{KARI}\nA2,trust,2,,2026-01-06,\n",
    "hours_spent": f"account,user,week,hours\nA1,{KARI},2026-01-07,6.5\nA2,{KARI},2026-01-12,2\n",
    "planned_hours": f"account,user,year,hours\nA1,{KARI},2026,120\nA2,{KARI},2026,40\n",
    "service_costs": "account,month,kind,currency,amount\n"
    "A1,2026-01,logistics,EUR,300\nA1,2026-02,logistics,EUR,200\n",
}


@pytest.mark.parametrize("resource", FILES)
def test_a_file_makes_two_rows_and_sent_again_changes_nothing(cast, resource):
    judged(cast)
    assert counts(imported(resource, FILES[resource], cast.administrator)) == (2, 0, 0, 0)
    assert counts(imported(resource, FILES[resource], cast.administrator)) == (0, 0, 2, 0)


@pytest.mark.parametrize("resource", FILES)
def test_an_unknown_account_is_refused(cast, resource):
    judged(cast)
    batch = checked(resource, FILES[resource].replace("A1,", "X9,", 1), cast.administrator)
    assert [column for _line, column, _expected in refusals(batch)] == ["account"]


@pytest.mark.parametrize("resource", FILES)
def test_at_an_archived_account_nothing_comes(cast, resource):
    judged(cast)
    Account.objects.filter(number__in=["A1", "A2"]).update(archived_at="2026-01-01T00:00Z")
    assert counts(checked(resource, FILES[resource], cast.administrator)) == (0, 0, 0, 2)


def test_values_arrive_as_they_are_written(cast):
    judged(cast)
    for resource, content in FILES.items():
        imported(resource, content, cast.administrator)
    row = LineEstimate.objects.get(account=cast.account)
    assert (row.wallet, row.potential, row.chance, row.confidence) == (10000, 5000, 40, "high")
    assert Judgement.objects.get(account=cast.account).judged_by == cast.kam
    assert HoursSpent.objects.get(account=cast.account).week == date(2026, 1, 5)  # its Monday
    assert PlannedHours.objects.get(account=cast.account).hours == 120
    assert ServiceCost.objects.get(month=date(2026, 2, 1)).amount == 200


def test_an_archived_row_comes_back_with_the_file(cast):
    imported("planned_hours", FILES["planned_hours"], cast.administrator)
    row = archive(PlannedHours.objects.get(account=cast.account))
    batch = imported("planned_hours", FILES["planned_hours"], cast.administrator)
    assert counts(batch) == (0, 1, 1, 0)
    row.refresh_from_db()
    assert (row.archived_at, row.hours) == (None, 120)


def test_days_of_one_week_are_added_up(cast):
    content = f"account,user,day,hours\nA1,{KARI},2026-01-05,2\nA1,{KARI},2026-01-09,3.5\n"
    columns = {"account": "account", "user": "user", "week": "day", "hours": "hours"}
    imported("hours_spent", content, cast.administrator, columns=columns, sum=True)
    assert HoursSpent.objects.get().hours == D("5.5")


@pytest.mark.parametrize(
    ("resource", "content", "words"),
    [
        ("judgements", "account,code,value,judged_on\nA1,nonsense,3,2026-01-05\n", "is judged"),
        ("judgements", "account,code,value,judged_on\nA1,trust,6,2026-01-05\n", "from 1 to 5"),
        ("hours_spent", f"account,user,week,hours\nA1,{KARI},2090-01-05,3\n", "has begun"),
        ("hours_spent", f"account,user,week,hours\nA1,{KARI},2026-01-05,200\n", "at most 168"),
        (
            "planned_hours",
            "account,user,year,hours\nA1,erp.service@example.com,2026,3\n",
            "can sign in",
        ),
        (
            "line_estimates",
            "account,line,currency,wallet,source,as_of\n"
            "A1,Pumps,NOK,1,x,2026-01-05\nA1,Small pumps,NOK,1,x,2026-01-05\n",
            "count twice",
        ),
    ],
)
def test_what_cannot_be_taken_is_said(cast, resource, content, words):
    judged(cast)
    ProductLine.objects.create(name="Small pumps", parent=cast.line)
    batch = checked(resource, content, cast.administrator)
    assert [expected for _line, _column, expected in refusals(batch) if words in expected]


def test_a_file_too_keeps_to_168_hours_a_week_for_one_person(cast):
    HoursSpent.objects.create(
        account=cast.account, user=cast.kam, week=date(2026, 1, 5), hours=D(100)
    )
    head, more = "account,user,week,hours\n", f"A2,{KARI},2026-01-05,69\n"
    batch = checked("hours_spent", head + more, cast.administrator)
    assert [expected for _line, _column, expected in refusals(batch) if "168" in expected]
    less = f"A1,{KARI},2026-01-05,90\n"  # in the same file, whatever their order
    assert counts(imported("hours_spent", head + more + less, cast.administrator)) == (1, 1, 0, 0)
    days = head + f"A2,{KARI},2026-01-12,100\nA1,{KARI},2026-01-12,69\n"
    assert counts(checked("hours_spent", days, cast.administrator))[3] == 2


@pytest.mark.parametrize(
    ("resource", "content"),
    [
        ("judgements", "account,code,value,judged_on\nA1,trust,3,2090-01-05\n"),
        (
            "line_estimates",
            "account,line,currency,wallet,source,as_of\nA1,Pumps,NOK,1,x,2090-01-05\n",
        ),
    ],
)
def test_a_day_to_come_is_refused(cast, resource, content):
    judged(cast)
    found = refusals(checked(resource, content, cast.administrator))
    assert [expected for _line, _column, expected in found] == ["a day that has come"]


def test_the_good_rows_alone_keep_to_the_week_too(cast):
    HoursSpent.objects.create(
        account=cast.account, user=cast.kam, week=date(2026, 1, 5), hours=D(100)
    )
    twice = f"A1,{KARI},2026-01-05,90\n" * 2  # refused; it would have made room for the other
    content = f"account,user,week,hours\nA2,{KARI},2026-01-05,69\n{twice}"
    batch = checked("hours_spent", content, cast.administrator)
    with pytest.raises(ImportRefused, match="169"):
        apply(batch, user=cast.administrator, good_rows_only=True)
    assert HoursSpent.objects.get().hours == D(100)
