"""The foundation's part of the route table; see tests/route_table.py."""

from datetime import timedelta

from kam.models import ApiToken, Job, Notification, Substitution
from kam.periods import company_today
from tests.kam.importing import routes as imports
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
    nothing,
)

KARI = frozenset({"kam"})
KARI_AND_ADMINISTRATORS = KARI | ADMINISTRATORS


def message(cast, person="kam"):
    row, _new = Notification.objects.get_or_create(
        recipient=getattr(cast, person), occasion="table", defaults={"kind": "x", "title": "Read"}
    )
    return {"pk": row.pk}


def token(cast):
    row = cast.kam.api_tokens.first() or ApiToken.issue(cast.kam, "script")[0]
    return {"pk": row.pk}


def job(cast):
    row, _new = Job.objects.get_or_create(kind="table", title="Work", created_by=cast.kam)
    return {"pk": row.pk}


def finished(cast):
    row, new = Job.objects.get_or_create(kind="done", created_by=cast.kam, state="done")
    if new:
        from django.core.files.base import ContentFile

        row.result.save("figures.csv", ContentFile(b"1;2"))
    return {"pk": row.pk}


def substitution(cast):
    today = company_today()
    row, _new = Substitution.objects.get_or_create(
        absent=cast.kam,
        substitute=cast.other_kam,
        starts_on=today,
        ends_on=today + timedelta(days=7),
    )
    return {"pk": row.pk}


def stands_in(cast):
    return {"substitution": substitution(cast)["pk"]}


def hand_over(cast):
    day = company_today().isoformat()
    return {
        "absent": cast.kam.pk,
        "substitute": cast.management.pk,
        "starts_on": day,
        "ends_on": day,
    }


def of_account(cast):
    return {"model": "accounts.account", "pk": cast.account.pk}


def of_foreign(cast):
    return {"model": "accounts.account", "pk": cast.foreign.pk}


def of_kari(cast):
    return {"pk": cast.kam.pk}


def of_north(cast):
    return {"pk": cast.north.pk}


def administrators_post(name, args=nothing, data=nothing, ok=302, query=""):
    return Route(
        name,
        "none" if args is nothing else "directory",
        args,
        method="post",
        data=data,
        ok_for=ADMINISTRATORS,
        ok=ok,
        otherwise=403,
        query=query,
    )


