"""Concurrency policies: messages that arrive while an earlier one is answered (guarantee L11)."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from redis.asyncio import Redis

from core.errors import MailboxFull
from core.model import Attachment, Turn, TurnReceived
from core.ports import ErrorMessages, State, TurnListener, TurnOutcome
from core.processing import Concurrency, ConcurrencyPolicy, merge_turns
from core.processing.concurrency import turns_to_merge
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sweeper import Sweeper
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, EchoDialog, build_turn

KEY = f"tg:{{{SESSION}}}"
QUEUE = "rq:queue:turns"
BURST = Concurrency(policy=ConcurrencyPolicy.BURST, window=30, cap=60)
INTERRUPT = Concurrency(policy=ConcurrencyPolicy.INTERRUPT)
PHOTO = Turn(
    id="M7", session=SESSION, address=ADDRESS, attachments=(Attachment(url="https://files.example/7"),)
)
TAP = Turn(id="M8", session=SESSION, address=ADDRESS, text="Yes", payload="confirmed")


def test_a_picture_and_the_text_after_it_are_one_turn() -> None:
    one = merge_turns([PHOTO, build_turn(2, SESSION, "what is this?"), build_turn(3, SESSION, "and that?")])

    assert (one.id, one.text, one.attachments) == ("M7", "what is this?\nand that?", PHOTO.attachments)


def test_a_button_and_a_command_are_not_merged() -> None:
    first, command = build_turn(1), build_turn(2, text="/agent")

    assert turns_to_merge([first, PHOTO, TAP, build_turn(4)]) == (first, PHOTO)
    assert turns_to_merge([TAP, first]) == (TAP,)
    assert turns_to_merge([first, command]) == (first,)


async def end_debounce(rig: Rig) -> None:
    """Let the debounce window pass and run the sweeper."""
    await rig.redis.hset(KEY, "quiet", 1)
    await rig.redis.zadd("tg:due", {SESSION: 1})
    assert await Sweeper(rig.redis).sweep() == 1


async def test_a_burst_waits_for_its_window_and_is_answered_as_one_turn(redis: Redis) -> None:
    rig = Rig(redis, concurrency=BURST)
    await rig.accept_turns(1)
    await rig.accept_turns(2)
    await rig.accept_turns(3)
    assert await redis.llen(QUEUE) == 0
    await end_debounce(rig)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1"]
    assert rig.channel.bodies == ["1: text 1", "text 2", "text 3"]
    assert await redis.llen(f"{KEY}:mail") == 0


async def test_each_message_restarts_the_window_up_to_the_cap(redis: Redis) -> None:
    rig = Rig(redis, concurrency=Concurrency(policy=ConcurrencyPolicy.BURST, window=30, cap=45))
    await rig.accept_turns(1)
    first = await read_times(redis)
    await redis.hset(KEY, "burst", first["burst"] - 20_000)
    await rig.accept_turns(2)
    second = await read_times(redis)

    assert first["quiet"] == first["burst"] + 30_000
    assert second["quiet"] == second["burst"] + 45_000
    assert await redis.zscore("tg:due", SESSION) == second["quiet"]


async def read_times(redis: Redis) -> dict[str, int]:
    fields = await cast("Any", redis.hmget(KEY, ["burst", "quiet"]))
    return {"burst": int(fields[0]), "quiet": int(fields[1])}


async def test_a_button_is_not_debounced_and_releases_the_messages_before_it(redis: Redis) -> None:
    rig = Rig(redis, concurrency=BURST)
    await rig.accept_turns(1)
    await rig.inbox.accept([TurnReceived(turn=TAP)])

    assert await redis.llen(QUEUE) == 1
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1", "M8"]


async def test_messages_during_a_running_burst_form_the_next_burst(redis: Redis) -> None:
    rig = Rig(redis, concurrency=BURST)
    await rig.accept_turns(1)
    await end_debounce(rig)

    class SlowDialog(EchoDialog):
        async def answer(
            self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
        ) -> TurnOutcome:
            if not self.handled:
                await rig.accept_turns(2)
            return await super().answer(turn, state, listener=listener)

    rig.dialog = rig.processor._answers._dialog = SlowDialog()

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1"]
    assert await redis.hget(KEY, "job") is None
    await end_debounce(rig)
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1", "M2"]


async def test_a_failed_burst_is_retried_as_one_turn(redis: Redis) -> None:
    rig = Rig(redis, concurrency=BURST)
    rig.dialog.planned_failures = [RuntimeError("model is down")]
    await rig.accept_turns(1)
    await rig.accept_turns(2)
    await end_debounce(rig)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "text 2"]


class BlockingDialog(EchoDialog):
    """Runs until released; records start, cancellation and crossing of the commit barrier."""

    def __init__(self, *, crossing: bool = False) -> None:
        super().__init__()
        self.crossing = crossing
        self.begun = asyncio.Queue[str]()
        self.end = asyncio.Event()
        self.cancelled = 0
        self.heard: list[str] = []

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        self.heard.append(turn.text)
        if self.crossing and listener:
            await listener.on_side_effect()
        self.begun.put_nowait(turn.text)
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await super().answer(turn, state, listener=listener)


async def start_interrupted(redis: Redis, dialog: BlockingDialog) -> tuple[Rig, asyncio.Task[ProcessResult]]:
    """Start a run in which a second message arrives while the first is answered."""
    rig = Rig(redis, concurrency=INTERRUPT)
    rig.dialog = rig.processor._answers._dialog = dialog
    await rig.accept_turns(1)
    draining = asyncio.create_task(rig.process())
    await dialog.begun.get()
    while (await cast("Any", redis.pubsub_numsub("tg:arrived")))[0][1] == 0:  # noqa: ASYNC110 - the server's word
        await asyncio.sleep(0)
    await rig.accept_turns(2)
    return rig, draining


async def test_a_new_message_restarts_the_turn_with_both_messages(redis: Redis) -> None:
    dialog = BlockingDialog()
    rig, draining = await start_interrupted(redis, dialog)

    assert await dialog.begun.get() == "text 1\ntext 2"
    dialog.end.set()
    assert await draining is ProcessResult.EMPTY
    assert (dialog.cancelled, dialog.handled) == (1, ["M1"])
    assert rig.channel.bodies == ["1: text 1", "text 2"]
    await rig.mailbox.aclose()


async def test_after_the_commit_barrier_a_new_message_waits(redis: Redis) -> None:
    dialog = BlockingDialog(crossing=True)
    rig, draining = await start_interrupted(redis, dialog)
    dialog.end.set()

    assert await draining is ProcessResult.EMPTY
    assert (dialog.cancelled, dialog.heard) == (0, ["text 1", "text 2"])
    assert rig.channel.bodies == ["1: text 1", "2: text 2"]
    await rig.mailbox.aclose()


async def test_an_interruption_is_not_a_failed_try(redis: Redis) -> None:
    dialog = BlockingDialog()
    rig, draining = await start_interrupted(redis, dialog)
    for number in range(3, 10):
        await dialog.begun.get()
        await rig.accept_turns(number)
    await dialog.begun.get()
    dialog.end.set()

    assert await draining is ProcessResult.EMPTY
    assert dialog.handled == ["M1"]
    assert await redis.xlen("tg:dead") == 0
    await rig.mailbox.aclose()


async def test_restarts_end_at_the_cap(redis: Redis) -> None:
    dialog = BlockingDialog()
    rig, draining = await start_interrupted(redis, dialog)
    await dialog.begun.get()
    rig.processor._answers._concurrency = {"fake": Concurrency(policy=ConcurrencyPolicy.INTERRUPT, cap=1e-9)}
    await rig.accept_turns(3)
    await dialog.begun.get()
    await rig.accept_turns(4)
    dialog.end.set()

    assert await draining is ProcessResult.EMPTY
    assert dialog.heard == ["text 1", "text 1\ntext 2", "text 1\ntext 2\ntext 3", "text 4"]
    await rig.mailbox.aclose()


async def test_mailbox_overflow_is_reported_to_the_contact_once(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(mailbox_length=2))
    await rig.accept_turns(1, 2)
    for number in (3, 4):
        try:
            await rig.accept_turns(number)
        except MailboxFull:
            continue
        raise AssertionError("the mailbox took more than it holds")

    assert await rig.process() is ProcessResult.EMPTY
    sorry = ErrorMessages().mailbox_overflow
    assert rig.channel.bodies == ["1: text 1", sorry, "2: text 2"]
    await rig.accept_turns(3)
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies[3:] == ["3: text 3"]
