"""Replays the model's steps on the real scripts, and reads the server's data back as the model's store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable
from typing import Any, cast

from redis.asyncio import Redis

from core import ports as port
from core.errors import LeaseLost
from core.model import (
    ContactMoved,
    ControlAction,
    ControlReceived,
    Event,
    Message,
    ParticipantMessage,
    Reply,
    TimerKind,
    Turn,
    TurnReceived,
)
from core.ports import RateLimit, ServiceWindow
from core.processing import Concurrency, ConcurrencyPolicy
from gateway.redis import lua, rq_layout
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.sweeper import Sweeper
from tests.fakes import ADDRESS, FakeChannel
from tests.protocol.actors import Actors
from tests.protocol.model import Fence, ModelView, Moment, Store
from tests.protocol.world import Step, Worker, World

SESSION = "s"
KEY = "tg:{s}"
NEW_ADDRESS = ADDRESS.model_copy(update={"theirs": "+15550171"})
_ACT_AT, _MESSAGE_AT = 10.0, 20.0
# Long enough that no time passes by itself; the clock's steps set it to the distant past.
LIMITS = ProtocolLimits(lease_ms=3_600_000, grace_ms=3_600_000)
_LONG = 3600.0
LONG_AGO = 1
_RATE_KEY = f"tg:pace:{ADDRESS.channel}:{ADDRESS.account}"


def build_reply(key: str) -> Reply:
    """Build a reply of the model as the scripts store it."""
    return Reply(key=key, address=ADDRESS, body=key)


class Replay:
    """Real protocol, driven step by step. Each worker keeps the values that the server returned to it."""

    def __init__(self, redis: Redis, actors: Actors) -> None:
        self._redis = redis
        self._voice_of = actors.voice_of
        self._scripts = scripts = actors.scripts
        channel = ADDRESS.channel
        concurrency = {channel: Concurrency(policy=ConcurrencyPolicy.BURST, window=60, cap=300)}
        windows = {channel: ServiceWindow(seconds=int(_LONG))} if actors.bounds.window else None
        burst = concurrency if scripts.merges_bursts else None
        self._inbox = RedisInbox(redis, LIMITS, burst, windows=windows)
        rate_limits = {channel: RateLimit(account=1 / _LONG)} if scripts.limits_rate else None
        self._mailbox = RedisMailbox(redis, LIMITS, rate_limits, windows)
        self._sweeper = Sweeper(redis, LIMITS)
        self._bounds, self._leave = actors.bounds, actors.bounds.leave
        self._leases: dict[str, port.Lease] = {}
        self._fences: dict[str, Fence] = {}
        self._nonces: dict[int, str] = {}
        self._replica: dict[Any, Any] = {}

    async def replay_step(self, step: Step, before: World, after: World) -> None:
        """Perform the step and compare the answer with the model's."""
        match step.name:
            case "accept":
                at = 0.0 if self._bounds.window else _MESSAGE_AT  # the window counts from that time
                turn = Turn(id=step.what, session=SESSION, address=ADDRESS, at=at)
                new = after.accepted != before.accepted
                received = TurnReceived(turn=turn, control_is_ours=step.what in self._bounds.heals)
                assert await self._accept(received) == ("new" if new else "duplicate")
            case "take_over":
                take_over = ControlReceived(
                    id="take_over",
                    session=SESSION,
                    address=ADDRESS,
                    act=ControlAction.TAKE_OVER,
                    at=_ACT_AT,
                    by_transfer=self._bounds.transfer,
                )
                is_stale = self._bounds.transfer and before.store.ours
                assert await self._accept(take_over) == ("stale" if is_stale else "new")
            case "participant":
                turn = Turn(id="participant", session=SESSION, address=ADDRESS, text="yes")
                assert await self._accept(ParticipantMessage(turn=turn, author="fake:user:2")) == "new"
            case "move":
                moved = ContactMoved(id="move", session=SESSION, address=NEW_ADDRESS)
                assert await self._accept(moved) == "new"
            case "lease_runs_out":
                await self._redis.hset(KEY, "lease", str(LONG_AGO))
            case "hold_passes":
                await self._redis.hset(KEY, "hold", str(LONG_AGO))
            case "due_comes":
                await self._redis.zadd("tg:due", {SESSION: LONG_AGO})
            case "quiet_passes":
                await self._redis.hset(KEY, "quiet", str(LONG_AGO))
            case "timer_runs_out":
                await self._redis.hset(KEY, "inactivity", str(LONG_AGO))
            case "slot_comes":
                await self._redis.hset(KEY, "slot", str(LONG_AGO))
            case "pace_passes":
                await self._redis.delete(_RATE_KEY)
            case "sweep":
                woken = len(after.store.queue) - len(before.store.queue)
                assert await self._sweeper.sweep() == woken
            case "say":
                await self._say(step.what)
            case "erase":
                await ContactErasure(self._redis).erase(SESSION, 0)
            case "replicate":
                self._replica = {key: await self._redis.dump(key) for key in await self._redis.keys()}
            case "fail_over":
                await self._redis.flushall()
                for key, value in self._replica.items():
                    await self._redis.restore(key, 0, value)
            case "take":
                await cast("Awaitable[Any]", self._redis.lpop(rq_layout.queue_key()))
            case _ if step.who.startswith("worker"):
                await self._replay_worker_step(step, before, after)
            case other:
                assert other in ("acknowledge", "crash"), f"no such step: {other}"

    async def _say(self, name: str) -> None:
        channels: Any = {ADDRESS.channel: FakeChannel()}
        sender = ProactiveSender(self._redis, channels, LIMITS)
        voice: Any = self._voice_of(name)
        receipt = await sender.send(SESSION, name, Message(text=name), voice)
        assert receipt.outcome is SendOutcome.QUEUED

    def _build_reply(self, key: str) -> Reply:
        return build_reply(key).model_copy(update={"voice": self._voice_of(key)})

    async def _accept(self, event: Event) -> str:
        [result] = await self._inbox.accept([event])
        return result.value

    async def _replay_worker_step(self, step: Step, before: World, after: World) -> None:
        index = int(step.who.split()[-1]) - 1
        known_view, next_ = before.workers[index], after.workers[index]
        if step.name == "answer_lost":
            nonce = self._nonces[next_.fence[1]] = lua.new_nonce()
            answer = await self._run_claim(nonce)
            if answer:
                self._fences[answer[0].decode()] = after.store.fence
            return
        if step.name in ("claim", "claim_again"):
            claim = await self._claim(step.name, known_view)
            assert (claim is None) == (next_.view is None)
            if claim is not None:
                self._leases[step.who] = claim.lease
                self._fences[claim.lease.fence] = next_.fence
                assert _to_model_view(claim.view) == next_.view
            return
        lease = self._leases.get(step.who)
        if step.name == "survived":
            assert lease is not None
            await self._mailbox.report_survival(lease)
            return
        if lease is None or known_view.view is None:
            return  # it had no lease yet
        is_newest = self._scripts.is_lease_valid(before.store, self._fences[lease.fence])
        is_known = before.store.mail[: len(known_view.view.turns)] == known_view.view.turns
        try:
            await self._replay_lease_step(step, lease, before, after, index)
        except LeaseLost:
            assert not is_newest or not is_known
            assert next_.activity in ("idle", "lost")

    async def _run_claim(self, nonce: str) -> Any:
        script = lua.load_script("claim", LIMITS)
        return await script(self._redis, [rq_layout.current_timestamp(), SESSION, nonce])

    async def _claim(self, name: str, worker: Worker) -> port.Claim | None:
        if name == "claim":
            return await self._mailbox.claim(SESSION)
        answer = await self._run_claim(self._nonces[worker.fence[1]])
        return await self._mailbox.decode_claim(SESSION, answer, 0.0) if answer else None

    async def _replay_lease_step(
        self, step: Step, lease: port.Lease, before: World, after: World, index: int
    ) -> None:
        known_view, next_ = before.workers[index].view, after.workers[index]
        match step.name:
            case "look":
                assert _to_model_view(await self._mailbox.read_session(lease)) == next_.view
            case "commit":
                assert known_view is not None
                await self._replay_commit(
                    lease, _build_commit(step, known_view, before, after), before, after, index
                )
            case "fire":
                assert known_view is not None
                await self._replay_commit(lease, _build_timer_commit(step, known_view), before, after, index)
            case "mark":
                assert known_view is not None
                reply = self._build_reply(step.what)
                if known_view.moved:
                    reply = reply.model_copy(update={"address": NEW_ADDRESS})
                permit = await self._mailbox.mark_sending(lease, reply)
                assert permit.granted == (next_.activity == "send")
            case "sent":
                view = await self._mailbox.record_sent(
                    lease, build_reply(step.what), f"P-{step.what}", leave=self._leave
                )
                assert view.lease_released == (next_.activity == "idle")
                assert view.lease_released or _to_model_view(view) == next_.view
            case "refuse":
                await self._mailbox.record_rejected(lease, build_reply(step.what), "never")
                await self._redis.hdel(KEY, "undelivered")  # the dialog's event is no part of the model
            case "hold":
                await self._mailbox.hold(lease, build_reply(step.what), "closed", known_closed=False)
            case "postpone":
                if step.what == "failed":
                    await self._mailbox.retry_turn(lease, _LONG)
                    return
                settled, counted = step.what != "unsettled", step.what != "paced"
                await self._mailbox.postpone(lease, _LONG, "later", settled=settled, counted=counted)
            case "pass_on":
                await self._mailbox.requeue(lease)
            case "release":
                assert await self._mailbox.release(lease) == (next_.activity == "idle")
            case "renew":
                renew = lua.load_script("renew", LIMITS)
                [is_renewed] = await renew(self._redis, [lease.session, lease.fence])
                assert bool(is_renewed) == (step.what != "lost")
            case "crash" | "give_up" | "look_up" | "look_up_fails" | "dialog_fails" | "send" | "die":
                pass  # the server is not called
            case other:
                assert other.startswith("send_"), f"no such step: {other}"

    async def _replay_commit(
        self, lease: port.Lease, commit: port.Commit, before: World, after: World, index: int
    ) -> None:
        next_ = after.workers[index]
        view = await self._mailbox.commit(lease, commit, leave=self._leave)
        assert view.lease_released == (next_.activity == "idle")
        assert view.lease_released or _to_model_view(view) == next_.view
        assert bool(view.granted_key) == (next_.activity == "send")

    def _to_fence(self, token: str) -> Fence:
        return self._fences.get(token, (0, 0))

    async def read_store(self) -> Store:
        """Read the server's data as the model's store."""
        redis: Any = self._redis
        fields = {name.decode(): value.decode() for name, value in (await redis.hgetall(KEY)).items()}
        mail = [json.loads(turn)["id"] for turn in await redis.lrange(f"{KEY}:mail", 0, -1)]
        out = [json.loads(each)["key"] for each in await redis.lrange(f"{KEY}:out", 0, -1)]
        received = {each.decode() for each in await redis.zrange(f"{KEY}:seen", 0, -1)}
        sent = {each.decode() for each in await redis.zrange(f"{KEY}:proactive", 0, -1)}
        letters = [json.loads(entry[b"letter"]) for _, entry in await redis.xrange("tg:dead")]
        return Store(
            mail=tuple(mail),
            out=tuple(out),
            seen=frozenset(received | sent),
            owner=fields.get("owner", "bot"),
            state=tuple(json.loads(fields["state"])["turns"]) if "state" in fields else (),
            fence=self._to_fence(f"{fields.get('fence', '')}:{fields.get('nonce', '')}"),
            lease=to_moment(fields.get("lease")),
            job=_job_number(fields["job"]) if "job" in fields else None,
            hold=to_moment(fields.get("hold")),
            tries=int(fields.get("tries", 0)),
            started=tuple(map(self._to_fence, fields.get("started", "").split())),
            sends=tuple(map(self._to_fence, fields.get("sends", "").split())),
            losses=int(fields.get("losses", 0)),
            waits=int(fields.get("waits", 0)),
            marked=fields.get("marked"),
            jobs=int(await redis.get("tg:jobs") or 0),
            queue=tuple(
                _job_number(job.decode()) for job in await redis.lrange(rq_layout.queue_key(), 0, -1)
            ),
            due=to_moment(await redis.zscore("tg:due", SESSION)),
            dead=tuple(
                (letter.get("turns") or [letter["reply"] | {"id": letter["reply"]["key"]}])[0]["id"]
                for letter in letters
            ),
            quiet=to_moment(fields.get("quiet")),
            timer=to_moment(fields.get("inactivity")),
            pace=to_moment(await redis.get(_RATE_KEY)),
            slot=to_moment(fields.get("slot")),
            transferred=fields.get("transferred") == "1",
            ours="ours" in fields,
            moved=_is_new(fields.get("address")),
            marked_moved="marked" in fields and _is_new(fields.get("marked_to")),
            received=frozenset(received),
            refused=await self._read_refused(),
            window=to_moment(fields.get("window")),
            held=tuple(json.loads(each)["key"] for each in await redis.lrange(f"{KEY}:held", 0, -1)),
            opted_out=fields.get("optout") == "1",
        )

    async def _read_refused(self) -> frozenset[str]:
        """Return the webhook names that were erased; only their digests are stored."""
        redis: Any = self._redis
        salt = await redis.get("tg:optout_salt") or b""
        refused = set()
        for name in (*self._bounds.turns, "take_over", "participant", "move"):
            digest = hashlib.sha1(salt + f"{SESSION} {name}".encode(), usedforsecurity=False).hexdigest()
            if await redis.zscore("tg:erased", digest) is not None:
                refused.add(name)
        return frozenset(refused)


