"""The words and the pictures in a body of Intercom: HTML up to webhook version 2.14, plain text from 2.15."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from channels._kit.text import clean

Mode = Literal["auto", "html", "plain"]

LONGEST_BODY: Final = 64 * 1024
_LONGEST_TEXT: Final = 16_000
_MOST_IMAGES: Final = 10
_DEEPEST: Final = 100

_HTML: Final = re.compile(
    r"<(?:p|div|br|ul|ol|li|h[1-6]|a|b|i|strong|em|pre|code|img)\b[^<>]*>", re.IGNORECASE
)
_BLOCKS: Final = frozenset(
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
_UNSEEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "select"}
)
_SPACE: Final = re.compile(r"[ \t\r\n\f\xa0]+")


@dataclass(frozen=True, slots=True)
class Body:
    """What a body says. `images` are the addresses of the pictures in it."""

    text: str = ""
    images: tuple[str, ...] = ()


def read_body(body: str, mode: Mode = "auto") -> Body:
    """The text of a body, with everything in it that is not text left out or written out.

    The payload does not say which of the two it is; `auto` takes it for HTML when it has one of the tags that
    Intercom writes.
    """
    body = body[:LONGEST_BODY]
    if mode == "plain" or (mode == "auto" and not _HTML.search(body)):
        return Body(text=clean(body, _LONGEST_TEXT).strip())
    root = LexborHTMLParser(body).body
    if root is None:
        return Body()
    images: list[str] = []
    text = clean("".join(_written(root, images)), LONGEST_BODY)
    lines = "\n".join(line.strip() for line in text.split("\n"))
    lines = re.sub(r"\n{3,}", "\n\n", lines).strip()
    return Body(text=lines[:_LONGEST_TEXT].rstrip(), images=tuple(dict.fromkeys(images))[:_MOST_IMAGES])


def _written(node: LexborNode, images: list[str], depth: int = 0) -> Iterator[str]:
    """The text of what is inside a node, line breaks where its blocks begin and end."""
    if depth > _DEEPEST:
        return
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            text = child.text_content or ""
            yield text if node.tag == "pre" else _SPACE.sub(" ", text)
        elif tag == "br":
            yield "\n"
        elif tag == "img":
            images += [source] if (source := _address(child, "src")) else []
        elif tag == "a":
            yield _link("".join(_written(child, images, depth + 1)), _address(child, "href"))
        elif tag == "li":
            yield f"\n- {''.join(_written(child, images, depth + 1)).strip()}"
        elif tag in _BLOCKS:
            if child.attributes.get("class") != "no-margin":  # with it, paragraphs are lines
                yield "\n"
            yield from _written(child, images, depth + 1)
            yield "\n"
        elif tag not in _UNSEEN:
            yield from _written(child, images, depth + 1)


def _address(node: LexborNode, name: str) -> str:
    """An address on the web; the empty string for any other scheme, such as `javascript:`."""
    value = (node.attributes.get(name) or "").strip()
    return value[:2000] if value.startswith(("https://", "http://", "mailto:", "tel:")) else ""


def _link(label: str, url: str) -> str:
    bare = re.sub(r"^(https?://|mailto:|tel:)", "", url)
    if not url or label.strip() in (url, bare, bare.rstrip("/")):
        return label
    return f"{label} ({url})" if label.strip() else url
