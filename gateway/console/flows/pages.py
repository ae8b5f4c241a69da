"""Console page of the flows in use: findings, versions, drawing."""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.console.flows.drawing_response import draw
from gateway.console.flows.files import DEFAULT_FLOW, FlowFile
from gateway.console.flows.history import FlowHistory
from gateway.console.flows.steps import FlowSteps, summarize_steps
from gateway.console.layout.page import ConsolePage
from gateway.redis.records.processes.node_traffic import DAYS, count_node_steps
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

_MOST_FINDINGS = 50
_MOST_NODES = 100


class FlowPages(ConsolePage):
    """The page `/console/flows`, and the drawings of the flows."""

    def __init__(self, operator: OperatorAuth, history: FlowHistory) -> None:
        super().__init__(operator)
        self._files = history.files
        self._history = history

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            self.get("/console/flows", self.page),
            self.get("/console/flows/{flow}/drawing.svg", self.drawing),
            self.get("/console/flows/{flow}/versions/{digest}.svg", self.former_drawing),
        ]

    async def page(self, request: Request) -> Response:
        """Show each flow in use."""
        rows = []
        for name in self._files.names:
            if file := await self._files.read(name):
                levels = Counter(finding.level for finding in file.findings)
                versions = await self._history.read(name)
                steps = await self._read_steps(file) if file.flow else None
                rows.append({"file": file, "levels": levels, "versions": versions, "steps": steps})
        return await self.show(
            request,
            "flows/flows.html",
            rows=rows,
            max_findings=_MOST_FINDINGS,
            days=DAYS,
            max_nodes=_MOST_NODES,
        )

    async def _read_steps(self, file: FlowFile) -> FlowSteps:
        """Return how conversations went through a flow in the last days, on the channels that it answers."""
        assert file.flow is not None
        others = {name for name in self._files.names if name != DEFAULT_FLOW}
        steps = await count_node_steps(
            self._operator_auth.redis,
            lambda channel: channel not in others if file.is_default else channel == file.name,
        )
        return summarize_steps(file.flow, steps)

    async def drawing(self, request: Request) -> Response:
        """Return the drawing of a flow."""
        file = await self._files.read(request.path_params["flow"])
        if file is None or file.flow is None:
            return error_response(404, "no_flow", "there is no such flow, or it is invalid")
        return draw(file.flow)

    async def former_drawing(self, request: Request) -> Response:
        """Return the drawing of a former version of a flow."""
        flow = await self._history.load(request.path_params["flow"], request.path_params["digest"])
        if flow is None:
            return error_response(404, "no_flow", "the document of this version is not kept, or is invalid")
        return draw(flow)
