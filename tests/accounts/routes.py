"""The customers' part of the route table; see tests/route_table.py."""

from accounts.models import AccountTeamMember, Industry
from kam.models import SavedView
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ACCOUNT,
    EDITS_FOREIGN,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)

READS_ACCOUNT = SEES_ACCOUNT - EDITS_ACCOUNT
READS_FOREIGN = SEES_FOREIGN - EDITS_FOREIGN
#: Who decides on ``cast.account``: its KAM, those who lead them, administrators.
STAFFS_ACCOUNT = EDITS_ACCOUNT - {"editor"}
STAFFS_FOREIGN = EDITS_FOREIGN
CREATES = frozenset(
    {"administrator", "kam", "other_kam", "leader", "south_leader", "region_leader"}
)


def own(cast):
    return {"pk": cast.account.pk}


def foreign(cast):
    return {"pk": cast.foreign.pk}


def contact(cast):
    return {"pk": cast.contact.pk}


def foreign_contact(cast):
    return {"pk": cast.foreign_contact.pk}


def with_field(args, field="name"):
    return lambda cast: {**args(cast), "field": field}


def seat(cast):
    return {"pk": cast.account.team_members.get(user=cast.contributor).pk}


def foreign_seat(cast):
    row = AccountTeamMember.objects.get_or_create(
        account=cast.foreign, user=cast.other_kam, function="deputy"
    )[0]
    return {"pk": row.pk}


def industry(cast):
    return {"pk": Industry.objects.get_or_create(name="Shipping")[0].pk}


def saved_view(cast):
    row = SavedView.objects.get_or_create(user=cast.outsider, page="accounts", name="X")[0]
    return {"do": "delete_view", "view": row.pk}


def seen(name, **more):
    """A page about an account: own and foreign."""
    return [
        Route(name, "own", own, ok_for=SEES_ACCOUNT, **more),
        Route(name, "foreign", foreign, ok_for=SEES_FOREIGN, **more),
    ]


def edited(name, args=own, foreign_args=foreign, editors=None, foreign_editors=None, **more):
    """What only editors may do; others who see the row get 403."""
    editors = EDITS_ACCOUNT if editors is None else editors
    foreign_editors = EDITS_FOREIGN if foreign_editors is None else foreign_editors
    return [
        Route(name, "own", args, ok_for=editors, refused=SEES_ACCOUNT - editors, **more),
        Route(
            name,
            "foreign",
            foreign_args,
            ok_for=foreign_editors,
            refused=SEES_FOREIGN - foreign_editors,
            **more,
        ),
    ]


def kept(name, args=None, **more):
    """What administrators alone do to the catalogue."""
    if args is None:
        return Route(name, ok_for=ADMINISTRATORS, otherwise=403, **more)
    return Route(name, "directory", args, ok_for=ADMINISTRATORS, otherwise=403, **more)


def line(cast):
    return {"pk": cast.line.pk}


def product(cast):
    return {"pk": cast.product.pk}


POST = {"method": "post", "ok": 302}

