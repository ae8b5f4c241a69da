"""Refuses a reply whose template does not fit what the provider listed, right before it is sent."""

from __future__ import annotations

from copy import copy
from time import monotonic

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import Rejected
from core.model import MessageTemplate, Reply, SentMessage, Template
from core.ports import Channel, HasTemplates
from gateway.redis.records.templates import TemplateRecords

_CACHE_SECONDS = 20.0
_CACHE_SIZE = 1_000


def with_template_check(channel: Channel[httpx.AsyncClient], redis: Redis) -> Channel[httpx.AsyncClient]:
    """Return the channel with the check, if its provider has templates.

    It is a copy, not a wrapper: the optional methods of a channel are found on it too.
    """
    if not isinstance(channel, HasTemplates):
        return channel
    checked = copy(channel)
    setattr(checked, "send", _CheckedSend(channel, redis).send)  # noqa: B010 # mypy takes a method for no variable
    return checked


class _CheckedSend:
    """A channel's `send`, for replies with templates after the check. Definitions are kept for a moment."""

    def __init__(self, channel: Channel[httpx.AsyncClient], redis: Redis) -> None:
        self._channel = channel
        self._records = TemplateRecords(redis)
        self._definitions: dict[tuple[str, str], tuple[float, MessageTemplate | None]] = {}

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send a reply. Raises `Rejected` for a template that does not fit."""
        if reply.template is not None:
            await self._check(reply, reply.template)
        return await self._channel.send(reply, http)

    async def _check(self, reply: Reply, template: Template) -> None:
        """Check the template; one that is not listed is left to the provider."""
        assert isinstance(self._channel, HasTemplates), "others are not checked"
        problem = None
        for is_fresh in (False, True):  # the cached definition may be outdated
            definition = await self._find(template, is_fresh=is_fresh)
            if definition is None:
                return
            problem = self._channel.check_template(definition, template, reply.address)
            if problem is None:
                return
        if problem is not None:
            raise Rejected(problem.reason, code=problem.kind.value)

    async def _find(self, template: Template, *, is_fresh: bool) -> MessageTemplate | None:
        name, now = (template.name, template.language), monotonic()
        read_at, definition = self._definitions.get(name, (float("-inf"), None))
        if not is_fresh and now - read_at < _CACHE_SECONDS:
            return definition
        try:
            definition = await self._records.find(self._channel.name, *name)
        except (RedisError, OSError):
            return None  # the provider checks it too
        if len(self._definitions) >= _CACHE_SIZE:
            self._definitions.clear()
        self._definitions[name] = (now, definition)
        return definition
