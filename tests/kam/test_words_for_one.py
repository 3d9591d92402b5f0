"""Where a number stands before its noun, one is said as one: in English and in each language."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template import Context, engines
from django.utils import translation

NOUNS = (
    "accounts activities cells characters comments contacts customers days decisions forecasts goals "
    "hours lines links months needs opportunities others pages people placements plans products "
    "questions reports reviews rows sections seconds shares steps targets times weeks years"
)
BEFORE_A_NOUN = re.compile(
    rf"%\((?!name|by|currency|amount|share|part|axis|hours)\w+\)[sd] (?:[a-z]+ ){{0,2}}(?:{'|'.join(NOUNS.split())})\b"
)
#: Never one: limits of ours, what is beyond a limit, or a form for one of its own beside it.
NEVER_ONE = (
    "More than", "more than", "at most", "At most", "The first ", "A file holds", "This report would",
    "The work stopped", "Only the %(n)s accounts with the most planned hours", "A book holds",
    "%(n)s hours", "%(hours)s hours", "%(n)s months ahead", "%(n)d largest customers",
    "reports to", "Change all",
)  # fmt: skip


def test_no_text_says_many_of_one():
    file = Path(settings.LOCALE_PATHS[0]) / "nb" / "LC_MESSAGES" / "django.po"
    with file.open("rb") as handle:
        texts = [m.id for m in read_po(handle) if isinstance(m.id, str)]
    assert len(texts) > 1000
    wrong = [
        text
        for text in texts
        if BEFORE_A_NOUN.search(text) and not any(word in text for word in NEVER_ONE)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("template", "context", "one", "two"),
    [
        ("plans/joint/closed.html", "wait", "Wait 1 second, then", "Wait 2 seconds, then"),
    ],
)
def test_pages_count(template, context, one, two):
    page = engines["django"].get_template(template)
    assert one in page.render({context: 1})
    assert two in page.render({context: 2})


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "1 other", "2 others"),
        ("nb", "1 annen", "2 andre"),
        ("da", "1 anden", "2 andre"),
        ("sv", "1 annan", "2 andra"),
        ("fi", "1 muu", "2 muuta"),
        ("zh-hans", "其他 1 个", "其他 2 个"),
    ],
)
def test_in_each_language(language, one, two, compiled_catalogues):
    text = (
        "{% load i18n kam_format %}{% blocktranslate count c=c with n=c|amount %}{{ n }} other"
        "{% plural %}{{ n }} others{% endblocktranslate %}"
    )
    template = engines["django"].from_string(text).template
    with translation.override(language):
        assert template.render(Context({"c": 1})) == one
        assert template.render(Context({"c": 2})) == two


@pytest.fixture(scope="module")
def compiled_catalogues():
    from django.core.management import call_command

    call_command("compile_catalogues", verbosity=0)
