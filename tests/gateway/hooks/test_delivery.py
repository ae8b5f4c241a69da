"""Delivery of events: retries over a day, failing receivers, order, and bounded loss."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from starlette.responses import RedirectResponse, Response

from gateway.hooks.deliverer import HookDeliverer, HookDelivery
from gateway.hooks.policy import DeliveryPolicy
from gateway.hooks.subscriptions import Subscriptions
from gateway.http.ssrf_guard import SafeFetch
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.hook_events import GivenUpEvents
from tests.core.rig import SESSION, Rig
from tests.gateway.hooks.receiver import Receiver, build_answers, build_endless_answer
from tests.gateway.hooks.setup import PATIENT, HookClock, running_hook, subscribe

DAY = 24 * 3600.0


async def test_an_answered_message_arrives_signed_and_in_order(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        await rig.accept_turns(1)
        await rig.process()
        await crm.delivery.deliver_all()
    assert receiver.kinds == ["message.received", "reply.sent"]
    assert len(set(receiver.ids)) == 2


@pytest.mark.long
async def test_a_receiver_that_answers_500_for_a_day_gets_every_event_once(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, events=["message.received"]) as crm:
        receiver.default_status = 500
        for hour in range(24):
            await rig.accept_turns(hour * 2, hour * 2 + 1, session=f"{SESSION}-{hour}")
            await crm.run_for(3600, step=300)
        failed = len(receiver.ids)
        assert failed < 60  # the receiver is left in peace
        assert [event async for event in GivenUpEvents(redis).list_all()] == []

        receiver.default_status = 200
        await crm.run_for(3600, step=60)
    assert len(receiver.events) == 48
    assert sorted(e["data"]["message_id"] for e in receiver.events) == sorted(f"M{n}" for n in range(48))
    assert receiver.ids[0] in receiver.ids[failed:]  # under the same id


@pytest.mark.long
async def test_what_is_too_old_is_given_up_and_can_be_replayed(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, events=["message.received"]) as crm:
        receiver.default_status = 500
        await rig.accept_turns(*range(100))
        await crm.run_for(1.6 * DAY, step=1800)
        given_up = [event async for event in GivenUpEvents(redis).list_all("crm")]
        assert len(given_up) == 100
        assert "36 hours" in given_up[0].reason

        receiver.default_status = 200
        letters = GivenUpEvents(redis)
        for each in given_up:
            assert await letters.replay(each, int(crm.clock() * 1000)) == "replayed"
        assert await letters.replay(given_up[0], 0) == "gone"
        await crm.run_for(3600, step=600)
    assert len(receiver.events) == 100
    assert [event async for event in letters.list_all()] == []


async def test_the_status_tells_how_far_a_receiver_is_behind(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.default_status = 500
        await rig.accept_turns(*range(100))
        await crm.delivery.deliver_batch()
        status = await Subscriptions(redis).read_status("crm")
        assert 0 < status.waiting < 100
        assert status.waiting + status.behind == 100

        receiver.default_status = 200
        await crm.run_for(DAY, step=600)
        status = await Subscriptions(redis).read_status("crm")
    assert (status.waiting, status.behind, status.delivered) == (0, 0, 100)


async def test_a_receiver_that_hangs_is_given_up_waiting_for(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, DeliveryPolicy(attempt_seconds=0.05)) as crm:
        receiver.hangs = True
        await rig.accept_turns(1)
        assert not await crm.delivery.deliver_batch() or not await crm.delivery.deliver_batch()
        status = await Subscriptions(redis).read_status("crm")
        assert (status.waiting, status.delivered) == (1, 0)
        assert "no answer" in status.last_error

        receiver.hangs = False
        receiver.released.set()
        await crm.delivery.release()
        crm.delivery = HookDelivery(redis, crm.fetch, crm.hook, PATIENT, clock=crm.clock)
        await crm.run_for(60, step=10)
    assert receiver.kinds == ["message.received"] * len(receiver.kinds)
    assert len(set(receiver.ids)) == 1


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/", "https://example.com/"]
)
async def test_a_redirect_is_a_failure_and_never_followed(
    redis: Redis, receiver: Receiver, target: str
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.answers = [RedirectResponse(target, status_code=307)]
        await rig.accept_turns(1)
        await crm.delivery.deliver_all()
        status = await Subscriptions(redis).read_status("crm")
        assert "redirects are not followed" in status.last_error
        assert len(receiver.ids) == 1


async def test_an_endless_answer_is_cut_off(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.answers = [build_endless_answer()]
        await rig.accept_turns(1)
        await crm.delivery.deliver_all()
        status = await Subscriptions(redis).read_status("crm")
    assert "larger than" in status.last_error


async def test_a_private_address_is_not_called(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    hook = await subscribe(redis, receiver)
    fetch = SafeFetch()  # no private host is allowed any more
    await rig.accept_turns(1)
    await HookDelivery(redis, fetch, hook, PATIENT).deliver_all()
    await fetch.aclose()
    assert receiver.ids == []
    assert "not a public one" in (await Subscriptions(redis).read_status("crm")).last_error


async def test_410_disables_the_subscription_and_nothing_is_stored_for_it(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.answers = build_answers([410])
        await rig.accept_turns(1, 2)
        await crm.delivery.deliver_all()
        assert not await crm.delivery.deliver_batch()
        assert len(receiver.ids) == 1
    [hook] = await Subscriptions(redis).list_all()
    assert "410" in hook.disabled
    await rig.accept_turns(3)
    assert await redis.xlen("tg:events") == 0


async def test_an_event_that_is_rejected_does_not_hold_up_others(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, events=["message.received"]) as crm:
        receiver.answers = build_answers([400])
        await rig.accept_turns(1, 2, 3)
        await crm.delivery.deliver_all()
        assert [event["data"]["message_id"] for event in receiver.events] == ["M2", "M3"]
        await crm.run_for(60, step=10)
    assert [event["data"]["message_id"] for event in receiver.events] == ["M2", "M3", "M1"]


UNTRIED = DeliveryPolicy(batch_seconds=-1.0)
"""The time of a batch is over before the first event: the receiver is slow."""


async def fill_queue(redis: Redis) -> None:
    """Let as many events wait for another try as are kept."""
    far = 10**15
    await redis.zadd("tg:hook:crm:due", {f"{number}-0": far for number in range(1, 1001)})
    await redis.hset("tg:hook:crm:waiting", mapping={f"{number}-0": "{}" for number in range(1, 1001)})


async def test_a_full_queue_drops_nothing_that_was_not_tried(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, UNTRIED, events=["message.received"]) as crm:
        await fill_queue(redis)
        await rig.accept_turns(*range(10))
        await crm.delivery.deliver_batch()
        await crm.delivery.release()
        crm.delivery = HookDelivery(redis, crm.fetch, crm.hook, PATIENT, clock=crm.clock)
        receiver.answers = build_answers([400])
        await crm.delivery.deliver_all()
    assert [event["data"]["message_id"] for event in receiver.events] == [f"M{n}" for n in range(1, 10)]
    [given_up] = [each async for each in GivenUpEvents(redis).list_all()]
    assert (given_up.event and given_up.event.data["turn"], given_up.reason) == ("M0", "it answered 400")


async def test_the_events_of_a_slow_receiver_stay_in_the_stream(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, UNTRIED, events=["message.received"]) as crm:
        await rig.accept_turns(*range(150))
        for _ in range(5):
            await crm.delivery.deliver_batch()
        assert await redis.hlen("tg:hook:crm:waiting") <= UNTRIED.batch_size
        await crm.delivery.release()
        crm.delivery = HookDelivery(redis, crm.fetch, crm.hook, PATIENT, clock=crm.clock)
        await crm.delivery.deliver_all()
    assert [event["data"]["message_id"] for event in receiver.events] == [f"M{n}" for n in range(150)]


async def test_retry_after_is_honoured(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.answers = [Response(status_code=429, headers={"Retry-After": "600"})]
        await rig.accept_turns(1)
        await crm.run_for(590, step=10)
        assert len(receiver.ids) == 1
        await crm.run_for(30, step=10)
    assert len(receiver.events) == 1


async def test_only_one_worker_delivers_at_a_time(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        await crm.delivery.deliver_batch()  # it holds the lease now
        await rig.accept_turns(1)
        fetch = SafeFetch([receiver.host])
        other = HookDelivery(redis, fetch, crm.hook, PATIENT, clock=HookClock())
        await other.deliver_all()
        assert receiver.ids == []

        await crm.delivery.release()
        await other.deliver_all()
        await fetch.aclose()
    assert receiver.kinds == ["message.received"]


async def test_an_idle_delivery_writes_its_lease_only_now_and_then(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        await crm.delivery.deliver_batch()
        await redis.pexpire("tg:hook:crm:lease", 20_000)
        await crm.delivery.deliver_batch()
        assert await redis.pttl("tg:hook:crm:lease") <= 20_000
        await rig.accept_turns(1)
        await crm.delivery.deliver_batch()
        assert await redis.pttl("tg:hook:crm:lease") > 20_000
        await redis.pexpire("tg:hook:crm:lease", 10_000)
        await crm.delivery.deliver_batch()
        assert await redis.pttl("tg:hook:crm:lease") > 20_000


async def test_a_stale_worker_settles_nothing(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.hangs = False
        await rig.accept_turns(1)
        fetch = SafeFetch([receiver.host])
        other = HookDelivery(redis, fetch, crm.hook, PATIENT, clock=HookClock())

        original = crm.delivery._try

        async def lose_lease_first(event: object) -> object:
            await redis.delete("tg:hook:crm:lease")
            await other._queue.take(0)
            return await original(event)  # type: ignore[arg-type]

        crm.delivery._try = lose_lease_first  # type: ignore[method-assign, assignment]
        assert not await crm.delivery.deliver_batch()
        assert (await Subscriptions(redis).read_status("crm")).delivered == 0
        await other.deliver_all()
        await fetch.aclose()
    assert receiver.ids[0] == receiver.ids[1]


async def test_without_a_reader_memory_is_bounded_and_the_loss_is_counted(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(events_length=200))
    await subscribe(redis, receiver, events=["message.received"])
    for first in range(0, 1000, 50):
        await rig.accept_turns(*range(first, first + 50), session=f"{SESSION}-{first}")
    kept = await redis.xlen("tg:events")
    assert kept <= 300
    counted = await redis.hget("tg:counts", "hook_events:lost")
    assert int(counted or 0) == 1000 - kept


async def test_delivered_events_are_deleted_once_all_subscriptions_have_them(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm, Receiver().running() as second:
        await subscribe(redis, second, name="bi")
        await rig.accept_turns(*range(10))
        await crm.delivery.deliver_all()
        assert await redis.xlen("tg:events") == 10
        fetch = SafeFetch([second.host])
        hook = next(each for each in await Subscriptions(redis).list_all() if each.name == "bi")
        await HookDelivery(redis, fetch, hook, PATIENT, clock=HookClock()).deliver_all()
        await fetch.aclose()
        assert await redis.xlen("tg:events") <= 1
    assert len(receiver.events) == len(second.events) == 10


async def test_an_entry_that_cannot_be_read_is_passed_over(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        await redis.xadd("tg:events", {"of": "another release"})
        await redis.xadd("tg:events", {"k": "reply.sent", "s": SESSION, "a": "", "c": "", "d": "[1"})
        await rig.accept_turns(1)
        await crm.delivery.deliver_all()
    assert receiver.kinds == ["message.received"]


async def test_a_hook_that_cannot_sign_fails_alone(
    redis: Redis, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        broken = [each.model_copy(update={"value": "whsec_"}) for each in crm.hook.secrets]
        crm.delivery.hook = crm.hook.model_copy(update={"secrets": tuple(broken)})
        await rig.accept_turns(1)
        await crm.delivery.deliver_all()
        status = await Subscriptions(redis).read_status("crm")
    assert (status.waiting, "could not be sent" in status.last_error) == (1, True)
    assert "EmptyWebhookSecretError" in caplog.text


async def test_a_hook_that_is_enabled_again_delivers_at_once(redis: Redis, receiver: Receiver) -> None:
    rig, subscriptions = Rig(redis), Subscriptions(redis)
    fetch = SafeFetch([receiver.host])
    deliverer = HookDeliverer(redis, fetch, PATIENT)
    await subscribe(redis, receiver)
    await deliverer._update_tasks()
    await rig.accept_turns(1)
    await receiver.called.wait()
    await subscriptions.change("crm", lambda hook: hook.model_copy(update={"disabled": "by a test"}))
    await deliverer._update_tasks()
    await subscriptions.change("crm", lambda hook: hook.model_copy(update={"disabled": ""}))
    await deliverer._update_tasks()
    other = HookDelivery(redis, fetch, (await subscriptions.list_all())[0], PATIENT)
    receiver.called.clear()
    await rig.accept_turns(2)
    async with asyncio.timeout(10):
        await receiver.called.wait()
    assert await other._queue.take(0) is None  # the deliverer's own lease
    deliverer._tasks["crm"].cancel()
    await fetch.aclose()


async def test_deliveries_follow_hooks_that_are_added_and_removed(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    fetch = SafeFetch([receiver.host])
    deliverer = HookDeliverer(redis, fetch, PATIENT, pause=0.01)
    running = asyncio.create_task(deliverer.run())
    await subscribe(redis, receiver)
    await rig.accept_turns(1)
    async with asyncio.timeout(20):
        while not receiver.events:
            receiver.called.clear()
            await receiver.called.wait()
        deliverer._tasks["crm"].cancel()  # whatever ends it
        await rig.accept_turns(2)
        while len(receiver.events) < 2:
            receiver.called.clear()
            await receiver.called.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not await redis.exists("tg:hook:crm:lease")  # another worker need not wait
    await fetch.aclose()
