"""Reports as PDF: one call from a template to bytes. How to write one: docs/reports.md."""

from kam.pdf.report import (
    MAX_ROWS,
    Report,
    ReportError,
    ReportFailed,
    ReportTooHeavy,
    ReportTooLarge,
    check_rows,
    render_pdf,
    render_pdf_limited,
    render_report,
)

__all__ = [
    "MAX_ROWS",
    "Report",
    "ReportError",
    "ReportFailed",
    "ReportTooHeavy",
    "ReportTooLarge",
    "check_rows",
    "render_pdf",
    "render_pdf_limited",
    "render_report",
]
