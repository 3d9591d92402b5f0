"""The demo company's reviews: held ones with what was decided, one that is late, those to come."""

from datetime import date, timedelta

from accounts.models import Contact
from kam.audit import source
from kam.models import Role, User
from plans.demo.meetings import team_beside
from plans.models import AccountPlan, Review
from plans.services import reviews

#: Of each plan of Kari's, by rank: kind, held so many days ago (below zero: late), minutes, how many of
#: the team and of the customer were there beside Kari, others of the customer, notes, decisions (what,
#: due in so many days).
HELD = (
    (
        Review.Kind.PLAN, 34, 90, 2, 0, "",
        "They open a second line in autumn and want one contact for service. The buyer is new and "
        "asks for numbers; the plant manager stands behind us.",
        (("Show the plant manager the service figures of the first line", 9),
         ("Agree with operations who answers at night", 21)),
    ),
    (
        Review.Kind.CUSTOMER, 48, 75, 1, 2, "their energy adviser",
        "They are content with deliveries and want the energy figures each quarter.",
        (("Send the energy figures of the quarter", 12),),
    ),
    (Review.Kind.ACTIVITIES, -6, None, 0, 0, "", "", ()),
    (
        Review.Kind.ACTIVITIES, 8, 45, 0, 0, "",
        "Everything is on its way; the offer for the reserve pump waits for their board.",
        (("Ask their board's secretary for the date", 5),),
    ),
)  # fmt: skip
SKIPPED = "Their purchasing was away; we took it up on the telephone."


def make_reviews(kari: User, leader: User, today: date) -> None:
    """Reviews as they would stand today; the rhythm gives all other plans in force their next ones."""
    plans = AccountPlan.objects.filter(
        account__owner=kari, status__in=reviews.REVIEWED, archived_at__isnull=True
    )
    for plan, (kind, ago, minutes, team, customer, others, notes, decisions) in zip(
        plans.order_by("-account__is_key_account", "pk"), HELD, strict=False
    ):
        day = today - timedelta(days=abs(ago))
        with source("command", user=kari.pk):
            review = Review.objects.create(plan=plan, kind=kind, due_on=day)
            if ago < 0:
                continue
            reviews.begin(review, kari)
            for text, due in decisions:
                reviews.decide(review, text, kari, due_on=today + timedelta(days=due))
            reviews.change_review(review, {"notes": notes})
            contacts = Contact.objects.active().filter(account=plan.account).order_by("pk")
            reviews.hold(
                review, kari, held_on=day, minutes=minutes, others=others,
                present=[kari, *team_beside(plan, kari)[:team]],
                contacts=contacts[:customer],
            )  # fmt: skip
    last = plans.order_by("account__is_key_account", "-pk").first()
    if last is not None:
        with source("command", user=kari.pk):
            review = Review.objects.create(
                plan=last, kind=Review.Kind.PLAN, due_on=today - timedelta(days=12)
            )
            reviews.skip(review, kari, SKIPPED)
    if leader.role == Role.LEADER:
        with source("command", user=leader.pk):
            Review.objects.create(
                kind=Review.Kind.PORTFOLIO, owner=kari, led_by=leader,
                due_on=today + timedelta(days=5),
            )  # fmt: skip
    with source("task"):
        reviews.schedule_missing(today)
