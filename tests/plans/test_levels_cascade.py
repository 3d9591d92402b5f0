"""A target shared out: preview, proposal, answer, history, and what becomes of it."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.services.sales import refresh_account_years
from kam.models import BudgetRate, Notification
from plans.models import AccountPlan, CascadeShare, LevelPlan, TargetMonth
from plans.services import cascades
from plans.services.cascades import Proposal
from plans.services.portfolios import refresh_portfolios
from plans.services.refusals import PlanRefusal
from plans.views.levels.cascade import parts_for, preview
from portfolio.models import AccountScore, CriteriaVersion
from tests.conftest import YEAR
from tests.plans.conftest import fact

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast, today):
    """Last year: Kari 100 EUR (with her subsidiary), Odd 200 EUR. Both teams below the region."""
    BudgetRate.objects.create(year=YEAR - 1, currency="NOK", rate=Decimal("0.1"))
    fact(cast.account, cast.line, date(YEAR - 1, 3, 1), 600)  # NOK
    fact(cast.child, cast.line, date(YEAR - 1, 4, 1), 400)
    fact(cast.foreign, cast.line, date(YEAR - 1, 3, 1), 200, currency="EUR")
    refresh_portfolios()
    refresh_account_years()
    return cast


@pytest.fixture
def regions(world) -> LevelPlan:
    return LevelPlan.objects.create(
        level="team", team=world.region, year=YEAR, revenue=Decimal(1000), margin=Decimal(100)
    )


def lines(plan, user, basis="last_year", data=None):
    return preview(plan, parts_for(plan, user, basis), basis, [], data)


def north_and_south(cast, north, south, basis="hand"):
    return [
        Proposal(("team", cast.north.pk), Decimal(north), basis),
        Proposal(("team", cast.south.pk), Decimal(south), basis),
    ]


def test_the_preview_by_last_year_adds_up(world, regions):
    found = lines(regions, world.region_leader)
    assert [(line.part.label, line.weight, line.amount) for line in found] == [
        ("North", Decimal(100), Decimal(333)),
        ("South", Decimal(200), Decimal(667)),
    ]
    assert sum(line.amount for line in found) == regions.revenue


def test_the_preview_by_potential_takes_the_scores(world, regions):
    version = CriteriaVersion.objects.create(state="active", name="x")
    day = timezone.now().date()
    for account, attainable in ((world.account, 300), (world.child, 300), (world.foreign, 200)):
        AccountScore.objects.create(
            account=account, criteria_version=version, first_night=day, owner=account.owner,
            attainable=Decimal(attainable), raw=[], as_of=[],
        )  # fmt: skip
    found = lines(regions, world.region_leader, "potential")
    assert [(line.part.label, line.weight, line.amount) for line in found] == [
        ("North", Decimal(600), Decimal(750)),
        ("South", Decimal(200), Decimal(250)),
    ]


def test_a_portfolio_is_shared_out_to_its_accounts(world):
    plan = LevelPlan.objects.create(level="kam", owner=world.kam, year=YEAR, revenue=Decimal(50))
    found = lines(plan, world.kam)
    assert [(line.part.label, line.amount) for line in found] == [
        ("Fjord Shipyards", Decimal(30)),
        ("Fjord Shipyards Bergen", Decimal(20)),
    ]


def test_a_proposal_that_does_not_add_up_is_refused(world, regions):
    with pytest.raises(PlanRefusal, match="100"):
        cascades.propose(regions, north_and_south(world, 400, 500), world.region_leader)
    assert not CascadeShare.objects.exists()


def test_the_page_sends_it_and_tells_those_who_answer(world, regions):
    browser = world.client("region_leader")
    url = reverse("plans:level_propose", args=[regions.pk])
    assert "333" in browser.get(url + "?basis=last_year").content.decode()
    typed = {f"team-{world.north.pk}": "400", f"team-{world.south.pk}": "500", "basis": "last_year"}
    short = browser.post(url, {**typed, "do": "send"})
    assert short.status_code == 422
    assert "100" in short.content.decode()
    typed[f"team-{world.south.pk}"] = "600"
    assert browser.post(url, {**typed, "do": "preview"}).status_code == 200
    assert not CascadeShare.objects.exists()
    assert browser.post(url, {**typed, "do": "send"}).status_code == 302
    shares = CascadeShare.objects.order_by("revenue")
    assert [(s.revenue, s.margin, s.basis, s.state) for s in shares] == [
        (400, 40, "hand", "proposed"),
        (600, 60, "hand", "proposed"),
    ]
    told = Notification.objects.filter(kind="share_proposed").values_list("recipient", flat=True)
    assert set(told) == {world.leader.pk, world.south_leader.pk}


def test_accepted_it_is_the_target_from_above_of_the_level_below(world, regions):
    north, _south = cascades.propose(regions, north_and_south(world, 400, 600), world.region_leader)
    answer = reverse("plans:share_answer", args=[north.pk])
    assert world.client("leader").post(answer, {"do": "accept"}).status_code == 302
    below = LevelPlan.objects.get(level="team", team=world.north, year=YEAR)
    assert (below.revenue, below.margin) == (400, 40)
    north.refresh_from_db()
    assert (north.state, north.answered_by) == ("accepted", world.leader)
    assert Notification.objects.filter(
        kind="share_accepted", recipient=world.region_leader
    ).exists()
    with pytest.raises(PlanRefusal, match="already"):
        cascades.argue(north, world.leader, "Too much")


def test_who_argues_says_why_and_those_above_read_it(world, regions):
    _north, south = cascades.propose(regions, north_and_south(world, 400, 600), world.region_leader)
    url = reverse("plans:share_answer", args=[south.pk])
    browser = world.client("south_leader")
    assert browser.post(url, {"do": "argue", "argument": " "}).status_code == 422
    assert browser.post(url, {"do": "argue", "argument": "Two yards closed"}).status_code == 302
    panel = world.client("region_leader").get(reverse("plans:level_shares", args=[regions.pk]))
    assert "Two yards closed" in panel.content.decode()
    assert not LevelPlan.objects.filter(team=world.south).exists()


def test_proposed_anew_the_old_share_stays_as_history(world, regions):
    by = world.region_leader
    north, south = cascades.propose(regions, north_and_south(world, 400, 600), by)
    cascades.accept(north, world.leader)
    cascades.argue(south, world.south_leader, "Too much")
    regions.revenue, regions.margin = Decimal(900), None
    regions.save()
    cascades.propose(regions, north_and_south(world, 400, 500), by)
    standing = CascadeShare.objects.active().order_by("revenue")
    # margins are no longer shared, so that both shares are new
    assert [(s.revenue, s.state) for s in standing] == [(400, "proposed"), (500, "proposed")]
    again = cascades.propose(regions, north_and_south(world, 400, 500), by)
    assert [s.pk for s in again] == [s.pk for s in standing]  # nothing changed: nothing new
    south.refresh_from_db()
    assert (south.state, south.argument, south.archived_at is None) == ("argued", "Too much", False)
    with pytest.raises(PlanRefusal, match="no longer"):
        cascades.accept(south, world.south_leader)


def test_a_share_that_stays_the_same_keeps_its_answer(world, regions):
    by = world.region_leader
    LevelPlan.objects.filter(pk=regions.pk).update(margin=None)
    north, _south = cascades.propose(regions, north_and_south(world, 400, 600), by)
    cascades.accept(north, world.leader)
    LevelPlan.objects.filter(pk=regions.pk).update(revenue=Decimal(900))
    cascades.propose(regions, north_and_south(world, 400, 500), by)
    assert CascadeShare.objects.active().get(team=world.north).state == "accepted"


def test_only_those_who_answer_for_the_part_answer(world, regions):
    north, _south = cascades.propose(regions, north_and_south(world, 400, 600), world.region_leader)
    url = reverse("plans:share_answer", args=[north.pk])
    expected = {"region_leader": 403, "management": 403, "south_leader": 404, "kam": 404}
    for who, status in expected.items():
        assert world.client(who).post(url, {"do": "accept"}).status_code == status, who


def test_a_shares_panel_shows_each_only_their_own(world, regions):
    cascades.propose(regions, north_and_south(world, 400, 600), world.region_leader)
    seen = CascadeShare.objects.visible_to(world.leader)
    assert [share.team for share in seen] == [world.north]
    assert CascadeShare.objects.visible_to(world.region_leader).count() == 2


# --- on the account's plan ------------------------------------------------------------------------


@pytest.fixture
def offered(world) -> CascadeShare:
    """The portfolio asks Fjord Shipyards for 90 EUR: 60 last year at this year's rate is 52.5."""
    plan = LevelPlan.objects.create(level="kam", owner=world.kam, year=YEAR, revenue=Decimal(90))
    (share,) = cascades.propose(
        plan, [Proposal(("account", world.account.pk), Decimal(90), "hand")], world.leader
    )
    return share


