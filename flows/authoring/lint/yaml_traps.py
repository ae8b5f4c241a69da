"""Finds texts of a YAML file that YAML reads as something else: anchors and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from flows.document import FlowError, Issue, is_yaml, read_text

_COMMENT: Final = re.compile(r"[ \t]+(#(?!TODO|FIXME|XXX|noqa)[\w{<(][^\n]*)")
"""A comment right after a text, without the space that comments begin with: “Order #5”."""


def find_lost_texts(path: str | Path) -> Iterator[Issue]:
    """Yield the places of a YAML file at which a part of a text is lost; none for an unreadable file."""
    if not is_yaml(path):
        return
    try:
        text = read_text(path)
        yield from _find_unused_anchors(text)
        yield from _find_comments(text)
    except (FlowError, yaml.YAMLError, ValueError, RecursionError):
        return


def _find_unused_anchors(text: str) -> Iterator[Issue]:
    used: set[str] = set()
    anchors: list[tuple[str, int]] = []
    for event in yaml.parse(text, yaml.SafeLoader):
        name, mark = getattr(event, "anchor", None), event.start_mark
        if isinstance(event, yaml.AliasEvent):
            used.add(str(name))
        elif name and mark:
            anchors.append((name, mark.line + 1))
    for name, line in anchors:
        if name not in used:
            yield Issue(
                f"line {line}",
                f"“&{name}” is a name for what follows and not a part of it, and nothing uses that name: "
                "write a text that begins with & in quotes.",
            )


def _find_comments(text: str) -> Iterator[Issue]:
    for token in yaml.scan(text, yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken) and token.plain:
            lost = _COMMENT.match(text, token.end_mark.index)
            if lost:
                yield Issue(
                    f"line {token.end_mark.line + 1}",
                    f"“{lost[1].strip()[:40]}” is a comment and not a part of the text before it: write that "
                    "text in quotes.",
                )
