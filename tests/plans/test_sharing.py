"""A link for somebody at the customer: what it shows, what they do with it, and what it never opens."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Contact
from kam.logo import set_logo
from kam.models import AuditEntry, Company, Notification
from kam.periods import company_today
from plans import joint
from plans.models import (
    Activity,
    Audience,
    Goal,
    PlanComment,
    PlanShare,
    Section,
    SharedGoal,
    SharedSection,
    ShareEvent,
)
from plans.services import goals, sharing
from plans.services.refusals import PlanLocked, PlanRefusal
from tests.plans.test_report_plan import picture

What = ShareEvent.What


@pytest.fixture
def brit(cast) -> Contact:
    cast.contact.email = "brit@fjord.example"
    cast.contact.save()
    return cast.contact


@pytest.fixture
def told(cast) -> Section:
    cast.section.body = "Grow **together** in pumps"
    cast.section.save()
    return cast.section


@pytest.fixture
def issued(cast, brit, told, django_capture_on_commit_callbacks) -> sharing.Issued:
    with django_capture_on_commit_callbacks(execute=True):
        return sharing.share_plan(
            cast.plan,
            brit,
            by=cast.kam,
            sections=[told],
            goals=[cast.goal],
            activities=[cast.activity],
            message="Welcome",
        )


@pytest.fixture
def visitor() -> Client:
    return Client()


def page(issued) -> str:
    return f"/joint/{issued.token}/"


def text_of(response) -> str:
    return response.content.decode()


def goal_form(visitor, issued) -> dict[str, str]:
    """What the visitor would post for the page's first goal."""
    html = text_of(visitor.get(page(issued)))
    form = html[html.index(f"{page(issued)}goal/") :]
    return {
        "key": re.search(r'name="key" value="(\d+)"', form)[1],
        "state": re.search(r'name="state" value="(\w+)"', form)[1],
    }


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


# --- making one -----------------------------------------------------------------------------------


def test_a_link_is_mailed_once_and_only_its_hash_is_kept(cast, issued):
    share = issued.share
    assert len(mail.outbox) == 1
    message = mail.outbox[0]
    assert message.to == ["brit@fjord.example"]
    assert message.reply_to == [cast.kam.email]
    assert issued.url in message.body
    assert "Welcome" in message.body
    sharing._mail(share.pk, issued.token)
    assert len(mail.outbox) == 1
    with connection.cursor() as cursor:
        for table in ("plans_planshare", "plans_planshareevent", "kam_auditentry"):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ''), '') FROM {table} t")
            assert issued.token not in cursor.fetchone()[0]


def test_a_mail_that_fails_is_said_to_be_not_mailed(cast, brit, told, monkeypatch):
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", 1)
    issued = sharing.share_plan(cast.plan, brit, by=cast.kam, sections=[told])
    sharing._mail(issued.share.pk, issued.token)
    issued.share.refresh_from_db()
    assert issued.share.mailed_at is None


def test_the_mail_speaks_the_language_of_the_customers_country(cast, brit):
    assert joint.language_of(brit) == "en"
    cast.account.country = "SE"
    assert joint.language_of(Contact(account=cast.account)) == "sv"


@pytest.mark.parametrize("audience", [Audience.TEAM, Audience.LEADERS, Audience.NAMED])
def test_a_section_kept_to_some_of_us_is_not_shared(cast, brit, told, audience):
    told.audience = audience
    told.save()
    with pytest.raises(PlanRefusal, match="kept to some of us"):
        sharing.share_plan(cast.plan, brit, by=cast.kam, sections=[told])


def test_what_cannot_be_shared_is_refused_in_words(cast, brit, told):
    share = sharing.share_plan
    stranger = cast.foreign_contact
    stranger.email = "dag@skane.example"
    stranger.save()
    foreign = Goal.objects.create(plan=cast.foreign_plan, title="Theirs", metric="x")
    silent = Contact.objects.create(account=cast.child, name="No Mail")
    today = company_today()
    for words, contact, more in (
        ("does not belong to", stranger, {"sections": [told]}),
        ("no e-mail address", silent, {"sections": [told]}),
        ("not part of this plan", brit, {"goals": [foreign]}),
        ("Choose what", brit, {}),
        ("is over", brit, {"sections": [told], "expires_on": today - timedelta(days=1)}),
        ("a year at most", brit, {"sections": [told], "expires_on": today + timedelta(days=400)}),
    ):
        with pytest.raises(PlanRefusal, match=words):
            share(cast.plan, contact, by=cast.kam, **more)
    cast.plan.archived_at = timezone.now()
    cast.plan.save()
    with pytest.raises(PlanLocked):
        share(cast.plan, brit, by=cast.kam, sections=[told])
    assert not PlanShare.objects.exists()


def test_a_contact_of_the_same_hierarchy_gets_a_link(cast, told):
    below = Contact.objects.create(account=cast.child, name="Liv Local", email="liv@fjord.example")
    assert sharing.share_plan(cast.plan, below, by=cast.kam, sections=[told]).share.pk


# --- what it shows --------------------------------------------------------------------------------


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


# --- what it never opens ----------------------------------------------------------------------------


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


def expire(issued):
    PlanShare.objects.update(expires_on=company_today() - timedelta(days=1))


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


# --- our pages --------------------------------------------------------------------------------------


def test_the_panel_counts_and_asks_at_most_eight_queries(cast, issued, visitor, brit, told):
    visitor.get(page(issued))
    for n in range(3):
        sharing.share_plan(cast.plan, brit, by=cast.kam, sections=[told], goals=[cast.goal])
        sharing.comment_through(issued.share, None, f"words {n}")
    client = cast.client("kam")
    client.get(f"/plans/{cast.plan.pk}/links/")
    with CaptureQueriesContext(connection) as queries:
        html = text_of(client.get(f"/plans/{cast.plan.pk}/links/", headers={"HX-Request": "true"}))
    # session · person · plan · team path(s) · settings · links · answers · goals
    assert len(queries) <= 8, [q["sql"][:90] for q in queries]
    assert html.count('id="link-') == 4
    assert "1 time" in html


def test_a_link_is_prolonged_also_after_its_day(cast, issued):
    expire(issued)
    day = company_today() + timedelta(days=10)
    client = cast.client("kam")
    client.post(f"/plans/links/{issued.share.pk}/prolong/", {"expires_on": day})
    issued.share.refresh_from_db()
    assert issued.share.expires_on == day
    answer = client.post(f"/plans/links/{issued.share.pk}/prolong/", {"expires_on": "2001-01-01"})
    assert answer.status_code == 422
    assert "is over" in text_of(answer)


def test_the_form_offers_only_what_may_be_shown(cast, brit, told):
    Section.objects.create(
        plan=cast.plan, kind="risks", body="secret", title="Our secret", audience=Audience.LEADERS
    )
    html = text_of(cast.client("kam").get(f"/plans/{cast.plan.pk}/links/new/"))
    assert "Strategy" in html
    assert "Our secret" not in html
    assert "Brit Buyer" in html
    assert "Dag Decider" not in html
