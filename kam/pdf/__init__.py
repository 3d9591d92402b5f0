"""Reports as PDF: one call from a template to bytes. How to write one: docs/reports.md."""

from kam.pdf.joining import CHAPTER_LINK, Chapter, join
from kam.pdf.many import Press
from kam.pdf.report import (
    MAX_ROWS,
    Report,
    ReportError,
    ReportFailed,
    ReportTooHeavy,
    ReportTooLarge,
    check_rows,
    engine_job,
    render_pdf,
    render_pdf_limited,
    render_report,
)

__all__ = [
    "CHAPTER_LINK",
    "MAX_ROWS",
    "Chapter",
    "Press",
    "Report",
    "ReportError",
    "ReportFailed",
    "ReportTooHeavy",
    "ReportTooLarge",
    "check_rows",
    "engine_job",
    "join",
    "render_pdf",
    "render_pdf_limited",
    "render_report",
]
