"""Numbers, shares and dates as people read them. Missing is a dash, never a zero."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kam import number_text

register = template.Library()


def _missing() -> SafeString:
    return format_html('<span class="missing" title="{}">–</span>', _("missing"))


def _marked(value: Any, text: str) -> SafeString:
    number = number_text.as_decimal(value)
    if number is None:
        return _missing()
    if text.startswith(number_text.MINUS):
        return format_html('<span class="neg">{}</span>', text)
    return SafeString(escape(text))


@register.filter
def amount(value: Any, places: int = 0) -> SafeString:
    """``1234567.8`` → ``1,234,568``; the currency stands in the column's head."""
    return _marked(value, number_text.amount(value, places))


@register.filter
def percent(value: Any, places: int = 0) -> SafeString:
    """A share (0.253) as a percentage (25 %)."""
    return _marked(value, number_text.percent(value, places))


@register.filter
def signed(value: Any, places: int = 0) -> SafeString:
    """A difference, with its sign shown also when positive."""
    return _marked(value, number_text.signed(value, places))


@register.filter
def signed_percent(value: Any, places: int = 0) -> SafeString:
    """A change (0.12) as a percentage with its sign (+12 %)."""
    return _marked(value, number_text.signed_percent(value, places))


@register.filter
def short(value: Any, places: int = 1) -> SafeString:
    """A large amount in short form: ``1250000`` → ``1.3 M``."""
    return _marked(value, number_text.short(value, places))


@register.filter
def fitting(value: Any, places: int = 0) -> SafeString:
    """An amount in full where it fits, else in short form: ``1234567890`` → ``1.23 bn``."""
    return _marked(value, number_text.fitting(value, places))


@register.filter
def fitting_percent(value: Any) -> SafeString:
    """A share as a percentage, in short form where it would not fit."""
    return _marked(value, number_text.fitting_percent(value))


@register.filter
def month(value: date | None) -> SafeString | str:
    """A month as ``Mar 2026`` in the reader's language."""
    if value is None:
        return _missing()
    return formats.date_format(value, "M Y")


@register.filter
def day(value: Any) -> SafeString | str:
    """A date in the reader's short form; of a moment, the date that it has where the reader is.

    A date that was kept as text (``2026-11-30``, in versions of plans) is read first.
    """
    if value is None or value == "":
        return _missing()
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = timezone.localdate(value) if timezone.is_aware(value) else value.date()
    return _short_date(value, get_language())


@lru_cache(maxsize=4096)
def _short_date(value: date, _language: str | None) -> str:
    return formats.date_format(value, "SHORT_DATE_FORMAT")


@register.filter
def or_missing(value: Any) -> Any:
    """The value, or the dash that means "nobody has said"."""
    return _missing() if value is None or value == "" else value


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """``mapping[key]`` where the template only knows the key at run time."""
    return mapping.get(key) if mapping is not None else None


__all__ = [
    "amount",
    "day",
    "fitting",
    "fitting_percent",
    "get",
    "month",
    "or_missing",
    "percent",
    "register",
    "short",
    "signed",
    "signed_percent",
]
