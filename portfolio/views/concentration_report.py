"""The concentration as PDF: the same figures and pictures as its page, on paper."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kam.models import Company
from kam.pdf import ReportError, render_pdf
from portfolio.views.concentration import Asked, bridge_to, trend_of, year_of


@login_required
@require_safe
def pdf(request: HttpRequest) -> HttpResponse:
    """The year's concentration, its trend and the bridge, with the filters of the address.

    A report of some forty rows: made at once. A filter that cannot be read is a 400, never other
    figures than those asked for.
    """
    asked = Asked(request)
    wrong = [e for errors in asked.filterset.form.errors.values() for e in errors]
    if asked.filtered and wrong:
        raise BadRequest(" ".join(wrong))
    context = {**year_of(asked), "trend": trend_of(asked), "bridge": bridge_to(asked)}
    year, user = asked.year, asked.user
    chosen = [(chip["label"], chip["value"]) for chip in asked.chips()]
    try:
        made = render_pdf(
            "portfolio/concentration/report.html",
            context,
            title=_("Concentration"),
            subject=context["message"],
            author=str(user),
            company=Company.current().name,
            period=_("Fiscal year %(year)s") % {"year": year.label},
            as_of=localdate(context["at"]),
            filters=chosen
            or [(_("Filter"), _("none: all accounts that %(name)s sees") % {"name": user})],
            keywords=["KAM"],
            language=translation.get_language(),
        )
    except ReportError as error:
        messages.error(request, str(error))
        return redirect(asked.link())
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="concentration-{year.year}.pdf"'
    return response