def offer(world):
    url = reverse("plans:share_offer", args=[world.plan.pk])
    return world.client("kam").get(url, headers={"HX-Request": "true"}).content.decode()


def test_an_account_without_a_share_shows_nothing(world):
    assert offer(world).strip() == ""


def test_a_share_is_offered_on_the_accounts_plan_and_overwrites_nothing(world, offered):
    text = offer(world)
    assert "90" in text
    assert "105" in text  # what the plan's targets hold now
    assert "Suggest targets" not in text
    assert TargetMonth.objects.get().revenue == 1200


def test_a_plan_without_targets_is_offered_the_growth_to_the_share(world, offered):
    AccountPlan.objects.get(pk=world.plan.pk).targets.all().delete()
    text = offer(world)
    # 90 EUR are 1028.57 NOK at 0.0875; last year 600 NOK: + 71.43 %
    assert 'value="71.43"' in text
    url = reverse("plans:target_suggest", args=[world.plan.pk])
    assert world.client("kam").post(url, {"growth": "71.43"}).status_code == 302
    months = TargetMonth.objects.filter(target__plan=world.plan, target__archived_at=None)
    assert abs(sum(m.revenue for m in months) * Decimal("0.0875") - 90) < Decimal(
        "0.1"
    )  # whole NOK


def test_the_parts_are_shown_to_those_who_see_the_figures(world, regions):
    with pytest.raises(Http404):
        parts_for(regions, world.kam, "last_year")
