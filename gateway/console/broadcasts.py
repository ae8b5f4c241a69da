"""Console page of broadcasts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.broadcasts.store import Broadcasts
from gateway.console.live_views import ViewName
from gateway.console.page import ConsolePage
from gateway.server.operator_auth import OperatorAuth

_MAX_SHOWN = 50


class BroadcastsPage(ConsolePage):
    """The page `/console/broadcasts`."""

    def __init__(self, store: Broadcasts, operator: OperatorAuth) -> None:
        super().__init__(operator)
        self._store = store

    def routes(self) -> list[Route]:
        """Return the page's route."""
        return [self.get("/console/broadcasts", self.page, live=ViewName.BROADCASTS)]

    async def page(self, request: Request) -> Response:
        """Show the newest broadcasts and their progress."""
        names = await self._store.list_names(_MAX_SHOWN)
        found = [await self._store.read(name) for name in names]
        return await self.show(request, "broadcasts.html", rows=[each for each in found if each])
