"""Webhook originals are kept with a session only if they contain no other contact."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from core.model import Event, TurnReceived
from core.ports import AcceptResult
from gateway.middleware.inbox.webhook_recorder import WebhookRecorder
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks, current_webhook
from tests.channels.whatsapp.builders import (
    build_batch,
    build_message,
    build_status,
    build_value,
    build_webhook,
    parse_events,
)

OTHER = {"from": "12025550199", "from_user_id": "US.2", "id": "wamid.other"}


class _ErasingInbox:
    """Inbox that erases the contact right after it accepted the events."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        results = await RedisInbox(self._redis).accept(events)
        for event in events:
            assert isinstance(event, TurnReceived)
            await ContactErasure(self._redis).erase(event.turn.session)
        return results


@pytest.mark.parametrize(
    ("values", "is_kept"),
    [
        ([build_value(build_message())], True),
        ([build_value(build_message(), build_message(id="wamid.second"))], True),
        ([build_value(build_message()), build_value(build_message(**OTHER))], False),
        (
            [build_value(build_message()), build_value(statuses=[build_status(recipient_id="12025550199")])],
            False,
        ),
    ],
)
async def test_no_original_has_two_contacts(
    redis: Redis, values: list[dict[str, object]], is_kept: bool
) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    made = build_batch(*values)
    token = current_webhook.set(build_webhook(made))
    try:
        await WebhookRecorder(RedisInbox(redis), KeptWebhooks(redis, 2)).accept(parse_events(made))
    finally:
        current_webhook.reset(token)
    assert len(await redis.keys("*}:webhooks")) == int(is_kept)


async def test_an_erasure_before_an_original_is_kept_leaves_none(redis: Redis) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    made = build_batch(build_value(build_message()))
    token = current_webhook.set(build_webhook(made))
    try:
        await WebhookRecorder(_ErasingInbox(redis), KeptWebhooks(redis, 2)).accept(parse_events(made))
    finally:
        current_webhook.reset(token)
    assert await redis.keys("*}:webhooks") == []
