"""Access rules for tests."""

from __future__ import annotations

from redis.asyncio import Redis

from gateway.access.exposure import OperatorAccess
from gateway.access.operator_keys import parse_operator_keys
from gateway.server.operator_auth import OperatorAuth


def build_operator_auth(
    redis: Redis, key: str = "", named: str = "", *, exposure: str = "", origin: str = ""
) -> OperatorAuth:
    """Return the rule for these keys, as settings give them."""
    return OperatorAuth(OperatorAccess(parse_operator_keys(key, named), exposure, origin), redis)
