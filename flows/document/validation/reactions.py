"""Validation of the emoji of a node: those that it understands, and the one that it answers with."""

from __future__ import annotations

from collections.abc import Iterator

from flows.document.errors import Issue
from flows.document.traversal import Document, get_mapping, iter_objects
from flows.text import fold_emoji

_LAST_LATIN_SIGN = 0xA8
_KEYCAP = "\u20e3"


def validate_reactions(document: Document) -> Iterator[Issue]:
    """Yield the issues of `on_reaction` and `reaction` of every node."""
    for path, node in iter_objects(document, "nodes"):
        seen: dict[str, str] = {}
        for key in get_mapping(node, "on_reaction"):
            place = f"{path}.on_reaction"
            if not isinstance(key, str) or not _is_emoji(key):
                yield Issue(place, f"“{key}” is not an emoji; write one like 👍.")
            elif (first := seen.setdefault(fold_emoji(key), key)) != key:
                yield Issue(place, f"“{key}” is “{first}” in another skin tone or variant: keep one of them.")
        reaction = node.get("reaction")
        if isinstance(reaction, str) and reaction and not _is_emoji(reaction):
            yield Issue(f"{path}.reaction", f"“{reaction}” is not an emoji; write one like 👍.")


def _is_emoji(text: str) -> bool:
    """Return whether a text may be one emoji; which ones exist grows with Unicode."""
    signs = text.strip()
    return any(ord(sign) > _LAST_LATIN_SIGN for sign in signs) and not any(
        sign.isalpha() or sign.isspace() or (sign.isdigit() and _KEYCAP not in signs) for sign in signs
    )
