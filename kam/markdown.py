"""Text that people write with Markdown, as safe HTML.

Two fences: the parser takes no HTML from the text, and what it makes is cleaned to a short list of
elements. Pictures are left out (nothing is loaded from other hosts), and headings stand below those
of the page.
"""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

#: The page has h1 and h2; a text's own first heading is h3.
HEADING_SHIFT = 2
TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

_parser = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable(["image", "html_block", "html_inline"])
)


def rendered(text: str) -> SafeString:
    """The text as HTML; empty for empty text. Line breaks are kept as they were typed."""
    if not text.strip():
        return SafeString("")
    tokens = _parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + HEADING_SHIFT)}"
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # cleaned in the line above
