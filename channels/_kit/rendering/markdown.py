"""Renders CommonMark to messenger dialects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode

from channels._kit.rendering.literal_markers import (
    break_block_starts,
    conflicts_with_marker,
    drop_reserved,
    hide_code,
    hide_markers,
    reveal_markers,
)


@dataclass(frozen=True, slots=True)
class MarkdownDialect:
    """Markers around each kind of inline text; a missing kind is shown without markers."""

    marks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


PLAIN_DIALECT: Final = MarkdownDialect()
ASTERISK_DIALECT: Final = MarkdownDialect(
    MappingProxyType(
        {"strong": "*", "em": "_", "s": "~", "code_inline": "`", "fence": "```", "heading": "*"},
    )
)
_MAX_NESTING: Final = 100
_MARKDOWN_CHARACTERS: Final = re.compile(r"[\\`*_\[\]<>~&]")
_BLOCK_MARKER: Final = re.compile(r"^(\d{0,9})([.)#+=-])")
_BARE_URL: Final = re.compile(r"://[^\s<>]+")
_URL_SCHEME: Final = re.compile(r"(?:^|[^A-Za-z0-9])(?:https?|ftp)\Z", re.IGNORECASE)
_MAX_SCHEME_LENGTH: Final = len("https") + 1
_AFTER_URL: Final = "*_~`.,;:!?\"')]\\"
_ESCAPED_PUNCTUATION: Final = re.compile(r"\\([!-/:-@\[-`{-~])")


def render_markdown(markdown: str, dialect: MarkdownDialect) -> str:
    """Render CommonMark in a dialect. Links are written out, since messengers show no link text."""
    if _is_plain_line(markdown):
        return markdown.strip()
    document = parse_markdown(drop_reserved(markdown))
    if document is None:
        return markdown.strip()
    return reveal_markers(_render_blocks(document.children, dialect, "\n\n").strip())


def _is_plain_line(text: str) -> bool:
    """Return whether a text is one line without markup, as most replies are: that needs no parser."""
    if not text.isprintable() or _MARKDOWN_CHARACTERS.search(text):
        return False
    return not _BLOCK_MARKER.match(text.lstrip())


def parse_markdown(markdown: str) -> SyntaxTreeNode | None:
    """Parse CommonMark into a tree; `None` if the parser would drop content that is nested too deeply."""
    tokens = _build_parser().parse(markdown)
    return None if any(token.level >= _MAX_NESTING - 2 for token in tokens) else SyntaxTreeNode(tokens)


def escape_markdown(text: str) -> str:
    """Return a text on one line as CommonMark that shows it as it is."""
    line = _MARKDOWN_CHARACTERS.sub(r"\\\g<0>", " ".join(text.split()))
    return _BLOCK_MARKER.sub(r"\1\\\2", line)


def format_numbered_list(labels: Iterable[str]) -> str:
    """Format choices as a list to answer by number, for channels without buttons."""
    return "\n".join(f"{number}. {' '.join(label.split())}" for number, label in enumerate(labels, start=1))


@cache
def _build_parser() -> MarkdownIt:
    """Build a parser without the rules that make chat text vanish: indented code, HTML, link definitions."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    parser.enable("strikethrough").disable(["code", "html_block", "reference"])
    parser.inline.ruler.before("escape", "bare_url", _parse_bare_url)
    setattr(parser, "normalizeLink", _keep_url)  # noqa: B010 # mypy takes a method for no variable
    return parser


