"""The plan's pages: what they show, in how many queries, and what their forms do."""

import gzip
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ProductLine
from plans.models import AccountPlan, Activity, Goal, Target
from plans.services import activities, goals, targets
from tests.conftest import YEAR

Status = AccountPlan.Status


#: Answered by the cache, which others may empty at any moment.
CACHED = ("SAVEPOINT", "RELEASE", 'FROM "django_session"', 'FROM "kam_company"')


@contextmanager
def queries(expected: list[str]):
    """The block makes exactly these queries; each is named by a word that its SQL holds."""
    with CaptureQueriesContext(connection) as found:
        yield
    made = [q["sql"] for q in found if not any(word in q["sql"] for word in CACHED)]
    assert len(made) == len(expected), "\n\n".join(sql[-300:] for sql in made)
    for sql, word in zip(made, expected, strict=True):
        assert word in sql, f"{word}: {sql}"


def url(name: str, *args) -> str:
    return reverse(f"plans:{name}", args=args)


@pytest.fixture
def kam(cast):
    return cast.client("kam")


@pytest.fixture
def full_plan(cast):
    """Ten lines × twelve months, 50 goals, 200 activities."""
    for number in range(9):
        line = ProductLine.objects.create(name=f"Line {number}")
        line.refresh_from_db()
        targets.add_target(cast.plan, line, {"revenue": Decimal(12000), "margin": Decimal(3000)})
    Goal.objects.bulk_create(
        Goal(plan=cast.plan, title=f"Goal {n}", metric="m", baseline=0, target=10, actual=n % 10)
        for n in range(49)
    )
    Activity.objects.bulk_create(
        Activity(
            plan=cast.plan,
            title=f"Activity {n}",
            responsible=cast.kam,
            contact=cast.contact,
            due_on=date(YEAR, 1 + n % 12, 1),
            status="done" if n % 2 else "planned",
        )
        for n in range(199)
    )
    return cast.plan


def test_the_page_of_a_full_plan_makes_seven_queries(cast, kam, full_plan):
    with queries(
        [
            "kam_user",  # who is signed in, with the frame
            "plans_accountplan",  # the plan, its account, and what this person may do
            "kam_budgetrate",  # the year's rates
            "accounts_salesfact",  # sales by line and month
            "plans_targetmonth",  # targets by month
            "plans_activity",  # open and late
            "plans_section",  # those that this person reads
        ]
    ):
        answer = kam.get(url("detail", full_plan.pk))
    assert answer.status_code == 200
    assert len(answer.content) < 40_000


def test_the_grid_of_ten_lines_makes_six_queries(cast, kam, full_plan):
    with queries(
        [
            "kam_user",
            "plans_accountplan",
            "kam_budgetrate",
            "plans_target",  # with their lines
            "plans_targetmonth",
            "accounts_salesfact",  # this year and last
        ]
    ):
        answer = kam.get(url("target_list", full_plan.pk), headers={"HX-Request": "true"})
    assert answer.content.count(b'<input id="c-') == 120
    assert len(answer.content) < 60_000


def test_fifty_goals_make_six_queries(cast, kam, full_plan):
    with queries(
        [
            "kam_user",
            "plans_accountplan",
            "plans_goal",
            "plans_shareevent",  # what the customer's people said of them
            "plans_strategy",
            "plans_activity",  # those that lead to goals
        ]
    ):
        answer = kam.get(url("goal_list", full_plan.pk), headers={"HX-Request": "true"})
    assert answer.content.count(b'id="goal-') == 50 + 1  # rows, and the buttons' form
    assert len(answer.content) < 80_000
    assert len(gzip.compress(answer.content)) < 8_000


def test_two_hundred_activities_make_seven_queries(cast, kam, full_plan):
    with queries(
        [
            "kam_user",
            "plans_accountplan",
            "COUNT",  # open, over, archived
            "plans_activity",  # the first of them
            "kam_team",  # the path of the KAM's team, for who may be responsible
            "kam_user",  # who may be responsible
            "accounts_contact",  # with whom
        ]
    ):
        answer = kam.get(url("plan_activities", full_plan.pk), headers={"HX-Request": "true"})
    assert b"76 more" in answer.content
    assert len(answer.content) < 60_000
    assert len(gzip.compress(answer.content)) < 8_000


