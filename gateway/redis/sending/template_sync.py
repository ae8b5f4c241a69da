"""Reads the lists of message templates: periodically in one worker at a time, and on request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import httpx
from redis.asyncio import Redis

from core.errors import ConfigurationError, DeliveryError, Unavailable
from core.model import MessageTemplate
from core.ports import Channel, HasTemplates
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.records.templates import TemplateRecords

log = logging.getLogger("turngate.templates")

_CHECK_SECONDS = 5.0
_INTERVAL_SECONDS = 3600
_RETRY_SECONDS = 300
_LIST_SECONDS = 120.0

UNLISTED: Final = (
    "this provider has no list of templates; they are sent by name, and only the provider checks them"
)


def claim_key(channel: str) -> str:
    """Return the key of a worker's claim to read a list.

    It expires when the next read is due; accept.lua deletes it when an event changes a template's status.
    """
    return f"tg:template_sync:{channel}"


async def request_sync(redis: Redis, channel: str) -> None:
    """Let a worker read a channel's list soon."""
    await redis.delete(claim_key(channel))


def find_unlisted(channels: Mapping[str, Channel[httpx.AsyncClient]]) -> list[str]:
    """Return the channels that send templates and whose provider has no list of them."""
    return sorted(
        name
        for name, each in channels.items()
        if each.capabilities.templates and not isinstance(each, HasTemplates)
    )


class TemplateSync:
    """Synchronizes the stored templates of all channels with the providers."""

    def __init__(
        self,
        redis: Redis,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        http: httpx.AsyncClient,
        copies: Sequence[Redis] = (),
    ) -> None:
        """Create the synchronisation; the lists are stored in `copies`, the other partitions, too."""
        self._redis = redis
        self._copies = [TemplateRecords(each) for each in copies]
        self._http = http
        self._records = TemplateRecords(redis)
        self._channels = {name: each for name, each in channels.items() if isinstance(each, HasTemplates)}
        self._unlisted = find_unlisted(channels)
        self._problems: dict[str, str] = {}

    async def sync(self, channel: str) -> list[MessageTemplate]:
        """Read and store a channel's list. Raises a `DeliveryError` or `ConfigurationError`."""
        provider = self._channels.get(channel)
        if channel in self._unlisted:
            raise ConfigurationError(f"{channel}: {UNLISTED}")
        if provider is None:
            raise ConfigurationError(f"the channel {channel} is not configured, or has no templates")
        records = (self._records, *self._copies)
        started_ms = [await each.now_ms() for each in records]
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                templates = await provider.list_templates(self._http)
        except TimeoutError as error:
            raise Unavailable(f"{channel}: no list of templates within {_LIST_SECONDS:g} s") from error
        for each, began_ms in zip(records, started_ms, strict=True):
            await each.replace(channel, templates, began_ms)
        return templates

    async def run(self) -> None:
        """Read every list at the start, every hour, and after an event about a status, until cancelled."""
        await run_forever(self.sync_due, _CHECK_SECONDS, "reading the templates")

    async def sync_due(self) -> None:
        """Read the lists that are due and that no other worker reads; a failure is logged once."""
        for name, provider in self._channels.items():
            if provider.templates_setting:
                continue
            claimed = await self._redis.set(claim_key(name), "1", nx=True, ex=int(2 * _LIST_SECONDS))
            if claimed:
                is_read = await self._try_sync(name)
                await self._redis.expire(claim_key(name), _INTERVAL_SECONDS if is_read else _RETRY_SECONDS)

    async def _try_sync(self, channel: str) -> bool:
        problem = ""
        try:
            await self.sync(channel)
        except DeliveryError as error:
            problem = error.reason
        except Exception as error:  # a channel may raise anything, and the worker goes on
            log.debug("the list of templates of %s", channel, exc_info=True)
            problem = type(error).__name__
        if problem and problem != self._problems.get(channel):
            log.warning("%s: the list of templates cannot be read, the last one stays: %s", channel, problem)
        self._problems[channel] = problem
        return not problem
