"""CommonMark, as the dialog writes it, to what a messenger shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode


@dataclass(frozen=True, slots=True)
class Dialect:
    """The marks around each kind of inline text; a kind that is missing is shown bare."""

    marks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


PLAIN: Final = Dialect()
ASTERISKS: Final = Dialect(
    MappingProxyType(
        {"strong": "*", "em": "_", "s": "~", "code_inline": "`", "fence": "```", "heading": "*"},
    )
)
_DEEPEST: Final = 100


def render(markdown: str, dialect: Dialect) -> str:
    """CommonMark in a dialect. Links are written out, since a messenger shows no text over a link."""
    document = parsed(markdown)
    if document is None:
        return markdown.strip()
    return _blocks(document.children, dialect, "\n\n").strip()


def parsed(markdown: str) -> SyntaxTreeNode | None:
    """CommonMark as a tree; `None` when the parser would drop what is nested too deep."""
    tokens = _parser().parse(markdown)
    return None if any(token.level >= _DEEPEST - 2 for token in tokens) else SyntaxTreeNode(tokens)


def numbered(labels: Iterable[str]) -> str:
    """Choices as a list to answer by number, for channels without buttons."""
    return "\n".join(f"{number}. {' '.join(label.split())}" for number, label in enumerate(labels, start=1))


@cache
def _parser() -> MarkdownIt:
    """Rules that make text vanish or change in a chat are off: indented code, HTML, link definitions."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
    parser.enable("strikethrough").disable(["code", "html_block", "reference"])
    setattr(parser, "normalizeLink", _as_written)  # noqa: B010 # mypy takes a method for no variable
    return parser


def _as_written(url: str) -> str:
    return url


def _blocks(nodes: Iterable[SyntaxTreeNode], dialect: Dialect, between: str) -> str:
    return between.join(text for node in nodes if (text := _block(node, dialect)))


def _block(node: SyntaxTreeNode, dialect: Dialect) -> str:
    match node.type:
        case "inline":
            return _inline(node.children, dialect)
        case "heading":
            mark = dialect.marks.get("heading", "")
            return _marked(_blocks(node.children, _without(dialect, mark), "\n"), mark)
        case "fence":
            return _marked(node.content.rstrip("\n"), dialect.marks.get("fence", ""))
        case "bullet_list" | "ordered_list":
            return _list(node, dialect)
        case "blockquote":
            return _indented(_blocks(node.children, dialect, "\n\n"), "> ", "> ")
        case "hr":
            return "---"
        case _ if node.children:
            return _blocks(node.children, dialect, "\n\n")
        case _:
            return node.content


def _without(dialect: Dialect, mark: str) -> Dialect:
    """The dialect inside a mark, where the same mark again would end it."""
    return Dialect(MappingProxyType({kind: other for kind, other in dialect.marks.items() if other != mark}))


def _list(node: SyntaxTreeNode, dialect: Dialect) -> str:
    lines = []
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    for offset, item in enumerate(node.children):
        sign = "- " if start is None else f"{start + offset}. "
        lines.append(_indented(_blocks(item.children, dialect, "\n"), sign, " " * len(sign)).rstrip())
    return "\n".join(lines)


def _indented(text: str, first: str, rest: str) -> str:
    return first + text.replace("\n", f"\n{rest}")


def _marked(text: str, mark: str) -> str:
    """Text between marks; not doubled, and never around edges of white space, where marks are ignored."""
    inner = text.strip()
    if not mark or not inner or (inner.startswith(mark) and inner.endswith(mark)):
        return text
    before, _, after = text.partition(inner)
    return f"{before}{mark}{inner}{mark}{after}"


def _inline(nodes: Iterable[SyntaxTreeNode], dialect: Dialect) -> str:
    return "".join(_span(node, dialect) for node in nodes)


def _span(node: SyntaxTreeNode, dialect: Dialect) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "link":
            return _link(_inline(node.children, dialect), str(node.attrs.get("href", "")))
        case "image":
            return _link(_inline(node.children, dialect), str(node.attrs.get("src", "")))
        case "code_inline":
            return _marked(node.content, dialect.marks.get("code_inline", ""))
        case _ if node.children:
            return _marked(_inline(node.children, dialect), dialect.marks.get(node.type, ""))
        case _:
            return node.content


def _link(text: str, url: str) -> str:
    same = re.sub(r"^(mailto:|https?://)", "", url)
    if not text or text in (url, same):
        return url if not text or text == url else text
    return f"{text} ({url})" if url else text
