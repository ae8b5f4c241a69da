"""Draws a flow with the path of a conversation, in the version that the conversation used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from flows.authoring.diagram import VisitedPath, to_svg
from flows.document import Flow
from gateway.console.flows.files import DEFAULT_FLOW, FlowFile
from gateway.console.flows.history import FlowHistory
from gateway.console.layout.formats import format_clock, format_day

MAX_NODES: Final = 300
"""Nodes of the largest flow that is drawn."""

_MAX_NAMED: Final = 5
_MAX_CONDITION: Final = 200


class VisitedNodes(NamedTuple):
    """The nodes of a path, oldest first, and when it began and last went on."""

    nodes: Sequence[str]
    began_ms: int
    ended_ms: int


class _Choice(NamedTuple):
    """The flow that is drawn, and a sentence about what it does not show."""

    flow: Flow | None
    note: str = ""


class FlowDrawings:
    """Drawings of the channels' flows. A path that a former version led is drawn through that version."""

    def __init__(self, history: FlowHistory) -> None:
        self._history = history

    async def draw(self, channel: str, path: VisitedNodes) -> str:
        """Return the drawing as SVG; empty if there is nothing to draw."""
        flow = (await self._choose(channel, path)).flow
        return await asyncio.to_thread(_draw, flow, path.nodes) if flow and path.nodes else ""

    async def describe(self, channel: str, path: VisitedNodes) -> tuple[bool, str]:
        """Return whether the path is drawn, and what its drawing does not show, or an empty text."""
        choice = await self._choose(channel, path)
        if not path.nodes:
            return False, ""
        if choice.flow is not None and len(choice.flow.nodes) > MAX_NODES:
            return False, f"The flow has more than {MAX_NODES} nodes, so it is not drawn."
        is_known = choice.flow is not None and any(node.id in path.nodes for node in choice.flow.nodes)
        return is_known, choice.note

    async def read_conditions(self, channel: str, path: VisitedNodes) -> dict[str, str]:
        """Return the condition of each edge, by its ID, in the words of the flow's author."""
        flow = (await self._choose(channel, path)).flow
        if flow is None:
            return {}
        edges = [edge for node in flow.nodes for edge in node.edges]
        return {edge.id: edge.condition[:_MAX_CONDITION] for edge in (*flow.global_edges, *edges)}

    async def _choose(self, channel: str, path: VisitedNodes) -> _Choice:
        name = channel if channel in self._history.files.names else DEFAULT_FLOW
        file = await self._history.files.read(name)
        if file is None:
            return _Choice(None)
        version = await self._history.find_version(name, path.ended_ms)
        if version is not None and version.digest != file.digest:
            since = f"{_format_moment(version.since_ms)}, version {version.digest}"
            if flow := await self._history.load(name, version.digest):
                return _Choice(
                    flow, f"The flow has changed since. It is drawn as it was then: since {since}."
                )
            return _Choice(
                file.flow, f"The flow has changed since, and its document of then is not kept ({since})."
            )
        return _Choice(file.flow, _compare(file, path))


def _compare(file: FlowFile, path: VisitedNodes) -> str:
    """Return a sentence about the part of a path that the present flow does not show."""
    if file.flow is None:
        return "The flow cannot be loaded now, so it is not drawn."
    known = {node.id for node in file.flow.nodes}
    missing = list(dict.fromkeys(node for node in path.nodes if node not in known))
    if missing:
        names = ", ".join(missing[:_MAX_NAMED]) + (", …" if len(missing) > _MAX_NAMED else "")
        return f"The flow has changed since: it does not have {names} any more."
    if path.nodes and file.changed_ms > path.began_ms:
        return (
            f"The flow was changed on {_format_moment(file.changed_ms)}, after this path began; it is drawn "
            "as it is now."
        )
    return ""


def _draw(flow: Flow, nodes: Sequence[str]) -> str:
    if len(flow.nodes) > MAX_NODES:
        return ""
    authored = {node.id: node.author_id for node in flow.nodes}
    visited = [authored[node] for node in nodes if node in authored]
    if not visited:
        return ""
    return to_svg(flow, VisitedPath(frozenset(visited), frozenset(pairwise(visited)), visited[-1]))


def _format_moment(at_ms: int) -> str:
    return f"{format_day(at_ms)} {format_clock(at_ms)[:5]} UTC"
