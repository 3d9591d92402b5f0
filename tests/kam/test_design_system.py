"""The promises of the design system that can be read from its files."""

import re
import zlib
from pathlib import Path

import django_htmx
import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [p for p in (ROOT / "templates").rglob("*.html") if "reports" not in p.parts]
FIRST_VIEW = [
    ROOT / "static/css/tokens.css",
    ROOT / "static/css/base.css",
    ROOT / "static/css/components.css",
    ROOT / "static/css/pictures.css",
    ROOT / "static/js/app.js",
    Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js",
]


def test_all_style_and_script_of_a_first_view_weighs_at_most_40_kb_compressed() -> None:
    weight = {p.name: len(zlib.compress(p.read_bytes(), 9)) for p in FIRST_VIEW}
    assert sum(weight.values()) <= 40_000, weight


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_holds_nothing_that_the_content_security_policy_refuses(path: Path) -> None:
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
    text = re.sub(r"{%.*?%}", "", text)
    assert not re.search(r"\sstyle\s*=", text), "inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "inline handler"
    assert not re.search(r"hx-on|hx-vals=[\"']js:|hx-trigger=[\"'][^\"']*\[", text), "needs eval"
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or "application/json" in tag, tag
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text), "another host"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_every_icon_named_in_a_template_is_drawn(path: Path) -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    assert set(re.findall(r'{% icon "([^"]+)"', path.read_text())) <= drawn


def test_every_css_variable_in_use_is_a_token() -> None:
    tokens = set(re.findall(r"(--[\w-]+):", FIRST_VIEW[0].read_text()))
    for path in FIRST_VIEW[1:4]:
        assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) <= tokens, path.name


DATE_CELL = re.compile(
    r"<t[dh]\b([^<>]*)>(?:<a [^>]*>)?\{\{ [\w.]+\|(?:day|month) \}\}(?:</a>)?</t[dh]>"
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_cell_that_holds_a_date_alone_keeps_it_in_one_line(path: Path) -> None:
    cells = DATE_CELL.findall(path.read_text())
    assert [attributes for attributes in cells if "nowrap" not in attributes] == []
