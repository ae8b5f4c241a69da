"""Console page of rejected webhooks, and their replay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import DeliveryError, MailboxFull, StorageUnavailable, WebhookRefused
from core.ports import Webhook
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.server.operator_auth import OperatorAuth

Replay = Callable[[Webhook], Awaitable[int]]

_DONE = {
    "replayed": "The webhook was verified and stored; what was in it is processed now.",
    "gone": "Nothing was replayed: the webhook is not kept any more.",
    "not_stored": "Nothing was replayed: it could not be stored. Try again once Redis accepts writes.",
}


class QuarantinePage(ConsolePage):
    """The page `/console/quarantine`."""

    def __init__(
        self, quarantine: Quarantine, kept_webhooks: KeptWebhooks, operator: OperatorAuth, replay: Replay
    ) -> None:
        """Create the page; `replay` verifies and stores an original that is kept."""
        super().__init__(operator)
        self._quarantine = quarantine
        self._kept = kept_webhooks
        self._replay = replay

    def routes(self) -> list[Route]:
        """Return the page's routes."""
        return [
            self.get("/console/quarantine", self.page),
            self.form("/console/quarantine/replay", self.replay, "replay_rejected_webhook"),
        ]

    async def page(self, request: Request) -> Response:
        """Show the latest rejections and their reasons."""
        return await self._show(request, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def replay(self, request: Request) -> Response:
        """Replay a rejected webhook with the current credentials; a new rejection shows its reason."""
        form = await read_form(request)
        name = (form or {}).get("webhook", [""])[0]
        webhook = await self._kept.find_rejected(name)
        if webhook is None:
            return redirect("/console/quarantine?done=gone")
        request.state.audit_target = name
        try:
            await self._replay(webhook)
        except WebhookRefused as error:
            return await self._show(request, failed=error.reason, status=409)
        except (StorageUnavailable, MailboxFull, DeliveryError):
            return redirect("/console/quarantine?done=not_stored")
        return redirect("/console/quarantine?done=replayed")

    async def _show(
        self, request: Request, *, done: str = "", failed: str = "", status: int = 200
    ) -> Response:
        return await self.show(
            request,
            "operations/quarantine.html",
            status=status,
            rows=await self._quarantine.latest(),
            kept=set(await self._kept.rejected_ids()),
            keeps=self._kept.is_on,
            done=done,
            failed=failed,
        )
