"""Parses Intercom bodies: HTML up to webhook version 2.14, plain text from 2.15."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from channels._kit.text import sanitize

BodyMode = Literal["auto", "html", "plain"]

MAX_BODY_LENGTH: Final = 64 * 1024
_MAX_TEXT_LENGTH: Final = 16_000
_MAX_IMAGES: Final = 10
_MAX_NESTING: Final = 100

_HTML_START: Final = re.compile(
    r"""\s*(?:<!|<(?:html|body|div|span|p|br|hr|h[1-6]|ul|ol|li|a|b|i|u|s|em|strong|pre|code|img
    |table|blockquote|section|article|figure|iframe)(?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+)))*\s*/?>)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Start of a body in HTML: a complete tag. A `<` inside prose, as in “a<b and c>d”, does not make it HTML."""

_BLOCK_TAGS: Final = frozenset(
    {"address", "article", "blockquote", "div", "figure", "footer", "form", "header", "hr", "section"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "tr", "ul"}
)
_HIDDEN_TAGS: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "select"}
)
_MEDIA_TAGS: Final = frozenset({"iframe", "video", "audio", "object"})
_END_TAG: Final = re.compile(r"</[a-z]|<(?:br|hr|img)\b", re.IGNORECASE)
_CELL_TAGS: Final = frozenset({"td", "th"})
_CELL_SEPARATOR: Final = " | "
_PROTECTED: Final = {ord(" "): "\ue000", ord("\t"): "\ue001"}
_UNPROTECTED: Final = {0xE000: " ", 0xE001: "\t"}
"""Spaces of preformatted text, which keeps its indentation when lines are stripped."""

_WHITESPACE: Final = re.compile(r"[ \t\r\n\f\xa0]+")


@dataclass(frozen=True, slots=True)
class MessageBody:
    """Text of a body; `images` are the URLs of its pictures, `has_media` is true also for other media."""

    text: str = ""
    images: tuple[str, ...] = ()
    has_media: bool = False


def parse_body(body: str, mode: BodyMode = "auto") -> MessageBody:
    """Return the text of a body, with markup removed or written out.

    The payload does not say which format it is; `auto` assumes HTML if it begins with a tag and has one that
    ends or needs no end, as every body in HTML does.
    """
    body = body[:MAX_BODY_LENGTH]
    is_html = _HTML_START.match(body) and _END_TAG.search(body)
    if mode == "plain" or (mode == "auto" and not is_html):
        return MessageBody(text=sanitize(body, _MAX_TEXT_LENGTH).strip())
    root = LexborHTMLParser(body).body
    if root is None:
        return MessageBody()
    images: list[str] = []
    text = sanitize("".join(_render_text(root, images)), MAX_BODY_LENGTH)
    lines = "\n".join(line.strip() for line in text.split("\n"))
    lines = re.sub(r"\n{3,}", "\n\n", lines).strip().translate(_UNPROTECTED)
    urls = tuple(dict.fromkeys(filter(None, images)))[:_MAX_IMAGES]
    return MessageBody(text=lines[:_MAX_TEXT_LENGTH].rstrip(), images=urls, has_media=bool(images))


def _render_text(
    node: LexborNode, images: list[str], depth: int = 0, *, is_preformatted: bool = False
) -> Iterator[str]:
    """Return the text inside a node, with line breaks where its blocks begin and end."""
    if depth > _MAX_NESTING:
        return
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            text = child.text_content or ""
            yield text.translate(_PROTECTED) if is_preformatted else _WHITESPACE.sub(" ", text)
            continue
        inner = _render_text(child, images, depth + 1, is_preformatted=is_preformatted or tag == "pre")
        if tag == "br":
            yield "\n"
        elif tag == "img":
            images.append(_get_safe_url(child, "src"))
        elif tag in _MEDIA_TAGS:
            images.append("")
        elif tag == "a":
            yield _format_link("".join(inner), _get_safe_url(child, "href"))
        elif tag == "li":
            yield f"\n- {''.join(inner).strip()}"
        elif tag in _CELL_TAGS:
            yield f"{''.join(inner).strip()}{_CELL_SEPARATOR if _has_next_cell(child) else ''}"
        elif tag in _BLOCK_TAGS:
            if child.attributes.get("class") != "no-margin":  # with it, paragraphs are lines
                yield "\n"
            yield from inner
            yield "\n"
        elif tag not in _HIDDEN_TAGS:
            yield from inner


def _has_next_cell(cell: LexborNode) -> bool:
    """Return whether another cell of the row follows."""
    following = cell.next
    while following is not None and following.tag not in _CELL_TAGS:
        following = following.next
    return following is not None


def _get_safe_url(node: LexborNode, name: str) -> str:
    """Return an http or https URL; the empty string for any other scheme, such as `javascript:`."""
    value = (node.attributes.get(name) or "").strip()
    return value[:2000] if value.startswith(("https://", "http://", "mailto:", "tel:")) else ""


def _format_link(label: str, url: str) -> str:
    bare = re.sub(r"^(https?://|mailto:|tel:)", "", url)
    if not url or label.strip() in (url, bare, bare.rstrip("/")):
        return label
    return f"{label} ({url})" if label.strip() else url
