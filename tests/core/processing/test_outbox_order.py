"""Order of one outbox with two producers: an agent or the business sends while a turn is processed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable, Unknown
from core.model import Message, Reply, Turn
from core.ports import RateLimit, State, TurnListener, TurnOutcome
from core.processing import SessionProcessor
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.dead_letters import DeadLetters
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, EchoDialog

KEY = f"tg:{{{SESSION}}}"


class InterruptedDialog(EchoDialog):
    """Dialog that runs a function during its first turn."""

    def __init__(self, meanwhile: Callable[[], Awaitable[Any]]) -> None:
        super().__init__()
        self._meanwhile: Callable[[], Awaitable[Any]] | None = meanwhile

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        outcome = await super().answer(turn, state, listener=listener)
        if meanwhile := self._meanwhile:
            self._meanwhile = None
            await meanwhile()
        return outcome


async def send_as_agent(rig: Rig, key: str, text: str, voice: Any = "person") -> SendOutcome:
    channels: Any = {"fake": rig.channel}
    sender = ProactiveSender(rig.redis, channels, ProtocolLimits())
    return (await sender.send(SESSION, key, Message(text=text), voice)).outcome


def build_interrupted_rig(redis: Redis, meanwhile: Callable[[Rig], Awaitable[Any]], **options: Any) -> Rig:
    rig = Rig(redis, **options)
    rig.dialog = InterruptedDialog(lambda: meanwhile(rig))
    rig.processor._answers._dialog = rig.dialog
    return rig


async def test_an_agents_words_during_a_turn_leave_and_the_bots_reply_does_not(redis: Redis) -> None:
    rig = build_interrupted_rig(redis, lambda rig: send_as_agent(rig, "agent-1", "Grace here"))
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["Grace here"]
    kinds = await rig.log_kinds()
    assert (kinds.count("refused"), kinds.count("sent")) == (1, 1)


async def test_several_words_and_a_reply_of_several_parts(redis: Redis) -> None:
    async def send_twice(rig: Rig) -> None:
        await send_as_agent(rig, "agent-1", "one\ntwo")
        await send_as_agent(rig, "agent-2", "three")

    rig = build_interrupted_rig(redis, send_twice)
    await rig.accept_turns(1, text="a\nb")

    await rig.process()
    assert rig.channel.bodies == ["one", "two", "three"]
    assert await redis.llen(f"{KEY}:out") == 0


async def test_a_message_of_the_business_during_a_turn_leaves_first_and_takes_its_own_pace(
    redis: Redis,
) -> None:
    rig = build_interrupted_rig(
        redis,
        lambda rig: send_as_agent(rig, "own-1", "offer", "bot"),
        paces={"fake": RateLimit(account=1000)},
    )
    await rig.accept_turns(1)

    await rig.process()
    assert rig.channel.bodies == ["offer", "1: text 1"]


async def test_a_mark_of_a_reply_that_is_not_next_changes_nothing(redis: Redis) -> None:
    rig = build_interrupted_rig(
        redis, lambda rig: send_as_agent(rig, "own-1", "offer", "bot"), paces={"fake": RateLimit(account=1)}
    )
    await rig.accept_turns(1)
    claim = await rig.mailbox.claim(SESSION)
    assert claim is not None
    await send_as_agent(rig, "own-1", "offer", "bot")
    before = await redis.hgetall(KEY)

    permit = await rig.mailbox.mark_sending(claim.lease, Reply(key="M1.1", address=ADDRESS, body="x"))

    assert (permit.granted, permit.wait) == (False, 0)
    assert await redis.hgetall(KEY) == before
    assert await redis.keys("tg:pace:*") == []


@pytest.mark.parametrize("settle", ["sent", "refused"])
async def test_settling_a_reply_that_is_not_next_removes_no_other(redis: Redis, settle: str) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    claim = await rig.mailbox.claim(SESSION)
    assert claim is not None
    await send_as_agent(rig, "agent-1", "Grace here")
    other = Reply(key="M1.1", address=ADDRESS, body="x")

    if settle == "sent":
        await rig.mailbox.record_sent(claim.lease, other, "P1")
    else:
        await rig.mailbox.record_rejected(claim.lease, other, "never")

    assert await redis.llen(f"{KEY}:out") == 1


@pytest.mark.parametrize("failure", [Unavailable("busy"), Rejected("no such number")])
async def test_words_are_kept_when_the_bots_earlier_reply_fails(redis: Redis, failure: Exception) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [(failure, False)]  # type: ignore[list-item]
    await rig.accept_turns(1)
    await rig.process()
    await send_as_agent(rig, "agent-1", "Grace here")

    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["Grace here"]


async def test_a_reset_keeps_an_agents_unsent_words(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    claim = await rig.mailbox.claim(SESSION)
    assert claim is not None
    await send_as_agent(rig, "own-1", "offer", "bot")
    await send_as_agent(rig, "agent-1", "Grace here")
    reset = lua.load_script("reset", ProtocolLimits())
    await reset(redis, [rq_layout.current_timestamp(), SESSION])

    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert "Grace here" in rig.channel.bodies
    assert "offer" not in rig.channel.bodies


async def test_an_erasure_during_a_turn_loses_neither_the_next_message_nor_the_erasure(redis: Redis) -> None:
    async def erase_and_write(rig: Rig) -> None:
        await ContactErasure(redis).erase(SESSION, 0)
        await rig.accept_turns(2, text="after the erasure")
        assert await other.mailbox.claim(SESSION) is not None  # the same number as the first claim

    other = Rig(redis)
    rig = build_interrupted_rig(redis, erase_and_write)
    await rig.accept_turns(1, text="secret")

    assert await rig.process() is ProcessResult.LEASE_LOST
    assert await redis.llen(f"{KEY}:mail") == 1
    fields: Any = await redis.hgetall(KEY)
    assert b"secret" not in b"".join(fields.values())
    await redis.hset(KEY, "lease", 1)
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: after the erasure"]


async def test_a_full_outbox_takes_no_more_proactive_messages(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    channels: Any = {"fake": rig.channel}
    sender = ProactiveSender(redis, channels, ProtocolLimits(mailbox_length=2))

    receipts = [await sender.send(SESSION, f"own-{number}", Message(text="x")) for number in range(3)]
    outcomes = [receipt.outcome for receipt in receipts]
    assert outcomes == [SendOutcome.QUEUED, SendOutcome.QUEUED, SendOutcome.FULL]
    assert (await sender.send(SESSION, "own-0", Message(text="x"))).outcome is SendOutcome.DUPLICATE


async def test_an_unreadable_item_is_discarded_by_its_content(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await redis.lset(f"{KEY}:mail", 0, '{"id": "M1", "from": "a later release"}')
    await rig.accept_turns(2)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M2"]
    assert await redis.xlen("tg:dead") == 1


async def test_a_reply_that_is_not_next_is_not_given_up_either(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    claim = await rig.mailbox.claim(SESSION)
    assert claim is not None
    await send_as_agent(rig, "agent-1", "Grace here")

    await rig.mailbox.record_rejected(claim.lease, Reply(key="M1.1", address=ADDRESS, body="x"), "too old")

    assert await redis.xlen("tg:dead") == 0
    assert "refused" not in await rig.log_kinds()


async def find_nothing(*arguments: object, **options: object) -> None:
    """Find no earlier send, as where statuses do not arrive."""


async def test_a_reply_whose_outcome_stays_unknown_is_sent_a_few_times_only(redis: Redis) -> None:
    rig = Rig(redis, look_up=False)
    rig.channel.planned_failures = [(Unknown("no answer"), True)] * 9
    await rig.accept_turns(1)

    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    [letter] = [each async for each in DeadLetters(redis).list_between()]
    assert len(rig.channel.bodies) == ProcessingLimits().max_copies == 5
    assert letter.reason == "gave up after 5 sends of unknown outcome: no answer"


async def test_a_reply_that_is_accepted_without_an_id_is_sent_a_few_times_only(redis: Redis) -> None:
    rig = Rig(redis)
    rig.channel.find_sent = find_nothing  # type: ignore[method-assign]
    rig.channel.planned_failures = [(Unknown("no ID", is_accepted=True), True)] * 9
    await rig.accept_turns(1)

    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert len(rig.channel.bodies) == ProcessingLimits().max_copies


async def test_a_worker_that_fails_under_a_valid_lease_gives_it_back(redis: Redis) -> None:
    class FailingMailbox(RedisMailbox):
        async def commit(self, *arguments: Any, **options: Any) -> Any:
            raise ConnectionError("cut")

    rig = Rig(redis)
    await rig.accept_turns(1)
    failing = FailingMailbox(redis)
    channels: Any = {"fake": rig.channel}
    processor: SessionProcessor[Any] = SessionProcessor(
        mailbox=failing, dialog=rig.dialog, channels=channels, http=None
    )
    with pytest.raises(ConnectionError):
        await processor.run(SESSION)

    assert await redis.hmget(KEY, "lease", "started", "losses") == [None, b"", None]
    assert await redis.zscore("tg:due", SESSION) is not None
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_a_reply_that_is_sent_and_cannot_be_recorded_is_given_up(redis: Redis) -> None:
    class FailingMailbox(RedisMailbox):
        async def record_sent(self, *arguments: Any, **options: Any) -> Any:
            raise ValueError("a bug")

    rig = Rig(redis, look_up=False)
    await rig.accept_turns(1)
    channels: Any = {"fake": rig.channel}
    processor: SessionProcessor[Any] = SessionProcessor(
        mailbox=FailingMailbox(redis), dialog=rig.dialog, channels=channels, http=None
    )
    for _ in range(ProcessingLimits().reply_deaths):
        with pytest.raises(ValueError, match="a bug"):
            await processor.run(SESSION)

    assert await processor.run(SESSION) is ProcessResult.EMPTY
    [letter] = [each async for each in DeadLetters(redis).list_between()]
    assert "it may have been delivered" in letter.reason
    assert len(rig.channel.bodies) == ProcessingLimits().reply_deaths


async def test_the_queued_job_of_an_erased_session_leaves_nothing_behind(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await ContactErasure(redis).erase(SESSION, 0)

    assert await rig.process() is ProcessResult.EMPTY
    assert await redis.keys(f"{KEY}*") == []


async def test_a_turn_that_is_not_json_is_discarded_by_the_job_that_takes_it(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await redis.lset(f"{KEY}:mail", 0, "no JSON")
    await rig.accept_turns(2)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M2"]


async def test_a_turn_whose_end_cannot_be_stored_becomes_a_dead_letter(redis: Redis) -> None:
    class UnstorableDialog(EchoDialog):
        async def answer(
            self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
        ) -> TurnOutcome:
            outcome = await super().answer(turn, state, listener=listener)
            unstorable: Any = {"object": object()}
            return TurnOutcome(state=unstorable, messages=outcome.messages)

    rig = Rig(redis)
    rig.processor._answers._dialog = UnstorableDialog()
    await rig.accept_turns(1)
    for _ in range(ProcessingLimits().turn_tries):
        with pytest.raises(ValueError, match="serialize"):
            await rig.process()

    assert await rig.process() is ProcessResult.EMPTY
    [letter] = [each async for each in DeadLetters(redis).list_between()]
    assert letter.reason == "gave up after 5 tries"
    assert await redis.llen(f"{KEY}:mail") == 0