ROUTES = [
    Route("kam:home"),
    Route("kam:home_messages"),
    Route("kam:home_installation", ok_for=ADMINISTRATORS, otherwise=403),
    Route("plans:home_activities"),
    Route("plans:home_late"),
    Route("plans:home_approvals"),
    Route("plans:home_plans"),
    Route("plans:home_figures"),
    Route("accounts:home_accounts"),
    # 404 outside development
    Route("kam:styleguide", ok=404, but={"nobody": 404, "service": 404}),
    Route("kam:search", query="?q=fjord"),
    Route("kam:notifications"),
    Route("kam:notifications_read", method="post", ok=302),
    Route("kam:notification_open", "personal", message, ok_for=KARI, ok=302),
    Route("kam:notification_read", "personal", message, method="post", ok_for=KARI, ok=302),
    Route("kam:preferences"),
    Route("kam:user_menu"),
    Route("kam:preferences", method="post", data=lambda c: {"theme": "dark"}, ok=302),
    Route("kam:token_create", method="post", data=lambda c: {"name": "x", "days": "30"}),
    Route("kam:token_revoke", "personal", token, method="post", ok_for=KARI, ok=302),
    Route("kam:act_for", method="post", ok=302),
    Route(
        "kam:act_for",
        "personal",
        method="post",
        data=stands_in,
        ok_for=frozenset({"other_kam"}),
        ok=302,
    ),
    Route("kam:substitution_list"),
    Route("kam:substitution_create"),
    Route(
        "kam:substitution_create", method="post", data=hand_over, ok=302, but={"management": 422}
    ),
    Route(
        "kam:substitution_archive",
        "personal",
        substitution,
        method="post",
        ok_for=KARI_AND_ADMINISTRATORS,
        ok=302,
        refused=EVERYBODY,
    ),
    Route("kam:job_list"),
    Route("kam:job_detail", "personal", job, ok_for=KARI_AND_ADMINISTRATORS),
    Route(
        "kam:job_cancel",
        "personal",
        job,
        method="post",
        ok_for=KARI_AND_ADMINISTRATORS,
        ok=302,
    ),
    Route("kam:job_result", "personal", finished, ok_for=KARI_AND_ADMINISTRATORS),
    Route("kam:user_detail", "directory", lambda c: {"pk": c.other_kam.pk}),
    Route("kam:lookup", args=lambda c: {"name": "accounts"}, query="?q=fj"),
    Route("kam:lookup", args=lambda c: {"name": "secrets"}, ok=404),
    Route("kam:history", "own", of_account, ok_for=SEES_ACCOUNT),
    Route("kam:history", "foreign", of_foreign, ok_for=SEES_FOREIGN),
    Route(
        "kam:history",
        "directory",
        lambda c: {"model": "kam.user", "pk": c.kam.pk},
        ok_for=ADMINISTRATORS,
        otherwise=403,
    ),
    Route("kam:history", args=lambda c: {"model": "kam.apitoken", "pk": 1}, ok=404),
    Route(
        "kam:history_restore",
        "own",
        of_account,
        method="post",
        ok_for=EDITS_ACCOUNT - {"editor"},  # a seat that edits takes no account out of use
        ok=302,
        refused=SEES_ACCOUNT,
    ),
    Route(
        "kam:history_restore",
        "foreign",
        of_foreign,
        method="post",
        ok_for=EDITS_FOREIGN,
        ok=302,
        refused=SEES_FOREIGN,
    ),
    *[
        Route(name, ok_for=ADMINISTRATORS, otherwise=403)
        for name in (
            "kam:user_list",
            "kam:user_create",
            "kam:team_list",
            "kam:team_create",
            "kam:settings",
            "kam:rates",
            "kam:audit",
        )
    ],
    administrators_post("kam:user_list", data=lambda c: {"do": "save_view", "name": "x"}),
    administrators_post(
        "kam:user_create",
        data=lambda c: {
            "name": "New",
            "email": "new@example.com",
            "role": "kam",
            "language": "en",
        },
    ),
    Route("kam:user_edit", "directory", of_kari, ok_for=ADMINISTRATORS, otherwise=403),
    administrators_post("kam:user_edit", of_kari, ok=422),
    administrators_post("kam:user_archive", of_kari),
    administrators_post("kam:user_restore", of_kari),
    administrators_post("kam:user_password_mail", of_kari),
    administrators_post(
        "kam:user_token_create",
        lambda c: {"pk": c.service.pk},
        data=lambda c: {"name": "x", "days": "0"},
        ok=200,
    ),
    administrators_post(
        "kam:user_token_revoke", lambda c: {"pk": c.kam.pk, "token_pk": token(c)["pk"]}
    ),
    administrators_post("kam:team_create", data=lambda c: {"name": "West"}),
    Route("kam:team_edit", "directory", of_north, ok_for=ADMINISTRATORS, otherwise=403),
    administrators_post(
        "kam:team_edit",
        of_north,
        data=lambda c: {
            "name": "Far north",
            "parent": c.region.pk,
            "leader": c.leader.pk,
            "version": 2,
        },
    ),
    administrators_post("kam:team_archive", of_north),
    administrators_post("kam:team_restore", of_north),
    administrators_post("kam:settings", ok=422),
    administrators_post("kam:settings_logo", data=lambda c: {"remove": "1"}),
    administrators_post("kam:rates", query="?year=2026"),
    administrators_post("kam:rates_copy", data=lambda c: {"year": 2026}),
    *imports.ROUTES,
]
#: Routes with a row in their address that have no foreign row, and why.
PERSONAL = "everybody else in the cast is foreign to a personal row"
DIRECTORY = "the directory is everybody's"
NO_FOREIGN_ROW: dict[str, str] = {
    **imports.NO_FOREIGN_ROW,
    "kam:lookup": "the address names a kind of row; test_accounts.py tries the scope of its rows",
    "kam:notification_open": PERSONAL,
    "kam:notification_read": PERSONAL,
    "kam:token_revoke": PERSONAL,
    "kam:substitution_archive": PERSONAL,
    "kam:job_detail": PERSONAL,
    "kam:job_cancel": PERSONAL,
    "kam:job_result": PERSONAL,
    "kam:user_detail": DIRECTORY,
    **dict.fromkeys(
        (
            "kam:user_edit",
            "kam:user_archive",
            "kam:user_restore",
            "kam:user_password_mail",
            "kam:user_token_create",
            "kam:user_token_revoke",
            "kam:team_edit",
            "kam:team_archive",
            "kam:team_restore",
        ),
        "administrators see every row, all others none",
    ),
}
