"""Mailbox on Redis: the worker side of the session protocol."""

from gateway.redis.mailbox.decoding import has_left
from gateway.redis.mailbox.redis_mailbox import RedisMailbox

__all__ = ["RedisMailbox", "has_left"]
