"""Responses of providers are limited in bytes, whatever their declared length, encoding or end."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from channels._kit.outbound import BearerAuth, post
from core.errors import Unknown
from gateway.http.bounded_answers import AnswerTooLarge
from gateway.http.clients import provider_client
from gateway.http.public_probe import PAGES, find_open_pages
from gateway.local.http_server import serve

LIMIT = 100_000
PACKED = {"content-encoding": "gzip"}


async def iter_endless() -> AsyncIterator[bytes]:
    for _ in range(10_000):
        yield b"a" * 10_000


def build_bomb(size: int = 30_000_000) -> bytes:
    """Return gzip of `size` zeros, made without having them in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)]
    return b"".join((*parts, packer.flush()))


BOMB = build_bomb()
ANSWERS: dict[str, Callable[[], Response]] = {
    "small": lambda: Response(b"{}"),
    "packed": lambda: Response(gzip.compress(b'{"a": 1}' * 1_000), headers=PACKED),
    "endless": lambda: StreamingResponse(iter_endless()),
    "endless packed": lambda: StreamingResponse(iter_endless(), headers=PACKED),
    "bomb": lambda: Response(BOMB, headers=PACKED),
    "bomb in a bomb": lambda: Response(gzip.compress(BOMB), headers={"content-encoding": "gzip, gzip"}),
    "deflate": lambda: Response(zlib.compress(b"{}"), headers={"content-encoding": "deflate"}),
    "brotli": lambda: Response(b"x", headers={"content-encoding": "br"}),
    "no gzip": lambda: Response(b"{}", headers=PACKED),
    "cut off": lambda: Response(gzip.compress(b"{}" * 100)[:-9], headers=PACKED),
    "nothing": lambda: Response(b"", headers=PACKED),
}


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async def answer(request: Request) -> Response:
        return ANSWERS[request.query_params["kind"]]()

    async with serve(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])) as url:
        yield url


@pytest.mark.parametrize(
    ("kind", "body"), [("small", b"{}"), ("packed", b'{"a": 1}' * 1_000), ("nothing", b"")]
)
async def test_ordinary_answers_are_read(url: str, kind: str, body: bytes) -> None:
    async with provider_client(LIMIT) as http:
        response = await http.get(url, params={"kind": kind})

    assert response.content == body


@pytest.mark.parametrize("kind", ["endless", "bomb"])
async def test_too_large_answers_are_not_read_to_their_end(url: str, kind: str) -> None:
    async with provider_client(LIMIT) as http:
        tracemalloc.start()
        try:
            with pytest.raises(AnswerTooLarge, match=r"larger than|unpacks to more than"):
                await http.get(url, params={"kind": kind})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 50 * LIMIT


@pytest.mark.parametrize(
    "kind", ["deflate", "brotli", "no gzip", "cut off", "bomb in a bomb", "endless packed"]
)
async def test_answers_that_are_not_what_was_asked_for_are_refused(url: str, kind: str) -> None:
    async with provider_client(LIMIT) as http:
        with pytest.raises(httpx.DecodingError):
            await http.get(url, params={"kind": kind})
        assert (await http.get(url, params={"kind": "small"})).content == b"{}"


@pytest.mark.parametrize("kind", ["endless", "bomb", "no gzip"])
async def test_the_outcome_of_a_send_with_such_an_answer_is_unknown(url: str, kind: str) -> None:
    async with provider_client(LIMIT) as http:
        with pytest.raises(Unknown):
            await post(http, "twilio", f"{url}?kind={kind}", auth=BearerAuth("x"), json={})


async def test_the_probe_of_the_public_address_reads_no_bomb() -> None:
    async def answer(_: Request) -> Response:
        return Response(BOMB, headers=PACKED)

    pages = [Route(path, answer) for path in PAGES]
    async with serve(Starlette(routes=pages)) as url:
        tracemalloc.start()
        try:
            assert await find_open_pages(url) == []
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()


async def test_the_probe_reads_a_packed_page() -> None:
    async def answer(_: Request) -> Response:
        return Response(gzip.compress(b"turngate_ up"), headers=PACKED)

    async with serve(Starlette(routes=[Route("/metrics", answer)])) as url:
        assert await find_open_pages(url) == [f"{url}/metrics"]
