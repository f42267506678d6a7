"""Markdown of publishers as HTML that cannot do anything."""

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

_MAX_CHARACTERS = 64 * 1024
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
    ["table", "strikethrough"]
)
_PARSER.disable("image")


def render(text: str) -> SafeString:
    """HTML with a short list of tags: no images, no styles, links only to http, https, mailto.

    Headings are moved down two levels, below those of the page.
    """
    tokens = _PARSER.parse(text[:_MAX_CHARACTERS])
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    rendered = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return SafeString(
        nh3.clean(
            rendered,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow ugc noopener noreferrer",
        )
    )
