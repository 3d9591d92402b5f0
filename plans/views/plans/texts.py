"""The plan's texts, where they stand: its summary and stance, and section by section."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from kam.inplace import InPlace
from kam.markdown import rendered
from plans.forms import PlanForm, SectionForm
from plans.models import AccountPlan, Section
from plans.services import plans, sections
from plans.services.locks import text_is_open
from plans.services.templates import guidance_of

SUMMARY = gettext_lazy("Where do we stand, and what do we want this year, in five lines?")


def _text(body: str, question: object) -> SafeString:
    """Markdown as HTML; the question where nobody has answered it yet."""
    html = rendered(body)
    if not html:
        return format_html('<span class="muted">{}</span>', question)
    return format_html('<div class="prose">{}</div>', html)


def shown_summary(plan: AccountPlan) -> SafeString:
    return _text(plan.summary, SUMMARY)


def shown_section(section: Section) -> SafeString:
    return _text(section.body, section.guidance or guidance_of(section.kind))


class _TextInPlace(InPlace):
    """In place, with long text that saves by itself while one writes."""

    #: The fields that are Markdown.
    texts: tuple[str, ...] = ()

    def _form(
        self,
        request: HttpRequest,
        row: Any,
        field: str,
        form: Any,
        version: int,
        status: int = 200,
    ) -> HttpResponse:
        htmx = getattr(request, "htmx", None)
        if field not in self.texts or not htmx or status != 200:
            return super()._form(request, row, field, form, version, status)
        url = self.edit_url(row, field)
        context = {
            "id": self.dom_id(row, field),
            "form": form,
            "version": version,
            "action": url,
            "done_url": f"{url}?cancel&since={version}",
        }
        return render(request, "plans/_text_form.html", context)


class EditPlan(_TextInPlace):
    """The plan's summary and stance."""

    model = AccountPlan
    form_class = PlanForm
    fields = plans.FIELDS
    texts = ("summary",)
    route = "plans:edit"
    related = ("account",)
    save = staticmethod(plans.change_plan)
    displays = {"summary": shown_summary}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return text_is_open(row)


class EditSection(_TextInPlace):
    """A section's text, source and readers."""

    model = Section
    form_class = SectionForm
    fields = ("body", "source", "source_on", "title", "audience")
    texts = ("body",)
    route = "plans:section_edit"
    related = ("plan__account",)
    save = staticmethod(sections.change_section)
    displays = {"body": shown_section, "title": lambda row: row.heading}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and text_is_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return row.plan.get_absolute_url()
