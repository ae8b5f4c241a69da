"""Renders CommonMark to the HTML subset of help desks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from markdown_it.tree import SyntaxTreeNode

from channels._kit.rendering.markdown import parse_markdown

_TAG_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"strong": "b", "em": "i", "s": "s", "blockquote": "blockquote", "bullet_list": "ul"}
)
_HEADING_TAGS: Final = ("h1", "h2")


def markdown_to_html(markdown: str) -> str:
    """Render CommonMark as HTML; HTML in the input is escaped.

    A link with a dangerous scheme (`javascript:` and the like) stays text, as the parser leaves it.
    """
    document = parse_markdown(markdown)
    return text_to_html(markdown) if document is None else _render_blocks(document.children)


def text_to_html(text: str) -> str:
    """Render plain text as an HTML paragraph with the same lines."""
    lines = escape(text.strip()).replace("\n", "<br>")
    return f"<p>{lines}</p>" if lines else ""


def _render_blocks(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_render_block, nodes))


def _render_block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "paragraph":
            return f"<p>{_render_inlines(node.children)}</p>"
        case "heading" if node.tag in _HEADING_TAGS:
            return f"<{node.tag}>{_render_inlines(node.children)}</{node.tag}>"
        case "heading":
            return f"<p><b>{_render_inlines(node.children)}</b></p>"
        case "fence":
            return f"<pre><code>{escape(node.content)}</code></pre>"
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            numbered = f'<ol start="{start}">' if start != 1 else "<ol>"
            return f"{numbered}{_render_blocks(node.children)}</ol>"
        case "list_item":
            return f"<li>{_render_list_item(node.children)}</li>"
        case "hr":
            return "<hr>"
        case kind if kind in _TAG_NAMES:
            return f"<{_TAG_NAMES[kind]}>{_render_blocks(node.children)}</{_TAG_NAMES[kind]}>"
        case _:
            return _render_blocks(node.children) or text_to_html(node.content)


def _render_list_item(nodes: Sequence[SyntaxTreeNode]) -> str:
    """Render a list item with its first paragraph bare, as desks show it on the bullet's line."""
    if not nodes or nodes[0].type != "paragraph":
        return _render_blocks(nodes)
    return _render_inlines(nodes[0].children) + _render_blocks(nodes[1:])


def _render_inlines(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_render_inline, nodes))


def _render_inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "<br>"
        case "link":
            return f'<a href="{escape(str(node.attrs.get("href", "")))}">{_render_inlines(node.children)}</a>'
        case "image":
            return f'<img src="{escape(str(node.attrs.get("src", "")))}" alt="{escape(node.content)}">'
        case "code_inline":
            return f"<code>{escape(node.content)}</code>"
        case kind if kind in _TAG_NAMES:
            return f"<{_TAG_NAMES[kind]}>{_render_inlines(node.children)}</{_TAG_NAMES[kind]}>"
        case _:
            return _render_inlines(node.children) or escape(node.content)
