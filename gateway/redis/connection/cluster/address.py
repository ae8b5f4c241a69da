"""REDIS_URL of a Redis Cluster: some of its nodes, and the options of connections to any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from redis import ConnectionPool
from redis.connection import SSLConnection
from redis.exceptions import RedisError

from core.errors import ConfigurationError
from gateway.redis.connection.url_forms import CLUSTER_FORM

_SCHEMES = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
_KEPT_OPTIONS = ("username", "password", "client_name", "health_check_interval")
_PORT = 6379
_MAX_PORT = 65535
_NODE = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|(?P<host>[^\s:\[\]]+))(?::(?P<port>\d{1,5}))?", re.ASCII
)

Node = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Nodes that tell where each slot is; `options` are those of connections, credentials among them."""

    nodes: tuple[Node, ...]
    options: dict[str, Any] = field(default_factory=dict)
    is_secure: bool = False


def parse_cluster_url(url: str) -> ClusterAddress | None:
    """Parse a URL that names nodes of a cluster; `None` for any other.

    Raises `ConfigurationError` if it is malformed or names a database other than 0.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES:
        return None
    place, mark, query = rest.partition("?")
    authority, _, database = place.partition("/")
    user_info, at, hosts = authority.rpartition("@")
    try:
        nodes = tuple(parse_node(host, _PORT) for host in hosts.split(","))
        # redis-py reads the credentials and the options of the query
        plain = f"{_SCHEMES[scheme]}://{user_info}{at}host{mark}{query}"
        pool = ConnectionPool.from_url(plain)
        pool.make_connection()  # connects to nothing
    except (ValueError, TypeError, RedisError):
        raise ConfigurationError(f"REDIS_URL: it is not valid; write it as {CLUSTER_FORM}") from None
    if database.strip("/") not in ("", "0") or pool.connection_kwargs.get("db"):
        raise ConfigurationError("REDIS_URL: a cluster has only database 0; leave out the database")
    options = {
        name: value
        for name, value in pool.connection_kwargs.items()
        if name in _KEPT_OPTIONS or name.startswith(("ssl_", "socket_"))
    }
    return ClusterAddress(nodes, options, issubclass(pool.connection_class, SSLConnection))


def parse_node(text: str, default_port: int) -> Node:
    """Parse `host[:port]`; the host may be an IPv6 address in brackets. Raises `ValueError`."""
    found = _NODE.fullmatch(text)
    if found is None:
        raise ValueError("a host is missing or malformed")
    port = int(found["port"] or default_port)
    if not 0 < port <= _MAX_PORT:
        raise ValueError("the port is out of range")
    return found["ipv6"] or found["host"], port
