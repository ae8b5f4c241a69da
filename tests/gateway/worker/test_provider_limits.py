"""A worker against a provider that limits it."""

from __future__ import annotations

import pytest

from tests.gateway.environments.stack import running_stack

_PEOPLE = [f"+1555017{number:02}" for number in range(12)]


@pytest.mark.long
async def test_more_replies_than_the_provider_takes_at_once_arrive_one_after_the_other() -> None:
    async with running_stack(max_concurrent_requests=2) as stack:
        for number, person in enumerate(_PEOPLE):
            await stack.accept_message(number, "Hello", person)
        await stack.start_async_worker()
        for person in _PEOPLE:
            assert len(await stack.simulator.wait_for_texts(1, person)) == 1

        assert 429 in stack.simulator.response_statuses
        assert not await stack.redis.hexists("tg:counts", "paused")
