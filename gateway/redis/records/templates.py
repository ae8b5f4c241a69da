"""Message templates as last listed by the providers, with changes by later events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import WatchError

from core.model import APPROVED, DELETED, FrozenModel, MessageTemplate
from gateway.redis.records.template_keys import (
    CHANGES_KEY,
    LOW_QUALITIES,
    STATES_KEY,
    alarm_name,
    state_field,
)

ALARMS_KEY = "tg:alarms"
_SYNCS_KEY = "tg:template_syncs"
_ASPECTS = ("status", "quality", "category")
_MAX_TRIES = 5
_ID_PREFIX = "#"
"""Prefix of the fields that map a provider's id to a template; no language begins with it."""


class TemplateSyncReport(FrozenModel):
    """The last successful reading of a channel's list: the time by the server's clock, and what it found."""

    at_ms: int
    templates: int


class TemplateRecords:
    """Templates of all channels, by the channel's configured name, such as `whatsapp` or `twilio/shop2`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def find(self, channel: str, name: str, language: str) -> MessageTemplate | None:
        """Return a template with what events have changed; `None` if it is not in the list.

        `name` may be the provider's id, which has one language.
        """
        field = state_field(channel, name, language)
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hget(_templates_key(channel), _template_field(name, language))
            pipeline.hmget(CHANGES_KEY, [f"{field}|{aspect}" for aspect in _ASPECTS])
            stored, changes = await pipeline.execute()
        template = _decode(stored)
        values = dict(zip(_ASPECTS, map(_parse_value, changes), strict=True))
        if template:
            return _apply(template, values)
        by_id: Any = await self._redis.hget(_templates_key(channel), f"{_ID_PREFIX}{name}")
        if by_id is None:
            return None
        language, _, found = by_id.decode().partition("|")
        return await self.find(channel, found, language) if found != name else None

    async def list_all(self, channel: str) -> list[MessageTemplate]:
        """Return the templates of a channel with what events have changed, by name and language."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(_templates_key(channel))
            pipeline.hgetall(CHANGES_KEY)
            stored, changes = await pipeline.execute()
        own = [value for name, value in stored.items() if not name.startswith(_ID_PREFIX.encode())]
        templates = [template for value in own if (template := _decode(value))]
        found = [_apply(each, _changes_of(channel, each, changes)) for each in templates]
        return sorted(found, key=lambda each: (each.name, each.language))

    async def list_channels(self) -> list[str]:
        """Return the channels whose list was read."""
        names: Any = await self._redis.hkeys(_SYNCS_KEY)
        return sorted(name.decode() for name in names)

    async def read_report(self, channel: str) -> TemplateSyncReport | None:
        """Return when the list was read last; `None` if it never was."""
        stored: Any = await self._redis.hget(_SYNCS_KEY, channel)
        try:
            return TemplateSyncReport.model_validate_json(stored) if stored else None
        except ValidationError:
            return None

    async def now_ms(self) -> int:
        """Return the server's time in milliseconds."""
        seconds, microseconds = await self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    async def replace(self, channel: str, templates: Sequence[MessageTemplate], started_ms: int) -> None:
        """Store the list of a channel, which was requested at `started_ms`; what events said later stays.

        A template that is missing now is deleted: messages with it that wait are not sent.
        """
        for _ in range(_MAX_TRIES):
            try:
                await self._try_replace(channel, templates, started_ms)
            except WatchError:  # an event arrived meanwhile
                continue
            return
        raise WatchError("templates change all the time")

    async def _try_replace(self, channel: str, templates: Sequence[MessageTemplate], started_ms: int) -> None:
        key = _templates_key(channel)
        async with self._redis.pipeline(transaction=True) as pipeline:
            await pipeline.watch(CHANGES_KEY, STATES_KEY)
            changes: Any = await pipeline.hgetall(CHANGES_KEY)
            states: Any = await pipeline.hgetall(STATES_KEY)
            fields: Any = await pipeline.hkeys(key)
            before = [name for name in fields if not name.startswith(_ID_PREFIX.encode())]
            own = f"{channel}|".encode()
            newer = {name: value for name, value in changes.items() if _parse_change_time(value) > started_ms}
            outdated = [name for name in changes if name.startswith(own) and name not in newer]
            present = {state_field(channel, each.name, each.language): each for each in templates}
            gone = {name.decode() for name in states if name.startswith(own)} - set(present)
            gone |= {f"{channel}|{name.decode()}" for name in before} - set(present)
            gone = {name for name in gone if f"{name}|status".encode() not in newer}
            marked = dict.fromkeys(gone, DELETED)
            approved = []
            for name, each in present.items():
                status = _apply(each, _changes_of(channel, each, newer)).status
                if status == APPROVED:
                    approved.append(name)
                else:
                    marked[name] = status
            pipeline.multi()  # type: ignore[no-untyped-call]
            pipeline.delete(key)
            if templates:
                pipeline.hset(key, items=_encode(templates))
            if marked:
                pipeline.hset(STATES_KEY, items=[part for pair in marked.items() for part in pair])
            if approved:
                pipeline.hdel(STATES_KEY, *approved)
                alarms = [alarm_name(channel, each.name, each.language) for each in _without_alarm(templates)]
                if alarms:
                    pipeline.hdel(ALARMS_KEY, *alarms)
            if outdated:
                pipeline.hdel(CHANGES_KEY, *outdated)
            report = TemplateSyncReport(at_ms=started_ms, templates=len(templates))
            pipeline.hset(_SYNCS_KEY, channel, report.model_dump_json())
            await pipeline.execute()


