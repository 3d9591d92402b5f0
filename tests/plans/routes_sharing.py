"""The route table's rows of the joint plan: links for the customer, and what stands behind them."""

from datetime import date
from typing import Any

from plans import joint
from plans.models import PlanComment, PlanShare
from tests.plans.route_rows import (
    changed,
    foreign_plan,
    foreign_section,
    plan,
    section,
    seen,
)
from tests.route_table import EVERYBODY, NOBODY, SEES_ACCOUNT, SEES_FOREIGN, STAND_IN, Route

TOKEN = "t" * 43
#: Everybody who signs in reads the page and leaves no trace; only who has not signed in answers.
AS_CUSTOMER = {NOBODY: 303, "service": 303}
AS_READER = {NOBODY: 200, "service": 200}


def share_of(plan, contact, token):
    values = {"plan": plan, "contact": contact, "expires_on": date(2099, 1, 1)}
    return PlanShare.objects.get_or_create(token_hash=joint.digest_of(token), defaults=values)[0]


def link(cast):
    return {"pk": share_of(cast.plan, cast.contact, TOKEN).pk}


def foreign_link(cast):
    return {"pk": share_of(cast.foreign_plan, cast.foreign_contact, "f" * 43).pk}


def opened(cast):
    share_of(cast.plan, cast.contact, TOKEN)
    return {"token": TOKEN}


ROUTES: list = [
    *seen("plans:share_list", plan, foreign_plan),
    *changed("plans:share_add", plan, foreign_plan, method="get", ok=200),
    *changed("plans:share_add", plan, foreign_plan, ok=422),
    *seen("plans:share_preview", link, foreign_link),
    *changed(
        "plans:share_prolong",
        link,
        foreign_link,
        data=lambda c: {"expires_on": "2001-01-01"},
        ok=422,
    ),
    *changed("plans:share_end", link, foreign_link),
    Route("joint:page", "directory", opened, but=AS_READER),
    Route(
        "joint:comment",
        "directory",
        opened,
        method="post",
        data=lambda c: {"body": "words"},
        ok_for=frozenset(),
        refused=EVERYBODY,
        but=AS_CUSTOMER,
    ),
    Route(
        "joint:goal",
        "directory",
        opened,
        method="post",
        data=lambda c: {"key": "1", "answer": "yes"},
        ok_for=frozenset(),
        refused=EVERYBODY,
        but={NOBODY: 404, "service": 404},
    ),
]
ITSELF = "the link itself is the right; attacks with other plans' rows: test_sharing"
NO_FOREIGN_ROW: dict[str, Any] = dict.fromkeys(
    ("joint:page", "joint:comment", "joint:goal"), ITSELF
)


def comment(cast):
    return {"pk": _comment(cast.plan, cast.kam).pk}


def foreign_comment(cast):
    return {"pk": _comment(cast.foreign_plan, cast.other_kam).pk}


def _comment(plan, author):
    return PlanComment.objects.get_or_create(plan=plan, author=author, body="words")[0]


def body_of(args):
    return lambda cast: {**args(cast), "field": "body"}


WORDS = {"body": "New words", "version": "1", "_touched": "body"}
KARI, ODD = frozenset({"kam"}), frozenset({"other_kam"})
for method, ok in (("get", 200), ("post", 302)):
    ROUTES += [
        Route("plans:comment_edit", "own", body_of(comment), method=method, ok=ok,
              data=lambda c: WORDS, ok_for=KARI, refused=SEES_ACCOUNT - KARI,
              but={STAND_IN: 403}),
        Route("plans:comment_edit", "foreign", body_of(foreign_comment), method=method, ok=ok,
              data=lambda c: WORDS, ok_for=ODD, refused=SEES_FOREIGN - ODD),
    ]  # fmt: skip
    ROUTES += changed(
        "plans:section_readers",
        section,
        foreign_section,
        method=method,
        ok=ok,
        data=lambda c: {"version": 1, "audience": "account"},
    )
SAID = {"method": "post", "ok": 302, "data": lambda c: {"body": "words"}}
ROUTES += [
    *seen("plans:comment_list", plan, foreign_plan),
    *seen("plans:comment_add", plan, foreign_plan, **SAID),
    *seen("plans:comment_people", plan, foreign_plan),
    *seen("plans:presence", plan, foreign_plan, method="post"),
    *changed("plans:comment_resolve", comment, foreign_comment),
    *changed("plans:comment_reopen", comment, foreign_comment),
]
