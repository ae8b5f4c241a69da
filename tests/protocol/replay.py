"""Takes the model's steps on the real scripts, and reads back what the server keeps in the model's words."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any, cast

from redis.asyncio import Redis

from core.errors import LeaseLost
from core.model.event import ControlReceived, Event, TurnReceived
from core.model.message import Reply
from core.model.owner import Act
from core.model.timer import Timer
from core.model.turn import Turn
from core.ports import mailbox as port
from core.ports.channel import Pace
from core.processing.concurrency import Concurrency, Policy
from gateway.redis import lua as scripts
from gateway.redis import rq_layout as layout
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import Protocol
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.sweeper import Sweeper
from tests.fakes import ADDRESS
from tests.protocol.model import Moment, Scripts, Store, View
from tests.protocol.world import Step, World

SESSION = "s"
KEY = "tg:{s}"
# Long enough that no moment comes by itself; the clock's steps set it to the distant past.
_NUMBERS = Protocol(lease_ms=3_600_000, grace_ms=3_600_000)
_LONG = 3600.0
_LONG_AGO = 1
_PACE = f"tg:pace:{ADDRESS.channel}:{ADDRESS.account}"


def reply(key: str) -> Reply:
    """A reply of the model as the scripts know one."""
    return Reply(key=key, address=ADDRESS, body=key)


class Replay:
    """The real protocol, driven step by step. Each worker remembers what the server told it."""

    def __init__(self, redis: Redis, scripts: Scripts, *, leave: bool) -> None:
        self._redis = redis
        channel = ADDRESS.channel
        gathering = {channel: Concurrency(policy=Policy.BURST, window=60, cap=300)}
        self._inbox = RedisInbox(redis, _NUMBERS, gathering if scripts.gathers else None)
        paces = {channel: Pace(account=1 / _LONG)} if scripts.paced else None
        self._mailbox = RedisMailbox(redis, _NUMBERS, paces)
        self._sweeper = Sweeper(redis, _NUMBERS)
        self._leave = leave
        self._leases: dict[str, port.Lease] = {}

    async def take(self, step: Step, before: World, after: World) -> None:
        """Do what the step says, and hold the answer against the model's."""
        match step.name:
            case "accept":
                turn = Turn(id=step.what, session=SESSION, address=ADDRESS)
                new = after.accepted != before.accepted
                assert await self._accept(TurnReceived(turn=turn)) == ("new" if new else "duplicate")
            case "take_over":
                person = ControlReceived(id="take_over", session=SESSION, address=ADDRESS, act=Act.TAKE_OVER)
                assert await self._accept(person) == "new"
            case "lease_runs_out":
                await self._redis.hset(KEY, "lease", str(_LONG_AGO))
            case "hold_passes":
                await self._redis.hset(KEY, "hold", str(_LONG_AGO))
            case "due_comes":
                await self._redis.zadd("tg:due", {SESSION: _LONG_AGO})
            case "quiet_passes":
                await self._redis.hset(KEY, "quiet", str(_LONG_AGO))
            case "timer_runs_out":
                await self._redis.hset(KEY, "inactivity", str(_LONG_AGO))
            case "slot_comes":
                await self._redis.hset(KEY, "slot", str(_LONG_AGO))
            case "pace_passes":
                await self._redis.delete(_PACE)
            case "sweep":
                woken = len(after.store.queue) - len(before.store.queue)
                assert await self._sweeper.sweep() == woken
            case "take":
                await cast("Awaitable[Any]", self._redis.lpop(layout.queue_key()))
            case _ if step.who.startswith("worker"):
                await self._work(step, before, after)
            case other:
                assert other in ("acknowledge", "crash"), f"no such step: {other}"

    async def _accept(self, event: Event) -> str:
        [verdict] = await self._inbox.accept([event])
        return verdict.value

    async def _work(self, step: Step, before: World, after: World) -> None:
        index = int(step.who.split()[-1]) - 1
        memory, next_ = before.workers[index], after.workers[index]
        if step.name == "claim":
            claim = await self._mailbox.claim(SESSION)
            assert (claim is None) == (next_.view is None)
            if claim is not None:
                self._leases[step.who] = claim.lease
                assert claim.lease.fence == next_.fence
                assert _seen(claim.view) == next_.view
            return
        lease = self._leases.get(step.who)
        if lease is None or memory.view is None:
            return  # it had no lease yet
        newest = before.store.fence == lease.fence and before.store.lease == "later"
        try:
            await self._held(step, lease, before, after, index)
        except LeaseLost:
            assert not newest
            assert next_.doing == "idle"

    async def _held(self, step: Step, lease: port.Lease, before: World, after: World, index: int) -> None:
        memory, next_ = before.workers[index].view, after.workers[index]
        match step.name:
            case "look":
                assert _seen(await self._mailbox.look(lease)) == next_.view
            case "commit":
                assert memory is not None
                await self._ended(lease, _commit(step, memory, before, after), before, after, index)
            case "fire":
                assert memory is not None
                await self._ended(lease, _fire(step, memory), before, after, index)
            case "mark":
                permit = await self._mailbox.mark(lease, reply(step.what))
                assert permit.granted == (next_.doing == "send")
            case "sent":
                view = await self._mailbox.sent(lease, reply(step.what), f"P-{step.what}", leave=self._leave)
                assert view.released == (next_.doing == "idle")
                assert view.released or _seen(view) == next_.view
            case "refuse":
                await self._mailbox.refuse(lease, reply(step.what), "never")
            case "postpone":
                settled, counted = step.what != "unsettled", step.what != "paced"
                await self._mailbox.postpone(lease, _LONG, "later", settled=settled, counted=counted)
            case "pass_on":
                await self._mailbox.pass_on(lease)
            case "release":
                assert await self._mailbox.release(lease) == (next_.doing == "idle")
            case "renew":
                renew = scripts.load("renew", _NUMBERS)
                [kept] = await renew(self._redis, [lease.session, lease.fence])
                assert bool(kept) == (step.what != "lost")
            case "crash" | "give_up" | "look_up" | "look_up_fails" | "dialog_fails" | "send":
                pass  # the server is not asked
            case other:
                assert other.startswith("send_"), f"no such step: {other}"

    async def _ended(
        self, lease: port.Lease, commit: port.Commit, before: World, after: World, index: int
    ) -> None:
        next_ = after.workers[index]
        view = await self._mailbox.commit(lease, commit, leave=self._leave)
        assert view.released == (next_.doing == "idle")
        assert view.released or _seen(view) == next_.view
        assert bool(view.granted) == (next_.doing == "send")

    async def store(self) -> Store:
        """What the server keeps."""
        redis: Any = self._redis
        fields = {name.decode(): value.decode() for name, value in (await redis.hgetall(KEY)).items()}
        mail = [json.loads(turn)["id"] for turn in await redis.lrange(f"{KEY}:mail", 0, -1)]
        out = [json.loads(each)["key"] for each in await redis.lrange(f"{KEY}:out", 0, -1)]
        letters = [json.loads(entry[b"letter"]) for _, entry in await redis.xrange("tg:dead")]
        return Store(
            mail=tuple(mail),
            out=tuple(out),
            seen=frozenset(name.decode() for name in await redis.zrange(f"{KEY}:seen", 0, -1)),
            owner=fields.get("owner", "bot"),
            state=tuple(json.loads(fields["state"])["turns"]) if "state" in fields else (),
            fence=int(fields.get("fence", 0)),
            lease=_moment(fields.get("lease")),
            job=_number(fields["job"]) if "job" in fields else None,
            hold=_moment(fields.get("hold")),
            tries=int(fields.get("tries", 0)),
            waits=int(fields.get("waits", 0)),
            marked=fields.get("marked"),
            jobs=int(await redis.get("tg:jobs") or 0),
            queue=tuple(_number(job.decode()) for job in await redis.lrange(layout.queue_key(), 0, -1)),
            due=_moment(await redis.zscore("tg:due", SESSION)),
            dead=tuple(
                (letter.get("turns") or [letter["reply"] | {"id": letter["reply"]["key"]}])[0]["id"]
                for letter in letters
            ),
            quiet=_moment(fields.get("quiet")),
            timer=_moment(fields.get("inactivity")),
            pace=_moment(await redis.get(_PACE)),
            slot=_moment(fields.get("slot")),
        )


