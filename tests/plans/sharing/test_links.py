"""Links for somebody at the customer: made, mailed, counted and prolonged by us."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Contact
from kam.periods import company_today
from plans import joint
from plans.models import (
    Audience,
    Goal,
    PlanShare,
    Section,
)
from plans.services import sharing
from plans.services.refusals import PlanLocked, PlanRefusal
from tests.plans.sharing.visit import expire, page, text_of


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
