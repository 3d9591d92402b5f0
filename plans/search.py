"""Account plans in the global search: by the account's name, the newest year first."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from kam.search import AT_MOST, Hit, Source, candidates, note, register
from plans.models import AccountPlan


def plans(user: Any, text: str) -> list[Hit]:
    """``Fjord 2026`` finds the plan of that year."""
    words = text.split()
    years = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) == 4]
    name = " ".join(w for w in words if not (w.isdigit() and len(w) == 4)) or text
    rows = AccountPlan.objects.visible_to(user).active()
    if years and name != text:
        rows = rows.filter(year__in=years)
    planned = AccountPlan.objects.active().order_by().values("account")
    mine = Account.objects.visible_to(user).active().filter(pk__in=planned)
    accounts = candidates(mine, name, ("name", "number"))
    rows = rows.filter(account__in=accounts).select_related("account__owner")
    return [
        Hit(
            row.get_absolute_url(),
            f"{row.account.name} {row.year}",
            note(row.get_status_display(), row.account.owner),
            "plans",
        )
        for row in rows.order_by("-year", "account__name", "pk")[:AT_MOST]
    ]


register(Source("plans", _("Plans"), plans, order=30))
