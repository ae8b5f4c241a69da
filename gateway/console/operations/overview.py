"""Console pages: the overview, the list of all pages, and the page for unknown URLs (404)."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.model import DeliveryStatus
from gateway.access.operator_keys import Role
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage
from gateway.console.operations.alerts import find_alerts
from gateway.console.operations.figures import (
    TokenPrice,
    build_account_rows,
    build_traffic_tiles,
    describe_high,
)
from gateway.redis.records.processes.delivery_reports import DeliveryCount, read_alarms, read_recent_counts
from gateway.redis.records.processes.gateway_status import read_status
from gateway.redis.records.processes.load import read_load
from gateway.redis.records.processes.traffic import read_traffic
from gateway.redis.server.readiness import Readiness
from gateway.server.operator_auth import OperatorAuth

_MAX_ALERTS = 3
_MAX_CHANGES = 5
_MAX_ACTS = 50
_NO_CHANGES = frozenset({"simulate_message", "simulate_owner", "try_flow", "search", "answer", "note"})
"""Routine actions, which do not explain an incident."""

_MINUTES = 60


class OverviewPage(ConsolePage):
    """The page `/console`, and the list of all pages for phones."""

    def __init__(
        self,
        operator: OperatorAuth,
        readiness: Readiness | None = None,
        price: TokenPrice | None = None,
    ) -> None:
        super().__init__(operator)
        self._price = price or TokenPrice()
        self._readiness = readiness or Readiness(operator.redis)

    def routes(self) -> list[Route]:
        """Return the routes of the two pages."""
        return [
            self.get("/console", self.page, live=ViewName.OVERVIEW),
            self.get("/console/more", self.list_pages),
        ]

    async def page(self, request: Request) -> Response:
        """Show whether anything is wrong, and the figures."""
        redis = self._operator_auth.redis
        problems = asyncio.gather(self._readiness.storage_problem(), self._readiness.worker_problem())
        status, load, minutes, counts, alarms = await asyncio.gather(
            read_status(redis),
            read_load(redis),
            read_traffic(redis, _MINUTES),
            read_recent_counts(redis),
            read_alarms(redis),
        )
        alerts = find_alerts(status, alarms, *await problems)
        may_audit = request.state.identity.role.includes(Role.OPERATOR)
        acts = await self._operator_auth.audit.latest(_MAX_ACTS) if may_audit else []
        changes = [each for each in acts if each.act not in _NO_CHANGES][:_MAX_CHANGES]
        return await self.show(
            request,
            "operations/overview.html",
            figures=status,
            traffic=build_traffic_tiles(minutes, load, self._price),
            accounts=build_account_rows(minutes, load, status),
            describe_high=describe_high,
            alerts=alerts[:_MAX_ALERTS],
            more_alerts=len(alerts) - len(alerts[:_MAX_ALERTS]),
            failed=_sum_messages(counts, DeliveryStatus.FAILED),
            delivered=_sum_messages(counts, DeliveryStatus.DELIVERED),
            failures=_sum_failures(counts),
            changes=changes,
            may_audit=may_audit,
        )

    async def list_pages(self, request: Request) -> Response:
        """Show all pages, where the navigation has room for a few only."""
        return await self.show(request, "more.html")


class NotFoundPage(ConsolePage):
    """Answers every other address below `/console`; its route is the last one."""

    def routes(self) -> list[Route]:
        """Return the route."""
        return [self.get("/console/{rest:path}", self.page)]

    async def page(self, request: Request) -> Response:
        """Say that there is no such page."""
        return await self.show(request, "not_found.html", status=404)


def _sum_messages(counts: list[DeliveryCount], status: DeliveryStatus) -> int:
    return sum(each.messages for each in counts if each.status == status)


def _sum_failures(counts: list[DeliveryCount]) -> str:
    """Return the failed messages by channel, the most first."""
    totals: dict[str, int] = {}
    for each in counts:
        if each.status == DeliveryStatus.FAILED:
            totals[each.channel] = totals.get(each.channel, 0) + each.messages
    ordered = sorted(totals.items(), key=lambda pair: -pair[1])
    return " · ".join(f"{number:,} {channel}" for channel, number in ordered[:4])
