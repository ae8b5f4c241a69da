"""Classification of transport failures on real sockets, through both HTTP transports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from channels._kit.outbound import classify_http_error, get, parse_retry_after, post
from channels._kit.outbound import http as kit
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model import FailureKind

ConnectionHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def serve(handle: ConnectionHandler) -> AsyncIterator[str]:
    """Run a server with the test's handler; it does not wait for open connections when it ends."""
    writers: list[asyncio.StreamWriter] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        for writer in writers:
            writer.transport.abort()
        listening.close()
        await listening.wait_closed()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def answer_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK[:-1])
    await writer.drain()


async def answer_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    await writer.drain()
    await reader.read()


async def answer_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()
    await reader.readuntil(b"\r\n\r\n")


@pytest.fixture(params=["httpx", "aiohttp"])
async def http(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    transport = AiohttpTransport() if request.param == "aiohttp" else None
    async with httpx.AsyncClient(transport=transport) as client:
        yield client


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "TOTAL_SECONDS", 0.2)


async def post_in_vain(http: httpx.AsyncClient, url: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        await post(http, "provider", url, data={"a": "b"}, auth=("user", "secret"))
    assert "secret" not in str(error.value)
    return error.value


async def test_a_refused_connection_is_unavailable(http: httpx.AsyncClient) -> None:
    async with serve(answer_nothing) as url:
        pass
    error = await post_in_vain(http, url)

    assert isinstance(error, Unavailable)
    assert "was refused; check" in error.reason


async def test_an_unresolved_host_is_unavailable(http: httpx.AsyncClient) -> None:
    error = await post_in_vain(http, "http://nowhere.invalid")

    assert isinstance(error, Unavailable)
    assert "host name cannot be resolved; check" in error.reason


async def test_a_server_without_tls_is_unavailable(http: httpx.AsyncClient) -> None:
    async with serve(answer_at_once) as url:
        error = await post_in_vain(http, url.replace("http:", "https:"))

    assert isinstance(error, Unavailable)
    assert "no TLS connection; check" in error.reason


@pytest.mark.parametrize("handle", [hang_up, answer_half])
async def test_a_connection_broken_after_sending_is_unknown(
    http: httpx.AsyncClient, handle: ConnectionHandler
) -> None:
    async with serve(handle) as url:
        error = await post_in_vain(http, url)

    assert isinstance(error, Unknown)
    assert "the connection broke before the response" in error.reason


async def test_a_broken_keep_alive_connection_is_unknown(http: httpx.AsyncClient) -> None:
    async with serve(answer_once) as url:
        await post(http, "provider", url, data={"a": "b"}, auth=("user", "secret"))

        assert isinstance(await post_in_vain(http, url), Unknown)


@pytest.mark.usefixtures("short_timeout")
async def test_a_response_timeout_is_unknown_and_bounded(http: httpx.AsyncClient) -> None:
    async with serve(answer_nothing) as url:
        error = await post_in_vain(http, url)

    assert isinstance(error, Unknown)
    assert "no response in time" in error.reason


@pytest.mark.usefixtures("short_timeout")
async def test_a_failed_read_is_unavailable(http: httpx.AsyncClient) -> None:
    async with serve(answer_nothing) as url:
        with pytest.raises(Unavailable):
            await get(http, "provider", url, params=None, auth=("user", "secret"))


async def test_an_invalid_url_is_an_account_wide_rejection() -> None:
    async with httpx.AsyncClient() as http:
        error = await post_in_vain(http, "gopher://example.com")

    assert isinstance(error, Rejected)
    assert error.failure is FailureKind.ACCOUNT


def test_every_client_exception_is_classified() -> None:
    request = httpx.Request("POST", "https://api.example.com")
    kinds = [
        kind
        for kind in vars(httpx).values()
        if isinstance(kind, type) and issubclass(kind, httpx.TransportError)
    ]

    assert len(kinds) > 10
    for kind in kinds:
        assert isinstance(classify_http_error(kind("x", request=request), "provider"), DeliveryError)
    assert isinstance(classify_http_error(RuntimeError("a bug"), "provider"), Unknown)


def test_a_date_in_retry_after_is_compared_with_the_providers_time() -> None:
    headers = {"Date": "Thu, 01 Oct 2026 12:00:00 GMT", "Retry-After": "Thu, 01 Oct 2026 12:00:30 GMT"}

    assert parse_retry_after(httpx.Response(429, headers=headers)) == 30.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("999999", 999_999.0),
        ("Thu, 01 Oct 2026 10:00:30 GMT", 30.0),
        ("Thu, 01 Oct 2026 09:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1e3", None),
        ("30, 60", 60.0),
        ("60,", None),
        ("30, soon", None),
        ("Thu, 01 Oct 2026 10:00:30", 30.0),
    ],
)
def test_retry_after_is_parsed_in_all_forms(value: str, seconds: float | None) -> None:
    response = httpx.Response(429, headers=[("Retry-After", value)] if value else [])

    assert parse_retry_after(response, lambda: datetime(2026, 10, 1, 10, 0, tzinfo=UTC)) == seconds
