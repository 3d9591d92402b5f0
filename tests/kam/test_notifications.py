"""Telling people: once for each occasion, mailed once, as each of them wishes."""

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from kam.models import Notification, Role, User
from kam.notifications import mail_due, notify, send_due_mail

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=ZoneInfo("UTC"))


@pytest.fixture
def kari(db):
    return User.objects.create(
        email="kari@example.com", name="Kari", role=Role.KAM, mail="at_once", timezone="Europe/Oslo"
    )


def tell(*people, occasion="plan:1", **facts):
    facts = {"kind": "plan", "title": "Your plan is approved", **facts}
    return notify(people, occasion=occasion, **facts)


def test_the_same_occasion_tells_a_person_once(kari):
    assert tell(kari) == 1
    assert tell(kari) == 0
    assert tell(kari, occasion="plan:2") == 1
    assert kari.notifications.count() == 2


def test_those_who_left_are_not_told(kari):
    kari.is_active = False
    assert tell(kari) == 0
    kari.is_active, kari.archived_at = True, NOW
    assert tell(kari) == 0


@pytest.mark.parametrize(
    ("wish", "now", "due"),
    [
        ("none", NOW, None),
        ("at_once", NOW, NOW),
        # 12:00 UTC is 14:00 in Oslo: tomorrow at 7 there, 5:00 UTC in summer
        ("digest", NOW, datetime(2026, 5, 5, 5, 0, tzinfo=ZoneInfo("UTC"))),
        ("digest", NOW.replace(hour=3), datetime(2026, 5, 4, 5, 0, tzinfo=ZoneInfo("UTC"))),
        # the night in which the clock goes back: 7 in the morning is 6:00 UTC again
        (
            "digest",
            datetime(2026, 10, 24, 20, 0, tzinfo=ZoneInfo("UTC")),
            datetime(2026, 10, 25, 6, 0, tzinfo=ZoneInfo("UTC")),
        ),
    ],
)
def test_mail_is_due_as_the_person_wishes(kari, wish, now, due):
    kari.mail = wish
    assert mail_due(kari, now) == due


def test_a_digest_is_one_mail(kari):
    for i in range(3):
        tell(kari, occasion=f"o{i}", title=f"News {i}", url=f"/?news={i}")
    assert send_due_mail() == 1
    (message,) = mail.outbox
    assert message.subject == "3 messages"
    assert message.body.count("http") == 3
    assert send_due_mail() == 0


def test_a_single_message_is_its_own_subject_in_one_line(kari):
    tell(kari, title="A plan\nwith a line end")
    assert send_due_mail() == 1
    assert mail.outbox[0].subject == "A plan with a line end"


def test_one_persons_failure_does_not_keep_others_back(kari, monkeypatch):
    other = User.objects.create(email="odd@example.com", name="Odd", mail="at_once")
    tell(kari, other)
    sent = []

    def refuse_kari(message, **_kwargs):
        if message.to == [kari.email]:
            raise OSError("refused")
        sent.append(message.to)
        return 1

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse_kari)
    assert send_due_mail() == 1
    assert sent == [[other.email]]
    # claimed before it was sent: rather lost than sent twice; it stands in the app
    assert not Notification.objects.filter(mailed_at=None).exists()


def test_mail_speaks_the_persons_language(kari):
    kari.language = "nb"
    kari.save()
    tell(kari)
    send_due_mail()
    assert len(mail.outbox) == 1


def test_a_new_wish_moves_waiting_mail(cast):
    cast.kam.mail = "digest"
    cast.kam.save()
    tell(cast.kam)
    cast.client("kam").post("/preferences/", {"mail": "none"})
    assert cast.kam.notifications.get().mail_due_at is None


@pytest.mark.django_db(transaction=True)
def test_three_hundred_messages_and_eight_senders_send_each_once():
    """Red without `skip_locked` and the claim: the same mail would leave several times."""
    people = User.objects.bulk_create(
        User(email=f"p{i}@example.com", name=f"P{i}", mail="at_once", timezone="UTC")
        for i in range(100)
    )
    for i in range(3):
        tell(*people, occasion=f"o{i}", title=f"N{i}")
    assert Notification.objects.count() == 300
    later = timezone.now() + timedelta(seconds=1)
    start, sent, failed = threading.Barrier(8), [], []

    def send():
        try:
            start.wait()
            sent.append(send_due_mail(later))
        except Exception as error:  # reported by the test
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    told = [(m.to[0], line) for m in mail.outbox for line in m.body.split("\n\n")[:-1]]
    assert len(told) == len(set(told)) == 300
    assert not Notification.objects.filter(mailed_at=None).exists()
