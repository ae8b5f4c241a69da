"""Describes why Redis cannot be reached: connection refused, unknown host, missing socket, no Sentinel."""

from __future__ import annotations

import socket
from errno import EHOSTUNREACH, ENETUNREACH
from types import MappingProxyType

from redis.asyncio.sentinel import MasterNotFoundError as AsyncMasterNotFoundError
from redis.exceptions import InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.sentinel import MasterNotFoundError

from core.errors import iterate_causes

_NO_PRIMARY = (
    "No Sentinel in REDIS_URL can be reached and knows the primary; check their hosts and ports, the name of "
    "the primary, and sentinel_username and sentinel_password"
)
_CAUSES = MappingProxyType(
    {
        MasterNotFoundError: _NO_PRIMARY,
        AsyncMasterNotFoundError: _NO_PRIMARY,
        InvalidResponse: "What listens at the host and port of REDIS_URL does not speak Redis' protocol; "
        "correct REDIS_URL",
        ConnectionRefusedError: "Redis refuses the connection: nothing listens at the host and port of "
        "REDIS_URL; start the server, or correct REDIS_URL",
        socket.gaierror: "The host name in REDIS_URL cannot be resolved; correct it, or the DNS of this "
        "machine",
        FileNotFoundError: "The socket in REDIS_URL does not exist; start the server, or correct REDIS_URL",
        PermissionError: "This process may not open the socket in REDIS_URL; give its user access to it",
    }
)
_NO_ROUTE = "There is no route to the host in REDIS_URL; check the network, or correct REDIS_URL"
_LATE = (
    "Redis does not answer in time; check REDIS_URL (rediss:// needs a server with TLS), firewalls, and the "
    "server's load"
)


def describe_unreachable(error: BaseException) -> str:
    """Describe why the server cannot be reached, and what to do; empty for any other error."""
    for cause in iterate_causes(error):
        for kind, sentence in _CAUSES.items():
            if isinstance(cause, kind):
                return sentence
        if isinstance(cause, OSError) and cause.errno in (EHOSTUNREACH, ENETUNREACH):
            return _NO_ROUTE
    return _LATE if isinstance(error, RedisTimeoutError | TimeoutError) else ""
