"""Teams, people, contacts, products, sales facts and targets from files."""

from decimal import Decimal

import pytest

from accounts.models import (
    AccountTeamMember,
    AccountYear,
    Contact,
    Product,
    SalesFact,
)
from kam.importing import services
from kam.models import BudgetRate, Team, User
from plans.models import AccountPlan, TargetMonth
from tests.kam.importing.files import checked, counts, imported, refusals

pytestmark = pytest.mark.django_db


def test_teams_users_and_leaders_in_their_order(cast):
    imported("teams", "name,parent\nFar,Nordics\nFar east,FAR\n", cast.administrator)
    imported(
        "users",
        "email,name,role,team\nNew.One@example.com,New One,leader,far east\n",
        cast.administrator,
    )
    imported("teams", "name,leader\nFar east,new.one@example.com\n", cast.administrator)
    team = Team.objects.get(name="Far east")
    person = User.objects.get(email="new.one@example.com")
    assert (team.leader, person.team, person.role) == (person, team, "leader")
    assert team.path[0] == cast.region.pk
    assert not person.has_usable_password()


def test_nobody_takes_their_own_rights_by_a_file(cast):
    batch = checked(
        "users",
        "email,role\nada.admin@example.com,kam\nkari.kam@example.com,leader\n",
        cast.administrator,
    )
    assert counts(batch) == (0, 1, 0, 1)
    assert "this is you" in refusals(batch)[0][2]


def test_contacts_report_to_people_at_the_same_account(cast):
    batch = checked(
        "contacts",
        "number,account,name,reports to,influence\n"
        "P1,A1,Anna,,5\nP2,A1,Bo,P1,3\nP3,B1,Cai,P1,2\nP4,A1,Dag,,6\n",
        cast.administrator,
    )
    assert counts(batch) == (2, 0, 0, 2)
    services.apply(batch, user=cast.administrator, good_rows_only=True)
    assert Contact.objects.get(number="P2").parent.name == "Anna"


def test_account_teams_products_and_rates(cast):
    imported(
        "account_teams",
        "account,user,function,may_edit\nA1,ola.outsider@example.com,bids,yes\n",
        cast.administrator,
    )
    assert AccountTeamMember.objects.get(user=cast.outsider).may_edit
    imported(
        "products",
        "number,name,line,price\nP1,One,Valves,10.50\nP2,Two,valves,3\n",
        cast.administrator,
        columns={"number": "number", "name": "name", "line": "line", "list_price": "price"},
        create_missing=["line"],
    )
    assert Product.objects.get(number="P2").line.name == "Valves"
    batch = imported(
        "budget_rates", "year,currency,rate\n2026,SEK,0.089\n2026,NOK,0.09\n", cast.administrator
    )
    assert counts(batch) == (1, 1, 0, 0)
    assert BudgetRate.objects.get(currency="NOK", year=2026).rate == Decimal("0.09")
    assert (
        "above zero" in refusals(checked("budget_rates", "year,currency,rate\n2026,DKK,0\n"))[0][2]
    )


FACTS = "account,product,month,currency,revenue,cost\nA1,P500,2026-01,NOK,1500.50,700\nA1,P500,2026-02,NOK,10,\n"


def test_sales_facts_replace_and_keep_their_batch_and_figures_are_right_at_once(
    cast, django_capture_on_commit_callbacks
):
    batch = imported("sales_facts", FACTS, cast.administrator)
    assert counts(batch) == (1, 1, 0, 0)
    january = SalesFact.objects.get(account=cast.account, month="2026-01-01")
    assert (january.revenue, january.cost, january.batch) == (Decimal("1500.50"), 700, batch)
    year = AccountYear.objects.get(account=cast.account, year=2026)
    assert year.revenue == Decimal("1510.50")
    again = imported("sales_facts", FACTS, cast.administrator)
    assert counts(again) == (0, 0, 2, 0)
    january.refresh_from_db()
    assert january.batch == batch
    assert batch.file.open().read().decode() == FACTS
    assert len(batch.digest) == 64


def test_sales_are_added_up_where_the_map_says_so(cast):
    file = (
        "customer,item,day,amount,stage\nA1,P500,2026-03-01,10,Won\nA1,P500,2026-03-31,5.5,Won\n"
        "A1,P500,2026-03-31,7,Lost\nB1,P500,2026-03-02,1,Won\n"
    )
    parts = {
        "columns": {"account": "customer", "product": "item", "month": "day", "revenue": "amount"},
        "constants": {"currency": "EUR", "volume": "1"},
        "only": {"stage": ["Won"]},
        "sum": True,
    }
    batch = imported("sales_facts", file, cast.administrator, **parts)
    assert counts(batch) == (2, 0, 0, 0)
    assert batch.report["added_up"] == 1
    assert batch.report["left_out_values"] == {"stage": {"Lost": 1}}
    fact = SalesFact.objects.get(account=cast.account, month="2026-03-01")
    assert (fact.revenue, fact.volume) == (Decimal("15.5"), 2)
    parts.pop("sum")
    assert checked("sales_facts", file, cast.administrator, **parts).refused == 2


def test_a_column_that_is_not_in_the_file_keeps_what_the_fact_holds(cast):
    imported(
        "sales_facts",
        "account,product,month,currency,revenue\nA1,P500,2026-01,NOK,2000\n",
        cast.administrator,
    )
    fact = SalesFact.objects.get(account=cast.account, month="2026-01-01")
    assert (fact.revenue, fact.cost) == (2000, 600)


def test_targets_make_their_plan_only_when_told(cast):
    file = "account,line,month,revenue,margin\nA1,Pumps,2026-01,2000,800\nB1,Pumps,2026-02,50,20\nC1,Pumps,2026-02,5,2\n"
    columns = {n: n for n in ("account", "line", "month", "revenue", "margin")}
    batch = checked("targets", file, cast.administrator, columns=columns)
    assert counts(batch) == (1, 1, 0, 1)
    batch = imported("targets", file, cast.administrator, columns=columns, create_missing=["plan"])
    assert batch.report["new_words"] == {"plan": ["C1 2026"]}
    plan = AccountPlan.objects.get(account=cast.unowned)
    assert plan.targets.get().months.count() == 12
    assert TargetMonth.objects.get(target=cast.target, month="2026-01-01").revenue == 2000
    again = imported("targets", file, cast.administrator, columns=columns, create_missing=["plan"])
    assert counts(again) == (0, 0, 3, 0)


def test_targets_of_closed_plans_are_refused(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="closed")
    batch = checked(
        "targets", "account,line,month,revenue\nA1,Pumps,2026-01,2000\n", cast.administrator
    )
    assert batch.refused == 1