ROUTES = [
    Route("accounts:list"),
    Route("accounts:list", query="?export=csv"),
    Route("accounts:list", query="?export=xlsx"),
    Route("accounts:list", query="?filters"),
    Route("accounts:list", query="?bulk=all", ok_for=EVERYBODY - {"management"}, otherwise=403),
    Route("accounts:list", method="post", data=lambda c: {"do": "save_view", "name": "A"}, ok=302),
    Route(
        "accounts:list",
        "personal",
        method="post",
        data=saved_view,
        ok=302,
        ok_for=frozenset({"outsider"}),
    ),
    Route("accounts:create", ok_for=CREATES, otherwise=403),
    Route(
        "accounts:create",
        method="post",
        data=lambda c: {"name": ""},
        ok=422,
        ok_for=CREATES,
        otherwise=403,
    ),
    *seen("accounts:detail"),
    *seen("accounts:profile_panel"),
    *seen("accounts:contacts_panel"),
    *seen("accounts:hierarchy_panel"),
    *seen("accounts:sales_panel"),
    *seen("accounts:sales_list"),
    *seen("accounts:team_panel"),
    *edited("accounts:edit", with_field(own), with_field(foreign)),
    *edited(
        "accounts:edit",
        with_field(own),
        with_field(foreign),
        data=lambda c: {"name": "N", "version": 1},
        **POST,
    ),
    *edited("accounts:archive", editors=STAFFS_ACCOUNT),
    Route(
        "accounts:archive",
        "own",
        lambda c: {"pk": c.child.pk},
        ok_for=EDITS_ACCOUNT - {"editor"},
        refused=frozenset({"management"}),
        **POST,
    ),
    *edited("accounts:restore", editors=STAFFS_ACCOUNT, **POST),
    *edited(
        "accounts:team_panel",
        editors=STAFFS_ACCOUNT,
        foreign_editors=STAFFS_FOREIGN,
        data=lambda c: {"user": "mona.management@example.com", "function": "sponsor"},
        **POST,
    ),
    *edited(
        "accounts:seat_edit",
        with_field(seat, "function"),
        with_field(foreign_seat, "function"),
        editors=STAFFS_ACCOUNT,
        foreign_editors=STAFFS_FOREIGN,
    ),
    *edited(
        "accounts:seat_edit",
        with_field(seat, "function"),
        with_field(foreign_seat, "function"),
        editors=STAFFS_ACCOUNT,
        foreign_editors=STAFFS_FOREIGN,
        data=lambda c: {"function": "bids", "version": 1},
        **POST,
    ),
    *edited(
        "accounts:seat_remove",
        seat,
        foreign_seat,
        editors=STAFFS_ACCOUNT,
        foreign_editors=STAFFS_FOREIGN,
        **POST,
    ),
    Route("accounts:contact_list"),
    Route("accounts:contact_list", query="?export=csv"),
    Route(
        "accounts:contact_list",
        method="post",
        data=lambda c: {"do": "save_view", "name": "A"},
        ok=302,
    ),
    Route("accounts:contact_create"),
    Route(
        "accounts:contact_create",
        method="post",
        data=lambda c: {"account": "A1", "name": "Siri", "coverage": "unknown"},
        ok=302,
        ok_for=EDITS_ACCOUNT,
        refused=READS_ACCOUNT,
        otherwise=422,
    ),
    *edited("accounts:contact_add"),
    *edited("accounts:contact_add", data=lambda c: {"name": "Siri", "coverage": "unknown"}, **POST),
    Route("accounts:contact_detail", "own", contact, ok_for=SEES_ACCOUNT),
    Route("accounts:contact_detail", "foreign", foreign_contact, ok_for=SEES_FOREIGN),
    *edited("accounts:contact_edit", with_field(contact), with_field(foreign_contact)),
    *edited(
        "accounts:contact_edit",
        with_field(contact),
        with_field(foreign_contact),
        data=lambda c: {"name": "N", "version": 1},
        **POST,
    ),
    *edited("accounts:contact_archive", contact, foreign_contact),
    *edited("accounts:contact_archive", contact, foreign_contact, **POST),
    *edited("accounts:contact_restore", contact, foreign_contact, **POST),
    Route("accounts:product_list"),
    kept("accounts:product_create"),
    kept("accounts:product_create", method="post", data=lambda c: {"name": ""}, ok=422),
    kept("accounts:product_edit", with_field(product)),
    kept(
        "accounts:product_edit",
        with_field(product),
        data=lambda c: {"name": "N", "version": 1},
        **POST,
    ),
    kept("accounts:product_archive", product, **POST),
    kept("accounts:product_restore", product, **POST),
    kept("accounts:product_line_create"),
    kept("accounts:product_line_create", method="post", data=lambda c: {"name": ""}, ok=422),
    kept("accounts:product_line_edit", with_field(line)),
    kept(
        "accounts:product_line_edit",
        with_field(line),
        data=lambda c: {"name": "N", "version": 1},
        **POST,
    ),
    kept("accounts:product_line_archive", line, **POST),
    kept("accounts:product_line_restore", line, **POST),
    Route("accounts:industry_list"),
    kept("accounts:industry_create"),
    kept("accounts:industry_create", method="post", data=lambda c: {"name": ""}, ok=422),
    kept("accounts:industry_edit", with_field(industry)),
    kept(
        "accounts:industry_edit",
        with_field(industry),
        data=lambda c: {"name": "N", "version": 1},
        **POST,
    ),
    kept("accounts:industry_archive", industry, **POST),
    kept("accounts:industry_restore", industry, **POST),
]

_DIRECTORY = "the catalogue: everybody sees it"
#: Routes with a row in their address that have no foreign row, and why.
NO_FOREIGN_ROW = {
    f"accounts:{kind}_{act}": _DIRECTORY
    for kind in ("product", "product_line", "industry")
    for act in ("edit", "archive", "restore")
}