def _is_new(address: str | None) -> bool:
    return bool(address) and json.loads(address or "")["theirs"] == NEW_ADDRESS.theirs


def _build_commit(step: Step, known_view: ModelView, before: World, after: World) -> port.Commit:
    replies = after.replies[len(before.replies) :]
    if after.replies == before.replies and known_view.owner == "bot":  # refused, because the lease is lost
        replies = (f"{step.what}.1",)
    turns = tuple(Turn(id=turn, session=SESSION, address=ADDRESS) for turn in known_view.turns)
    dead = "gave up" if len(after.store.dead) > len(before.store.dead) else None
    state: dict[str, Any] = {"turns": [*known_view.state, *known_view.turns]}
    reply_objects = tuple(map(build_reply, replies))
    timer = (TimerKind.INACTIVITY, _LONG) if after.timer_turn else None
    return port.Commit(
        turns=turns,
        state=state,
        replies=reply_objects,
        marks_first_reply=dead is None,
        dead_letter_reason=dead,
        timer=timer,
    )


def _build_timer_commit(step: Step, known_view: ModelView) -> port.Commit:
    reply_objects = (build_reply(f"{step.what}.late"),) if known_view.owner == "bot" else ()
    state: dict[str, Any] = {"turns": list(known_view.state)}
    return port.Commit(turns=(), state=state, replies=reply_objects, fired_timer=TimerKind.INACTIVITY)


def _to_model_view(view: port.SessionView) -> ModelView:
    turns: Any = (view.state or {}).get("turns", [])
    return ModelView(
        owner=view.owner.value,
        state=tuple(turns),
        turns=tuple(turn.id for turn in view.turns),
        out=tuple(each.key for each in view.outbox),
        marked=view.send_mark.key if view.send_mark else None,
        tries=view.tries,
        waits=view.postponements,
        fired=view.fired_timer is not None,
        deaths=view.deaths,
        moved=bool(view.outbox) and view.outbox[0].address == NEW_ADDRESS,
    )


def to_moment(value: str | bytes | float | None) -> Moment:
    if value is None or value == "":
        return None
    return "past" if float(value) <= LONG_AGO else "later"


def _job_number(job: str) -> int:
    return int(job.rsplit("-", 1)[1])
