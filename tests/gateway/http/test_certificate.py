"""Certificate check of the public address, as a provider does it, by real TLS on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from gateway.http.certificate import check_certificate


@asynccontextmanager
async def serve_tls(authority: trustme.CA, days: float) -> AsyncIterator[str]:
    """Serve with a certificate for localhost that ends in so many days."""
    certificate = authority.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=days))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.parametrize(
    ("days", "is_fresh", "words"),
    [
        (90.5, True, "valid for 90 days"),
        (3.5, False, "valid for 3 days; renew it"),
        (-1, False, "is refused (certificate has expired)"),
    ],
)
async def test_a_certificate_has_an_end(days: float, is_fresh: bool, words: str) -> None:
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serve_tls(authority, days) as url:
        found = await check_certificate(url, trusting)

    assert found is not None
    assert found[0] is is_fresh
    assert words in found[1]


async def test_an_unknown_authority_and_another_name_are_refused() -> None:
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serve_tls(authority, 90) as url:
        unknown = await check_certificate(url)
        other_name = await check_certificate(url.replace("localhost", "127.0.0.1"), trusting)

    for found in (unknown, other_name):
        assert found is not None
        assert not found[0]
        assert "so providers do not call" in found[1]


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "https://localhost:1", "https://", "https://127.0.0.1:1/x"]
)
async def test_an_unreachable_host_is_not_checked(url: str) -> None:
    assert await check_certificate(url) is None
