"""A model card as it stands in a model folder (Markdown), shown on a page: its words are somebody else's.

HTML in it is shown as text, its headings go below those of the page, a picture is its description, and of the links
only those to other sites are kept: the files of the folder are not served.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BELOW = 2
DEEPEST = 6
ELSEWHERE = ("https://", "http://")


def rendered(text: str) -> SafeString:
    """The card as HTML that holds nothing but what Markdown makes of it."""
    reader = _reader()
    tokens = reader.parse(text)
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(int(token.tag[1:]) + BELOW, DEEPEST)}"
        if token.type == "table_open":
            # A wide one scrolls sideways, which has to work by the keyboard too.
            token.attrSet("tabindex", "0")
        token.children = list(_shown(token.children or ()))
    html: str = reader.renderer.render(tokens, reader.options, {})
    return mark_safe(html)  # noqa: S308 - HTML in the text was escaped


def _shown(tokens: "Sequence[Token]") -> "Iterator[Token]":
    """A line's tokens without pictures, and without links that lead nowhere here; links never stand in one another."""
    kept = True
    for token in tokens:
        if token.type == "image":
            yield from token.children or ()
        elif token.type == "link_open":
            kept = str(token.attrs["href"]).startswith(ELSEWHERE)
            if kept:
                yield token
        elif token.type != "link_close" or kept:
            yield token


@cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # Every link is checked by the library, which lets no script through as an address.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["html_inline", "html_block"])
