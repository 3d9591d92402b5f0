"""What an administrator has to put right about the portfolio: criteria that are in force."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kam.installation import ToDo, finds
from portfolio.models import CriteriaVersion


@finds
def no_criteria(user: Any) -> Iterable[ToDo]:
    """Without a version in force no account is scored, and matrix and dashboard stay empty."""
    if not CriteriaVersion.objects.visible_to(user).in_force().exists():
        text = _("No criteria are in force: no account is scored")
        yield ToDo(text, reverse("portfolio:version_list"))
