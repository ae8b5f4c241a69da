"""Delivery by real worker processes: a worker is killed, a receiver hangs."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.gateway.environments.stack import Stack
from tests.gateway.hooks.receiver import Receiver
from tests.gateway.hooks.setup import subscribe


@pytest.mark.long
async def test_what_a_killed_worker_was_delivering_arrives_under_the_same_id(
    stack: Stack, receiver: Receiver
) -> None:
    await subscribe(stack.redis, receiver, events=["message.received"])
    stack.add_settings(TURNGATE_PRIVATE_HOSTS=receiver.host)
    receiver.hangs = True
    worker = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await receiver.called.wait()
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    assert receiver.events == []

    receiver.hangs = False
    await stack.redis.pexpire("tg:hook:crm:lease", 1)  # as its time goes by
    await stack.start_async_worker()
    async with asyncio.timeout(30):
        while not receiver.events:
            receiver.called.clear()
            await receiver.called.wait()
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


@pytest.mark.long
async def test_a_receiver_that_hangs_holds_up_neither_turns_nor_other_hooks(
    stack: Stack, receiver: Receiver
) -> None:
    async with Receiver().running() as other:
        await subscribe(stack.redis, receiver, name="hangs")
        await subscribe(stack.redis, other, name="works")
        stack.add_settings(TURNGATE_PRIVATE_HOSTS=f"{receiver.host},{other.host}")
        receiver.hangs = True
        await stack.start_async_worker()
        await stack.accept_message(1, "hi")
        await stack.simulator.wait_for_texts(1)
        await receiver.called.wait()
        async with asyncio.timeout(30):
            while "reply.sent" not in other.kinds:
                other.called.clear()
                await other.called.wait()
        assert receiver.events == []