def _parse_bare_url(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """Read a URL in the words whole, so that no `*` or `_` in it is markup; markup after it is left."""
    if not state.src.startswith("://", state.pos) or not _URL_SCHEME.search(
        state.pending[-_MAX_SCHEME_LENGTH:]
    ):
        return False
    found = _BARE_URL.match(state.src, state.pos, state.posMax)
    url = found[0].rstrip(_AFTER_URL) if found else ""  # what follows belongs to the sentence
    if len(url) <= len("://"):
        return False
    if not silent:
        state.pending += _ESCAPED_PUNCTUATION.sub(r"\1", url)
    state.pos += len(url)
    return True


def _keep_url(url: str) -> str:
    return url


def _render_blocks(nodes: Iterable[SyntaxTreeNode], dialect: MarkdownDialect, between: str) -> str:
    return between.join(text for node in nodes if (text := _render_block(node, dialect)))


def _render_block(node: SyntaxTreeNode, dialect: MarkdownDialect) -> str:
    match node.type:
        case "inline":
            text = _render_inlines(node.children, dialect)
            return break_block_starts(text) if dialect.marks else text
        case "heading":
            mark = dialect.marks.get("heading", "")
            return _wrap_in_marker(_render_blocks(node.children, _without_marker(dialect, mark), "\n"), mark)
        case "fence":
            return _render_code(node.content.rstrip("\n"), dialect, "fence")
        case "bullet_list" | "ordered_list":
            return _render_list(node, dialect)
        case "blockquote":
            return _indent(_render_blocks(node.children, dialect, "\n\n"), "> ", "> ")
        case "hr":
            return "---"
        case _ if node.children:
            return _render_blocks(node.children, dialect, "\n\n")
        case _:
            return _as_literal(node.content, dialect)


def _without_marker(dialect: MarkdownDialect, mark: str) -> MarkdownDialect:
    """Return the dialect inside a marker, where the same marker again would end it."""
    return MarkdownDialect(
        MappingProxyType({kind: other for kind, other in dialect.marks.items() if other != mark})
    )


def _render_list(node: SyntaxTreeNode, dialect: MarkdownDialect) -> str:
    lines = []
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    for offset, item in enumerate(node.children):
        sign = "- " if start is None else f"{start + offset}. "
        lines.append(_indent(_render_blocks(item.children, dialect, "\n"), sign, " " * len(sign)).rstrip())
    return "\n".join(lines)


def _indent(text: str, first: str, rest: str) -> str:
    return first + text.replace("\n", f"\n{rest}")


def _wrap_in_marker(text: str, mark: str) -> str:
    """Put markers around text; not twice, and never next to white space, where messengers ignore them.

    Nor next to a URL, where messengers take them for a part of it.
    """
    inner = text.strip()
    if (
        not mark
        or not inner
        or (inner.startswith(mark) and inner.endswith(mark))
        or conflicts_with_marker(inner, mark)
    ):
        return text
    words = inner if "`" in mark else _without_urls_at_ends(inner)
    if not words:
        return text
    before, _, after = text.partition(words)
    return f"{before}{mark}{words}{mark}{after}"


def _without_urls_at_ends(text: str) -> str:
    pieces = re.split(r"(\s+)", text)  # words and what is between them, in turn
    start, end = 0, len(pieces)
    while start < end and "://" in pieces[start]:
        start += 2
    while end > start and "://" in pieces[end - 1]:
        end -= 2
    return "".join(pieces[start:end])


def _render_inlines(nodes: Iterable[SyntaxTreeNode], dialect: MarkdownDialect) -> str:
    return "".join(_render_inline(node, dialect) for node in nodes)


def _render_inline(node: SyntaxTreeNode, dialect: MarkdownDialect) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "link" | "image":
            url = str(node.attrs.get("href" if node.type == "link" else "src", ""))
            return _format_link(_render_inlines(node.children, dialect), _as_literal(url, dialect))
        case "code_inline":
            return _render_code(node.content, dialect, "code_inline")
        case _ if node.children:
            return _wrap_in_marker(_render_inlines(node.children, dialect), dialect.marks.get(node.type, ""))
        case _:
            return _as_literal(node.content, dialect)


def _as_literal(text: str, dialect: MarkdownDialect) -> str:
    return hide_markers(text) if dialect.marks else text


def _render_code(code: str, dialect: MarkdownDialect, kind: str) -> str:
    """Put markers around code, unless it holds them itself."""
    mark = dialect.marks.get(kind, "")
    if not mark or mark in code:
        return _as_literal(code, dialect)
    return _wrap_in_marker(hide_code(code), mark)


def _format_link(text: str, url: str) -> str:
    same = re.sub(r"^(mailto:|https?://)", "", url)
    if not text or text in (url, same):
        return url if not text or text == url else text
    return f"{text} ({url})" if url else text
