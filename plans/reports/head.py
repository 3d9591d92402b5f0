"""What every report of plans carries: what it shows, its cover, its file's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from kam.models import Company
from kam.periods import FiscalYear, company_today
from kam.scoping import principal


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a report needs: rendering it asks the database nothing more."""

    template: str
    context: dict[str, Any]
    head: dict[str, Any]
    rows: int
    file_name: str


def head(
    user: Any,
    title: str,
    subject: str,
    year: FiscalYear,
    filters: list[tuple[str, str]],
    keywords: list[str],
) -> dict[str, Any]:
    person = principal(user)
    author = str(user)
    if person is not None and person.pk != user.pk:
        author = _("%(name)s for %(absent)s") % {"name": user, "absent": person}
    return {
        "title": title,
        "subject": subject,
        "author": author,
        "company": Company.current().name,
        "period": _("Fiscal year %(year)s") % {"year": year.label},
        "as_of": company_today(),
        "filters": filters,
        "keywords": ["KAM", *keywords, year.label],
    }


def file_name(kind: str, name: str, year: FiscalYear) -> str:
    return "-".join(part for part in (kind, slugify(name), str(year.year)) if part) + ".pdf"
