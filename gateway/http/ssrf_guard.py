"""HTTP to addresses that a flow or a user named: never into the house's own network, never without bounds.

Each address is looked at when its socket is made, after the name was resolved, so that neither a name that
resolves to a private address nor one that changes in between nor a redirect leads inside.
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

from core.ports.http_fetch import Fetched, NotFetched, Request, TooLarge
from gateway.http.clients import outside_client

MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_FOR_ANY_HOST = frozenset(("accept", "accept-encoding", "content-type", "user-agent"))
_NOT_SENT = (httpx.ConnectError, httpx.PoolTimeout, httpx.UnsupportedProtocol)
# the transport reports a refused connection as a time-out; only its cause tells
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_PRIVATE = "the address is not a public one"


class GuardedFetch:
    """The `Fetch` port. `private` are hosts, as `host` or `host:port`, that may be called all the same."""

    def __init__(self, private: Collection[str] = ()) -> None:
        self._private = frozenset(host.strip().lower() for host in private if host.strip())
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def fetch(self, request: Request) -> Fetched:
        """Make the request and follow a few redirects. Raises `NotFetched`."""
        try:
            async with asyncio.timeout(request.seconds):
                return await self._followed(request)
        except TimeoutError as error:
            raise NotFetched(f"no answer within {request.seconds:.0f} seconds", sent=True) from error

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    async def _followed(self, request: Request) -> Fetched:
        url, method, body = _checked(request.url), request.method, request.body
        headers = {**request.headers, "Accept-Encoding": "identity"}
        for _ in range(MOST_REDIRECTS + 1):
            fetched = await self._once(method, url, headers, body, request.largest)
            location = fetched.headers.get("location")
            if fetched.status not in _REDIRECTS or not location:
                return fetched
            if method != "GET" and fetched.status not in (307, 308):
                method, body = "GET", None
            before, url = url, _checked(urljoin(str(url), location))
            if before.scheme == "https" and url.scheme != "https":
                raise NotFetched("it was redirected from https to http", sent=True)
            if (before.host, before.port) != (url.host, url.port):
                if body is not None:
                    raise NotFetched("it was redirected to another host with what it carries", sent=True)
                headers = {k: v for k, v in headers.items() if k.lower() in _FOR_ANY_HOST}
        raise NotFetched("it was redirected too often", sent=True)

    async def _once(
        self, method: str, url: httpx.URL, headers: dict[str, str], body: bytes | None, largest: int
    ) -> Fetched:
        client = self._client(url)
        try:
            written = httpx.Headers(headers, encoding="utf-8")
            async with client.stream(method, url, headers=written, content=body) as response:
                return Fetched(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=await _read(response, largest),
                )
        except httpx.HTTPError as error:
            if _is_forbidden(error):
                raise NotFetched(_PRIVATE, sent=False) from error
            sent = not isinstance(error, _NOT_SENT) and not isinstance(error.__cause__, _NEVER_CONNECTED)
            raise NotFetched(f"no answer ({type(error).__name__})", sent=sent) from error
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            raise NotFetched("the request cannot be sent as it is written", sent=False) from error

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        """One client for the world and one for the named private hosts; new ones on another event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._clients = loop, {}
        named = {url.host.lower(), f"{url.host.lower()}:{_port(url)}"}
        is_named = bool(named & self._private)
        if is_named not in self._clients:
            self._clients[is_named] = outside_client(_any_socket if is_named else _public_socket)
        return self._clients[is_named]


class _Forbidden(OSError):
    """The address is not one that may be called."""


def _public_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, (host, *_) = address
    if not is_public(host):
        raise _Forbidden(_PRIVATE)
    return socket.socket(family=family, type=kind, proto=protocol)


def _any_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, *_ = address
    return socket.socket(family=family, type=kind, proto=protocol)


def is_public(host: str) -> bool:
    """Whether an IP address belongs to the public internet, also the one inside of an IPv6 form of IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address not in _HANDED_OUT:
            return False
        address = inner or address
    if any(address in network for network in _OF_THE_HOUSE):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HANDED_OUT = ipaddress.ip_network("2000::/3")
"""Where the public addresses of IPv6 are; the rest is not given to anybody."""

_OF_THE_HOUSE = (
    ipaddress.ip_network("168.63.129.16/32"),  # Azure answers its own machines there
    ipaddress.ip_network("192.0.0.0/24"),  # and Oracle's cloud there
    ipaddress.ip_network("3fff::/20"),  # for examples in documents
)


def _checked(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NotFetched("the address cannot be read", sent=False) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise NotFetched("the address must begin with https:// or http:// and name a host", sent=False)
    if url.userinfo:
        raise NotFetched("the address may not hold a password", sent=False)
    return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_forbidden(error: BaseException | None) -> bool:
    """Whether our own refusal is at the bottom of what the client made of it."""
    for _ in range(6):
        if error is None or isinstance(error, _Forbidden) or _PRIVATE in str(error):
            break
        error = error.__cause__ or error.__context__
    return error is not None and (isinstance(error, _Forbidden) or _PRIVATE in str(error))


async def _read(response: httpx.Response, largest: int) -> bytes:
    """The body, as it came: who compresses against our word may hold a bomb."""
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise NotFetched("the answer is compressed although it was not to be", sent=True)
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > largest:
            raise TooLarge(f"the answer is larger than {largest} bytes", sent=True)
    return bytes(body)
