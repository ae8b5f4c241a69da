"""Broadcasts: each permitted contact exactly one message, the others with their reason, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from core.errors import Rejected
from core.model import (
    Address,
    ControlAction,
    DeliveryStatus,
    FailureKind,
    Message,
    MessagePart,
    StatusChanged,
)
from core.quiet_hours import QuietHours
from gateway.broadcasts.broadcast import Broadcast, BroadcastState, RowOutcome
from gateway.broadcasts.message_outcomes import follow_messages
from gateway.broadcasts.outcome_file import write_outcomes
from gateway.broadcasts.preview import Previewer
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import BroadcastAct, StartResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.records.sessions.opt_outs import OptOuts
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from tests.channels.twilio.builders import ACCOUNT, build_channel
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.test_opt_outs import build_twilio_message
from tests.gateway.environments.broadcasts import (
    OURS,
    SPRING,
    BroadcastRig,
    build_number,
    build_rows,
    build_session,
)


@pytest.mark.long
async def test_every_contact_gets_their_message_once(rig: BroadcastRig) -> None:
    assert await rig.store.start(SPRING, build_rows(250)) is StartResult.STARTED
    await rig.run()

    assert rig.receivers() == [build_number(each) for each in range(250)]
    assert "Hello N7, it is spring." in rig.gateway.channel.bodies
    progress = await rig.progress()
    assert progress.state is BroadcastState.FINISHED
    assert (progress.processed, progress.queued, progress.sent, progress.waiting) == (250, 250, 250, 0)


async def test_a_contact_who_may_not_get_it_is_skipped_with_the_reason(rig: BroadcastRig) -> None:
    await rig.gateway.receive(build_twilio_message(1, "STOP"), f"twilio:{ACCOUNT}:{OURS}:+12025550171")
    await rig.gateway.receive(build_twilio_message(2, "STOP"), build_session(171))
    recipients = [
        Recipient(line=2, to="+1 (202) 555-0001", variables={"name": "Ada"}),
        Recipient(line=3, to="+12025550001", variables={"name": "Bob"}),
        Recipient(line=4, to="+12025550171", variables={"name": "Cy"}),
        Recipient(line=5, to="hello", variables={"name": "Di"}),
        Recipient(line=6, to="+12025550004"),
        Recipient(line=7, to="+12025550005", variables={"name": "*Ed*"}),
        Recipient(line=8, to="", problem="the column is empty"),
    ]
    preview = await Previewer(rig.sender).run(SPRING, recipients)
    assert await rig.redis.exists("tg:broadcasts") == 0
    await rig.store.start(SPRING, recipients)
    before = len(rig.gateway.channel.bodies)
    await rig.run()

    assert rig.receivers()[-2:] == ["+12025550001", "+12025550005"]
    assert "Hello *Ed*, it is spring." in [body.replace("\\", "") for body in rig.gateway.channel.bodies]
    assert len(rig.gateway.channel.bodies) == before + 2
    outcomes = await rig.outcomes()
    reasons = [each.reason if each else "" for each in outcomes]
    assert [each.outcome for each in outcomes if each] == [
        "queued",
        "skipped",
        "opted_out",
        "skipped",
        "skipped",
        "queued",
        "skipped",
    ]
    assert "the same contact as in line 2" in reasons[1]
    assert "number" in reasons[3]
    assert "no value for name" in reasons[4]
    assert [row.line for row in preview.skipped] == [3, 4, 5, 6, 8]
    assert (preview.sendable, preview.segments) == (2, 2)


async def test_a_free_text_is_skipped_where_the_window_is_closed_and_a_template_is_not(
    rig: BroadcastRig,
) -> None:
    text = Broadcast(name="text", channel="whatsapp", sender=meta.OURS, text="Hello")
    template = Broadcast(
        name="template", channel="whatsapp", sender=meta.OURS, template="order_update", language="en_US"
    )
    recipients = [Recipient(line=2, to=f"+{meta.PHONE}", variables={"1": "Ada"})]
    for broadcast, outcome in ((text, "window"), (template, "queued")):
        await rig.store.start(broadcast, recipients)
        while await rig.store.running():
            await rig.feeder().feed_all()
        [found] = await rig.outcomes(broadcast.name)
        assert found is not None
        assert found.outcome == outcome


async def test_an_opt_out_between_queue_and_send_is_obeyed_and_counted(rig: BroadcastRig) -> None:
    await rig.store.start(SPRING, build_rows(2))
    await rig.feeder().feed_all()
    await OptOuts(rig.redis, RedisInbox(rig.redis)).change(build_number(1), ControlAction.OPT_OUT)
    await rig.send_all()
    assert rig.receivers() == [build_number(0)]
    assert (await rig.progress()).refused == 1


@pytest.mark.long
async def test_a_pause_stops_the_feeding_and_a_stop_also_what_waits(rig: BroadcastRig) -> None:
    await rig.store.start(SPRING, build_rows(5_000))
    await rig.feeder().feed_all()
    progress = await rig.progress()
    assert progress.processed == progress.waiting == 1_000  # the others wait in the file, not in outboxes

    assert await rig.store.change("spring", BroadcastAct.PAUSE)
    await rig.send_all()
    await rig.feeder().feed_all()
    assert len(rig.receivers()) == 1_000
    assert (await rig.progress()).state is BroadcastState.PAUSED

    assert await rig.store.change("spring", BroadcastAct.RESUME)
    await rig.feeder().feed_all()
    assert await rig.store.change("spring", BroadcastAct.STOP)
    assert not await rig.store.change("spring", BroadcastAct.RESUME)
    await rig.send_all()
    await rig.feeder().feed_all()
    assert len(rig.receivers()) == 1_000
    progress = await rig.progress()
    assert (progress.state, progress.refused, progress.waiting) == (BroadcastState.STOPPED, 1_000, 0)


@pytest.mark.long
async def test_rows_that_are_repeated_after_a_crash_are_sent_once(rig: BroadcastRig) -> None:
    """A process dies after it has queued messages and before it has recorded that."""
    await rig.store.start(SPRING, build_rows(100))
    dying = rig.feeder()
    taken = await rig.store.take("spring", dying._token, 1)
    assert taken == (0, 0)
    await dying._process(SPRING, 0, await rig.store.read_rows("spring", 0, 60))
    await rig.send_all()
    while await rig.store.take("spring", "another process", 1) is None:
        pass  # until its right is over
    assert not await rig.store.record(
        "spring", dying._token, 1, 0, [RowOutcome(outcome="queued")] * 60
    )  # too late
    await rig.run()
    assert rig.receivers() == [build_number(each) for each in range(100)]
    assert [each.outcome for each in await rig.outcomes() if each] == ["queued"] * 100


class KilledFeeder:
    """A feeder that is killed after its rows have entered outboxes, before that is recorded."""

    def __init__(self, rig: BroadcastRig) -> None:
        self._rig, self._feeder = rig, rig.feeder()

    async def feed(self, count: int) -> None:
        assert await self._rig.store.take("spring", self._feeder._token, 1) == (0, 0)
        await self._feeder._process(SPRING, 0, await self._rig.store.read_rows("spring", 0, count))
        while await self._rig.store.take("spring", "another process", 1) is None:
            pass  # until its right is over


async def _opt_out(rig: BroadcastRig) -> None:
    await OptOuts(rig.redis, RedisInbox(rig.redis)).change(build_number(1), ControlAction.OPT_OUT)


async def _refuse_at_the_provider(rig: BroadcastRig) -> None:
    refusal = Rejected("opted out", code="21610", failure=FailureKind.OPTED_OUT)
    rig.gateway.channel.planned_failures = [(refusal, False)]


@pytest.mark.parametrize("refuse", [_opt_out, _refuse_at_the_provider])
@pytest.mark.parametrize("opts_in_again", [False, True])
async def test_a_row_that_is_refused_while_its_feeder_is_killed_is_counted_once(
    rig: BroadcastRig, refuse: Callable[[BroadcastRig], Awaitable[None]], opts_in_again: bool
) -> None:
    await rig.store.start(SPRING, build_rows(3))
    await KilledFeeder(rig).feed(3)
    await refuse(rig)
    await rig.send_all()
    refused = {build_number(each) for each in range(3)} - set(rig.receivers())
    assert len(refused) == 1
    if opts_in_again:
        await OptOuts(rig.redis, RedisInbox(rig.redis)).change(refused.pop(), ControlAction.OPT_IN)
    await rig.store.start(SPRING, build_rows(3))
    await rig.feeder().feed_all()
    progress = await rig.progress()
    assert (progress.processed, progress.waiting) == (3, int(opts_in_again))
    await rig.send_all()
    assert (await rig.progress()).waiting == 0
    assert len(rig.receivers()) == 2 + opts_in_again


async def test_messages_that_wait_for_the_end_of_quiet_hours_are_counted_as_scheduled(
    rig: BroadcastRig,
) -> None:
    night = QuietPolicy(QuietRule(QuietHours.parse("marketing=00:00-23:59")), {}, ["twilio"])
    channels: Any = {"twilio": build_channel()}
    rig.sender = ProactiveSender(rig.redis, channels, rig.limits, night)
    await rig.store.start(SPRING, build_rows(3))
    await rig.feeder().feed_all()
    progress = await rig.progress()
    assert (progress.queued, progress.scheduled, progress.waiting, progress.sent) == (0, 3, 3, 0)

    assert await rig.sender.cancel(build_session(0), SPRING.key) is CancelOutcome.CANCELLED
    progress = await rig.progress()
    assert (progress.queued, progress.scheduled, progress.waiting) == (1, 2, 2)
    await _opt_out(rig)
    day = ProactiveSender(rig.redis, channels, rig.limits)
    members: Any = await rig.redis.zrange("tg:schedule", 0, -1)
    for member in members:
        await rig.redis.zadd("tg:schedule", {member: 1})
    await ScheduleReleaser(rig.redis, day).release_due()
    progress = await rig.progress()
    assert (progress.queued, progress.scheduled, progress.waiting, progress.refused) == (3, 0, 1, 1)
    await rig.send_all()
    assert (await rig.progress()).waiting == 0
    assert rig.receivers() == [build_number(2)]


async def test_rows_wait_while_the_schedule_has_no_room(rig: BroadcastRig) -> None:
    night = QuietPolicy(QuietRule(QuietHours.parse("marketing=00:00-23:59")), {}, ["twilio"])
    channels: Any = {"twilio": build_channel()}
    rig.sender = ProactiveSender(rig.redis, channels, ProtocolLimits(schedule_length=2), night)
    await rig.store.start(SPRING, build_rows(3))
    await rig.feeder().feed_all()
    progress = await rig.progress()
    assert progress.processed <= 2, (
        "rows are sent at the same time, and those from the first without room wait"
    )
    assert (progress.skipped, await rig.redis.zcard("tg:schedule")) == (0, 2)

    rig.sender = ProactiveSender(rig.redis, channels, ProtocolLimits(schedule_length=3), night)
    await rig.feeder().feed_all()
    assert [each.outcome for each in await rig.outcomes() if each] == ["scheduled"] * 3


async def test_a_row_that_cannot_be_rendered_stops_no_other(rig: BroadcastRig) -> None:
    channel: Any = build_channel()
    render = channel.render

    def fail_for_one(message: Message, address: Address) -> list[MessagePart]:
        if address.theirs == build_number(1):
            raise ValueError("unexpected")
        parts: list[MessagePart] = render(message, address)
        return parts

    channel.render = fail_for_one
    channels: Any = {"twilio": channel}
    rig.sender = ProactiveSender(rig.redis, channels, rig.limits)
    await rig.store.start(SPRING, build_rows(3))
    await rig.run()

    assert rig.receivers() == [build_number(0), build_number(2)]
    assert [each.outcome for each in await rig.outcomes() if each] == ["queued", "failed", "queued"]


@pytest.mark.long
async def test_several_workers_share_one_broadcast(rig: BroadcastRig) -> None:
    await rig.store.start(SPRING, build_rows(700))
    feeders = [rig.feeder() for _ in range(4)]
    while await rig.store.running():
        await asyncio.gather(*(each.feed_all() for each in feeders))
    await rig.send_all()
    assert rig.receivers() == [build_number(each) for each in range(700)]


async def test_outcomes_of_messages_are_counted(rig: BroadcastRig) -> None:
    rig.gateway.channel.planned_failures = [
        None,
        (Rejected("landline", code="21614", failure=FailureKind.LANDLINE), False),
    ]
    await rig.store.start(SPRING, build_rows(3))
    await rig.run()
    for provider_id, status, failure in (
        ("P1", DeliveryStatus.DELIVERED, None),
        ("P2", DeliveryStatus.FAILED, FailureKind.UNREACHABLE),
    ):
        await rig.gateway.inbox.accept(
            [StatusChanged(channel="twilio", provider_id=provider_id, status=status, failure=failure)]
        )
    progress = await rig.progress()
    assert (progress.sent, progress.delivered, progress.failed, progress.waiting) == (2, 1, 2, 0)
    messages = ProactiveMessages(rig.redis)
    rows = [row async for _, row in follow_messages(rig.store.read_outcomes("spring"), messages, SPRING)]
    assert sorted((row.outcome, row.code) for row in rows if row) == [
        ("dead_letter", "21614"),
        ("delivered", ""),
        ("failed", ""),
    ]


async def test_a_delivery_that_is_reported_before_the_send_is_recorded_counts(rig: BroadcastRig) -> None:
    early = StatusChanged(channel="twilio", provider_id="P1", status=DeliveryStatus.DELIVERED)
    await rig.gateway.inbox.accept([early])
    await rig.store.start(SPRING, build_rows(1))
    await rig.run()

    assert (await rig.progress()).delivered == 1


async def test_the_rate_of_a_broadcast_is_kept(rig: BroadcastRig) -> None:
    await rig.store.start(SPRING.model_copy(update={"rate": 5.0}), build_rows(50))
    feeder = rig.feeder()
    await feeder.feed_all()
    await feeder.feed_all()
    assert 0 < (await rig.progress()).processed <= 6


async def test_the_export_has_each_recipient_and_no_formula(rig: BroadcastRig) -> None:
    recipients: Sequence[Recipient] = [*build_rows(1), Recipient(line=3, to="=1+1", variables={"name": "x"})]
    await rig.store.start(SPRING, recipients)
    await rig.run()
    await rig.redis.delete(f"tg:proactive:{{{build_session(0)}}}:{SPRING.key}")  # its record has expired
    followed = follow_messages(rig.store.read_outcomes("spring"), ProactiveMessages(rig.redis), SPRING)
    lines = [line async for line in write_outcomes(followed)]
    assert lines[0].strip() == "line,to,outcome,reason,session,code"
    assert lines[1].startswith(f"2,{build_number(0)},unknown")
    assert lines[2].startswith("3,'=1+1,skipped")
