"""Console page of one account: circuit breaker, rate limits, errors, and its set-up at the provider."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels._kit.account_check import AccountCheck
from core.ports import Channel
from gateway.access.operator_keys import Role
from gateway.config.settings import Settings
from gateway.console.layout.formats import format_duration
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.console.operations.figures import build_account_tiles
from gateway.diagnostics.accounts import check_accounts
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.processes.delivery_reports import read_alarms
from gateway.redis.records.processes.gateway_status import read_status
from gateway.redis.records.processes.traffic import MinuteTraffic, read_traffic
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

_PATH: Final = "/console/accounts/one"
_MAX_NAME: Final = 200
_MAX_SESSIONS: Final = 1_000
_CHECK_SECONDS: Final = 20.0
_MAX_CLASSES: Final = 30


class AccountPage(ConsolePage):
    """The page `/console/accounts/one?name=channel:account`, and the act "try now"."""

    def __init__(
        self,
        operator: OperatorAuth,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        settings: Settings | None = None,
        protocol: ProtocolLimits | None = None,
    ) -> None:
        """Create the page; without `settings` it does not ask the provider."""
        super().__init__(operator)
        self._channels = channels
        self._settings = settings
        self._checking = asyncio.Lock()
        self._try_script = lua.load_script("try_account", protocol or ProtocolLimits())

    def routes(self) -> list[Route]:
        """Return the page and its act."""
        return [
            self.get(_PATH, self.page, live=ViewName.ACCOUNTS),
            self.form(f"{_PATH}/try", self.try_now, "try_account"),
        ]

    async def page(self, request: Request) -> Response:
        """Show one account."""
        name = request.query_params.get("name", "")[:_MAX_NAME]
        channel_name = name.partition(":")[0]
        channel = self._channels.get(channel_name)
        if channel is None:
            return await self.show(request, "not_found.html", status=404)
        redis = self._operator_auth.redis
        status, minutes = await read_status(redis), await read_traffic(redis)
        alarms = [each for each in await read_alarms(redis) if each.account.startswith(name)]
        asks = request.query_params.get("check") == "1"
        may_ask = request.state.identity.role.includes(Role.OPERATOR) and self._settings is not None
        return await self.show(
            request,
            "operations/account.html",
            name=name,
            channel=channel_name,
            paused=next((each for each in status.paused if each.account == name), None),
            figures=status,
            tiles=build_account_tiles(minutes, name),
            errors=_count_errors(minutes, name),
            alarms=alarms,
            facts=_describe_limits(channel),
            checks=await self._check(channel_name) if asks and may_ask else [],
            asks=asks and may_ask,
            may_ask=may_ask,
            done=_DONE.get(request.query_params.get("done", ""), ""),
        )

    async def try_now(self, request: Request) -> Response:
        """Let the account's circuit breaker probe now."""
        form = await read_form(request)
        name = (form or {}).get("name", [""])[0]
        if not name or len(name) > _MAX_NAME:
            return error_response(400, "malformed", "name must be that of an account, as on its page")
        request.state.audit_target = name
        arguments: list[Any] = [rq_layout.current_timestamp(), name, _MAX_SESSIONS]
        enqueued = int(await self._try_script(self._operator_auth.redis, arguments))
        done = "closed" if enqueued < 0 else "tried" if enqueued else "next"
        return redirect(f"{_PATH}?name={quote(name, safe='')}&done={done}")

    async def _check(self, channel: str) -> list[AccountCheck]:
        """Ask the provider; one check at a time."""
        assert self._settings is not None
        async with self._checking:
            found: list[AccountCheck] = []
            try:
                async with asyncio.timeout(_CHECK_SECONDS):
                    async for each in check_accounts(self._settings, fix=False, only=channel):
                        found.append(each)
            except TimeoutError:
                found.append(AccountCheck(passed=False, message="the provider did not answer in time"))
            return found


_DONE: Final = {
    "closed": "Nothing was done: the account is not paused any more.",
    "tried": "A reply is tried now. If it is sent, the others follow automatically.",
    "next": "The pause is over: the next reply is tried at once.",
}


def _count_errors(minutes: Sequence[MinuteTraffic], account: str) -> list[tuple[str, int]]:
    """Return the errors of the last hour by class, those of calls for the whole channel."""
    total: Counter[str] = Counter()
    for minute in minutes:
        for (name, kind), number in minute.errors.items():
            if name == account:
                total[kind] += number
        for (channel, kind), number in minute.failed_sends.items():
            if channel == account.partition(":")[0]:
                total[f"failed send: {kind}"] += number
    return total.most_common(_MAX_CLASSES)


def _describe_limits(channel: Channel[httpx.AsyncClient]) -> dict[str, str]:
    """Return the provider's limits, which are observed automatically."""
    can, facts = channel.capabilities, dict[str, str]()
    if window := can.service_window:
        scope = f" (addresses with {window.prefix})" if window.prefix else ""
        facts["Free text"] = f"{format_duration(window.seconds * 1000)} after the contact's message{scope}"
    else:
        facts["Free text"] = "at any time"
    limits = [f"{value:g} a second per {name}" for name, value in can.pace if value]
    facts["Sending rate"] = ", ".join(limits) or "no fixed limit: the provider's responses set it"
    facts["Length of a text"] = f"{can.text_length:,} characters"
    facts["Delivery statuses"] = "reported" if can.statuses else "none"
    facts["Templates"] = "yes" if can.templates else "none"
    return facts
