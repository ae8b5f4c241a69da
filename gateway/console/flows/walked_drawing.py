"""Draws the flow in use with the path that a conversation walked through it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from core.errors import ConfigurationError
from flows.authoring.diagram import WalkedPath, to_svg
from flows.document import WatchedFlowFile
from gateway.console.formats import format_clock, format_day

log = logging.getLogger("turngate.console")

MAX_NODES = 300
"""Nodes of the largest flow that is drawn."""

_MAX_NAMED = 5


class FlowDrawing:
    """The flow's file, loaded when it is drawn for the first time and after it has changed."""

    def __init__(self, find_path: Callable[[], Path]) -> None:
        self._find_path = find_path
        self._file: WatchedFlowFile | None = None
        self._loading = asyncio.Lock()

    async def draw(self, nodes: Sequence[str]) -> str:
        """Return the drawing with these nodes, oldest first, as SVG; empty if there is nothing to draw."""
        async with self._loading:
            try:
                return await asyncio.to_thread(self._draw, nodes)
            except ConfigurationError as error:
                log.warning("the flow is not drawn: %s", error)
                return ""

    async def describe_changes(self, nodes: Sequence[str], began_ms: int) -> str:
        """Say what of a path, which began at this time, the present flow does not show; empty for nothing."""
        async with self._loading:
            try:
                return await asyncio.to_thread(self._describe_changes, nodes, began_ms)
            except ConfigurationError:
                return "The flow cannot be loaded now, so it is not drawn."

    def _describe_changes(self, nodes: Sequence[str], began_ms: int) -> str:
        file = self._read_file()
        known = {node.id for node in file.flow.nodes}
        missing = list(dict.fromkeys(node for node in nodes if node not in known))
        if missing:
            names = ", ".join(missing[:_MAX_NAMED]) + (", …" if len(missing) > _MAX_NAMED else "")
            return f"The flow has changed since: it does not have {names} any more."
        if nodes and file.changed_ms > began_ms:
            changed = f"{format_day(file.changed_ms)} {format_clock(file.changed_ms)[:5]} UTC"
            return f"The flow was changed on {changed}, after this path began; it is drawn as it is now."
        return ""

    def _read_file(self) -> WatchedFlowFile:
        if self._file is None:
            self._file = WatchedFlowFile(self._find_path())
        elif self._file.has_changed():
            self._file.reload()
        return self._file

    def _draw(self, nodes: Sequence[str]) -> str:
        flow = self._read_file().flow
        if len(flow.nodes) > MAX_NODES:
            return ""
        authored = {node.id: node.author_id for node in flow.nodes}
        walked = [authored[node] for node in nodes if node in authored]
        if not walked:
            return ""
        return to_svg(flow, WalkedPath(frozenset(walked), frozenset(pairwise(walked)), walked[-1]))
