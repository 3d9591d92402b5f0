"""The route table's rows of reviews and what falls due."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from kam.periods import company_today
from plans.models import PlanSettings, Review, ReviewDecision, ReviewPerson
from tests.plans.route_rows import changed, edited, foreign_plan, plan, seen
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)

FIGURES_OF_KARI = frozenset(
    {"administrator", "management", "service", "region_leader", "leader", "kam"}
)
FIGURES_OF_ODD = frozenset(
    {"administrator", "management", "service", "region_leader", "south_leader", "other_kam"}
)


def _of(a_plan, **fields):
    row = Review.objects.filter(plan=a_plan, kind="plan", state="due").first()
    row = row or Review.objects.create(plan=a_plan, kind="plan", due_on=company_today())
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return {"pk": row.pk}


def review(cast):
    return _of(cast.plan)


def foreign_review(cast):
    return _of(cast.foreign_plan)


def begun(cast):
    return _of(cast.plan, begun_at=timezone.now(), agenda={"parts": []})


def foreign_begun(cast):
    return _of(cast.foreign_plan, begun_at=timezone.now(), agenda={"parts": []})


def _held(a_plan):
    found = {"plan": a_plan, "kind": "customer", "state": "held"}
    day = {"due_on": company_today(), "held_on": company_today()}
    return {"pk": Review.objects.get_or_create(**found, defaults=day)[0].pk}


def held(cast):
    return _held(cast.plan)


def foreign_held(cast):
    return _held(cast.foreign_plan)


def present(cast):
    found = {"review_id": held(cast)["pk"], "user": cast.contributor}
    return {"pk": ReviewPerson.objects.get_or_create(**found)[0].pk}


def foreign_present(cast):
    found = {"review_id": foreign_held(cast)["pk"], "contact": cast.foreign_contact}
    return {"pk": ReviewPerson.objects.get_or_create(**found)[0].pk}


def _of_portfolio(owner):
    found = {"owner": owner, "kind": "portfolio", "state": "due"}
    return {"pk": Review.objects.get_or_create(**found, defaults={"due_on": company_today()})[0].pk}


def portfolio_review(cast):
    return _of_portfolio(cast.kam)


def foreign_portfolio_review(cast):
    return _of_portfolio(cast.other_kam)


def _tomorrow(_cast) -> dict[str, Any]:
    return {"kind": "customer", "due_on": (company_today() + timedelta(days=1)).isoformat()}


def _today(_cast) -> dict[str, Any]:
    return {"held_on": company_today().isoformat()}


def _settings(_cast) -> dict[str, Any]:
    row = PlanSettings.current()
    return {
        "remind_days": "9", "substitute_days": "0", "escalate_days": "7",
        "portfolio_review_months": "6", "link_days": "30", "version": str(row.version),
    }  # fmt: skip


ROUTES: list = [
    Route("plans:review_list"),
    Route("plans:review_list", query="?export=csv"),
    Route("plans:review_list", method="post", data=lambda c: {"do": "save_view", "name": "x"}, ok=302),
    Route("plans:home_reviews"),
    *seen("plans:plan_reviews", plan, foreign_plan),
    *changed("plans:review_add", plan, foreign_plan, data=_tomorrow),
    *seen("plans:review_detail", review, foreign_review),
    Route(
        "plans:review_detail", "own", portfolio_review,
        ok_for=FIGURES_OF_KARI - {"service"},
    ),
    Route(
        "plans:review_detail", "foreign", foreign_portfolio_review,
        ok_for=FIGURES_OF_ODD - {"service"},
    ),
    *changed("plans:review_begin", review, foreign_review),
    *seen("plans:review_present", begun, foreign_begun),
    *changed("plans:review_decide", begun, foreign_begun, data=lambda c: {"text": "Call"}),
    *changed("plans:review_hold", begun, foreign_begun, data=_today),
    *changed("plans:review_skip", review, foreign_review, method="get", ok=200),
    *changed("plans:review_skip", review, foreign_review, data=lambda c: {"reason": "x"}),
    *edited("plans:review_edit", review, foreign_review, "notes", "New words"),
    *edited("plans:review_edit", held, foreign_held, "minutes", "1:30"),
    *(
        Route(
            "plans:review_person_add", row, args, method="post", ok=302,
            data=lambda c, who=who: {"user": getattr(c, who).pk}, ok_for=edits,
            refused=sees - edits - {"service"},
        )
        for row, args, who, sees, edits in (
            ("own", held, "contributor", SEES_ACCOUNT, EDITS_ACCOUNT - {"service"}),
            ("foreign", foreign_held, "other_kam", SEES_FOREIGN, EDITS_FOREIGN - {"service"}),
        )
    ),
    *changed("plans:review_person_archive", present, foreign_present),
    *seen("plans:review_pdf", begun, foreign_begun),
    *seen("plans:qbr", plan, foreign_plan),
    *seen("plans:qbr_pdf", plan, foreign_plan),
    Route("plans:settings", ok_for=ADMINISTRATORS, otherwise=403),
    Route(
        "plans:settings", method="post", data=_settings, ok=302, ok_for=ADMINISTRATORS, otherwise=403
    ),
]  # fmt: skip
NO_FOREIGN_ROW: dict[str, Any] = {}


# --- over the API -----------------------------------------------------------------------------------
def decision(cast):
    row = ReviewDecision.objects.get_or_create(review_id=review(cast)["pk"], text="Call")[0]
    return {"pk": row.pk}


def foreign_decision(cast):
    row = ReviewDecision.objects.get_or_create(review_id=foreign_review(cast)["pk"], text="x")[0]
    return {"pk": row.pk}


ROUTES += [
    Route("api:review-list"),
    Route("api:review-list", method="post", ok=400),
    Route("api:reviewperson-list"),
    Route("api:reviewperson-list", method="post", ok=400),
    Route("api:reviewdecision-list"),
    Route("api:reviewdecision-list", method="post", ok=400),
]
for row, args, begun_args, picked, there, sees, edits in (
    ("own", review, begun, decision, present, SEES_ACCOUNT, EDITS_ACCOUNT),
    (
        "foreign", foreign_review, foreign_begun, foreign_decision, foreign_present,
        SEES_FOREIGN, EDITS_FOREIGN,
    ),
):  # fmt: skip
    ROUTES += [
        Route("api:review-detail", row, args, ok_for=sees),
        Route("api:review-detail", row, args, "patch", ok_for=edits, refused=sees - edits),
        Route("api:review-agenda", row, begun_args, ok_for=sees),
        Route("api:review-begin", row, args, "post", ok_for=edits, refused=sees - edits),
        Route("api:review-hold", row, args, "post", ok_for=edits, refused=sees - edits),
        Route("api:review-skip", row, args, "post", ok=400, ok_for=edits, refused=sees - edits),
        Route("api:reviewdecision-detail", row, picked, ok_for=sees),
        Route("api:reviewperson-detail", row, there, ok_for=sees),
        Route(
            "api:reviewperson-detail",
            row,
            there,
            "delete",
            ok=204,
            ok_for=edits,
            refused=sees - edits,
        ),
        Route(
            "api:reviewperson-restore",
            row,
            there,
            "post",
            ok=204,
            ok_for=edits,
            refused=sees - edits,
        ),
    ]
