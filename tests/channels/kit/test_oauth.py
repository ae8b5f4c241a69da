"""OAuth token refresh: one process refreshes the token once, and all use it."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import respx
from redis.asyncio import Redis

from channels._kit.oauth import RefreshingCredentials, StaticCredentials
from channels._kit.outbound import BearerAuth
from core.errors import Rejected, Unavailable
from core.model import FailureKind
from core.ports import SessionStore
from core.sessions import InMemorySessionStore
from gateway.redis.records.sessions.session_store import RedisSessionStore

URL = "https://example.com/oauth/tokens"


class Server:
    """Authorization server whose refresh tokens are valid once."""

    def __init__(self, router: respx.MockRouter) -> None:
        self.good = "refresh0"
        self.given = 0
        router.post(URL).mock(side_effect=self._answer)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["refresh_token"]
        await asyncio.sleep(0)
        if asked != self.good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.given += 1
        self.good = f"refresh{self.given}"
        tokens = {"access_token": f"access{self.given}", "refresh_token": self.good, "expires_in": 3600}
        return httpx.Response(200, json=tokens)


def build_credentials(store: SessionStore, now: float = 1000.0) -> RefreshingCredentials:
    """Build one worker's credentials."""
    made = RefreshingCredentials(
        "desk",
        url=URL,
        hint="DESK_REFRESH_TOKEN",
        client_id="c",
        client_secret="s",
        refresh_token="refresh0",
        clock=lambda: now,
    )
    made.set_store(store)
    return made


async def fetch_token(of: RefreshingCredentials | StaticCredentials, spent: str = "") -> str:
    async with httpx.AsyncClient() as http:
        found = await of.get_credentials(http, spent=spent)
    assert isinstance(found, BearerAuth)
    return found.token


@pytest.mark.long
async def test_racing_workers_use_one_refresh_token(redis: Redis, respx_mock: respx.MockRouter) -> None:
    server = Server(respx_mock)
    workers = [build_credentials(RedisSessionStore(redis)) for _ in range(8)]

    assert set(await asyncio.gather(*(fetch_token(each) for each in workers))) == {"access1"}
    assert server.given == 1
    assert set(await asyncio.gather(*(fetch_token(each, spent="access1") for each in workers))) == {"access2"}
    assert server.given == 2


async def test_a_token_is_refreshed_before_it_expires(respx_mock: respx.MockRouter) -> None:
    server, store = Server(respx_mock), InMemorySessionStore()

    assert await fetch_token(build_credentials(store)) == "access1"
    assert await fetch_token(build_credentials(store, now=4500.0)) == "access1"
    assert await fetch_token(build_credentials(store, now=4541.0)) == "access2"
    assert server.good == "refresh2"


async def test_a_refresh_token_used_elsewhere_is_an_account_wide_rejection(
    respx_mock: respx.MockRouter,
) -> None:
    Server(respx_mock).good = "somebody else's"

    with pytest.raises(Rejected, match="DESK_REFRESH_TOKEN") as error:
        await fetch_token(build_credentials(InMemorySessionStore()))
    assert error.value.failure is FailureKind.ACCOUNT


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.Response(429), httpx.ConnectError("no")])
async def test_a_temporary_refresh_failure_is_unavailable(
    respx_mock: respx.MockRouter, answer: httpx.Response | Exception
) -> None:
    route = respx_mock.post(URL)
    if isinstance(answer, Exception):
        route.mock(side_effect=answer)
    else:
        route.mock(return_value=answer)
    store = InMemorySessionStore()

    with pytest.raises(Unavailable):
        await fetch_token(build_credentials(store))
    Server(respx_mock)
    assert await fetch_token(build_credentials(store)) == "access1"


async def test_static_credentials_are_not_refreshed() -> None:
    fixed = StaticCredentials(BearerAuth("lasting"), "DESK_TOKEN")

    assert await fetch_token(fixed) == "lasting"
    with pytest.raises(Rejected, match="DESK_TOKEN") as error:
        await fetch_token(fixed, spent="lasting")
    assert error.value.failure is FailureKind.ACCOUNT


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<html>log in</html>"), (200, '{"access_token": "acc'), (200, "{}"), (302, ""), (404, "<html>")],
)
async def test_a_page_of_something_else_is_no_rejection_of_the_token(
    respx_mock: respx.MockRouter, status: int, body: str
) -> None:
    respx_mock.post(URL).respond(status, text=body)

    with pytest.raises(Unavailable):
        await fetch_token(build_credentials(InMemorySessionStore()))


@pytest.mark.parametrize("expires_in", [1, -5, 0, "30", None, "soon"])
async def test_a_token_is_not_refreshed_for_each_request(
    respx_mock: respx.MockRouter, expires_in: object
) -> None:
    route = respx_mock.post(URL).respond(json={"access_token": "access1", "expires_in": expires_in})
    credentials = build_credentials(InMemorySessionStore())

    assert [await fetch_token(credentials) for _ in range(3)] == ["access1"] * 3
    assert route.call_count == 1
