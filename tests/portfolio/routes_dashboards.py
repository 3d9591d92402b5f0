from typing import Any

from portfolio.models import DashboardMail
from tests.route_table import Route

KARI = frozenset({"kam"})


def mail(c: Any) -> dict[str, Any]:
    """Kari's own order."""
    row = DashboardMail.objects.get_or_create(
        user=c.kam, rhythm="weekly", defaults={"next_on": "2026-01-05"}
    )[0]
    return {"pk": row.pk}


ROUTES: list[Route] = [
    Route("portfolio:dashboard"),
    Route("portfolio:dashboard", query="?filters"),
    Route("portfolio:dashboard_pdf"),
    Route("portfolio:dashboard_tile", args=lambda c: {"name": "cells"}),
    Route("portfolio:dashboard_tile", args=lambda c: {"name": "key-accounts"}),
    Route("portfolio:dashboard_tile", args=lambda c: {"name": "secrets"}, ok=404),
    Route("portfolio:dashboard_choose", method="post", ok=302),
    Route(
        "portfolio:dashboard_mail_order",
        method="post",
        data=lambda c: {"rhythm": "weekly", "query": ""},
        ok=302,
    ),
    Route("portfolio:dashboard_mails"),
    Route("portfolio:dashboard_mail_pause", "personal", mail, method="post", ok_for=KARI, ok=302),
    Route("portfolio:dashboard_mail_resume", "personal", mail, method="post", ok_for=KARI, ok=302),
    Route("portfolio:dashboard_mail_end", "personal", mail, method="post", ok_for=KARI, ok=302),
]
NO_FOREIGN_ROW: dict[str, str] = {
    "portfolio:dashboard_tile": "the address names a tile; its rows go through the scores' scope",
    "portfolio:dashboard_mail_pause": "an order belongs to one person alone",
    "portfolio:dashboard_mail_resume": "an order belongs to one person alone",
    "portfolio:dashboard_mail_end": "an order belongs to one person alone",
}
