"""Console page of rejected webhooks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.console.page import ConsolePage
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.server.operator_auth import OperatorAuth


class QuarantinePage(ConsolePage):
    """The page `/console/quarantine`."""

    def __init__(self, quarantine: Quarantine, operator: OperatorAuth) -> None:
        super().__init__(operator)
        self._quarantine = quarantine

    def routes(self) -> list[Route]:
        """Return the page's route."""
        return [self.get("/console/quarantine", self.page)]

    async def page(self, request: Request) -> Response:
        """Show the latest rejections and their reasons."""
        return await self.show(request, "quarantine.html", rows=await self._quarantine.latest())
