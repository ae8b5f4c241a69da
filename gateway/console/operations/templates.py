"""Console page of message templates: status, quality, and when the provider's list was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.model import MessageTemplate
from gateway.console.layout.page import ConsolePage, redirect
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.template_sync import UNLISTED, request_sync
from gateway.server.operator_auth import OperatorAuth

_ROWS: Final = 100


class TemplatesPage(ConsolePage):
    """The page `/console/templates`, and the act that reads the lists again."""

    def __init__(self, operator: OperatorAuth, channels: Sequence[str], unlisted: Sequence[str] = ()) -> None:
        """Create the page; `channels` are those with a list of templates, `unlisted` those without one."""
        super().__init__(operator)
        self._unlisted = list(unlisted)
        self._records = TemplateRecords(operator.redis)
        self._channels = list(channels)

    def routes(self) -> list[Route]:
        """Return the page and its act."""
        return [
            self.get("/console/templates", self.page),
            self.form("/console/templates/sync", self.sync, "sync_templates"),
        ]

    async def page(self, request: Request) -> Response:
        """Show the templates after the one that the URL names."""
        names = sorted({*self._channels, *await self._records.list_channels()})
        rows = [(name, each) for name in names for each in await self._records.list_all(name)]
        after = request.query_params.get("after", "")
        later = [row for row in rows if _place(*row) > after]
        return await self.show(
            request,
            "operations/templates.html",
            reports=[(name, await self._records.read_report(name)) for name in names],
            unlisted=self._unlisted,
            why_unlisted=UNLISTED,
            rows=later[:_ROWS],
            older=_place(*later[_ROWS - 1]) if len(later) > _ROWS else "",
            is_older=bool(after),
            total=len(rows),
            done=request.query_params.get("done") == "sync",
        )

    async def sync(self, request: Request) -> Response:
        """Let a worker read the lists soon."""
        for name in {*self._channels, *await self._records.list_channels()}:
            await request_sync(self._operator_auth.redis, name)
        return redirect("/console/templates?done=sync")


def _place(channel: str, template: MessageTemplate) -> str:
    """Return the place of a template in the list."""
    return f"{channel} {template.name} {template.language}"
