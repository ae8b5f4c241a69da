"""Selects the partition that the console shows: by the URL, otherwise by a cookie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.layout.partition_links import PARAMETER, name_partition
from gateway.console.layout.refusals import is_for_reader

COOKIE: Final = "turngate_partition"


class PartitionChoice:
    """Serves the pages of the partition that `?partition=` or else the cookie names, the home by default."""

    def __init__(self, count: int, build: Callable[[int], Sequence[BaseRoute]]) -> None:
        """Create the choice among `count` partitions; `build` makes the routes of one, when it is needed."""
        self._count = count
        self._build = build
        self._apps: dict[int, ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by the routes of its partition."""
        connection = HTTPConnection(scope)
        asked = connection.query_params.get(PARAMETER, "")
        number = self._parse(asked or connection.cookies.get(COOKIE, ""))
        if not asked and scope.get("method") == "GET" and is_for_reader(connection):
            path = f"{connection.url.path}?{connection.url.query}".rstrip("?")
            if (named := name_partition(path, number)) != path:
                await RedirectResponse(named, 307)(scope, receive, send)
                return
        if number not in self._apps:
            self._apps[number] = Router(self._build(number))
        scope["partition"] = (number, self._count)

        async def send_with_choice(message: Message) -> None:
            if message["type"] == "http.response.start" and asked:
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith("/console"):
                    headers["location"] = name_partition(headers["location"], number)
                cookie = SimpleCookie({COOKIE: str(number)})
                for name, value in (("path", "/console"), ("samesite", "Strict"), ("httponly", True)):
                    cookie[COOKIE][name] = value
                headers.append("set-cookie", cookie[COOKIE].OutputString())
            await send(message)

        await self._apps[number](scope, receive, send_with_choice)

    def _parse(self, text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
        return number if number < self._count else 0
