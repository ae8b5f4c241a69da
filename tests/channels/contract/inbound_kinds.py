"""Kinds of inbound messages of all channels: the data of the tables in docs/channels.md."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import channels
from tests.channels.contract.inbound_kind import MEANINGS, InboundKind


def _load(channel: str) -> Sequence[InboundKind]:
    kinds: Sequence[InboundKind] = importlib.import_module(f"tests.channels.{channel}.inbound_kinds").KINDS
    return kinds


ALL_KINDS = tuple((channel, row) for channel in channels.available() for row in _load(channel))


def render_kinds() -> str:
    """Render the table of kinds."""
    lines = ["| channel | message | becomes | what the flow gets |", "|---|---|---|---|"]
    for name, row in ALL_KINDS:
        lines.append(f"| {name} | {row.kind} | {row.becomes} | {row.note or '–'} |")
    return "\n".join(lines)


def render_meanings() -> str:
    """Render the meanings of the third column's words."""
    return "\n".join(f"- **{name.capitalize()}**: {meaning}." for name, meaning in MEANINGS.items())
