"""Gateway whose WhatsApp channel has a service window."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.gateway.environments.inbound import InboundGateway


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["twilio", "whatsapp", "intercom"], has_windows=True)
    made.channel.capabilities = made.channel.capabilities.model_copy(
        update={
            "service_window": made.windows["whatsapp"],
            "templates": True,
            "statuses": True,
            "look_up": False,
        }
    )
    yield made
    await made.mailbox.aclose()
