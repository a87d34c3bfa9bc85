"""A model card as it stands in a model folder (Markdown), shown on a page: its words are somebody else's.

HTML in it is shown as text, pictures are left out, and its headings go below those of the page.
"""

from functools import cache
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

BELOW = 2
DEEPEST = 6


def rendered(text: str) -> SafeString:
    """The card as HTML that holds nothing but what Markdown makes of it."""
    reader = _reader()
    tokens = reader.parse(text)
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(int(token.tag[1:]) + BELOW, DEEPEST)}"
    html: str = reader.renderer.render(tokens, reader.options, {})
    return mark_safe(html)  # noqa: S308 - HTML in the text was escaped


@cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # Every link is checked by the library, which lets no script through as an address.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "html_inline", "html_block"])
