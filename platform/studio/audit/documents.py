"""The pages of docs/ that people read in the product itself: one text for both.

They are ours, so their links and pictures are as they stand; pictures are served from docs/pictures.
"""

from functools import cache

from django.conf import settings
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe


@cache
def document(name: str) -> SafeString:
    """docs/`name`.md as HTML. Raises FileNotFoundError where there is none."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse((settings.DOCS_DIR / f"{name}.md").read_text(encoding="utf-8"))
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("tabindex", "0")
        for part in token.children or ():
            if part.type == "image":
                part.attrs["src"] = static(str(part.attrs["src"]))
    html: str = reader.renderer.render(tokens, reader.options, {})
    # Long lines and wide tables scroll sideways, which has to work by the keyboard too.
    html = html.replace("<pre>", '<pre tabindex="0">')
    return mark_safe(html)  # noqa: S308  HTML in the text is escaped, and the text is our own
