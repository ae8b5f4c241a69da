"""Describes for operators why a provider's API did not respond."""

from __future__ import annotations

import errno
import ssl
from socket import gaierror

import aiohttp
import httpx

from core.errors import iterate_causes

_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})
_TIMEOUTS = (TimeoutError, httpx.TimeoutException, aiohttp.ConnectionTimeoutError)
_BROKEN = (ConnectionError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)
_BROKEN_TYPES = frozenset({httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError})


def describe_no_connection(error: BaseException) -> str:
    """Return why no connection was made, and what to check.

    The client reports most of these errors as a timeout; only their cause tells them apart.
    """
    causes = list(iterate_causes(error))
    for cause in causes:
        if isinstance(cause, gaierror):
            return "its host name cannot be resolved; check the API's URL and the DNS server"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not trusted; check the API's URL and the certificate authorities"
        if isinstance(cause, ssl.SSLError):
            return "no TLS connection; check the API's URL"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused; check the API's URL and firewalls"
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return "its network cannot be reached; check the network and firewalls"
    if any(isinstance(cause, httpx.PoolTimeout) for cause in causes):
        return "too many connections are in use"
    if any(isinstance(cause, _TIMEOUTS) for cause in causes):
        return "no connection in time; check the network and firewalls"
    return f"connection failed ({type(error).__name__})"


def describe_no_response(error: BaseException) -> str:
    """Return why a request that was sent got no response that can be read."""
    causes = list(iterate_causes(error))
    if isinstance(error, httpx.DecodingError):
        return "its response cannot be unpacked"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "no response in time"
    if any(isinstance(cause, _BROKEN) or type(cause) in _BROKEN_TYPES for cause in causes):
        return "the connection broke before the response"
    if isinstance(error, httpx.TimeoutException):
        return "no response in time"
    return f"no response ({type(error).__name__})"
