"""Plans, goals and activities from files: made, changed, refused, the same file twice."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Contact
from plans.models import AccountPlan, Activity, Goal
from plans.services.templates import install_templates
from tests.conftest import YEAR
from tests.kam.importing.files import checked, counts, imported, refusals

pytestmark = pytest.mark.django_db


def test_plans_are_made_with_the_sections_of_their_template(cast):
    install_templates()
    file = f"account,year,summary,stance\nA1,{YEAR},Grow more.,expand\nC1,{YEAR},Win them.,win\n"
    batch = imported("plans", file, cast.administrator)
    assert counts(batch) == (1, 1, 0, 0)
    cast.plan.refresh_from_db()
    assert (cast.plan.summary, cast.plan.stance) == ("Grow more.", "expand")
    made = AccountPlan.objects.get(account=cast.unowned)
    assert (made.status, made.currency, made.year) == ("draft", cast.unowned.currency, YEAR)
    assert made.template is not None
    assert made.sections.count() == made.template.sections.active().count()
    again = imported("plans", file, cast.administrator)
    assert counts(again) == (0, 0, 2, 0)


def test_a_plan_that_waits_for_a_decision_keeps_its_words(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="submitted")
    file = f"account,year,summary\nA1,{YEAR},Other words\n"
    batch = checked("plans", file, cast.administrator)
    assert refusals(batch) == [(2, "account", "a plan that may be changed; it is Submitted")]
    same = checked("plans", f"account,year,summary\nA1,{YEAR},Grow.\n", cast.administrator)
    assert counts(same) == (0, 0, 1, 0)


def test_goals_by_account_year_and_title(cast):
    file = (
        "account,year,title,measured_by,metric,target,weight,perspective\n"
        f"A1,{YEAR},more PUMPS,hand,pumps,30,2,finance\n"
        f"A1,{YEAR},Sell more,revenue,,5000,3,finance\n"
        f"A1,{YEAR},By hand,hand,,1,1,finance\n"
        f"C1,{YEAR},x,hand,m,1,1,finance\n"
    )
    batch = checked("goals", file, cast.administrator)
    found = refusals(batch)
    assert (4, "metric", "what is measured, and in which unit") in found
    assert any(line == 5 and "an account with a plan" in why for line, _field, why in found)
    good = "\n".join(file.splitlines()[:3]) + "\n"
    imported("goals", good, cast.administrator)
    goal = Goal.objects.get(title="Sell more")
    assert (goal.metric, goal.target, goal.weight) == ("Revenue of the year", 5000, 3)
    assert counts(imported("goals", good, cast.administrator))[0] == 0


def test_an_approved_plans_goals_take_what_they_reached_alone(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    aims = checked("goals", f"account,year,title,target\nA1,{YEAR},More pumps,99\n", cast.kam)
    assert refusals(aims) == [(2, "account", "a plan that may be changed; it is Active")]
    imported("goals", f"account,year,title,actual\nA1,{YEAR},More pumps,7\n", cast.administrator)
    cast.goal.refresh_from_db()
    assert (cast.goal.actual, cast.goal.target) == (7, 20)
    Goal.objects.filter(pk=cast.goal.pk).update(measured_by="revenue")
    typed = checked(
        "goals", f"account,year,title,actual\nA1,{YEAR},More pumps,8\n", cast.administrator
    )
    assert refusals(typed) == [(2, "actual", "nothing: the system measures this goal")]


def test_activities_name_goals_contacts_and_people_of_their_account(cast):
    Contact.objects.filter(pk=cast.contact.pk).update(number="P1")
    Contact.objects.filter(pk=cast.foreign_contact.pk).update(number="P2")
    head = "account,year,title,goal,contact,responsible,starts_on,due_on,status,cost\n"
    wrong = (
        f"A1,{YEAR},a,No such goal,P1,{cast.kam.email},,,planned,\n"
        f"A1,{YEAR},b,,P2,{cast.kam.email},,,planned,\n"
        f"A1,{YEAR},c,,P1,{cast.outsider.email},,,planned,\n"
        f"A1,{YEAR},d,,P1,{cast.kam.email},{YEAR}-05-02,{YEAR}-05-01,planned,\n"
    )
    found = refusals(checked("activities", head + wrong, cast.administrator))
    assert [(line, why) for line, _field, why in found] == [
        (2, "the title of a goal of this plan"),
        (3, "a contact of this account or its group"),
        (4, "somebody who sees this account"),
        (5, "a day before it is due"),
    ]
    good = (
        f"A1,{YEAR},Offer,more pumps,P1,{cast.kam.email},{YEAR}-02-01,{YEAR}-03-01,done,1200.5\n"
        f"A1,{YEAR},Visit the yard,,,,,{YEAR}-04-01,in_progress,\n"
    )
    batch = imported("activities", head + good, cast.administrator)
    assert counts(batch) == (1, 1, 0, 0)
    made = Activity.objects.get(title="Offer")
    assert (made.goal, made.contact, made.responsible) == (cast.goal, cast.contact, cast.kam)
    assert (made.cost, made.done_on) == (Decimal("1200.50"), date(YEAR, 3, 1))
    cast.activity.refresh_from_db()
    assert (cast.activity.status, cast.activity.due_on) == ("in_progress", date(YEAR, 4, 1))
    assert (cast.activity.goal, cast.activity.responsible) == (None, None)  # emptied by the file
    assert counts(imported("activities", head + good, cast.administrator)) == (0, 0, 2, 0)
