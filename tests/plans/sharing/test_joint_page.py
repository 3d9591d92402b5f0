"""What a link shows, and what the customer does with it."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kam.logo import set_logo
from kam.models import AuditEntry, Company, Notification
from plans import joint
from plans.models import (
    Activity,
    Audience,
    Goal,
    PlanComment,
    Section,
    SharedSection,
    ShareEvent,
)
from plans.services import goals, sharing
from tests.plans.sharing.visit import goal_form, page, text_of
from tests.plans.test_report_plan import picture

What = ShareEvent.What


def test_the_company_shows_itself_by_its_logo_and_nothing_more_is_opened(
    cast, issued, visitor, django_capture_on_commit_callbacks
):
    """The picture stands in the page itself: there is no address of files to be opened from here."""
    assert "<img" not in text_of(visitor.get(page(issued)))
    with django_capture_on_commit_callbacks(execute=True):
        set_logo(picture("PNG"))
    try:
        html = text_of(visitor.get(page(issued)))
        name = Company.current().name
        assert re.search(
            rf'<img class="joint-logo" src="data:image/png;base64,[^"]+" alt="{name}">', html
        )
        assert html.count("<img") == 1
        addresses = set(re.findall(r'(?:href|src|action)="(?!data:|mailto:|#)([^"]*)"', html))
        assert {a for a in addresses if not a.startswith("/static/")} == {
            f"{page(issued)}goal/",
            f"{page(issued)}comment/",
        }
        assert Company.current().logo.name not in html
        ours = text_of(cast.client("kam").get(f"/plans/links/{issued.share.pk}/"))
        assert 'class="joint-logo"' in ours
        sharing.end_share(issued.share, by=cast.kam)
        assert 'class="joint-logo"' in text_of(visitor.get(page(issued)))
        assert "<img" not in text_of(visitor.get(f"/joint/{'x' * 43}/"))
    finally:
        with django_capture_on_commit_callbacks(execute=True):
            set_logo(None)


def test_the_page_shows_what_was_chosen_and_nothing_else(cast, issued, visitor):
    Section.objects.create(plan=cast.plan, kind="risks", body="They do not know this")
    Goal.objects.create(plan=cast.plan, title="Hidden goal", metric="margin")
    Activity.objects.create(plan=cast.plan, title="Hidden work", reason="x")
    cast.activity.reason = "Hidden reason"
    cast.activity.save()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = visitor.get(page(issued))
    # link · sections · comments · answers · goals · activities · the visit (and the company's
    # settings, where the cache does not hold them)
    assert len(queries) <= 8
    html = text_of(response)
    assert response.status_code == 200
    for words in ("Fjord Shipyards", "Welcome", "<strong>together</strong>", "More pumps"):
        assert words in html
    assert "Visit the yard" in html
    assert "Kari Kam" in html
    for words in ("They do not know", "Hidden", "Grow.", "/plans/", "/accounts/", "<script"):
        assert words not in html
    assert len(response.content) < 40_000


def test_nothing_of_the_page_is_kept_indexed_or_sent_on(issued, visitor):
    for address in (page(issued), f"/joint/{'x' * 43}/"):
        response = visitor.get(address)
        assert "no-store" in response["Cache-Control"]
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Referrer-Policy"] == "same-origin"
        assert "sessionid" not in response.cookies
        assert "session" not in response.cookies


def test_a_section_that_is_kept_back_later_disappears_at_once(issued, told, visitor):
    assert "<strong>together" in text_of(visitor.get(page(issued)))
    told.audience = Audience.LEADERS
    told.save()
    assert "<strong>together" not in text_of(visitor.get(page(issued)))


def test_what_is_archived_disappears(cast, issued, visitor):
    goals.archive_goal(cast.goal)
    assert "More pumps" not in text_of(visitor.get(page(issued)))


def test_an_opening_is_kept_at_most_once_a_minute_and_never_for_us(cast, issued, visitor):
    visitor.head(page(issued))
    assert not ShareEvent.objects.exists()
    cast.client("kam").get(page(issued))
    assert not ShareEvent.objects.exists()
    for _again in range(3):
        visitor.get(page(issued))
    assert ShareEvent.objects.get().what == What.OPENED


# --- goals ----------------------------------------------------------------------------------------


def test_a_goal_is_confirmed_as_it_stands_and_the_kam_is_told_once(cast, issued, visitor):
    form = goal_form(visitor, issued)
    for _twice in range(2):
        answer = visitor.post(f"{page(issued)}goal/", {**form, "answer": "yes"})
        assert answer.status_code == 303
    event = ShareEvent.objects.get(what=What.CONFIRMED)
    assert event.facts["title"] == "More pumps"
    assert event.facts["target"] == "20.00"
    assert "Confirmed" in text_of(visitor.get(page(issued)))
    notes = Notification.objects.filter(recipient=cast.kam)
    assert [note.title for note in notes] == ["Brit Buyer confirmed a goal: More pumps"]
    assert joint.answers_to([cast.goal])[cast.goal.pk][0].current
    html = text_of(cast.client("kam").get(f"/plans/{cast.plan.pk}/links/"))
    assert "1 of 1" in html
    assert "Confirmed by Brit Buyer" in text_of(
        cast.client("kam").get(f"/plans/{cast.plan.pk}/goals/")
    )


def test_a_goal_that_was_changed_meanwhile_is_not_confirmed_unseen(cast, issued, visitor):
    form = goal_form(visitor, issued)
    goals.change_goal(cast.goal, {"target": 30}, base_version=None)
    response = visitor.post(f"{page(issued)}goal/", {**form, "answer": "yes"})
    assert response.status_code == 409
    assert "was changed after you opened" in text_of(response)
    assert not ShareEvent.objects.filter(what=What.CONFIRMED).exists()


def test_a_confirmation_is_of_its_state_and_a_changed_goal_is_asked_again(cast, issued, visitor):
    form = goal_form(visitor, issued)
    visitor.post(f"{page(issued)}goal/", {**form, "answer": "yes"})
    goals.change_goal(cast.goal, {"target": 30}, base_version=None)
    cast.goal.refresh_from_db()
    answer = joint.answers_to([cast.goal])[cast.goal.pk][0]
    assert answer.agreed
    assert not answer.current
    assert "1 goal waits" in text_of(visitor.get(page(issued)))
    visitor.post(f"{page(issued)}goal/", {**goal_form(visitor, issued), "answer": "no"})
    answer = joint.answers_to([cast.goal])[cast.goal.pk][0]
    assert not answer.agreed
    assert answer.current
    assert ShareEvent.objects.filter(goal=cast.goal).count() == 2


# --- comments -------------------------------------------------------------------------------------


def test_they_comment_on_a_section_and_on_the_whole(cast, issued, told, visitor):
    key = SharedSection.objects.get().pk
    for data in ({"key": key, "body": "Good <b>plan</b>"}, {"body": "And all in all"}):
        assert visitor.post(f"{page(issued)}comment/", data).status_code == 303
        visitor.post(f"{page(issued)}comment/", data)  # a second click
    first, second = PlanComment.objects.order_by("pk")
    assert (first.section, first.author, first.share) == (told, None, issued.share)
    assert second.section is None
    html = text_of(visitor.get(page(issued)))
    assert "Good &lt;b&gt;plan&lt;/b&gt;" in html
    assert "And all in all" in html
    assert Notification.objects.filter(recipient=cast.kam).count() == 2
    assert ShareEvent.objects.filter(what=What.COMMENTED).count() == 2
    assert AuditEntry.objects.get(model="plans.plancomment", row_id=first.pk).source == "link"


def test_words_of_ours_are_not_shown_to_them(cast, issued, told, visitor):
    PlanComment.objects.create(plan=cast.plan, section=told, author=cast.kam, body="Between us")
    assert "Between us" not in text_of(visitor.get(page(issued)))


@pytest.mark.parametrize("body", ["", "   ", "x" * 5001, "a\x00b"])
def test_a_comment_that_cannot_be_kept_is_refused_and_stays_in_the_form(issued, visitor, body):
    response = visitor.post(f"{page(issued)}comment/", {"body": body})
    assert response.status_code == 422
    assert not PlanComment.objects.exists()
    if len(body) > 5000:
        assert body in text_of(response)


def test_there_is_an_end_to_comments(issued, monkeypatch):
    monkeypatch.setattr(sharing, "COMMENTS_PER_LINK", 2)
    for n in range(2):
        sharing.comment_through(issued.share, None, f"words {n}")
    with pytest.raises(ValidationError, match="too many"):
        sharing.comment_through(issued.share, None, "more")