def test_the_list_of_plans_makes_six_queries(cast, kam):
    with queries(
        [
            "kam_user",
            "plans_accountplan",  # the page's keys
            "plans_accountplan",  # its rows, with targets and activities
            "accounts_accountyear",
            "kam_budgetrate",
            "kam_savedview",
        ]
    ):
        answer = kam.get(url("list"))
    assert b"Fjord Shipyards" in answer.content
    assert "Skåne Foods" not in answer.content.decode()


def test_the_list_of_everybody_s_plans_looks_within_the_newest_year_first(cast):
    management = cast.client("management")
    with queries(
        [
            "kam_user",
            "plans_accountplan",  # the page's keys, within the newest year
            "plans_accountplan",  # the page's keys: one year has fewer than a page
            "plans_accountplan",  # its rows, with targets and activities
            "accounts_accountyear",
            "kam_budgetrate",
            "kam_savedview",
        ]
    ):
        answer = management.get(url("list"))
    assert b"Fjord Shipyards" in answer.content
    assert "Skåne Foods" in answer.content.decode()


def test_accounts_without_a_plan_are_shown_and_get_one_with_a_click(cast, kam, last_year):
    with queries(
        [
            "kam_user",
            "accounts_account",  # the page's keys
            "accounts_account",  # its rows
            "accounts_accountyear",  # last year's revenue
            "accounts_account",  # which of them this person may change
            "kam_savedview",
        ]
    ):
        answer = kam.get(url("unplanned_list"), {"year": YEAR})
    assert b"Fjord Shipyards Bergen" in answer.content
    answer = kam.post(url("create"), {"account": cast.child.pk, "year": YEAR, "growth": "0"})
    plan = AccountPlan.objects.get(account=cast.child)
    assert answer.url == url("detail", plan.pk)
    assert b"Fjord Shipyards Bergen" not in kam.get(url("unplanned_list"), {"year": YEAR}).content


def test_creating_shows_the_targets_first(cast, kam, last_year):
    AccountPlan.objects.filter(account=cast.account).delete()
    answer = kam.get(url("create"), {"account": cast.account.pk, "year": YEAR, "growth": "10"})
    assert b"440" in answer.content  # pumps: 400 and a tenth
    assert b"880" in answer.content
    answer = kam.post(url("create"), {"account": cast.account.pk, "year": YEAR, "growth": "x"})
    assert answer.status_code == 422


def test_texts_are_markdown_and_safe(cast, kam):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(summary="**Grow** <script>alert(1)</script>")
    answer = kam.get(url("detail", cast.plan.pk)).content.decode()
    assert "<strong>Grow</strong> &lt;script&gt;" in answer


