"""Many writers at once, each on a connection of their own: no acknowledged edit is lost."""

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction

from kam.editing import EditConflict, save_fields
from plans.models import AccountPlan, TargetMonth
from plans.services import goals, lifecycle, plans, targets
from plans.services.refusals import IllegalTransition
from tests.conftest import YEAR

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 6
ROUNDS = 8


def together(*work: Callable[[], None]) -> None:
    """Runs all at once, each in its own thread with its own connection; raises what one raised."""
    barrier = threading.Barrier(len(work))
    errors: list[BaseException] = []

    def run(one: Callable[[], None]) -> None:
        try:
            barrier.wait(timeout=20)
            one()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def appending(pk: int, field: str, writer: int, acknowledged: list[str]) -> Callable[[], None]:
    """Adds words to a text, again and again, each time from the version just read."""

    def work() -> None:
        for number in range(ROUNDS):
            word = f"w{writer}n{number};"
            while True:
                plan = AccountPlan.objects.get(pk=pk)
                text = getattr(plan, field) + word
                try:
                    plans.change_plan(plan, {field: text}, base_version=plan.version)
                except EditConflict:
                    continue
                acknowledged.append(word)
                break

    return work


def test_writers_of_different_fields_never_disturb_each_other(cast):
    """All begin from the same version, and none is refused."""
    base = cast.plan.version
    fields = ("summary", "stance_reason")

    def writing(field: str) -> Callable[[], None]:
        def work() -> None:
            plan = AccountPlan.objects.get(pk=cast.plan.pk)
            plans.change_plan(plan, {field: f"words in {field}"}, base_version=base)

        return work

    together(*(writing(field) for field in fields))
    plan = AccountPlan.objects.get(pk=cast.plan.pk)
    assert [getattr(plan, field) for field in fields] == [f"words in {f}" for f in fields]
    assert plan.version == base + len(fields)


def test_without_the_version_words_are_lost(cast):
    """The race is real: six people save the same text from the same page, five are overwritten."""

    def writing(writer: int) -> Callable[[], None]:
        def work() -> None:
            save_fields(cast.plan, {"summary": f"w{writer};"}, base_version=None)

        return work

    together(*(writing(n) for n in range(WRITERS)))
    kept = AccountPlan.objects.get(pk=cast.plan.pk).summary
    assert sum(f"w{n};" in kept for n in range(WRITERS)) == 1


def test_writers_of_one_text_lose_no_acknowledged_word(cast):
    acknowledged: list[str] = []
    together(*(appending(cast.plan.pk, "summary", n, acknowledged) for n in range(WRITERS)))
    kept = AccountPlan.objects.get(pk=cast.plan.pk).summary
    assert len(acknowledged) == WRITERS * ROUNDS
    assert [word for word in acknowledged if word not in kept] == []


def test_months_filled_by_many_at_once_are_all_kept(cast):
    """Twelve writers, a month each, from the same page; eleven of the months have no row yet."""
    months = [date(YEAR, n, 1) for n in range(1, 13)]

    def filling(month: date) -> Callable[[], None]:
        version = 1 if month.month == 1 else 0

        def work() -> None:
            edit = targets.CellEdit(cast.target.pk, month, Decimal(month.month), version)
            targets.save_cells(cast.plan, "revenue", [edit])

        return work

    together(*(filling(month) for month in months))
    held = dict(cast.target.months.values_list("month", "revenue"))
    assert held == {month: Decimal(month.month) for month in months}


def test_of_many_who_type_the_same_month_one_is_saved_and_the_others_are_told(cast):
    told: list[int] = []
    saved: list[int] = []

    def typing(number: int) -> Callable[[], None]:
        def work() -> None:
            edit = targets.CellEdit(cast.target.pk, date(YEAR, 1, 1), Decimal(number), 1)
            try:
                targets.save_cells(cast.plan, "revenue", [edit])
                saved.append(number)
            except EditConflict:
                told.append(number)

        return work

    together(*(typing(2000 + n) for n in range(WRITERS)))
    assert len(saved) == 1
    assert len(told) == WRITERS - 1
    assert TargetMonth.objects.get(target=cast.target).revenue == saved[0]


def test_of_two_who_decide_at_the_same_moment_one_decides(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="submitted")
    done: list[str] = []

    def deciding(act: Callable[[], None], name: str) -> Callable[[], None]:
        def work() -> None:
            try:
                act()
                done.append(name)
            except IllegalTransition:
                pass

        return work

    approve = deciding(lambda: lifecycle.approve(cast.plan, cast.leader), "active")
    refuse = deciding(lambda: lifecycle.send_back(cast.plan, cast.region_leader, "No."), "returned")
    together(approve, refuse)
    assert len(done) == 1
    assert AccountPlan.objects.get(pk=cast.plan.pk).status == done[0]


def test_two_who_add_overlapping_targets_at_once_get_one(cast, small_pumps):
    from plans.services.refusals import PlanRefusal

    plan, line = cast.foreign_plan, cast.line
    refused: list[str] = []

    def adding(which) -> Callable[[], None]:
        def work() -> None:
            try:
                targets.add_target(plan, which, {"revenue": Decimal(12)})
            except PlanRefusal as refusal:
                refused.append(refusal.sentence)

        return work

    together(adding(line), adding(small_pumps))
    assert len(refused) == 1
    assert plan.targets.count() == 1
    assert connection.is_usable()


def test_no_step_comes_between_the_look_at_a_plan_and_what_is_written(cast):
    """Who found the plan open writes into it before it is submitted, frozen and approved."""
    written, submitted = threading.Event(), threading.Event()
    waited: list[bool] = []

    def writer() -> None:
        with transaction.atomic():
            goals.change_goal(cast.goal, {"target": Decimal(777)}, base_version=None)
            written.set()
            waited.append(not submitted.wait(timeout=1))

    def decider() -> None:
        written.wait(timeout=10)
        plan = lifecycle.submit(cast.plan, cast.kam)
        submitted.set()
        lifecycle.approve(plan, cast.leader)

    together(writer, decider)
    assert waited == [True]
    (kept,) = cast.plan.versions.get().content["goals"]
    assert kept["target"] == "777"
