"""Replays the steps of schedule and broadcast on the real scripts."""

from __future__ import annotations

from typing import Any, cast

from redis.asyncio import Redis

from core.model import ControlAction, ControlReceived, Message
from gateway.broadcasts.broadcast import Broadcast, RowOutcome
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import BroadcastAct, Broadcasts
from gateway.redis.records.schedule import CancelOutcome, Schedule, ScheduledMessage
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.fakes import ADDRESS, FakeChannel
from tests.protocol.model import BroadcastRecord, ScheduledRecord, Store
from tests.protocol.replay import LIMITS, LONG_AGO, SESSION, Replay, to_moment
from tests.protocol.sending.actors import SendingActors
from tests.protocol.sending.model import BROADCAST_KEY
from tests.protocol.world import Step, World

_NAME = "spring"
_BROADCAST = f"tg:broadcast:{_NAME}"
_LATER_MS = 3_600_000
_TEXT = Message(text="hello")
_LEFT_SCHEDULE = frozenset({SendOutcome.QUEUED, SendOutcome.UNSCHEDULED})


class SendingReplay(Replay):
    """The real schedule, broadcast and gate, driven step by step."""

    def __init__(self, redis: Redis, actors: SendingActors) -> None:
        super().__init__(redis, actors)
        channels: Any = {ADDRESS.channel: FakeChannel()}
        self._server = redis
        self._rows = actors.bounds.rows
        self._keys = actors.bounds.scheduled
        self._sender = ProactiveSender(redis, channels, LIMITS)
        self._schedule = Schedule(redis, LIMITS)
        self._broadcasts = Broadcasts(redis, LIMITS)
        self._taken: dict[str, ScheduledMessage] = {}
        self._results: dict[str, SendOutcome] = {}

    async def replay_step(self, step: Step, before: World, after: World) -> None:
        """Perform the step and compare the answer with the model's."""
        if step.who.startswith("releaser"):
            await self._replay_releaser_step(step, after)
        elif step.who.startswith("feeder"):
            await self._replay_feeder_step(step, after)
        elif step.name in ("schedule_comes", "right_runs_out", "window_closes"):
            await self._let_time_pass(step)
        elif not await self._replay_outside_step(step):
            await super().replay_step(step, before, after)

    async def _let_time_pass(self, step: Step) -> None:
        redis: Any = self._server
        match step.name:
            case "schedule_comes":
                [member] = await redis.zrange("tg:schedule", 0, -1)
                await redis.zadd("tg:schedule", {member: LONG_AGO})
            case "right_runs_out":
                await redis.hset(_BROADCAST, "held_until", str(LONG_AGO))
            case _:
                await redis.hset(f"tg:{{{SESSION}}}", "window", str(LONG_AGO))

    async def _replay_outside_step(self, step: Step) -> bool:
        match step.name:
            case "opt_out":
                act = ControlAction.OPT_OUT
                event = ControlReceived(id="opt_out", session=SESSION, address=ADDRESS, act=act)
                assert await self._accept(event) == "new"
            case "schedule":
                wanted = ScheduledMessage(session=SESSION, key=step.what, message=_TEXT)
                seconds, _ = await self._server.time()
                due = int(seconds) * 1000 + _LATER_MS
                assert (await self._schedule.add(wanted, due, "", ""))[0] == "scheduled"
            case "cancel":
                assert await self._schedule.cancel(SESSION, step.what) is CancelOutcome.CANCELLED
            case "start":
                broadcast = Broadcast(name=_NAME, channel=ADDRESS.channel, text=_TEXT.text)
                recipients = [Recipient(line=number, to=row) for number, row in enumerate(self._rows, 2)]
                await self._broadcasts.start(broadcast, recipients)
            case "pause" | "resume" | "stop":
                assert await self._broadcasts.change(_NAME, BroadcastAct(step.name))
            case _:
                return False
        return True

    async def _replay_releaser_step(self, step: Step, after: World) -> None:
        match step.name:
            case "take_scheduled":
                [self._taken[step.who]] = await self._schedule.take_due()
            case "release_scheduled":
                receipt = await self._sender.release(self._taken[step.who])
                result = after.releasers[int(step.who.split()[-1]) - 1].result
                assert _to_result(receipt.outcome) == result
                self._results[step.who] = receipt.outcome
            case "settle_scheduled":
                if self._results[step.who] not in _LEFT_SCHEDULE:
                    await self._schedule.settle(self._taken[step.who])
            case "defer":
                await self._schedule.postpone(self._taken[step.who], _LATER_MS, "quiet hours")
            case other:
                assert other == "crash", f"no such step: {other}"

    async def _replay_feeder_step(self, step: Step, after: World) -> None:
        feeder = after.feeders[int(step.who.split()[-1]) - 1]
        match step.name:
            case "take_right":
                taken = await self._broadcasts.take(_NAME, step.who, _LATER_MS)
                assert (taken and str(taken[0])) == (feeder.what or None)
            case "queue_row":
                self._results[step.who] = await self._queue_row(int(step.what))
                assert _to_result(self._results[step.who]) == feeder.result
            case "record_row":
                result = _to_result(self._results[step.who])
                outcome = "queued" if result in ("queued", "duplicate") else "skipped"
                rows = [RowOutcome(outcome=outcome)]
                goes_on = await self._broadcasts.record(_NAME, step.who, _LATER_MS, int(step.what), rows)
                assert goes_on == (feeder.activity == "took")
            case other:
                assert other == "crash", f"no such step: {other}"

    async def _queue_row(self, number: int) -> SendOutcome:
        """Process a row as gateway/broadcasts/feeder.py does."""
        if not self._rows[number]:
            return SendOutcome.INVALID_CONTACT
        holders = await self._broadcasts.claim_sessions(_NAME, {number: SESSION})
        if holders[number] != number:
            return SendOutcome.INVALID_CONTACT
        return (await self._sender.send(SESSION, BROADCAST_KEY, _TEXT)).outcome

    async def read_store(self) -> Store:
        """Read the server's data as the model's store."""
        store, records = await super().read_store(), ProactiveMessages(self._server)
        redis: Any = self._server
        report = await records.read(SESSION, BROADCAST_KEY) if BROADCAST_KEY in store.seen else None
        refused = {BROADCAST_KEY} if report and report.is_refused else set()
        for key in self._keys:  # refused before it was in the outbox
            outcome = await redis.hget(f"tg:proactive:{{{SESSION}}}:{key}", "outcome")
            refused |= {key} if outcome != b"queued" else set()
        scheduled = [await self._read_scheduled(key) for key in self._keys]
        return store._replace(
            seen=store.seen - refused,
            scheduled=tuple(each for each in scheduled if each),
            broadcast=await self._read_broadcast(),
        )

    async def _read_scheduled(self, key: str) -> ScheduledRecord | None:
        redis: Any = self._server
        state = await redis.hget(f"tg:scheduled:{{{SESSION}}}:{key}", "state")
        due = await redis.zrange("tg:schedule", 0, 0, withscores=True)
        return state and ScheduledRecord(key, state.decode(), to_moment(due[0][1] if due else None))

    async def _read_broadcast(self) -> BroadcastRecord | None:
        redis: Any = self._server
        fields = {name.decode(): value.decode() for name, value in (await redis.hgetall(_BROADCAST)).items()}
        if not fields:
            return None
        claimed = await redis.hget(f"tg:broadcast_sessions:{_NAME}", SESSION)
        counters = {
            each: int(fields.get(each, 0)) for each in ("processed", "queued", "skipped", "sent", "refused")
        }
        return BroadcastRecord(
            rows=self._rows,
            state=cast("Any", fields["state"]),
            holder=fields.get("holder", ""),
            held=to_moment(fields.get("held_until")),
            claimed=None if claimed is None else int(claimed),
            **counters,
        )


def _to_result(outcome: SendOutcome) -> str:
    known = (SendOutcome.QUEUED, SendOutcome.DUPLICATE, SendOutcome.UNSCHEDULED)
    return outcome.value if outcome in known else "refused"
