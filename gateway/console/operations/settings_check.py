"""Console page with the checks of `turngate doctor`."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.config.settings import Settings
from gateway.console.layout.page import ConsolePage
from gateway.diagnostics.check_result import CheckResult
from gateway.diagnostics.checks import run_checks
from gateway.local.simulated_accounts import parse_simulator_urls
from gateway.server.operator_auth import OperatorAuth

_MAX_SECONDS = 30.0


class SettingsCheckPage(ConsolePage):
    """The page `/console/settings`. The checks query servers, so they run only on request."""

    def __init__(self, operator: OperatorAuth, settings: Settings) -> None:
        super().__init__(operator)
        self._settings = settings
        self._running = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the page's route."""
        return [self.get("/console/settings", self.page, Role.OPERATOR)]

    async def page(self, request: Request) -> Response:
        """Show the checks' results if they were asked for."""
        is_asked = request.query_params.get("check") == "1"
        results = await self._run() if is_asked else []
        return await self.show(request, "operations/settings_check.html", results=results, is_asked=is_asked)

    async def _run(self) -> list[CheckResult]:
        """Run the checks in a thread, because they load the flow; one run at a time."""
        async with self._running:
            try:
                async with asyncio.timeout(_MAX_SECONDS):
                    return await asyncio.to_thread(lambda: asyncio.run(_collect(self._settings)))
            except TimeoutError:
                message = f"the checks took longer than {_MAX_SECONDS:.0f} seconds; run `turngate doctor`"
                return [CheckResult(passed=False, message=message)]


async def _collect(settings: Settings) -> list[CheckResult]:
    return [result async for result in run_checks(settings, simulated=parse_simulator_urls(settings.environ))]
