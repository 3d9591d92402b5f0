"""The company's logo: checked, drawn anew as PNG, kept as a file, put into pages and reports as data.

What is uploaded is never kept as it came: it is decoded within limits and written anew, so that
nothing but the picture remains.
"""

from __future__ import annotations

import base64
import io
import warnings
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from kam.models import Company

#: What may be uploaded: bytes, and pixels of the decoded picture.
MAX_BYTES = 1_000_000
MAX_PIXELS = 16_000_000
#: What is kept: sharp on paper at the size in which a cover shows it.
KEPT_WIDTH, KEPT_HEIGHT = 1200, 400
FORMATS = ("PNG", "JPEG")


def cleaned(upload: Any) -> bytes:
    """The uploaded picture as a PNG of at most 1200 × 400; raises ``ValidationError``."""
    if upload.size > MAX_BYTES:
        raise ValidationError(_("A logo has at most 1 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload.read()), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ValidationError(_("A logo has at most 16 million pixels."))
                drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ValidationError(_("A logo is a PNG or JPEG picture.")) from None
    except Image.DecompressionBombWarning:
        raise ValidationError(_("A logo has at most 16 million pixels.")) from None
    drawn.thumbnail((KEPT_WIDTH, KEPT_HEIGHT))
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()


@transaction.atomic
def set_logo(upload: Any | None) -> Company:
    """Takes a new logo, or none; the file before goes once this is sure. ``ValidationError``."""
    picture = cleaned(upload) if upload is not None else None
    company = Company.objects.select_for_update().get(pk=1)
    before = company.logo.name
    if picture is None:
        company.logo = ""
    else:
        company.logo.save("logo.png", ContentFile(picture), save=False)
    company.save(update_fields=["logo"])
    if before:
        transaction.on_commit(lambda: default_storage.delete(before))
    transaction.on_commit(Company.forget)
    return company


def logo_address(company: Company) -> str:
    """The logo as a ``data:`` address; empty where there is none."""
    return _address(company.logo.name) if company.logo else ""


@lru_cache(maxsize=4)
def _address(name: str) -> str:
    """Read once: a new logo has a new name."""
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except OSError:
        return ""
    return "data:image/png;base64," + base64.b64encode(content).decode()
