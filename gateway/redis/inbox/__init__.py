"""Inbox on Redis: deduplicates and stores the events of webhooks."""

from gateway.redis.inbox.redis_inbox import RedisInbox

__all__ = ["RedisInbox"]
