"""The one place that builds HTTP clients."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import httpx
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, TraceConfig
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport

from core.bounded_gzip import ACCEPTED_ENCODING
from gateway.http.bounded_answers import MAX_ANSWER_BYTES, BoundedTransport
from gateway.http.direct_client import DirectClient
from gateway.redis.leases import current_lease_check

USER_AGENT = f"Turngate/{version('turngate')}"
"""The name that providers see, in their logs and support cases."""

_MAX_CONNECTIONS = 2_000
_KEEPALIVE_SECONDS = 5.0
_TIMEOUT_SECONDS = 15.0
_MAX_UNTRUSTED_CONNECTIONS = 200


def provider_client(max_answer_bytes: int = MAX_ANSWER_BYTES) -> httpx.AsyncClient:
    """Build the client for providers' APIs; one per process.

    httpx's own pool scans every idle connection on every request and collapses above some dozens in flight,
    so aiohttp is the transport. Redirects are not followed: credentials would travel with them.

    A worker that has lost the lease must not send (L5), and between its last check and the first byte on the
    wire a connection may be opened and the process may be paused. So the lease is checked once more right
    before the write, and the write is not deferred; a lost lease raises `LeaseLost` or a connection error.

    Answers are bounded in size: reading a larger one raises `AnswerTooLarge`.
    """
    return DirectClient(
        BoundedTransport(AiohttpTransport(client=_build_session), max_answer_bytes),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED_ENCODING},
        timeout=_TIMEOUT_SECONDS,
    )


def untrusted_client(make_socket: Callable[[tuple[Any, ...]], socket.socket]) -> httpx.AsyncClient:
    """Build a client for untrusted URLs; `make_socket` decides about each connection.

    No proxy, no cookies, no redirects: the caller checks every hop.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs URLs, which may hold a secret

    def session() -> ClientSession:
        connector = TCPConnector(
            socket_factory=make_socket, limit=_MAX_UNTRUSTED_CONNECTIONS, use_dns_cache=False
        )
        return ClientSession(connector=connector, cookie_jar=DummyCookieJar())

    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session),
        headers={"User-Agent": USER_AGENT},
        timeout=_TIMEOUT_SECONDS,
        follow_redirects=False,
    )


def _build_session() -> ClientSession:
    trace = TraceConfig()
    trace.on_request_headers_sent.append(_check_lease)
    trace.on_request_chunk_sent.append(_check_lease)  # despite their names, both hooks run before the write
    connector = _UnbufferedConnector(limit=_MAX_CONNECTIONS, keepalive_timeout=_KEEPALIVE_SECONDS)
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), trace_configs=[trace])


async def _check_lease(session: ClientSession, context: SimpleNamespace, connection_info: Any) -> None:
    check = current_lease_check.get()
    if check is not None:
        check()


class _UnbufferedConnector(TCPConnector):
    """Makes the event loop write at once; uvloop would batch writes until its next iteration."""

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> ResponseHandler:
        protocol = await super()._create_connection(req, traces, timeout)
        if protocol.transport is not None:
            protocol.transport.set_write_buffer_limits(high=0)
        return protocol
