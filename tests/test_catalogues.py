"""The catalogues: each language has every text, with the same placeholders, and pages speak it."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%")


def catalogue(code: str):
    folder = Path(settings.LOCALE_PATHS[0]) / translation.to_locale(code) / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as file:
        return read_po(file)


def texts(code: str) -> dict:
    return {(m.context, m.id): m.string for m in catalogue(code) if m.id}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_has_a_translation(code):
    empty = [
        key
        for key, text in texts(code).items()
        if not (text if isinstance(text, str) else all(text))
    ]
    assert empty == []


def test_all_languages_have_the_same_texts():
    first, *others = LANGUAGES
    for other in others:
        assert texts(first).keys() ^ texts(other).keys() == set(), other


@pytest.mark.parametrize("code", LANGUAGES)
def test_placeholders_are_kept(code):
    for (_context, source), target in texts(code).items():
        sources = source if isinstance(source, tuple) else (source,)
        allowed = [sorted(PLACEHOLDER.findall(s)) for s in sources]
        for text in target if isinstance(target, tuple) else (target,):
            assert sorted(PLACEHOLDER.findall(text)) in allowed, source


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("nb", "Kunder"),
        ("da", "Kunder"),
        ("sv", "Kunder"),
        ("fi", "Asiakkaat"),
        ("zh-hans", "客户"),
    ],
)
def test_pages_speak_the_persons_language(cast, code, word):
    call_command("compile_catalogues", verbosity=0)
    cast.kam.language = code
    cast.kam.save()
    page = cast.client("kam").get("/accounts/")
    assert page["Content-Language"] == code
    assert word in page.content.decode()
