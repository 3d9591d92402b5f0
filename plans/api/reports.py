"""PDF reports over the API."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kam.api.foundation import JobSerializer
from kam.pdf import ReportError
from plans import reports

PDF_ANSWERS = {
    (200, "application/pdf"): OpenApiTypes.BINARY,
    202: OpenApiResponse(JobSerializer, description="A long report: the job that makes it."),
}


def report(request: Request, level: str, pk: int | None, year: int) -> HttpResponse:
    """The file at once; a long one as 202 with its job, whose result is the file."""
    prepared = reports.prepare(request.user, level, pk, year)
    if prepared.rows > reports.AT_ONCE:
        job = reports.start_job(request.user, prepared, level, pk, year)
        where = reverse("api:job-detail", args=[job.pk], request=request)
        return Response(
            JobSerializer(job).data, status=status.HTTP_202_ACCEPTED, headers={"Location": where}
        )
    try:
        pdf = reports.make(prepared)
    except ReportError as error:
        raise ValidationError(str(error)) from error
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{prepared.file_name}"'
    return response
