"""What a link never opens: others' rows, after its end, from elsewhere, too often."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from kam.periods import company_today
from plans import joint
from plans.models import (
    Goal,
    PlanComment,
    PlanShare,
    Section,
    SharedGoal,
    SharedSection,
    ShareEvent,
)
from plans.services import sharing
from plans.services.refusals import PlanRefusal
from tests.plans.sharing.visit import expire, goal_form, page, text_of

What = ShareEvent.What


def test_rows_of_others_are_not_reached_through_a_link(cast, issued, visitor):
    """Another plan's section and goal, this plan's unshared ones, and their own ids."""
    hidden = Section.objects.create(plan=cast.plan, kind="risks", body="hidden")
    foreign = Section.objects.create(plan=cast.foreign_plan, kind="risks", body="foreign")
    their_goal = Goal.objects.create(plan=cast.foreign_plan, title="Theirs", metric="x")
    other = PlanShare.objects.create(
        plan=cast.foreign_plan,
        contact=cast.foreign_contact,
        token_hash="0" * 64,
        expires_on=company_today(),
    )
    odd = SharedSection.objects.create(share=other, section=foreign)
    odd_goal = SharedGoal.objects.create(share=other, goal=their_goal)
    state = joint.state_of(joint.facts_of(their_goal))
    for key in (hidden.pk, foreign.pk + 10**6, odd.pk, 10**17, -1, "x", "1e3", "٣"):
        if SharedSection.objects.filter(share=issued.share, pk__iexact=str(key)[:18]).exists():
            continue
        answer = visitor.post(f"{page(issued)}comment/", {"key": key, "body": "words"})
        assert answer.status_code == 404, key
    for key in (odd_goal.pk, their_goal.pk + 10**6, 10**30, "", "x"):
        data = {"key": key, "state": state, "answer": "yes"}
        assert visitor.post(f"{page(issued)}goal/", data).status_code == 404, key
    assert not PlanComment.objects.exists()
    assert not ShareEvent.objects.filter(goal__isnull=False).exists()


def test_a_row_of_another_plan_put_behind_a_link_by_hand_is_still_not_shown(cast, issued, visitor):
    foreign = Section.objects.create(plan=cast.foreign_plan, kind="risks", body="foreign words")
    SharedSection.objects.create(share=issued.share, section=foreign)
    assert "foreign words" not in text_of(visitor.get(page(issued)))


def test_unknown_and_broken_addresses_are_not_found(issued, visitor):
    for token in ("x" * 43, issued.token[:-1], issued.token + "x", "x" * 5000, issued.token[::-1]):
        assert visitor.get(f"/joint/{token}/").status_code == 404
    assert visitor.get(f"/joint/{issued.token}%00/").status_code == 400
    assert visitor.get("/joint/").status_code == 404
    assert visitor.get(f"/joint/{issued.share.token_hash[:43]}/").status_code == 404


def end(issued):
    sharing.end_share(issued.share, by=issued.share.created_by)


def contact_leaves(issued):
    Contact.objects.filter(pk=issued.share.contact_id).update(archived_at=timezone.now())


def plan_rests(issued):
    type(issued.share.plan).objects.filter(pk=issued.share.plan_id).update(
        archived_at=timezone.now()
    )


def account_rests(issued):
    Account.objects.filter(pk=issued.share.plan.account_id).update(archived_at=timezone.now())


def contact_moves(issued):
    other = Account.objects.create(name="Elsewhere", number="E1")
    Contact.objects.filter(pk=issued.share.contact_id).update(account=other)


ENDS = [end, expire, contact_leaves, plan_rests, account_rests, contact_moves]


@pytest.mark.parametrize("how", ENDS, ids=lambda f: f.__name__)
def test_a_link_that_has_ended_opens_nothing_and_says_whom_to_ask(cast, issued, visitor, how):
    form = goal_form(visitor, issued)
    how(issued)
    for response in (
        visitor.get(page(issued)),
        visitor.head(page(issued)),
        visitor.post(f"{page(issued)}comment/", {"body": "too late"}),
        visitor.post(f"{page(issued)}goal/", {**form, "answer": "yes"}),
    ):
        assert response.status_code == 410
    html = text_of(visitor.get(page(issued)))
    assert "kari.kam@example.com" in html
    for words in ("Fjord", "together", "More pumps", "Brit"):
        assert words not in html
    assert not PlanComment.objects.exists()
    assert not ShareEvent.objects.filter(what=What.CONFIRMED).exists()


def test_a_link_that_ends_between_reading_and_writing_takes_nothing(issued):
    """The page's own look was in time; the service looks again under the link's lock."""
    share = sharing.open_link(issued.token)
    key = SharedGoal.objects.get().pk
    state = joint.state_of(joint.facts_of(SharedGoal.objects.get().goal))
    end(issued)
    with pytest.raises(sharing.ClosedLink):
        sharing.comment_through(share, None, "words")
    with pytest.raises(sharing.ClosedLink):
        sharing.answer_goal(share, key, state, agreed=True)


def test_an_erased_contact_takes_the_link_along(issued, visitor, brit):
    brit.delete()
    assert visitor.get(page(issued)).status_code == 404


def test_an_ended_link_does_not_come_back(cast, issued):
    end(issued)
    client = cast.client("kam")
    client.post(f"/history/plans.planshare/{issued.share.pk}/restore/")
    issued.share.refresh_from_db()
    assert issued.share.archived_at is not None
    with pytest.raises(PlanRefusal, match="ended"):
        sharing.prolong(issued.share, company_today() + timedelta(days=5), by=cast.kam)


def test_another_sites_form_is_refused(issued):
    strict = Client(enforce_csrf_checks=True)
    strict.get(page(issued))
    assert strict.post(f"{page(issued)}comment/", {"body": "forged"}).status_code == 403
    assert not PlanComment.objects.exists()


def test_the_mailed_address_does_not_follow_a_forged_host(cast, brit, told):
    client = cast.client("kam")
    response = client.post(
        f"/plans/{cast.plan.pk}/links/new/",
        {
            "contact": brit.pk,
            "sections": [told.pk],
            "expires_on": company_today() + timedelta(days=3),
            "mail": "on",
        },
        headers={"Host": "evil.example"},
    )
    assert response.status_code == 201
    html = text_of(response)
    assert settings.SITE_URL + "/joint/" in html
    assert "evil.example" not in html
    assert "no-store" in response["Cache-Control"]


def test_reading_and_writing_have_limits(issued, visitor, monkeypatch):
    monkeypatch.setattr("plans.views.joint.READS", 3)
    monkeypatch.setattr("plans.views.joint.WRITES", 2)
    got = [visitor.get(page(issued)).status_code for _n in range(5)]
    assert got in ([200, 200, 200, 429, 429], [200, 200, 200, 429, 200])  # a minute may turn
    answers = [visitor.post(f"{page(issued)}comment/", {"body": f"words {n}"}) for n in range(4)]
    assert 429 in [a.status_code for a in answers]
    limited = next(a for a in answers if a.status_code == 429)
    assert 0 < int(limited["Retry-After"]) <= 60


def test_one_of_us_does_not_answer_as_the_customer(cast, issued, visitor):
    form = goal_form(visitor, issued)
    kari = cast.client("kam")
    assert kari.post(f"{page(issued)}goal/", {**form, "answer": "yes"}).status_code == 403
    assert kari.post(f"{page(issued)}comment/", {"body": "words"}).status_code == 403
    assert not PlanComment.objects.exists()
    assert not ShareEvent.objects.filter(what=What.CONFIRMED).exists()