def _commit(step: Step, memory: View, before: World, after: World) -> port.Commit:
    replies = after.said[len(before.said) :]
    if after.said == before.said and memory.owner == "bot":  # refused, for the lease is lost
        replies = (f"{step.what}.1",)
    turns = tuple(Turn(id=turn, session=SESSION, address=ADDRESS) for turn in memory.turns)
    dead = "gave up" if len(after.store.dead) > len(before.store.dead) else None
    state: dict[str, Any] = {"turns": [*memory.state, *memory.turns]}
    said = tuple(map(reply, replies))
    timer = (Timer.INACTIVITY, _LONG) if after.timed else None
    return port.Commit(turns=turns, state=state, replies=said, mark=dead is None, dead=dead, timer=timer)


def _fire(step: Step, memory: View) -> port.Commit:
    said = (reply(f"{step.what}.late"),) if memory.owner == "bot" else ()
    state: dict[str, Any] = {"turns": list(memory.state)}
    return port.Commit(turns=(), state=state, replies=said, fired=Timer.INACTIVITY)


def _seen(view: port.View) -> View:
    turns: Any = (view.state or {}).get("turns", [])
    return View(
        owner=view.owner.value,
        state=tuple(turns),
        turns=tuple(turn.id for turn in view.turns),
        out=tuple(each.key for each in view.outbox),
        marked=view.marked.key if view.marked else None,
        tries=view.tries,
        waits=view.waits,
        fired=view.fired is not None,
    )


def _moment(value: str | bytes | float | None) -> Moment:
    if value is None or value == "":
        return None
    return "past" if float(value) <= _LONG_AGO else "later"


def _number(job: str) -> int:
    return int(job.rsplit("-", 1)[1])
