"""Linker of the Lua scripts: leaves out the shared functions that a script does not use.

The server runs the whole text of a script in each call. Defining all functions that any script needs took
three times as long as a short script itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DEFINITION = re.compile(r"local (?:function )?([A-Za-z_]\w*(?: *, *[A-Za-z_]\w*)*)")
_NAME = re.compile(r"[A-Za-z_]\w*")


def link(definitions: str, body: str) -> str:
    """Return the definitions that a body uses, itself or through others, and the body behind them.

    A definition begins with `local` at the beginning of a line, and uses only those above it.
    """
    wanted, kept = set(_NAME.findall(_without_comments(body))), [body]
    for names, text in reversed(list(_split(_without_comments(definitions)))):
        if not wanted.isdisjoint(names):
            wanted.update(_NAME.findall(text))
            kept.append(text)
    return "\n".join(reversed(kept))


def _split(definitions: str) -> Iterator[tuple[list[str], str]]:
    """Yield each definition with the names that it defines."""
    for text in re.split(r"\n(?=local )", definitions.strip()):
        found = _DEFINITION.match(text)
        if found is None:
            raise ValueError(f"a shared part of the scripts does not begin with a definition: {text[:40]!r}")
        yield _NAME.findall(found[1]), text


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line and not line.lstrip().startswith("--"))
