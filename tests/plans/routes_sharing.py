"""The route table's rows of the joint plan: links for the customer, and what stands behind them."""

from datetime import date
from typing import Any

from plans import joint
from plans.models import PlanComment, PlanShare, SectionReader, ShareEvent
from tests.plans.route_rows import (
    STEERS,
    STEERS_FOREIGN,
    changed,
    foreign_plan,
    foreign_section,
    plan,
    section,
    seen,
    steered,
)
from tests.route_table import (
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    EVERYBODY,
    NOBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    STAND_IN,
    Route,
)

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
    *steered("plans:share_add", plan, foreign_plan, method="get", ok=200),
    *steered("plans:share_add", plan, foreign_plan, ok=422),
    *seen("plans:share_preview", link, foreign_link),
    *steered(
        "plans:share_prolong",
        link,
        foreign_link,
        data=lambda c: {"expires_on": "2001-01-01"},
        ok=422,
    ),
    *steered("plans:share_end", link, foreign_link),
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


# --- the API ----------------------------------------------------------------------------------------


def event(cast):
    return _event(link(cast)["pk"])


def foreign_event(cast):
    return _event(foreign_link(cast)["pk"])


def _event(share):
    return {"pk": ShareEvent.objects.get_or_create(share_id=share, what="opened")[0].pk}


def reader(cast):
    return _reader(section(cast)["pk"], cast.leader)


def foreign_reader(cast):
    return _reader(foreign_section(cast)["pk"], cast.south_leader)


def _reader(section_pk, user):
    row = SectionReader.objects.get_or_create(section_id=section_pk, user=user)[0]
    return {"pk": row.pk}


def api_rows(name, own, foreign, verbs, *, edits=EDITS_ACCOUNT, foreign_edits=EDITS_FOREIGN):
    """Rows of a resource: read by who sees the account, written by ``edits``."""
    found = []
    for row, args, sees, may in (
        ("own", own, SEES_ACCOUNT, edits),
        ("foreign", foreign, SEES_FOREIGN, foreign_edits),
    ):
        found.append(Route(f"api:{name}-detail", row, args, ok_for=sees))
        found += [
            Route(f"api:{name}{route}", row, args, method, ok_for=may, ok=ok, refused=sees - may)
            for route, method, ok in verbs
        ]
    return found


PATCH, DELETE = ("-detail", "patch", 200), ("-detail", "delete", 204)
ROUTES += [
    Route("api:planshare-list"),
    Route("api:planshare-list", method="post", ok=400),
    *api_rows(
        "planshare", link, foreign_link, [PATCH, DELETE],
        edits=STEERS, foreign_edits=STEERS_FOREIGN,
    ),
    Route("api:shareevent-list"),
    *api_rows("shareevent", event, foreign_event, []),
    Route("api:plancomment-list"),
    Route("api:plancomment-list", method="post", ok=400),
    *api_rows(
        "plancomment", comment, foreign_comment, [PATCH, DELETE, ("-restore", "post", 204)],
        edits=KARI, foreign_edits=ODD,
    ),
    *api_rows(
        "plancomment", comment, foreign_comment,
        [("-resolve", "post", 200), ("-reopen", "post", 200)],
    ),
    Route("api:sectionreader-list"),
    Route("api:sectionreader-list", method="post", ok=400),
    *api_rows("sectionreader", reader, foreign_reader, [DELETE]),
]  # fmt: skip
