"""A mail names only what its reader may see on the day that it is sent."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from kam.models import Notification, Substitution, User
from kam.notifications import notify, seen_by, send_due_mail
from kam.periods import company_today


@pytest.fixture
def kari(cast) -> User:
    User.objects.filter(pk=cast.kam.pk).update(mail="digest", timezone="Europe/Oslo")
    return User.objects.get(pk=cast.kam.pk)


def tell_of_plan(kari: User, plan, **facts) -> datetime:
    """A message of the plan; when its digest is due."""
    facts = {"title": f"{plan.account}: approved", "url": plan.get_absolute_url(), **facts}
    notify([kari], kind="plan", occasion=facts["title"], **facts)
    return Notification.objects.get(recipient=kari, title=facts["title"]).mail_due_at


def test_a_digest_leaves_out_a_plan_that_was_lost_since(cast, kari):
    due = tell_of_plan(kari, cast.plan)
    tell_of_plan(kari, cast.plan, title="Your export is ready", url=reverse("kam:preferences"))
    account = cast.plan.account
    type(account).objects.filter(pk=account.pk).update(owner=cast.other_kam)
    assert send_due_mail(due + timedelta(minutes=1)) == 1
    assert str(account) not in mail.outbox[0].body + mail.outbox[0].subject
    assert "Your export is ready" in mail.outbox[0].body
    assert send_due_mail(due + timedelta(days=1)) == 0


def test_no_mail_goes_out_where_nothing_is_left_of_it(cast, kari):
    due = tell_of_plan(kari, cast.plan)
    account = cast.plan.account
    type(account).objects.filter(pk=account.pk).update(owner=cast.other_kam)
    assert send_due_mail(due + timedelta(minutes=1)) == 0
    assert not mail.outbox


def test_a_digest_names_what_is_still_seen(cast, kari):
    due = tell_of_plan(kari, cast.plan)
    assert send_due_mail(due + timedelta(minutes=1)) == 1
    assert str(cast.plan.account) in mail.outbox[0].body


def test_a_substitute_reads_of_what_they_stand_in_for(cast):
    outsider = User.objects.get(pk=cast.outsider.pk)
    tell_of_plan(outsider, cast.plan)
    messages = list(outsider.notifications.all())
    assert seen_by(outsider, messages) == []
    today = company_today()
    Substitution.objects.create(
        absent=cast.kam, substitute=outsider, starts_on=today, ends_on=today + timedelta(days=3)
    )
    assert seen_by(outsider, messages) == messages
