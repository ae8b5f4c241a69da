"""CommonMark, as the dialog writes it, to the small HTML that help desks show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from markdown_it.tree import SyntaxTreeNode

from channels._kit.rendering.markdown import parsed

_AROUND: Final[Mapping[str, str]] = MappingProxyType(
    {"strong": "b", "em": "i", "s": "s", "blockquote": "blockquote", "bullet_list": "ul"}
)
_HEADINGS: Final = ("h1", "h2")


def html(markdown: str) -> str:
    """CommonMark as HTML. What was written as HTML is shown as it was written: only our own tags are tags.

    A link whose address could run something (`javascript:` and the like) stays text, as the parser has it.
    """
    document = parsed(markdown)
    return html_of_text(markdown) if document is None else _blocks(document.children)


def html_of_text(text: str) -> str:
    """Plain text as HTML: a paragraph with the same lines."""
    lines = escape(text.strip()).replace("\n", "<br>")
    return f"<p>{lines}</p>" if lines else ""


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_block, nodes))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "paragraph":
            return f"<p>{_spans(node.children)}</p>"
        case "heading" if node.tag in _HEADINGS:
            return f"<{node.tag}>{_spans(node.children)}</{node.tag}>"
        case "heading":
            return f"<p><b>{_spans(node.children)}</b></p>"
        case "fence":
            return f"<pre><code>{escape(node.content)}</code></pre>"
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            numbered = f'<ol start="{start}">' if start != 1 else "<ol>"
            return f"{numbered}{_blocks(node.children)}</ol>"
        case "list_item":
            return f"<li>{_item(node.children)}</li>"
        case "hr":
            return "<hr>"
        case kind if kind in _AROUND:
            return f"<{_AROUND[kind]}>{_blocks(node.children)}</{_AROUND[kind]}>"
        case _:
            return _blocks(node.children) or html_of_text(node.content)


def _item(nodes: Sequence[SyntaxTreeNode]) -> str:
    """What stands beside a bullet: its first paragraph bare, as desks show it on the bullet's line."""
    if not nodes or nodes[0].type != "paragraph":
        return _blocks(nodes)
    return _spans(nodes[0].children) + _blocks(nodes[1:])


def _spans(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_span, nodes))


def _span(node: SyntaxTreeNode) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "<br>"
        case "link":
            return f'<a href="{escape(str(node.attrs.get("href", "")))}">{_spans(node.children)}</a>'
        case "image":
            return f'<img src="{escape(str(node.attrs.get("src", "")))}" alt="{escape(node.content)}">'
        case "code_inline":
            return f"<code>{escape(node.content)}</code>"
        case kind if kind in _AROUND:
            return f"<{_AROUND[kind]}>{_spans(node.children)}</{_AROUND[kind]}>"
        case _:
            return _spans(node.children) or escape(node.content)
