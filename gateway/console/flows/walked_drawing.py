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

log = logging.getLogger("turngate.console")

MAX_NODES = 300
"""Nodes of the largest flow that is drawn."""


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

    def _draw(self, nodes: Sequence[str]) -> str:
        if self._file is None:
            self._file = WatchedFlowFile(self._find_path())
        elif self._file.has_changed():
            self._file.reload()
        flow = self._file.flow
        if len(flow.nodes) > MAX_NODES:
            return ""
        authored = {node.id: node.author_id for node in flow.nodes}
        walked = [authored[node] for node in nodes if node in authored]
        if not walked:
            return ""
        return to_svg(flow, WalkedPath(frozenset(walked), frozenset(pairwise(walked)), walked[-1]))
