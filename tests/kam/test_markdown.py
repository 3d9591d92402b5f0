"""Markdown as safe HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam.markdown import TAGS, rendered


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("  \n", ""),
        ("**Grow** the *yard*", "<p><strong>Grow</strong> the <em>yard</em></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("# Top", "<h3>Top</h3>\n"),
        ("###### Low", "<h6>Low</h6>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
    ],
)
def test_what_people_write(text, html):
    assert rendered(text) == html


def test_a_table():
    assert "<td>1</td>" in rendered("| a |\n|---|\n| 1 |")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.com/x.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<a href="#" style="x" onclick="y">z</a>',
        "<style>*{display:none}</style>",
    ],
)
def test_what_is_never_let_through(text):
    html = rendered(text)
    for bad in ("<script", "<img", "<style", 'href="javascript', 'href="data:', '<a href="#"'):
        assert bad not in html


def test_links_say_nothing_of_where_one_comes_from():
    assert 'rel="noopener noreferrer nofollow"' in rendered("[x](https://example.com)")


@given(st.text(max_size=200))
def test_any_text_gives_known_elements_only(text):
    import re

    names = set(re.findall(r"</?([a-zA-Z0-9]+)", rendered(text)))
    assert names <= TAGS
