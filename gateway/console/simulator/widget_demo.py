"""Console page that carries the web widget."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.console.layout.page import ConsolePage


class WidgetDemoPage(ConsolePage):
    """The page `/console/widget`."""

    def routes(self) -> list[Route]:
        """Return the page's route."""
        return [self.get("/console/widget", self.page)]

    async def page(self, request: Request) -> Response:
        """Show a page with the widget."""
        return await self.show(request, "simulator/widget.html")
