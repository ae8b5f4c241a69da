"""Present outcomes of a broadcast's recipients: a queued message is sent, delivered or lost later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from gateway.broadcasts.broadcast import Broadcast, RowOutcome
from gateway.broadcasts.recipient_file import Recipient
from gateway.redis.records.sessions.log.message_timeline import OWN_PREFIX, MessageOutcome
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages

_AT_ONCE: Final = 20
_WITH_MESSAGE: Final = ("queued", "scheduled")

Row = tuple[Recipient, RowOutcome | None]


async def follow_messages(
    rows: AsyncIterator[Row], messages: ProactiveMessages, broadcast: Broadcast
) -> AsyncIterator[Row]:
    """Yield the rows in their order, those that have a message with its present outcome.

    It is `unknown` without a record of the message, which is kept for some days only.
    """
    batch: list[Row] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            for each in await _follow(batch, messages, broadcast):
                yield each
            batch = []
    for each in await _follow(batch, messages, broadcast):
        yield each


async def _follow(batch: list[Row], messages: ProactiveMessages, broadcast: Broadcast) -> list[Row]:
    found = await asyncio.gather(*(_find_present(outcome, messages, broadcast) for _, outcome in batch))
    return [(row, outcome) for (row, _), outcome in zip(batch, found, strict=True)]


async def _find_present(
    outcome: RowOutcome | None, messages: ProactiveMessages, broadcast: Broadcast
) -> RowOutcome | None:
    if outcome is None or outcome.outcome not in _WITH_MESSAGE:
        return outcome
    report = await messages.find(broadcast.key.removeprefix(OWN_PREFIX), outcome.session)
    if report is None:
        return outcome.model_copy(update={"outcome": MessageOutcome.UNKNOWN.value})
    return outcome.model_copy(
        update={"outcome": report.outcome.value, "reason": report.reason, "code": report.code}
    )
