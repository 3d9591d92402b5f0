"""Colleagues in the global search."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kam.models import User
from kam.search import Hit, Source, best, note, register


def people(user: Any, text: str) -> list[Hit]:
    rows = best(User.objects.visible_to(user).people(), text, ("name", "email"), "team")
    return [
        Hit(
            reverse("kam:user_detail", args=[row.pk]),
            str(row),
            note(row.title or row.get_role_display(), row.team),
            "user",
        )
        for row in rows
    ]


register(Source("people", _("People"), people, order=60))
