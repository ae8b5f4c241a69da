"""REDIS_URL: validation of all forms, and parsing of the form for Sentinels."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from redis import ConnectionPool
from redis.exceptions import RedisError

from core.errors import ConfigurationError
from gateway.redis.connection.cluster.address import parse_cluster_url, parse_node
from gateway.redis.connection.url_forms import CLUSTER_FORM, SENTINEL_FORM

_SINGLE_SCHEMES = ("redis", "rediss", "unix")
_SENTINEL_SCHEMES = {"redis+sentinel": False, "rediss+sentinel": True}
_SENTINEL_PORT = 26379
_FILE_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_OPTION_PREFIXES = ("ssl_", "sentinel_", "socket_")
_OPTIONS = frozenset(
    {"db", "username", "password", "client_name", "health_check_interval", "max_connections"}
)
"""Options besides those; others change what answers look like, or repeat steps whose answer was lost."""
_TIMEOUTS = ("socket_timeout", "socket_connect_timeout")
_MAX_SECONDS = 3_600
_SENTINEL_QUERY = {"sentinel_username": "username", "sentinel_password": "password"}


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """The Sentinels that know a primary, its name, and the options of connections to both."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    options: dict[str, Any] = field(default_factory=dict)
    sentinel_options: dict[str, Any] = field(default_factory=dict)
    is_secure: bool = False


def check_url(url: str) -> None:
    """Raise `ConfigurationError` naming REDIS_URL, without its password, if `url` cannot be used."""
    scheme, separator, rest = url.partition("://")
    if not url.isprintable() or (" " in url and scheme != "unix"):
        raise ConfigurationError("REDIS_URL: there is a space or a line break in it; leave that out")
    if parse_sentinel_url(url) is None and parse_cluster_url(url) is None:
        _check_single_url(url, scheme, separator, rest)
    query = url.partition("?")[2]
    _check_options(query)
    _check_certificate_files(query)


def _check_options(query: str) -> None:
    """Raise `ConfigurationError` for an option that redis-py knows and that this gateway cannot work with."""
    for name, values in parse_qs(query).items():
        if not name.startswith(_OPTION_PREFIXES) and name not in _OPTIONS:
            raise ConfigurationError(f"REDIS_URL: the option {name[:40]} cannot be used here; leave it out")
        if name in _TIMEOUTS and not 0 < float(values[0]) < _MAX_SECONDS:
            raise ConfigurationError(
                f"REDIS_URL: {name} must be more than 0 seconds, and less than {_MAX_SECONDS}"
            )


def _check_single_url(url: str, scheme: str, separator: str, rest: str) -> None:
    """Raise `ConfigurationError` if the URL of one server cannot be used."""
    if not separator or scheme not in _SINGLE_SCHEMES:
        raise ConfigurationError(
            f"REDIS_URL: the scheme {scheme[:20]!r} is not known; use redis://, rediss://, unix://, "
            f"{SENTINEL_FORM} or {CLUSTER_FORM}"
            if separator
            else "REDIS_URL: it has no scheme; write it as redis://host:port"
        )
    if scheme != "unix" and "," in rest.partition("/")[0].rpartition("@")[2]:
        raise ConfigurationError(
            f"REDIS_URL: {scheme}:// names one server; to follow a primary through its Sentinels use "
            f"{SENTINEL_FORM}, for a cluster {CLUSTER_FORM}"
        )
    try:
        parts = urlsplit(url)
        path = parts.path.strip("/")
        if scheme == "unix" and not path:
            raise ValueError("the path of the socket is missing")
        if scheme != "unix" and not parts.hostname:
            raise ValueError("the host is missing")  # redis-py would use localhost
        if scheme != "unix" and path and not path.isdecimal():
            raise ValueError("the database is not a number")  # redis-py would use 0
        ConnectionPool.from_url(url).make_connection()  # connects to nothing
    except (ValueError, TypeError, RedisError):
        form = (
            "unix:///path/of/socket[?db=1]"
            if scheme == "unix"
            else f"{scheme}://[user:password@]host:port[/db]"
        )
        raise ConfigurationError(
            f"REDIS_URL: it is not valid; write it as {form}, with special characters of the password "
            "percent-encoded and only options that redis-py knows"
        ) from None


def _check_certificate_files(query: str) -> None:
    """Raise `ConfigurationError` if a file that the options of TLS name cannot be read."""
    for name, values in parse_qs(query).items():
        if name not in _FILE_OPTIONS:
            continue
        try:
            Path(values[0]).read_bytes()
            if name == "ssl_ca_certs":
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(values[0])
        except ssl.SSLError:
            raise ConfigurationError(
                f"REDIS_URL: {name}={values[0]} has no certificates; name the PEM file of the authority"
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"REDIS_URL: {name}={values[0]} cannot be read ({error.strerror}); name a file that the user "
                "of this process may read"
            ) from None


def parse_sentinel_url(url: str) -> SentinelAddress | None:
    """Parse a URL that names Sentinels; `None` for any other. Raises `ConfigurationError` if it is malformed.

    The credentials are those of the primary. Sentinels with credentials of their own have them in the query:
    `?sentinel_username=…&sentinel_password=…`. Options of TLS are those of connections to both.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in _SENTINEL_SCHEMES:
        return None
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    user_info, _, hosts = authority.rpartition("@")
    username, _, password = user_info.partition(":")
    service, _, database = path.partition("/")
    try:
        sentinels = tuple(parse_node(host, _SENTINEL_PORT) for host in hosts.split(","))
        options: dict[str, Any] = {"db": int(database or 0)}
        given = parse_qs(query, strict_parsing=bool(query))
        tls_options = _parse_tls_options(
            {name: given.pop(name) for name in [*given] if name.startswith("ssl_")}
        )
        if tls_options and not _SENTINEL_SCHEMES[scheme]:
            raise ValueError("options of TLS without TLS")
        sentinel_options = {_SENTINEL_QUERY[name]: values[0] for name, values in given.items()} | tls_options
        options |= tls_options
    except (ValueError, TypeError, KeyError, RedisError):
        raise ConfigurationError(f"REDIS_URL: it is not valid; write it as {SENTINEL_FORM}") from None
    if not service:
        raise ConfigurationError(f"REDIS_URL: the primary's name is missing; write it as {SENTINEL_FORM}")
    if username:
        options["username"] = unquote(username)
    if password:
        options["password"] = unquote(password)
    return SentinelAddress(
        sentinels, unquote(service), options, sentinel_options, is_secure=_SENTINEL_SCHEMES[scheme]
    )


def _parse_tls_options(given: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return options of TLS as redis-py reads them from a URL. Raises an error if it does not know one."""
    query = urlencode({name: values[0] for name, values in given.items()})
    pool = ConnectionPool.from_url(f"rediss://host?{query}")
    pool.make_connection()  # connects to nothing
    return {name: value for name, value in pool.connection_kwargs.items() if name in given}