async def copy_templates(home: Redis, other: Redis) -> None:
    """Let a partition that was added have the lists of the home; what events have told it meanwhile stays."""
    channels: list[bytes] = await cast("Any", home.hkeys(_SYNCS_KEY))
    lists = [_templates_key(channel.decode()) for channel in channels]
    for key in (CHANGES_KEY, STATES_KEY, *lists, _SYNCS_KEY):
        stored: dict[bytes, bytes] = await cast("Any", home.hgetall(key))
        async with other.pipeline(transaction=True) as pipeline:
            for field, value in stored.items():
                pipeline.hsetnx(key, field, value)
            await pipeline.execute()


def _encode(templates: Sequence[MessageTemplate]) -> list[str]:
    """Return the fields and values of templates, and those that lead to them by id."""
    items = []
    for each in templates:
        field = _template_field(each.name, each.language)
        items += [field, each.model_dump_json()]
        if each.id:
            items += [f"{_ID_PREFIX}{each.id}", field]
    return items


def _without_alarm(templates: Sequence[MessageTemplate]) -> list[MessageTemplate]:
    """Return the templates without a reason for an alarm."""
    return [each for each in templates if each.status == APPROVED and each.quality not in LOW_QUALITIES]


def _templates_key(channel: str) -> str:
    return f"tg:templates:{channel}"


def _template_field(name: str, language: str) -> str:
    return f"{language}|{name}"


def _changes_of(channel: str, template: MessageTemplate, changes: Mapping[bytes, bytes]) -> dict[str, str]:
    field = state_field(channel, template.name, template.language)
    return {aspect: _parse_value(changes.get(f"{field}|{aspect}".encode())) for aspect in _ASPECTS}


def _apply(template: MessageTemplate, values: Mapping[str, str]) -> MessageTemplate:
    changed = {aspect: value for aspect, value in values.items() if value}
    if "status" in changed and changed["status"] != template.status:
        changed["reason"] = ""  # belongs to the former status
    return template.model_copy(update=changed) if changed else template


def _parse_change_time(value: bytes) -> int:
    at, _, _ = value.partition(b" ")
    return int(at) if at.isdigit() else 0


def _parse_value(value: bytes | None) -> str:
    return value.partition(b" ")[2].decode() if value else ""


def _decode(stored: bytes | None) -> MessageTemplate | None:
    """Return a stored template; `None` for one that this release cannot read, which the list replaces."""
    if not stored:
        return None
    try:
        return MessageTemplate.model_validate(json.loads(stored))
    except (ValueError, ValidationError):
        return None
