"""Managed servers: TLS with certificates on both sides, users with a password, and their errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import ConfigurationError
from gateway.cli.processes.web import _admit_data
from gateway.redis.connection.address import check_url
from gateway.redis.connection.connect import open_async_redis, open_redis, open_sync_redis
from gateway.redis.connection.outages.error_messages import describe_redis_error
from gateway.redis.inbox import RedisInbox
from tests.gateway.environments.stack import build_message
from tests.gateway.environments.tls import Certificates, copy


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path, "localhost")


@asynccontextmanager
async def serve_tls(
    certificates: Certificates, redis_url: str, *, wants_client: bool = False
) -> AsyncIterator[str]:
    """Serve a Redis by TLS, as a provider's proxy does; the embedded server has no TLS."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_unix_connection(urlsplit(redis_url).path)
        await asyncio.gather(copy(reader, behind[1]), copy(behind[0], writer))

    context = certificates.build_context(wants_client=wants_client)
    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
    try:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def store_message(url: str) -> str:
    """Return the error that an operator reads for a connection; `stored` if it works."""
    try:
        async with open_redis(url) as redis:
            await RedisInbox(redis).accept([build_message(1, "hi")])
            assert await redis.ping()
    except (RedisError, OSError) as error:
        return describe_redis_error(error)
    except Exception as error:
        return describe_redis_error(error.__cause__ or error)
    return "stored"


@pytest.mark.long
async def test_a_trusted_certificate_is_enough(
    certificates: Certificates, redis: Redis, redis_url: str
) -> None:
    async with serve_tls(certificates, redis_url) as place:
        url = f"rediss://{place}/0?ssl_ca_certs={certificates.ca}"
        assert await store_message(url) == "stored"
        check_url(url)
        sync = open_sync_redis(url)
        assert await asyncio.to_thread(sync.ping)
        async with open_async_redis(sync) as copied:
            assert await copied.ping()
        sync.close()


async def test_an_untrusted_certificate_says_what_to_do(
    certificates: Certificates, redis: Redis, redis_url: str
) -> None:
    async with serve_tls(certificates, redis_url) as place:
        assert "ssl_ca_certs" in await store_message(f"rediss://{place}")
        address = place.replace("localhost", "127.0.0.1")
        wrong_name = await store_message(f"rediss://{address}?ssl_ca_certs={certificates.ca}")
        assert "host as the certificate has it" in wrong_name


async def test_a_client_certificate_is_presented(
    certificates: Certificates, redis: Redis, redis_url: str
) -> None:
    async with serve_tls(certificates, redis_url, wants_client=True) as place:
        url = f"rediss://{place}?ssl_ca_certs={certificates.ca}"
        assert await store_message(url) != "stored"
        own = f"&ssl_certfile={certificates.chain}&ssl_keyfile={certificates.key}"
        assert await store_message(url + own) == "stored"


async def test_tls_against_a_server_without_it_says_so(redis: Redis) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"-ERR unknown command\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        problem = await store_message(f"rediss://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert "use redis://" in problem


async def test_a_user_with_a_password_and_few_permissions(redis: Redis, redis_url: str) -> None:
    await redis.acl_setuser(
        "app", enabled=True, passwords=["+p@ss/word"], categories=["+@all"], keys=["*"], channels=["*"]
    )
    await redis.acl_setuser("few", enabled=True, passwords=["+x"], categories=["+@read"], keys=["*"])
    path = urlsplit(redis_url).path
    try:
        assert await store_message(f"unix://app:p%40ss%2Fword@{path}") == "stored"
        assert "refuses the credentials" in await store_message(f"unix://app:wrong@{path}")
        assert "lacks a permission" in await store_message(f"unix://few:x@{path}")
    finally:
        await redis.acl_deluser("app", "few")


async def test_data_of_another_release_is_refused_to_a_user_without_info(
    redis: Redis, redis_url: str
) -> None:
    await redis.acl_setuser(
        "app", enabled=True, passwords=["+secret"], categories=["+@all"], commands=["-info"], keys=["*"]
    )
    await redis.set("tg:format", 9)
    try:
        with pytest.raises(ConfigurationError, match="was written in format 9"):
            await asyncio.to_thread(_admit_data, f"unix://app:secret@{urlsplit(redis_url).path}", 1)
    finally:
        await redis.acl_deluser("app")


@pytest.mark.parametrize(
    "url",
    [
        "rediss://localhost?ssl_ca_cert=/ca.pem",
        "redis://localhost:port",
        "redis://localhost/db?",
        "redis://localhost:6379/one",
        "rediss://localhost?ssl_cert_reqs=maybe",
    ],
)
def test_a_url_that_cannot_be_used_is_one_sentence(url: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        check_url(url)
