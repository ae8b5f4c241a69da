"""Gateway that contacts write to on three channels."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.gateway.environments.inbound import InboundGateway


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["twilio", "whatsapp", "zendesk"])
    yield made
    await made.mailbox.aclose()
