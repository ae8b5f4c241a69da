"""Gateway of the tests of broadcasts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.gateway.environments.broadcasts import BroadcastRig


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[BroadcastRig]:
    made = BroadcastRig(redis)
    yield made
    await made.gateway.mailbox.aclose()
