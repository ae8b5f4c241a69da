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

_HTML_TAG: Final = re.compile(
    r"<(?:p|div|br|ul|ol|li|h[1-6]|a|b|i|strong|em|pre|code|img)\b[^<>]*>", re.IGNORECASE
)
_BLOCK_TAGS: Final = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "div",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    }
    | {"header", "hr", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_HIDDEN_TAGS: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "select"}
)
_WHITESPACE: Final = re.compile(r"[ \t\r\n\f\xa0]+")


@dataclass(frozen=True, slots=True)
class MessageBody:
    """Text of a body; `images` are the URLs of its pictures."""

    text: str = ""
    images: tuple[str, ...] = ()


def parse_body(body: str, mode: BodyMode = "auto") -> MessageBody:
    """Return the text of a body, with markup removed or written out.

    The payload does not say which format it is; `auto` assumes HTML if it contains one of the tags that
    Intercom writes.
    """
    body = body[:MAX_BODY_LENGTH]
    if mode == "plain" or (mode == "auto" and not _HTML_TAG.search(body)):
        return MessageBody(text=sanitize(body, _MAX_TEXT_LENGTH).strip())
    root = LexborHTMLParser(body).body
    if root is None:
        return MessageBody()
    images: list[str] = []
    text = sanitize("".join(_render_text(root, images)), MAX_BODY_LENGTH)
    lines = "\n".join(line.strip() for line in text.split("\n"))
    lines = re.sub(r"\n{3,}", "\n\n", lines).strip()
    return MessageBody(
        text=lines[:_MAX_TEXT_LENGTH].rstrip(), images=tuple(dict.fromkeys(images))[:_MAX_IMAGES]
    )


def _render_text(node: LexborNode, images: list[str], depth: int = 0) -> Iterator[str]:
    """Return the text inside a node, with line breaks where its blocks begin and end."""
    if depth > _MAX_NESTING:
        return
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            text = child.text_content or ""
            yield text if node.tag == "pre" else _WHITESPACE.sub(" ", text)
        elif tag == "br":
            yield "\n"
        elif tag == "img":
            images += [source] if (source := _get_safe_url(child, "src")) else []
        elif tag == "a":
            yield _format_link("".join(_render_text(child, images, depth + 1)), _get_safe_url(child, "href"))
        elif tag == "li":
            yield f"\n- {''.join(_render_text(child, images, depth + 1)).strip()}"
        elif tag in _BLOCK_TAGS:
            if child.attributes.get("class") != "no-margin":  # with it, paragraphs are lines
                yield "\n"
            yield from _render_text(child, images, depth + 1)
            yield "\n"
        elif tag not in _HIDDEN_TAGS:
            yield from _render_text(child, images, depth + 1)


def _get_safe_url(node: LexborNode, name: str) -> str:
    """Return an http or https URL; the empty string for any other scheme, such as `javascript:`."""
    value = (node.attributes.get(name) or "").strip()
    return value[:2000] if value.startswith(("https://", "http://", "mailto:", "tel:")) else ""


def _format_link(label: str, url: str) -> str:
    bare = re.sub(r"^(https?://|mailto:|tel:)", "", url)
    if not url or label.strip() in (url, bare, bare.rstrip("/")):
        return label
    return f"{label} ({url})" if label.strip() else url
