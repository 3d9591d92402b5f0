"""The plan's texts, where they stand on its page."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from kam.inplace import InPlace
from kam.markdown import rendered
from plans.forms import PlanForm
from plans.models import AccountPlan
from plans.services import plans
from plans.services.locks import text_is_open

#: What each text is for, as the reader of an empty one is asked.
QUESTIONS = {
    "summary": gettext_lazy("Where do we stand, and what do we want this year, in five lines?"),
    "situation": gettext_lazy("How is the customer doing? Which trends affect them?"),
    "needs": gettext_lazy("What does the customer need now, and what later?"),
    "value_offer": gettext_lazy("What do we offer, and what does it change for the customer?"),
    "competitors": gettext_lazy("Who else is there, or may come, and how do they work?"),
    "strategy": gettext_lazy("How do we get there?"),
    "risks": gettext_lazy("What may go wrong, and what do we do then?"),
}


def shown_text(plan: AccountPlan, name: str) -> SafeString:
    """A text of the plan as HTML; its question where nobody has answered it yet."""
    html = rendered(getattr(plan, name))
    if not html:
        return format_html('<span class="muted">{}</span>', QUESTIONS[name])
    return format_html('<div class="prose">{}</div>', html)


class EditPlan(InPlace):
    """The plan's texts, where they stand: Markdown that saves by itself while one writes."""

    model = AccountPlan
    form_class = PlanForm
    fields = plans.TEXTS
    route = "plans:edit"
    related = ("account",)
    save = staticmethod(plans.change_plan)
    displays = {name: partial(shown_text, name=name) for name in plans.TEXTS}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return text_is_open(row)

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
        if not htmx or status != 200:
            return super()._form(request, row, field, form, version, status)
        url = self.edit_url(row, field)
        context = {
            "id": self.dom_id(row, field),
            "form": form,
            "version": version,
            "action": url,
            "done_url": f"{url}?cancel",
        }
        return render(request, "plans/_text_form.html", context)
