"""The account of the tests about templates."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.gateway.redis.sending.template_environment import Environment, running_environment


@pytest.fixture
async def environment(redis: Redis) -> AsyncIterator[Environment]:
    async with running_environment(redis) as made:
        yield made
