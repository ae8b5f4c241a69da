"""HTTP client for untrusted URLs: SSRF protection (checked after DNS resolution), size and time limits.

Each address is checked when its socket is created, after name resolution, so neither a name that resolves to
a private address, nor one that changes in between (DNS rebinding), nor a redirect reaches a private network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from typing import Any
from urllib.parse import urljoin

import aiohttp
import httpx

from core.errors import iterate_causes
from core.ports import FetchError, HttpRequest, HttpResponse, ResponseTooLarge
from gateway.http.clients import untrusted_client

MAX_REDIRECTS = 3
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_CROSS_HOST_HEADERS = frozenset(("accept", "accept-encoding", "content-type", "user-agent"))
_UNSENT_ERRORS = (httpx.ConnectError, httpx.PoolTimeout, httpx.UnsupportedProtocol)
# the transport reports a refused connection as a timeout; only its cause tells them apart
_CONNECT_ERRORS = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BLOCKED_MESSAGE = "the address is not a public one; TURNGATE_PRIVATE_HOSTS allows hosts by name"


class SafeFetch:
    """HTTP client for untrusted URLs, except the `allowed_private_hosts` (`host` or `host:port`)."""

    def __init__(self, allowed_private_hosts: Collection[str] = ()) -> None:
        self._allowed_private_hosts = frozenset(
            host.strip().lower() for host in allowed_private_hosts if host.strip()
        )
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Make the request and follow a few redirects. Raises `FetchError`."""
        try:
            async with asyncio.timeout(request.seconds):
                return await self._follow_redirects(request)
        except TimeoutError as error:
            raise FetchError(f"no answer within {request.seconds:.0f} seconds", sent=True) from error

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    async def _follow_redirects(self, request: HttpRequest) -> HttpResponse:
        url, method, body = _parse_url(request.url), request.method, request.body
        headers = {**request.headers, "Accept-Encoding": "identity"}
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._send(method, url, headers, body, request.largest)
            location = response.headers.get("location")
            if response.status not in _REDIRECT_STATUSES or not location or not request.follow_redirects:
                return response
            if method != "GET" and response.status not in (307, 308):
                method, body = "GET", None
            previous_url, url = url, _parse_url(urljoin(str(url), location))
            if previous_url.scheme == "https" and url.scheme != "https":
                raise FetchError("it was redirected from https to http", sent=True)
            if (previous_url.host, previous_url.port) != (url.host, url.port):
                if body is not None:
                    raise FetchError("it was redirected to another host with its body", sent=True)
                headers = {k: v for k, v in headers.items() if k.lower() in _CROSS_HOST_HEADERS}
        raise FetchError("it was redirected too often", sent=True)

    async def _send(
        self, method: str, url: httpx.URL, headers: dict[str, str], body: bytes | None, largest: int
    ) -> HttpResponse:
        client = self._client_for(url)
        try:
            encoded_headers = httpx.Headers(headers, encoding="utf-8")
            async with client.stream(method, url, headers=encoded_headers, content=body) as response:
                return HttpResponse(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=await _read_body(response, largest),
                )
        except httpx.HTTPError as error:
            if _is_blocked(error):
                raise FetchError(_BLOCKED_MESSAGE, sent=False) from error
            sent = not isinstance(error, _UNSENT_ERRORS) and not isinstance(error.__cause__, _CONNECT_ERRORS)
            raise FetchError(f"no answer ({type(error).__name__})", sent=sent) from error
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            raise FetchError("the request cannot be sent as it is written", sent=False) from error

    def _client_for(self, url: httpx.URL) -> httpx.AsyncClient:
        """Return the client for public or for exempt private hosts; new ones on another event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._clients = loop, {}
        host_names = {url.host.lower(), f"{url.host.lower()}:{_port(url)}"}
        is_exempt = bool(host_names & self._allowed_private_hosts)
        if is_exempt not in self._clients:
            self._clients[is_exempt] = untrusted_client(_open_socket if is_exempt else _open_public_socket)
        return self._clients[is_exempt]


class _BlockedAddress(OSError):
    """The address may not be called."""


def _open_public_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, (host, *_) = address
    if not is_public(host):
        raise _BlockedAddress(_BLOCKED_MESSAGE)
    return socket.socket(family=family, type=kind, proto=protocol)


def _open_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, *_ = address
    return socket.socket(family=family, type=kind, proto=protocol)


def is_public(host: str) -> bool:
    """Return whether an IP address is public, including IPv4 addresses embedded in IPv6 forms."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if embedded is None and address in _NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is None and address not in _GLOBAL_UNICAST:
            return False
        address = embedded or address
    if any(address in network for network in _BLOCKED_NETWORKS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""Allocated public IPv6 space; everything else is reserved."""

_BLOCKED_NETWORKS = (
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's platform address, reachable from its virtual machines
    ipaddress.ip_network("192.0.0.0/24"),  # Oracle Cloud's platform addresses
    ipaddress.ip_network("3fff::/20"),  # documentation prefix
)


def _parse_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise FetchError("the address cannot be read", sent=False) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError("the URL must begin with https:// or http:// and name a host", sent=False)
    if url.userinfo:
        raise FetchError("the URL must not contain a password", sent=False)
    return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_blocked(error: BaseException) -> bool:
    """Return whether our own refusal led to the client's exception."""
    return any(
        isinstance(cause, _BlockedAddress) or _BLOCKED_MESSAGE in str(cause)
        for cause in iterate_causes(error)
    )


async def _read_body(response: httpx.Response, largest: int) -> bytes:
    """Read the body undecoded: a response compressed against our request may be a decompression bomb."""
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise FetchError("the answer is compressed although no compression was requested", sent=True)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > largest:
            raise ResponseTooLarge(f"the answer is larger than {largest} bytes", sent=True)
    return bytes(body)
