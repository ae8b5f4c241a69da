"""Operator authentication: TURNGATE_API_KEY or, if none is set, access from this machine only."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from functools import lru_cache, wraps
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.server.error_responses import error_response

Handler = Callable[[Request], Awaitable[Response]]


class OperatorAuth:
    """Access rule built from the configured key (empty: this machine only)."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def require(self, handler: Handler) -> Handler:
        """Wrap `handler`: everybody without access gets 401 or 403 with a sentence."""

        @wraps(handler)
        async def guarded(request: Request) -> Response:
            return self.denial_response(request) or await handler(request)

        return guarded

    def denial_response(self, request: Request) -> Response | None:
        """Return the response that denies access; `None` if the request is authorized."""
        if self._key:
            if not hmac.compare_digest(_provided_key(request), self._key):
                return error_response(
                    401,
                    "unauthorized",
                    "give TURNGATE_API_KEY as the password, or as a bearer token",
                    {"WWW-Authenticate": 'Basic realm="Turngate console", charset="UTF-8"'},
                )
        elif not _is_local(request):
            return error_response(
                403, "forbidden", "set TURNGATE_API_KEY to open the console to others than this machine"
            )
        if request.method == "POST" and not _is_same_origin(request):
            return error_response(
                403, "forbidden", "send JSON or CSV by its content type, from the console's own page"
            )
        return None


def _provided_key(request: Request) -> bytes:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")  # the bytes as they arrived
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _is_local(request: Request) -> bool:
    """Check for this machine under a loopback name (which protects against DNS rebinding)."""
    client = request.client.host if request.client else ""
    return _is_loopback(client) and _is_loopback_authority(request.headers.get("host", ""))


@lru_cache(256)
def _is_loopback_authority(host_and_port: str) -> bool:
    parts = _split_url(f"//{host_and_port}")
    return parts is not None and _is_loopback(parts.hostname or "")


def _split_url(url: str) -> SplitResult | None:
    """Split a URL; `None` if it is malformed, as in `Host: [`."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


@lru_cache(256)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_same_origin(request: Request) -> bool:
    """Check for JSON or CSV, which no form can send, and, from a browser, our own origin (against CSRF)."""
    origin = request.headers.get("origin")
    parts = None if origin is None else _split_url(origin)
    same = origin is None or (parts is not None and parts.netloc == request.headers.get("host"))
    site = request.headers.get("sec-fetch-site", "same-origin")
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return same and site in ("same-origin", "none") and kind in ("application/json", "text/csv")
