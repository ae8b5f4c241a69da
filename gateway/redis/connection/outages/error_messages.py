"""Describes errors of the connection to Redis: what happened, and what to do."""

from __future__ import annotations

import re
import ssl

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MovedError,
    RedisError,
    ResponseError,
)

from core.errors import iterate_causes
from gateway.redis.connection.outages.unreachable import describe_unreachable
from gateway.redis.connection.outages.write_refusal import (
    describe_missing_permission,
    describe_refusal,
    is_moving,
)
from gateway.redis.connection.url_forms import CLUSTER_FORM

_UNKNOWN_SENTINEL = re.compile("unknown command ['`]SENTINEL", re.IGNORECASE)
_MISSING_PARTITIONS = re.compile(r"TURNGATE_PARTITIONS is 1,.*")  # ownership.lua


def describe_redis_error(error: BaseException) -> str:
    """Describe why the server cannot be used, and what to do. The URL and its password are not in it."""
    if refusal := describe_refusal(error):
        return refusal
    for cause in iterate_causes(error):  # redis-py wraps errors of a connection's first commands
        if reason := _describe_cause(cause):
            return reason
    if isinstance(error, ResponseError):
        return f"Redis refuses the request ({type(error).__name__}); see the server's log"
    return describe_unreachable(error) or "Redis cannot be reached; check REDIS_URL and that the server runs"


def describe_storage_error(error: BaseException) -> str:
    """Describe why something was not stored: by the server's error, or else by the error's own text."""
    cause = error.__cause__
    return describe_redis_error(cause) if isinstance(cause, RedisError | OSError) else str(error)


def _describe_cause(error: BaseException) -> str:
    """Return the sentence about one error; empty for an error that is not known."""
    if isinstance(error, AuthenticationError):
        return "Redis refuses the credentials in REDIS_URL; correct them"
    if problem := describe_missing_permission(error):
        return problem
    if isinstance(error, BusyLoadingError):
        return "Redis is loading its data; wait until it has finished"
    if isinstance(error, ResponseError) and str(error).startswith("BUSY "):
        return "Redis is busy with a script of another program; wait, or end it with SCRIPT KILL"
    if isinstance(error, MovedError):
        return f"REDIS_URL names one node of a Redis Cluster; write it as {CLUSTER_FORM}"
    if is_moving(error):
        return "The cluster moves the partition or replaces its server; wait until it has finished"
    if isinstance(error, ResponseError) and "DB index is out of range" in str(error):
        return "The server has no database of the number in REDIS_URL; use a lower one, or leave it out"
    if isinstance(error, ResponseError) and _UNKNOWN_SENTINEL.search(str(error)):
        return (
            "What listens at a host and port of REDIS_URL is no Sentinel; name the Sentinels, or write it as "
            "redis://host:port for one server"
        )
    if isinstance(error, ResponseError) and (found := _MISSING_PARTITIONS.search(str(error))):
        return found[0]
    if isinstance(error, ResponseError) and "cluster support disabled" in str(error):
        return "The server in REDIS_URL is not part of a Redis Cluster; write it as redis://host:port"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of Redis is not trusted ({error.verify_message or 'unknown reason'}); name the "
            "certificate authority by ?ssl_ca_certs=/path/to/ca.pem in REDIS_URL, and the host as the "
            "certificate has it"
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"No TLS connection to Redis ({error.reason or 'protocol error'}); use redis:// for a server "
            "without TLS, and ssl_certfile and ssl_keyfile where it wants a client certificate"
        )
    return ""
