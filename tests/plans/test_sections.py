"""Sections: from a template, written, confirmed, moved; templates that fit; quality and its to-do list."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kam.periods import company_today
from plans.calc import Point, freshness_of, plan_quality
from plans.known import KNOWN, known
from plans.library import KEY_ACCOUNT
from plans.models import PlanTemplate, Section, SectionKind
from plans.quality import assess
from plans.services import lifecycle, sections, templates
from plans.services.plans import create_plan
from plans.services.refusals import PlanLocked, PlanRefusal
from plans.stance import suggested_stance
from portfolio.models import AccountScore, CellText, CriteriaVersion, Segment, SegmentScheme
from tests.conftest import YEAR
from tests.plans.test_plan_pages import queries


@pytest.fixture
def ready(cast):
    templates.install_templates()
    return {template.name: template for template in PlanTemplate.objects.all()}


@pytest.fixture
def score(cast):
    version = CriteriaVersion.objects.create(name="2026")

    def place(account, cell, revenue=100):
        return AccountScore.objects.create(
            account=account,
            criteria_version=version,
            cell=cell,
            revenue=revenue,
            first_night=date(YEAR, 1, 1),
            owner=account.owner,
            raw=[],
            as_of=[],
        )

    return place


def test_the_ready_templates_are_made_once(ready):
    assert sorted(ready) == ["Key account", "One page", "Standard"]
    assert templates.install_templates() == 0
    section = ready["One page"].sections.first()
    assert section.guidance == "What does the customer need now, and what later?"


def test_a_plan_takes_the_template_that_fits(cast, ready, score):
    cast.account.is_key_account = False
    assert templates.template_for(cast.account) == ready["Standard"]
    score(cast.account, "retain")
    assert templates.template_for(cast.account) == ready["One page"]
    cast.account.is_key_account = True
    assert templates.template_for(cast.account) == ready["Key account"]
    scheme = SegmentScheme.objects.create(name="A–D")
    segment = Segment.objects.create(scheme=scheme, name="A", rank=1)
    own = PlanTemplate.objects.create(name="For A", rank=1, segment=segment)
    assert templates.template_for(cast.account) == ready["Key account"]
    cast.account.placements.create(scheme=scheme, segment=segment, first_night=date(YEAR, 1, 1))
    assert templates.template_for(cast.account) == own


def test_a_key_account_gets_all_sections_and_a_small_one_a_page(cast, ready, score):
    score(cast.child, "retain")
    small = create_plan(cast.child, YEAR)
    assert [s.kind for s in small.sections.all()] == ["needs", "strategy"]
    large = create_plan(cast.account, YEAR + 1, template=ready["Key account"])
    assert [s.kind for s in large.sections.all()] == [s.kind for s in KEY_ACCOUNT]
    ready["Key account"].sections.all().delete()  # the plan keeps what it has
    assert large.sections.count() == len(KEY_ACCOUNT)


def test_writing_confirms_and_confirming_needs_words(cast):
    with pytest.raises(Exception, match="nothing to confirm"):
        sections.confirm_section(cast.section)
    section = sections.change_section(cast.section, {"body": "Service."}, base_version=None)
    assert section.confirmed_on == company_today()
    Section.objects.update(confirmed_on=date(2020, 1, 1))
    section = sections.change_section(section, {"title": "How"}, base_version=None)
    assert section.confirmed_on == date(2020, 1, 1)  # a heading says nothing new
    assert sections.confirm_section(section).confirmed_on == company_today()


def test_sections_move_one_place_at_a_time(cast):
    for kind in ("needs", "risks"):
        sections.add_section(cast.plan, kind=kind)

    def order():
        return [s.kind for s in cast.plan.sections.order_by("position", "pk")]

    assert order() == ["strategy", "needs", "risks"]
    last = cast.plan.sections.get(kind="risks")
    sections.move_section(last, -1)
    assert order() == ["strategy", "risks", "needs"]
    sections.move_section(Section.objects.get(pk=last.pk), -1)
    sections.move_section(Section.objects.get(pk=last.pk), -1)
    assert order() == ["risks", "strategy", "needs"]


def test_a_plan_that_waits_stands_still(cast):
    lifecycle.submit(cast.plan, cast.kam)
    cast.section.refresh_from_db()
    for act in (
        lambda: sections.add_section(cast.plan, kind="needs"),
        lambda: sections.change_section(cast.section, {"body": "x"}, base_version=None),
        lambda: sections.move_section(cast.section, 1),
        lambda: sections.archive_section(cast.section),
        lambda: sections.set_readers(cast.section, [cast.contributor]),
    ):
        with pytest.raises(PlanLocked):
            act()


@pytest.mark.parametrize(
    ("points", "completeness", "freshness"),
    [
        ([], "0", None),
        ([Point(3, False)], "0", None),
        ([Point(3, True), Point(1, False)], "0.75", "1"),
        ([Point(3, True), Point(1, True, Decimal(0))], "1", "0.75"),
        ([Point(2, True, Decimal("0.5")), Point(2, False)], "0.5", "0.5"),
    ],
)
def test_quality_is_completeness_times_freshness(points, completeness, freshness):
    found = plan_quality(points)
    assert found.completeness == Decimal(completeness)
    assert found.freshness == (None if freshness is None else Decimal(freshness))
    assert found.quality == Decimal(completeness) * Decimal(freshness or 0)


@pytest.mark.parametrize(
    ("age", "fresh"), [(None, 0), (0, 1), (90, 1), (135, Decimal("0.5")), (180, 0), (400, 0)]
)
def test_a_fact_stays_fresh_as_long_as_it_holds_then_falls(age, fresh):
    assert freshness_of(age, 90) == fresh


def test_each_missing_point_says_what_to_do(cast):
    found = assess(cast.plan, [cast.section], cast.kam).todo
    assert found[-1].url == f"{cast.plan.get_absolute_url()}#s-{cast.section.pk}"
    found = assess(cast.plan, [cast.section], cast.kam, may_edit=True).todo
    assert found[-1].url == f"/plans/{cast.plan.pk}/guide/?at={cast.section.pk}"
    todo = [item.what for item in found]
    assert todo == [
        "1 goal has no target or no day.",
        "1 open activity is late: do, move or cancel it.",
        "Write “Strategy”.",
    ]
    sections.change_section(cast.section, {"body": "Service."}, base_version=None)
    cast.goal.due_on = date(YEAR, 12, 31)
    cast.goal.save()
    cast.plan.activities.update(due_on=company_today() + timedelta(days=3))
    section = Section.objects.get(pk=cast.section.pk)
    found = assess(cast.plan, [section], cast.kam)
    assert found.todo == ()
    assert found.quality.quality == 1


@pytest.mark.parametrize("kind", KNOWN)
def test_what_is_known_is_at_most_four_queries(cast, score, kind, django_assert_max_num_queries):
    score(cast.account, "all")
    with django_assert_max_num_queries(4):
        known(kind, cast.account, cast.kam)


def test_our_team_and_theirs_are_known(cast):
    names = [fact.label for fact in known(SectionKind.TEAM, cast.account, cast.kam)]
    assert names[0] == "Kari Kam"
    assert "Brit Buyer" in names
    assert "Dag Decider" not in names


def test_another_stance_than_the_matrix_suggests_is_argued(cast, score):
    assert suggested_stance(cast.account.pk) is None
    score(cast.account, CellText.Cell.DEVELOP)
    assert suggested_stance(cast.account.pk).stance == "expand"
    cast.plan.stance = "protect"
    cast.plan.save()
    with pytest.raises(PlanRefusal, match="Expand"):
        lifecycle.submit(cast.plan, cast.kam)
    cast.plan.stance_reason = "They are being sold."
    cast.plan.save()
    assert lifecycle.submit(cast.plan, cast.kam).status == "submitted"


def test_the_guide_goes_through_all_sections(cast, client):
    sections.add_section(cast.plan, kind="needs")
    kari = cast.client("kam")
    url = f"/plans/{cast.plan.pk}/guide/"
    first = kari.get(url)
    assert "How do we get there?" in first.content.decode()
    answer = kari.post(
        url,
        {
            "do": "save",
            "at": cast.section.pk,
            "version": 1,
            "body": "By service.",
            "_touched": "body",
        },
    )
    needs = cast.plan.sections.get(kind="needs")
    assert (answer.status_code, answer.url) == (302, f"{url}?at={needs.pk}")
    cast.section.refresh_from_db()
    assert cast.section.body == "By service."
    answer = kari.post(url, {"do": "skip", "at": needs.pk})
    assert answer.url == f"/plans/{cast.plan.pk}/"
    assert kari.get(f"{url}?at=999999").status_code == 404


def test_the_quality_panel_makes_eight_queries_at_most(cast, score):
    score(cast.account, "all")
    kari = cast.client("kam")
    with queries(
        [
            "kam_user",
            "plans_accountplan",
            "plans_section",
            "portfolio_accountscore",  # the stance that the matrix suggests
            "portfolio_celltext",
            "plans_goal",
            "plans_activity",
            "plans_target",
        ]
    ):
        answer = kari.get(f"/plans/{cast.plan.pk}/quality/", headers={"HX-Request": "true"})
    assert "Quality" not in answer.content.decode() or answer.status_code == 200
