"""Console pages of what runs: queue and workers, accounts, the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.model import DeliveryStatus
from gateway.access.operator_keys import Role
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage
from gateway.redis.records.processes.delivery_reports import DeliveryCount, read_alarms, read_recent_counts
from gateway.redis.records.processes.gateway_status import PausedAccount, read_status
from gateway.redis.records.processes.load import read_load
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.log.session_log import parse_page_end
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.server.readiness import Readiness
from gateway.server.operator_auth import OperatorAuth

_MAX_PENDING = 50
_AUDIT_ROWS = 50


class OperationsPages(ConsolePage):
    """The pages `/console/queue`, `/console/accounts` and `/console/audit`."""

    def __init__(
        self, operator: OperatorAuth, channels: Sequence[str], simulated: Sequence[str] = ()
    ) -> None:
        super().__init__(operator)
        self._ids = ConversationIds(operator.redis)
        self._index = SessionIndex(operator.redis)
        self._readiness = Readiness(operator.redis)
        self._channels = list(channels)
        self._simulated = frozenset(simulated)

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            self.get("/console/queue", self.queue, live=ViewName.QUEUE),
            self.get("/console/accounts", self.accounts, live=ViewName.ACCOUNTS),
            self.get("/console/audit", self.audit, Role.OPERATOR),
        ]

    async def queue(self, request: Request) -> Response:
        """Show whether anything is stuck: work that is due, and the workers."""
        await self._ids.load()
        pending = await self._index.list_pending(_MAX_PENDING)
        return await self.show(
            request,
            "operations/queue.html",
            figures=await read_status(self._operator_auth.redis),
            worker_problem=await self._readiness.worker_problem(),
            pending=[(self._ids.encode(row.session), row) for row in pending],
            max_pending=_MAX_PENDING,
        )

    async def accounts(self, request: Request) -> Response:
        """Show which accounts may send, and the outcomes of their messages in the last day."""
        redis = self._operator_auth.redis
        figures = await read_status(redis)
        counts = await read_recent_counts(redis)
        seen = {each.account for each in (await read_load(redis)).counters.classes if each.account}
        known = {each.partition(":")[0]: each for each in sorted(seen, reverse=True)}
        rows = [
            {
                "name": name,
                "account": known.get(name, name),
                "is_simulated": name in self._simulated,
                "paused": [each for each in figures.paused if _belongs(each, name)],
                "delivered": _count(counts, name, DeliveryStatus.DELIVERED),
                "read": _count(counts, name, DeliveryStatus.READ),
                "failed": _count(counts, name, DeliveryStatus.FAILED),
            }
            for name in self._channels
        ]
        return await self.show(
            request,
            "operations/accounts.html",
            figures=figures,
            alarms=await read_alarms(redis),
            rows=sorted(rows, key=lambda row: (not row["paused"], str(row["name"]))),
        )

    async def audit(self, request: Request) -> Response:
        """Show who did what, newest first."""
        before = parse_page_end(request.query_params.get("before", ""))
        entries = await self._operator_auth.audit.latest(_AUDIT_ROWS, before=before)
        older = entries[-1].id if len(entries) == _AUDIT_ROWS else ""
        return await self.show(
            request, "operations/audit.html", rows=entries, older=older, is_older=bool(before)
        )


def _belongs(account: PausedAccount, channel: str) -> bool:
    return account.account.partition(":")[0] == channel


def _count(counts: Sequence[DeliveryCount], channel: str, status: DeliveryStatus) -> int:
    return sum(each.messages for each in counts if each.channel == channel and each.status == status)
