"""Console page of broadcasts: their progress, and check, start, pause, resume and stop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.broadcasts.broadcast import Broadcast
from gateway.broadcasts.preview import Preview, Previewer
from gateway.broadcasts.recipient_file import Recipient, RecipientFileError, read_recipients
from gateway.broadcasts.store import BroadcastAct, Broadcasts, StartResult
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.redis.sending.outbox import ProactiveSender
from gateway.server.json_requests import describe_validation_error
from gateway.server.operator_auth import OperatorAuth

_MAX_SHOWN: Final = 50
_MAX_FORM_BYTES: Final = 1_000_000
_MAX_SKIPPED: Final = 20
_FIELDS: Final = ("name", "channel", "account", "sender", "template", "language", "text", "category")
_DONE: Final = {
    "started": "The broadcast is started.",
    "running_already": "This broadcast runs already: nothing was started twice.",
    "changed": "Done.",
    "not_changed": "Nothing was changed: the broadcast is in another state by now.",
}


class BroadcastsPage(ConsolePage):
    """The page `/console/broadcasts` and its forms."""

    def __init__(
        self, store: Broadcasts, operator: OperatorAuth, sender: ProactiveSender, channels: Sequence[str]
    ) -> None:
        super().__init__(operator)
        self._store = store
        self._previewer = Previewer(sender)
        self._channels = sorted(channels)

    def routes(self) -> list[Route]:
        """Return the page and its acts."""
        path = "/console/broadcasts"
        return [
            self.get(path, self.page, live=ViewName.BROADCASTS),
            self.form(f"{path}/check", self.check, "preview_broadcast"),
            self.form(f"{path}/start", self.start, "start_broadcast"),
            self.form(f"{path}/{{name}}/{{act}}", self.change, "change_broadcast"),
        ]

    async def page(self, request: Request) -> Response:
        """Show the newest broadcasts and their progress."""
        return await self._show(request)

    async def check(self, request: Request) -> Response:
        """Say who would get a broadcast, and why others would not; nothing is sent."""
        return await self._read_and(request, is_start=False)

    async def start(self, request: Request) -> Response:
        """Start a broadcast that was checked, if the number of recipients was typed."""
        return await self._read_and(request, is_start=True)

    async def change(self, request: Request) -> Response:
        """Pause, resume or stop a broadcast."""
        name, act = request.path_params["name"], request.path_params["act"]
        if act not in set(BroadcastAct):
            return await self.show(request, "not_found.html", status=404)
        request.state.audit_act = f"{act}_broadcast"
        is_changed = await self._store.change(name, BroadcastAct(act))
        return redirect(f"/console/broadcasts?done={'changed' if is_changed else 'not_changed'}")

    async def _read_and(self, request: Request, *, is_start: bool) -> Response:
        """Check a form and, with `is_start`, start what it says; problems are shown above the form."""
        form = await read_form(request, _MAX_FORM_BYTES)
        if form is None:
            problem = "the form is larger than 1 MB: start it with `turngate broadcast start FILE`"
            return await self._show(request, {}, problem=problem)
        given = {name: form.get(name, [""])[0].strip() for name in (*_FIELDS, "recipients")}
        request.state.audit_target = given["name"]
        try:
            broadcast = Broadcast.model_validate({name: given[name] for name in _FIELDS if given[name]})
            content = given["recipients"].encode()
            recipients = await asyncio.to_thread(lambda: list(read_recipients(content)))
        except ValidationError as error:
            return await self._show(request, given, problem=describe_validation_error(error))
        except RecipientFileError as error:
            return await self._show(request, given, problem=str(error))
        if not recipients:
            return await self._show(request, given, problem="there are no rows below the header")
        if is_start and form.get("confirmed", [""])[0].strip() == str(len(recipients)):
            return await self._start(request, broadcast, recipients, given)
        preview = await self._previewer.run(broadcast, recipients)
        problem = f"type {len(recipients)}, the number of rows, to start it" if is_start else ""
        return await self._show(request, given, preview=preview, problem=problem)

    async def _start(
        self, request: Request, broadcast: Broadcast, recipients: Sequence[Recipient], given: dict[str, str]
    ) -> Response:
        result = await self._store.start(broadcast, recipients)
        if result is StartResult.OTHER:
            problem = "a broadcast of this name has another content; give this one another name"
            return await self._show(request, given, problem=problem)
        return redirect(f"/console/broadcasts?done={result}")

    async def _show(
        self,
        request: Request,
        given: dict[str, str] | None = None,
        *,
        preview: Preview | None = None,
        problem: str = "",
    ) -> Response:
        names = await self._store.list_names(_MAX_SHOWN)
        found = [await self._store.read(name) for name in names]
        return await self.show(
            request,
            "operations/broadcasts.html",
            status=400 if problem else 200,
            rows=[each for each in found if each],
            given=given,
            preview=preview,
            problem=problem,
            channels=self._channels,
            max_skipped=_MAX_SKIPPED,
            done=_DONE.get(request.query_params.get("done", ""), ""),
        )
