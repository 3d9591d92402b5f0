"""From a file to rows: what is created, changed, left alone and refused, and why."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, connections

from accounts.models import (
    Account,
    AccountTeamMember,
    AccountYear,
    Contact,
    Industry,
    Product,
    SalesFact,
)
from kam import jobs
from kam.importing import engine, services
from kam.importing.engine.trees import circles, levels
from kam.importing.mapping import Map, MapRefused, guess, slug
from kam.importing.reading import FileRefused
from kam.importing.resource import resource_named
from kam.importing.services import ImportRefused
from kam.models import BudgetRate, ImportBatch, ImportMap, Job, Team, User
from kam.sideline import sideline
from plans.models import AccountPlan, TargetMonth
from tests.kam.importing.files import checked, counts, imported, refusals, upload, workbook

pytestmark = pytest.mark.django_db


# --- maps -------------------------------------------------------------------------------------------


def test_a_map_reads_back_from_its_own_toml():
    mapping = Map(
        columns={"account": 'The "customer"', "month": "Måned"},
        constants={"currency": "USD"},
        values={"product": {"GTX=Pro": "GTX\\Pro"}},
        scale={"revenue": "1000"},
        only={"stage": ["Won", "Vundet"]},
        sum=True,
        create_missing=["industry"],
        reading={"delimiter": "\t", "blank": ["n/a"]},
    )
    assert Map.from_toml(mapping.to_toml("sales_facts")) == mapping


@pytest.mark.parametrize(
    ("toml", "word"),
    [
        ("columns = 1", "columns"),
        ("[column]\na = 'b'", "unknown part"),
        ("[columns]\na = [1]", "no text"),
        ("[reading]\ndecimal = 'x'", "decimal"),
        ("[reading]\nencoding = 'rot13'", "encoding"),
        ("sum = 'yes'", "true or false"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_map_is_refused_with_the_place(toml, word):
    with pytest.raises(MapRefused, match=word):
        Map.from_toml(toml)


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"columns": {"name": "name", "colour": "name"}}, "no field colour"),
        ({"columns": {"name": "title"}}, "no column title"),
        ({"columns": {"parent": "name"}}, "No column of the file feeds"),
        ({"columns": {"name": "name"}, "create_missing": ["leader"]}, "cannot grow"),
        ({"columns": {"name": "name"}, "sum": True}, "cannot be added up"),
        ({"columns": {"name": "name"}, "constants": {"name": "x"}}, "in \\[columns\\] and"),
        ({"columns": {"name": "{name|shout}"}}, "no filter shout"),
        ({"columns": {"name": "name"}, "only": {"stage": ["Won"]}}, "no column stage"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(parts, word):
    batch = checked("teams", "name\nNorth\n", **parts)
    assert batch.state == ImportBatch.State.REFUSED
    with pytest.raises(MapRefused, match=word):
        raise MapRefused(batch.report["error"])


def test_columns_are_guessed_by_known_names_only():
    found = guess(
        resource_named("accounts"), ["Customer No.", "Customer name", "Colour", "KAM e-mail"]
    )
    assert found.columns == {
        "number": "Customer No.",
        "name": "Customer name",
        "owner": "KAM e-mail",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Moses Frase", "moses.frase"),
        ("Mei-Mei Jöhns", "mei-mei.johns"),
        ("Bjørn Åse", "bjorn.ase"),
    ],
)
def test_names_become_addresses(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        ({1: 2, 2: 3, 3: None}, []),
        ({1: 2, 2: 1}, [{1, 2}]),
        ({1: 1}, [{1}]),
        ({1: 2, 2: 3, 3: 2, 4: 1}, [{2, 3}]),
    ],
)
def test_circles_are_found_once(up, expected):
    assert [set(c) for c in circles(up)] == expected


def test_parents_come_in_layers_before_their_children():
    layers = levels([("c", "b"), ("b", "a"), ("d", "x"), ("a", None)])
    assert [sorted(k for k, _p in layer) for layer in layers] == [["a", "d"], ["b"], ["c"]]


# --- accounts ---------------------------------------------------------------------------------------

ACCOUNTS = """number,name,parent,country,owner,industry
K3,Below below,K2,NO,kari.kam@example.com,
K2,Below,K1,Sweden,KARI.KAM@example.com,Shipping
K1,Top,,South Korea,,shipping
"""


def test_parents_may_stand_anywhere_in_the_file(cast):
    batch = imported(
        "accounts",
        ACCOUNTS,
        cast.administrator,
        columns={n: n for n in ("number", "name", "parent", "country", "owner", "industry")},
        create_missing=["industry"],
    )
    assert counts(batch) == (3, 0, 0, 0)
    top, below, last = (Account.objects.get(number=n) for n in ("K1", "K2", "K3"))
    assert last.path == [top.pk, below.pk, last.pk]
    assert (below.owner, top.country.code, below.country.code) == (cast.kam, "KR", "SE")
    assert Industry.objects.get().name == "Shipping"
    assert batch.report["new_words"] == {"industry": ["Shipping"]}


def test_the_same_file_twice_changes_nothing(cast):
    parts = {
        "columns": {n: n for n in ("number", "name", "parent", "country", "owner", "industry")},
        "create_missing": ["industry"],
    }
    imported("accounts", ACCOUNTS, cast.administrator, **parts)
    versions = list(Account.objects.order_by("pk").values_list("version", "updated_at"))
    again = imported("accounts", ACCOUNTS, cast.administrator, **parts)
    assert counts(again) == (0, 0, 3, 0)
    assert list(Account.objects.order_by("pk").values_list("version", "updated_at")) == versions


def test_a_change_is_shown_before_and_after_and_audited_with_its_batch(cast):
    batch = checked(
        "accounts", "number,name,owner\nA1,Fjord Yards,odd.other@example.com\n", cast.administrator
    )
    assert batch.report["rows"]["changed"] == [
        {
            "line": 2,
            "key": "A1",
            "changes": [
                {"column": "name", "before": "Fjord Shipyards", "after": "Fjord Yards"},
                {
                    "column": "key account manager",
                    "before": "kari.kam@example.com",
                    "after": "odd.other@example.com",
                },
            ],
        }
    ]
    assert Account.objects.get(number="A1").name == "Fjord Shipyards"
    services.apply(batch, user=cast.administrator)
    event = cast.account.events.latest("pgh_id")
    assert event.name == "Fjord Yards"
    assert event.pgh_context["source"] == "import"
    assert event.pgh_context["batch"] == batch.pk
    assert event.pgh_context["user"] == cast.administrator.pk


def test_columns_that_the_file_does_not_have_stay_as_they_are(cast):
    imported("accounts", "number,employees\nA1,250\n", cast.administrator)
    account = Account.objects.get(number="A1")
    assert (account.employees, account.name, account.owner) == (250, "Fjord Shipyards", cast.kam)


def test_circles_are_refused_with_the_names_and_what_hangs_below_them(cast):
    batch = checked(
        "accounts",
        "number,name,parent\nA1,Fjord,A2\nA2,Bergen,A1\nN1,New,N2\nN2,New too,N1\nN3,Lost,N1\n",
        cast.administrator,
    )
    assert counts(batch) == (0, 0, 0, 5)
    words = {line: expected for line, _c, expected in refusals(batch)}
    assert "A1 → A2 → A1" in words[2]
    assert "N1 → N2 → N1" in words[4]
    assert "line 4 is refused" in words[6]


def test_a_file_may_turn_a_tree_around(cast):
    imported("accounts", "number,parent\nA1,A2\nA2,\n", cast.administrator)
    top, below = Account.objects.get(number="A2"), Account.objects.get(number="A1")
    assert below.path == [top.pk, below.pk]


def test_a_circle_through_stored_accounts_is_refused(cast):
    batch = checked("accounts", "number,parent\nA1,A2\n", cast.administrator)  # A2 stands below A1
    assert counts(batch)[3] == 1
    assert "circle" in refusals(batch)[0][2]


def test_unknown_references_are_refused_with_the_nearest_as_a_hint(cast):
    batch = checked(
        "accounts",
        "number,name,owner,country,parent,industry\n"
        "X1,One,kari.kamm@example.com,Norwey,A9,Fishing\n",
        cast.administrator,
    )
    words = {column: expected for _line, column, expected in refusals(batch)}
    assert "“kari.kam@example.com”" in words.get("key account manager (owner)", "") or words
    assert any("Norway" in expected for expected in words.values())


def test_only_those_who_can_own_accounts_become_owners(cast):
    batch = checked(
        "accounts", "number,owner\nA1,carl.contributor@example.com\n", cast.administrator
    )
    assert refusals(batch) == [
        (
            2,
            "key account manager (owner)",
            "somebody whose role lets them own accounts",
        )
    ]


REFUSED = [
    ("number,name,employees\nX,A,many\n", 2, "employees", "a number"),
    ("number,name,employees\nX,A,-3\n", 2, "employees", "a whole number"),
    ("number,name,employees\nX,A,99999999999\n", 2, "employees", "a whole number"),
    ("number,name,employees\nX,A,1.5\n", 2, "employees", "a whole number"),
    (
        "number,name,customer_revenue\nX,A,1e9\n",
        2,
        "customer's own revenue (customer_revenue)",
        "a number",
    ),
    (
        "number,name,customer_revenue\nX,A,12345678901234567890\n",
        2,
        "customer's own revenue (customer_revenue)",
        "a number below",
    ),
    (
        "number,name,customer_revenue\nX,A,1.5555\n",
        2,
        "customer's own revenue (customer_revenue)",
        "2 decimals",
    ),
    ("number,name,currency\nX,A,XXX\n", 2, "currency", "known here"),
    ("number,name,is_key_account\nX,A,maybe\n", 2, "key account (is_key_account)", "yes or no"),
    ("number,name,level\nX,A,galactic\n", 2, "level", "one of"),
    ("number,name,website\nX,A,javascript:alert(1)\n", 2, "website", "web address"),
    ("number,name\nX,=cmd|' /C calc'!A0\n", 2, "name", "formula"),
    ("number,name\nX,\n", 2, "name", "empty"),
    ("number,name\n,A\n", 2, "number", "empty"),
    (f"number,name\nX,{'a' * 201}\n", 2, "name", "at most 200"),
    ("number,name,parent\nX,A,Nowhere\n", 2, "parent", "one that is known"),
    ("number,name\nX,A,shifted\n", 2, "", "shifted columns"),
    ("number,employees\nX,5\n", 2, "name", "required"),
]


@pytest.mark.parametrize(("file", "line", "column", "expected"), REFUSED)
def test_what_is_wrong_is_refused_with_line_column_and_what_was_expected(
    cast, file, line, column, expected
):
    before = Account.objects.count()
    batch = checked("accounts", file, cast.administrator)
    assert batch.refused == 1
    found = refusals(batch)[0]
    assert (found[0], found[1]) == (line, column)
    assert expected in found[2]
    with pytest.raises(ImportRefused):
        services.apply(batch, user=cast.administrator)
    assert Account.objects.count() == before


def test_formulas_of_a_workbook_are_refused_where_they_stand(cast):
    file = workbook([["number", "name", "employees"], ["X1", "One", 5], ["X2", "Two", "=A1"]])
    batch = checked("accounts", file, cast.administrator)
    assert counts(batch) == (1, 0, 0, 1)
    assert refusals(batch)[0][:2] == (3, "employees")


def test_keys_that_stand_twice_are_refused_in_both_lines(cast):
    batch = checked("accounts", "number,name\nX,A\nY,B\nX,A\n", cast.administrator)
    assert counts(batch) == (1, 0, 0, 2)
    assert [line for line, _c, _e in refusals(batch)] == [2, 4]


def test_the_same_row_may_repeat_where_the_map_says_so(cast):
    file = "name\nWest\nWest\nEast\n"
    batch = imported("teams", file, cast.administrator, columns={"name": "name"}, once=True)
    assert counts(batch) == (2, 0, 0, 0)
    assert batch.report["repeated"] == 1


def test_an_undecided_decimal_sign_is_asked_for_and_not_guessed(cast):
    file = "number;name;customer_revenue\nX;A;1.234\n"
    batch = checked("accounts", file, cast.administrator)
    assert batch.state == "refused"
    assert "line 2" in batch.report["error"]
    assert "1.234" in batch.report["error"]
    columns = {"number": "number", "name": "name", "customer_revenue": "customer_revenue"}
    batch = imported(
        "accounts", file, cast.administrator, columns=columns, reading={"decimal": ","}
    )
    assert Account.objects.get(number="X").customer_revenue == Decimal(1234)


# --- all or nothing ---------------------------------------------------------------------------------

MIXED = "number,name,employees\nX1,One,5\nX2,Two,many\nX3,Three,7\n"


def test_one_bad_row_keeps_everything_out(cast):
    batch = checked("accounts", MIXED, cast.administrator)
    assert counts(batch) == (2, 0, 0, 1)
    with pytest.raises(ImportRefused, match="1 row is refused"):
        services.apply(batch, user=cast.administrator)
    batch.refresh_from_db()
    assert batch.state == "refused"
    assert not Account.objects.filter(number__startswith="X").exists()


def test_good_rows_only_when_asked(cast):
    batch = checked("accounts", MIXED, cast.administrator)
    services.apply(batch, user=cast.administrator, good_rows_only=True)
    batch.refresh_from_db()
    assert (batch.state, batch.good_rows_only, counts(batch)) == ("applied", True, (2, 0, 0, 1))
    assert set(Account.objects.filter(number__startswith="X").values_list("number", flat=True)) == {
        "X1",
        "X3",
    }


def test_a_batch_is_applied_once(cast):
    batch = imported("accounts", "number,name\nX,A\n", cast.administrator)
    with pytest.raises(ImportRefused, match="already"):
        services.apply(batch, user=cast.administrator)


def test_a_rule_that_only_the_database_knows_writes_nothing(cast, monkeypatch):
    """Whatever breaks while rows are written, nothing of them is left."""
    batch = checked("accounts", "number,name\nX1,A\nX2,B\n", cast.administrator)
    write = engine.Run.write

    def half(run, of):
        write(run, of)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(engine.Run, "write", half)
    with pytest.raises(ImportRefused, match="database refused"):
        services.apply(batch, user=cast.administrator)
    assert not Account.objects.filter(number__startswith="X").exists()


def test_files_that_are_longer_than_what_is_held_are_read_again(cast, monkeypatch):
    monkeypatch.setattr("kam.importing.engine.run.KEPT", 1)
    monkeypatch.setattr("kam.importing.engine.run.CHUNK", 2)
    batch = checked("accounts", MIXED + "X4,Four,1\nX5,Five,2\n", cast.administrator)
    services.apply(batch, user=cast.administrator, good_rows_only=True)
    assert Account.objects.filter(number__startswith="X").count() == 4


# --- the other resources ------------------------------------------------------------------------------


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


# --- in the worker ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_worker_checks_and_imports(cast):
    batch = upload("accounts", "number,name\nX,A\n", cast.administrator)
    assert jobs.run(services.start(batch, "check", user=cast.administrator).pk)
    batch.refresh_from_db()
    assert batch.state == "checked"
    job = services.start(batch, "apply", user=cast.administrator)
    assert services.start(batch, "apply", user=cast.administrator) == job
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, Account.objects.filter(number="X").count()) == (Job.State.DONE, 1)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_stopped_leaves_nothing(cast, monkeypatch):
    file = "number,name\n" + "".join(f"X{i},A\n" for i in range(50))
    batch = checked("accounts", file, cast.administrator)
    job = services.start(batch, "apply", user=cast.administrator)
    write = engine.Run.write

    def stop_in_the_middle(run, of):
        write(run, of)
        with sideline() as cursor:  # another process asks to stop
            cursor.execute("UPDATE kam_job SET cancel_requested = true WHERE id = %s", [job.pk])
        run.step(10**9)

    monkeypatch.setattr(engine.Run, "write", stop_in_the_middle)
    jobs.run(job.pk)
    job.refresh_from_db()
    batch.refresh_from_db()
    assert (job.state, batch.state) == (Job.State.CANCELLED, "checked")
    assert not Account.objects.filter(number__startswith="X").exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_import_it_once(cast):
    batch = checked(
        "accounts", "number,name\n" + "".join(f"X{i},A\n" for i in range(200)), cast.administrator
    )
    answers: list[str] = []
    barrier = threading.Barrier(3)

    def apply():
        try:
            barrier.wait()
            services.apply(ImportBatch.objects.get(pk=batch.pk), user=cast.administrator)
            answers.append("done")
        except ImportRefused as error:
            answers.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=apply) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert answers.count("done") == 1
    assert Account.objects.filter(number__startswith="X").count() == 200
    assert len(cast.account.events.model.objects.filter(number="X7")) == 1


@pytest.mark.django_db(transaction=True)
def test_different_files_wait_for_one_another(cast):
    batches = [
        checked("accounts", f"number,name,parent\nX{i},A,\nY,Shared {i},\n", cast.administrator)
        for i in range(3)
    ]
    barrier = threading.Barrier(3)

    def apply(batch):
        barrier.wait()
        services.apply(batch, user=cast.administrator)
        connections.close_all()

    threads = [threading.Thread(target=apply, args=[b]) for b in batches]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert Account.objects.filter(number="Y").count() == 1
    assert ImportBatch.objects.filter(state="applied").count() == 3


def test_a_map_is_kept_under_its_name(cast):
    services.save_map("accounts", "ERP", Map(columns={"number": "a"}), user=cast.administrator)
    services.save_map("accounts", "ERP", Map(columns={"number": "b"}), user=cast.administrator)
    assert ImportMap.objects.get().content == {"columns": {"number": "b"}}


def test_a_file_that_is_refused_at_the_door_is_not_kept(cast):
    with pytest.raises(FileRefused):
        upload("accounts", "number,name\n", cast.administrator)
    assert not ImportBatch.objects.exists()


# --- seen before, or not ------------------------------------------------------------------------
def test_a_file_without_a_preview_is_applied_where_that_is_asked_for(cast):
    batch = upload("teams", "name\nFar North\n")
    with pytest.raises(services.ImportRefused, match="Only a checked file"):
        services.apply(batch, user=None)
    assert not Team.objects.filter(name="Far North").exists()
    report = services.apply(batch, user=None, unseen=True)
    assert (report.created, report.refused) == (1, 0)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.APPLIED
    with pytest.raises(services.ImportRefused, match="imported already"):
        services.apply(batch, user=None, unseen=True)


def test_a_file_without_a_preview_is_refused_as_a_whole_with_its_report(cast):
    batch = upload("teams", "name,parent\nFar North,\nFar South,Nowhere\n")
    with pytest.raises(services.ImportRefused, match="1 row is refused"):
        services.apply(batch, user=None, unseen=True)
    batch.refresh_from_db()
    assert (batch.state, batch.refused) == (ImportBatch.State.REFUSED, 1)
    assert batch.report["rows"]["refused"][0]["line"] == 3
    assert not Team.objects.filter(name="Far North").exists()
    with pytest.raises(services.ImportRefused, match="Only a checked file"):
        services.apply(batch, user=None, unseen=True)