def test_a_month_is_typed_in_the_persons_own_language(cast, kam):
    cast.kam.language = "nb"
    cast.kam.save()
    month = f"c-{cast.target.pk}-{YEAR}-01"
    data = {"measure": "revenue", f"v-{cast.target.pk}": "1" + ",0" * 11, month: "1\u00a0500,50"}
    answer = kam.post(url("target_edit", cast.plan.pk), data, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.content.decode()
    assert cast.target.months.get(month=date(YEAR, 1, 1)).revenue == Decimal("1500.50")
    assert f'id="{month}"' in answer.content.decode()
    data[month] = "1.500"
    answer = kam.post(url("target_edit", cast.plan.pk), data, headers={"HX-Request": "true"})
    assert answer.status_code == 422


def test_a_month_typed_by_two_is_shown_with_both_values_and_the_choice_is_saved(cast, kam):
    month = f"c-{cast.target.pk}-{YEAR}-01"
    other = f"c-{cast.target.pk}-{YEAR}-02"
    base = {"measure": "revenue", f"v-{cast.target.pk}": "1" + ",0" * 11}
    address = url("target_edit", cast.plan.pk)
    leader = cast.client("leader")
    leader.post(address, base | {month: "1300"}, headers={"HX-Request": "true"})
    answer = kam.post(address, base | {month: "1400", other: "5"}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    page = answer.content.decode()
    for part in ("1,200", "1,300", "1,400", "Lena Leader"):
        assert part in page
    form = dict(answer.context["posted"])
    form |= {"version": answer.context["version"], f"choice-{month}": "mine"}
    answer = kam.post(address, form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert cast.target.months.get(month=date(YEAR, 1, 1)).revenue == 1400
    assert cast.target.months.get(month=date(YEAR, 2, 1)).revenue == 5


def test_without_script_only_what_was_changed_is_saved(cast, kam):
    """The whole grid is posted; a month that somebody else changed meanwhile stays theirs."""
    page = kam.get(url("target_list", cast.plan.pk)).content.decode()
    import re

    form = {"measure": "revenue"}
    for name, value in re.findall(r'<input[^>]*? name="([ctv]-[^"]+)" value="([^"]*)"', page):
        form[name] = value
    assert len(form) == 1 + 12 + 1 + 1
    targets.save_cells(
        cast.plan, "revenue", [targets.CellEdit(cast.target.pk, date(YEAR, 1, 1), Decimal(9), 1)]
    )
    form[f"c-{cast.target.pk}-{YEAR}-03"] = "77"
    answer = kam.post(url("target_edit", cast.plan.pk), form)
    assert answer.status_code == 302
    held = {m.month.month: m.revenue for m in cast.target.months.all()}
    assert held == {1: 9, 3: 77}


def test_the_year_is_spread_over_the_months(cast, kam):
    targets.set_phasing(cast.target, "even", [1] + [0] * 11)
    versions = {m.month.month: m.version for m in cast.target.months.all()}
    data = {
        "measure": "revenue",
        f"v-{cast.target.pk}": ",".join(str(versions.get(n, 0)) for n in range(1, 13)),
        f"t-{cast.target.pk}": "2,400",
    }
    answer = kam.post(url("target_edit", cast.plan.pk), data, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.content.decode()
    assert {m.revenue for m in cast.target.months.all()} == {200}


def test_a_locked_plan_refuses_in_words(cast, kam):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status=Status.SUBMITTED)
    month = f"c-{cast.target.pk}-{YEAR}-01"
    data = {"measure": "revenue", f"v-{cast.target.pk}": "1" + ",0" * 11, month: "5"}
    answer = kam.post(url("target_edit", cast.plan.pk), data, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "waits for a decision" in answer.content.decode()
    page = kam.get(url("target_list", cast.plan.pk)).content.decode()
    assert f'id="{month}"' not in page


def test_the_leader_decides_and_the_kam_reads_it(cast, kam):
    kam.post(url("submit", cast.plan.pk))
    leader = cast.client("leader")
    assert kam.post(url("approve", cast.plan.pk)).status_code == 403
    answer = leader.post(url("return", cast.plan.pk), {"note": ""})
    assert answer.status_code == 422
    leader.post(url("return", cast.plan.pk), {"note": "More about the risks."})
    page = kam.get(url("detail", cast.plan.pk)).content.decode()
    assert "Returned by Lena Leader" in page
    assert "More about the risks." in page
    kam.post(url("submit", cast.plan.pk))
    leader.post(url("approve", cast.plan.pk))
    answer = leader.post(url("approve", cast.plan.pk), follow=True)
    assert "Lena Leader has decided" in answer.content.decode()


def test_goals_show_their_direction(cast, kam):
    goals.add_goal(
        cast.plan, title="Fewer complaints", metric="a year",
        baseline=Decimal(40), target=Decimal(20), actual=Decimal(25),
    )  # fmt: skip
    page = kam.get(url("goal_list", cast.plan.pk)).content.decode()
    assert "75\u00a0%" in page
    assert 'aria-label="down"' in page


def test_a_goal_is_added_edited_archived_and_restored(cast, kam):
    form = {"title": "Grow", "metric": "NPS", "side": "customer", "target": "1,5"}
    answer = kam.post(url("goal_add", cast.plan.pk), form, headers={"HX-Request": "true"})
    goal = Goal.objects.get(title="Grow")
    assert (answer.status_code, goal.target, goal.side) == (200, Decimal("1.5"), "customer")
    edit = {"actual": "3", "version": "1", "_touched": "actual"}
    kam.post(url("goal_edit", goal.pk, "actual"), edit, headers={"HX-Request": "true"})
    kam.post(url("goal_archive", goal.pk))
    goal.refresh_from_db()
    assert goal.actual == 3
    assert goal.archived_at is not None
    assert "1 archived goal" in kam.get(url("goal_list", cast.plan.pk)).content.decode()
    kam.post(url("goal_restore", goal.pk))
    assert Goal.objects.active().filter(pk=goal.pk).exists()


def test_an_activity_is_added_in_one_line_and_done_with_one_click(cast, kam, today):
    form = {"title": "Call Brit", "due_on": f"{YEAR}-05-01", "contact": cast.contact.pk,
            "responsible": cast.kam.pk}  # fmt: skip
    answer = kam.post(url("activity_add", cast.plan.pk), form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "14 days late" in answer.content.decode()
    activity = Activity.objects.get(title="Call Brit")
    kam.post(url("activity_finish", activity.pk), headers={"HX-Request": "true"})
    activity.refresh_from_db()
    assert (activity.status, activity.done_on) == ("done", today)
    form["contact"] = cast.foreign_contact.pk
    answer = kam.post(url("activity_add", cast.plan.pk), form, headers={"HX-Request": "true"})
    assert answer.status_code == 422


def test_my_activities(cast, kam, today):
    activities.add_activity(cast.plan, title="Eva's", responsible=cast.editor)
    activities.add_activity(
        cast.plan, title="Later", responsible=cast.kam, due_on=date(YEAR, 12, 1)
    )
    with queries(["kam_user", "plans_activity", "plans_activity", "kam_savedview"]):
        page = kam.get(url("activity_list")).content.decode()
    assert "Visit the yard" in page
    assert "Eva&#x27;s" not in page
    assert "days late" in page
    assert "Eva&#x27;s" in kam.get(url("activity_list"), {"whose": "all"}).content.decode()
    late = kam.get(url("activity_list"), {"when": "late"}).content.decode()
    assert "Visit the yard" in late
    assert "Later" not in late
    leader = cast.client("leader").get(url("activity_list"), {"whose": "team"}).content.decode()
    assert "Visit the yard" in leader


def test_many_activities_at_once(cast, kam):
    data = {"do": "bulk", "which": "ids", "ids": [cast.activity.pk], "due_on": f"{YEAR}-07-01"}
    kam.post(url("activity_list"), data)
    cast.activity.refresh_from_db()
    assert cast.activity.due_on == date(YEAR, 7, 1)


def test_the_panels_of_the_account(cast, kam, today):
    with queries(
        ["kam_user", "accounts_account", "plans_accountplan", "accounts_accountyear",
         "kam_budgetrate"]
    ):  # fmt: skip
        page = kam.get(url("account_panel", cast.account.pk), headers={"HX-Request": "true"})
    assert url("detail", cast.plan.pk) in page.content.decode()
    with queries(["kam_user", "accounts_account", "plans_activity"]):
        page = kam.get(url("account_activities", cast.account.pk), headers={"HX-Request": "true"})
    assert "Visit the yard" in page.content.decode()


def test_the_figures_say_why(cast, kam, last_year, today):
    page = kam.get(url("why", cast.plan.pk)).content.decode()
    assert "1,000 ÷ 1,200 = 83.3\u00a0%" in page
    assert '<th scope="row">Pumps</th><td class="num">1,000</td><td class="num">400</td>' in page


def test_plans_are_filtered_and_exported(cast, kam):
    assert b"Fjord" in kam.get(url("list"), {"targets": "with"}).content
    assert (
        b'href="/plans/%d/"' % cast.plan.pk
        not in kam.get(url("list"), {"targets": "without"}).content
    )
    file = b"".join(kam.get(url("list"), {"export": "csv"}).streaming_content).decode()
    assert "Fjord Shipyards,2026,Draft,Kari Kam,NOK,1200.00" in file
    assert Target.objects.count() == 1
