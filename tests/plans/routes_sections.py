"""The route table's rows of sections, templates, comments, quality and presence."""

from typing import Any

from tests.plans.route_rows import edited, foreign_section, section

ROUTES: list = [*edited("plans:section_edit", section, foreign_section, "body", "New words")]
NO_FOREIGN_ROW: dict[str, Any] = {}
