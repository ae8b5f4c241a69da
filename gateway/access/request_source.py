"""Origin of a request: this machine or not, and the page that sent it."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request

from gateway.access.peer_account import may_be_service

CONNECTION_FACTS: Final = "turngate.connection"
"""Extension of a request's scope: facts about its connection, shared by all requests on it."""
_IS_SERVICE: Final = "is_service"

_PROXY_PREFIXES = ("x-forwarded", "x-original", "x-envoy", "x-amzn-trace", "cf-")
_PROXY_HEADERS = frozenset(
    {
        "forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "x-cluster-client-ip",
        "fastly-client-ip", "x-scheme", "x-proxyuser-ip", "proxy-connection", "x-arr-log-id",
        "x-azure-clientip",
    }
)  # fmt: skip
_UNSAFE_SITES = ("cross-site", "same-site")
_MAX_ADDRESS_LENGTH = 100
_AUTHORITY = re.compile(r"(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?", re.ASCII)
"""A Host header as RFC 9110 has it; `urlsplit` would also read `localhost/.example.com`."""


def is_local(request: Request) -> bool:
    """Return whether a request is certainly from this machine, under a loopback name and past no proxy.

    The name protects against DNS rebinding. HTTP/1.0 is what nginx before 1.29.7 speaks when nothing is
    configured; later ones are known by their account.
    """
    client = request.client.host if request.client else ""
    hosts = request.headers.getlist("host")
    return (
        is_loopback(client)
        and len(hosts) == 1
        and _is_loopback_authority(hosts[0])
        and request.scope.get("http_version", "1.1") != "1.0"
        and not any(_is_proxy_header(name) for name in request.headers)
        and not _is_from_service(request)
    )


def _is_from_service(request: Request) -> bool:
    client, server = request.client, request.scope.get("server")
    if not client or not server:
        return False
    facts = (request.scope.get("extensions") or {}).get(CONNECTION_FACTS, {})
    if _IS_SERVICE not in facts:
        facts[_IS_SERVICE] = may_be_service((client.host, client.port), (server[0], server[1] or 0))
    return bool(facts[_IS_SERVICE])


def client_address(request: Request) -> str:
    """Return the client address under which failed attempts are counted.

    Behind a proxy of ours (one with a private address) it is the one that this proxy has appended. It is used
    only to tell visitors apart, never for authorization.
    """
    peer = request.client.host if request.client else "unknown"
    forwarded = request.headers.getlist("x-forwarded-for")
    if not forwarded or not _is_private(peer):
        return group_address(peer)
    return f"{peer}>{group_address(forwarded[-1].rpartition(',')[2].strip()[:_MAX_ADDRESS_LENGTH])}"


@lru_cache(1024)
def group_address(address: str) -> str:
    """Return the name under which the addresses of one client are counted.

    Of IPv6 it is the network of 64 bits, of which one client may use every address; a port, which some
    proxies append, is left out. Anything but an address is returned as it is.
    """
    host = address[1:].partition("]")[0] if address.startswith("[") else address
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


def is_same_origin(request: Request, public_origin: str, *, is_required: bool = False) -> bool:
    """Return whether no page of another origin has sent the request (against CSRF).

    Browsers send the origin of a request that changes something, other clients do not; `is_required` is for
    requests that a browser authenticates by itself.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin")
    if site in _UNSAFE_SITES or (is_required and not site and origin is None):
        return False
    if origin is None or site == "same-origin":
        return True
    parts = _split_url(origin)
    if parts is None or not parts.netloc:
        return False
    return parts.netloc == request.headers.get("host") or (
        bool(public_origin) and origin_of(origin) == public_origin
    )


def origin_of(url: str) -> str:
    """Return the origin of a URL: scheme, host and port, without a default port. Empty if it is malformed."""
    parts = _split_url(url)
    if parts is None:
        return ""
    host = parts.netloc.lower()
    default = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    return f"{parts.scheme}://{host.removesuffix(default) if default else host}"


@lru_cache(256)
def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(256)
def _is_private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


@lru_cache(256)
def _is_loopback_authority(host_and_port: str) -> bool:
    match = _AUTHORITY.fullmatch(host_and_port)
    return match is not None and is_loopback(match["name"].lower().strip("[]"))


def _is_proxy_header(name: str) -> bool:
    return name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES)


def _split_url(url: str) -> SplitResult | None:
    """Split a URL; `None` if it is malformed, as in `Host: [`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
