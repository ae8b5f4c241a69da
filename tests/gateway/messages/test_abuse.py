"""Limits per contact: floods, loops with another bot, and budgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.model import ConsentRequest, ControlAction, ControlReceived, Message, TurnReceived
from core.ports import AcceptResult, TurnOutcome
from core.processing import AbuseLimits, SessionProcessor
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.session_report import explain
from gateway.redis.records.sessions.silenced_sessions import end_silence, list_silenced
from gateway.redis.sending.outbox import ProactiveSender
from tests.fakes import ADDRESS, CostlyDialog, EchoDialog, FakeChannel, build_turn

SESSION, OTHER = "fake:1", "fake:2"
AUTO_REPLY = "Thank you for your message {number}. We are closed until 8:{number}."


class LimitedGateway:
    """One channel with limits; every message is processed at once, as it is on a line without load."""

    def __init__(self, redis: Redis, dialog: EchoDialog | None = None, **limits: int) -> None:
        self.redis = redis
        self.inbox = RedisInbox(redis, abuse={"fake": AbuseLimits(**limits)})
        self.channel, self.dialog = FakeChannel(), dialog or EchoDialog()
        self.mailbox = RedisMailbox(redis, abuse={"fake": AbuseLimits(**limits)})
        self.processor = SessionProcessor(
            mailbox=self.mailbox, dialog=self.dialog, channels={"fake": self.channel}, http=None
        )
        self.number = 0

    async def say(self, *texts: str, session: str = SESSION, processes: bool = True) -> list[AcceptResult]:
        results = []
        for text in texts:
            self.number += 1
            results += await self.inbox.accept([TurnReceived(turn=build_turn(self.number, session, text))])
            if processes:
                await self.processor.run(session)
        return results

    async def ask(self, *requests: ConsentRequest) -> None:
        """Let the contact opt out or in by their words."""
        for request in requests:
            self.number += 1
            turn = build_turn(self.number, SESSION, request)
            await self.inbox.accept([TurnReceived(turn=turn, request=request)])
            await self.processor.run(SESSION)

    @property
    def answer_count(self) -> int:
        return len(self.channel.bodies)

    async def list_outcomes(self, session: str = SESSION) -> list[Any]:
        entries = await read_log(self.redis, session)
        return [entry.data["outcome"] for entry in entries if entry.kind == "committed"]

    async def list_silenced(self) -> list[tuple[str, str]]:
        return [(row.session, row.reason) for row in await list_silenced(self.redis, 10)]


def build_auto_replies(count: int, text: str = AUTO_REPLY) -> Sequence[str]:
    """Return messages of an auto-responder: the same words with different numbers."""
    return [text.format(number=number) for number in range(1, count + 1)]


async def test_an_auto_responder_gets_five_answers(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    gateway = LimitedGateway(redis, rounds=5)
    results = await gateway.say(*build_auto_replies(20))

    assert gateway.answer_count == 5
    assert results.count(AcceptResult.SILENCED) == 1
    assert (await gateway.list_outcomes())[5:] == ["silent_loop"] * 15
    assert await gateway.list_silenced() == [(SESSION, "loop")]
    assert "silenced" in [entry.kind for entry in await read_log(redis, SESSION)]
    assert "a session is silent from now on" in caplog.text
    assert ADDRESS.theirs not in caplog.text


async def test_a_machine_that_takes_turns_of_two_messages_is_recognised(redis: Redis) -> None:
    gateway = LimitedGateway(redis, rounds=5)
    for first, second in zip(
        build_auto_replies(10), build_auto_replies(10, "Ticket {number} was opened."), strict=True
    ):
        await gateway.say(first, second)

    assert gateway.answer_count <= 6
    assert await gateway.list_silenced() == [(SESSION, "loop")]


async def test_other_words_are_answered_again(redis: Redis) -> None:
    gateway = LimitedGateway(redis, rounds=5)
    await gateway.say(*build_auto_replies(8))
    await gateway.say("I am a person, hello there")

    assert gateway.answer_count == 6
    assert await gateway.list_silenced() == []
    await gateway.say(*build_auto_replies(8))
    assert gateway.answer_count == 6  # these words are still known


async def test_brief_answers_are_not_a_loop(redis: Redis) -> None:
    gateway = LimitedGateway(redis, rounds=5)
    await gateway.say(*["yes"] * 12)
    assert gateway.answer_count == 12

    await gateway.say(*build_auto_replies(8), "help")
    assert gateway.channel.bodies[-1].endswith("help")


async def test_opting_out_and_in_again_and_again_is_limited_and_ends_opted_out(redis: Redis) -> None:
    gateway = LimitedGateway(redis, messages_per_minute=10)
    await gateway.say("hello")
    for _ in range(40):
        await gateway.ask(ConsentRequest.OPT_OUT, ConsentRequest.OPT_IN)

    assert 10 < gateway.answer_count < 25
    assert await redis.hget(f"tg:{{{SESSION}}}", "optout") == b"1"


@pytest.mark.parametrize("request_", [ConsentRequest.OPT_IN, ConsentRequest.MARKETING_OPT_OUT])
async def test_words_that_change_nothing_are_limited_as_others(
    redis: Redis, request_: ConsentRequest
) -> None:
    """An opt-in, such as "yes", is one only while the contact is opted out."""
    gateway = LimitedGateway(redis, messages_per_minute=10)
    await gateway.ask(*[request_] * 40)

    assert gateway.answer_count < 15


async def test_an_unanswered_message_does_not_count_as_a_round(redis: Redis) -> None:
    """A person repeats themselves while the bot is slow."""
    gateway = LimitedGateway(redis, rounds=5)
    await gateway.say(*["Is anybody there at all?"] * 9, processes=False)

    assert await gateway.list_silenced() == []


async def test_an_operator_ends_the_silence(redis: Redis) -> None:
    gateway = LimitedGateway(redis, rounds=5)
    await gateway.say(*build_auto_replies(8))
    assert await end_silence(redis, SESSION)
    assert not await end_silence(redis, SESSION)

    await gateway.say(*build_auto_replies(1))
    assert gateway.answer_count == 6


async def test_a_hand_back_ends_the_silence(redis: Redis) -> None:
    gateway = LimitedGateway(redis, rounds=5)
    await gateway.say(*build_auto_replies(8))
    give_back = ControlReceived(id="c", session=SESSION, address=ADDRESS, act=ControlAction.GIVE_BACK)
    await gateway.inbox.accept([give_back])

    assert await gateway.list_silenced() == []


async def test_a_flood_gets_one_notice_then_silence_and_others_are_answered(redis: Redis) -> None:
    gateway = LimitedGateway(redis, messages_per_minute=10)
    await gateway.say(*(f"message {number}" for number in range(40)))
    await gateway.say("hello", session=OTHER)

    notices = [body for body in gateway.channel.bodies if "so many messages" in body]
    assert len(notices) == 1
    assert len(gateway.dialog.handled) == 12
    assert gateway.channel.bodies[-1] == "1: hello"
    assert set((await gateway.list_outcomes())[11:]) == {"silent_messages_per_minute"}
    accepted = [entry for entry in await read_log(redis, SESSION, count=500) if entry.kind == "accepted"]
    assert len(accepted) == 40
    assert await gateway.list_silenced() == [(SESSION, "messages_per_minute")]


async def test_a_flood_is_over_with_its_minute(redis: Redis) -> None:
    gateway = LimitedGateway(redis, messages_per_minute=3)
    await gateway.say(*(f"message {number}" for number in range(9)))
    await redis.hset(f"tg:{{{SESSION}}}", "rate", "1")
    await gateway.say("hello")

    assert gateway.channel.bodies[-1].endswith("hello")
    assert await gateway.list_silenced() == []


async def test_the_end_of_a_flood_renews_no_daily_budget(redis: Redis) -> None:
    gateway = LimitedGateway(redis, messages_per_minute=3, messages_per_day=6)
    for _ in range(4):
        await gateway.say(*(f"message {number}" for number in range(5)))
        await redis.hset(f"tg:{{{SESSION}}}", "rate", "1")

    assert len(gateway.dialog.handled) <= 9  # two notices
    assert "silent_messages_per_day" in await gateway.list_outcomes()


async def test_a_day_has_a_budget_for_each_contact_and_account(redis: Redis) -> None:
    gateway = LimitedGateway(redis, messages_per_day=3, account_messages_per_day=6)
    await gateway.say(*(f"message {number}" for number in range(6)))
    await gateway.say(*(f"message {number}" for number in range(6)), session=OTHER)

    assert (await gateway.list_outcomes())[4:] == ["silent_messages_per_day"] * 2
    assert set((await gateway.list_outcomes(OTHER))[4:]) <= {
        "silent_messages_per_day",
        "silent_account_messages_per_day",
    }
    await gateway.say("hello", "hello again", "and again", session="fake:3")
    assert (await gateway.list_outcomes("fake:3"))[-1] == "silent_account_messages_per_day"
    assert b"budget" in (await redis.hget("tg:alarms", "fake:A1") or b"")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"tokens_per_day": 250}, "silent_tokens_per_day"),
        ({"account_tokens_per_day": 250}, "silent_account_tokens_per_day"),
    ],
)
async def test_a_day_has_a_budget_of_tokens(redis: Redis, limits: dict[str, int], reason: str) -> None:
    gateway = LimitedGateway(redis, dialog=CostlyDialog(), **limits)
    await gateway.say(*(f"message {number}" for number in range(6)))

    assert await gateway.list_outcomes() == ["stay"] * 4 + [reason] * 2  # the fourth carries the notice
    await gateway.say("hello", "hello again", session=OTHER)
    assert (await gateway.list_outcomes(OTHER))[-1] == ("stay" if "tokens_per_day" in limits else reason)


async def test_a_held_session_is_not_limited(redis: Redis) -> None:
    """An agent reads them all."""
    gateway = LimitedGateway(redis, messages_per_minute=2, rounds=2)
    take_over = ControlReceived(id="c", session=SESSION, address=ADDRESS, act=ControlAction.TAKE_OVER)
    await gateway.inbox.accept([take_over])
    await gateway.say(*build_auto_replies(9))

    assert await gateway.list_outcomes() == ["silent_human"] * 9


async def test_without_limits_everything_is_answered(redis: Redis) -> None:
    gateway = LimitedGateway(redis)
    await gateway.say(*build_auto_replies(9))

    assert gateway.answer_count == 9


class FailingModel(EchoDialog):
    """Dialog whose result reports a fallback model."""

    async def answer(self, *args: Any, **more: Any) -> TurnOutcome:
        outcome = await super().answer(*args, **more)
        return outcome._replace(details={"model_failures": "openai/a:status_401 openai/b:empty"})


async def test_the_reasons_of_fallbacks_are_logged_and_counted(redis: Redis) -> None:
    gateway = LimitedGateway(redis, FailingModel())
    await gateway.say("a", "b")
    counts: dict[Any, Any] = await redis.hgetall("tg:counts")
    assert {name: int(count) for name, count in counts.items() if name.startswith(b"model_failed")} == {
        b"model_failed:openai/a:status_401": 2,
        b"model_failed:openai/b:empty": 2,
    }
    committed = [entry for entry in await read_log(redis, SESSION) if entry.kind == "committed"]
    assert committed[0].data["model_failures"] == "openai/a:status_401 openai/b:empty"


async def test_replies_over_the_hours_limit_wait_until_an_operator_ends_that(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is lost, others are answered, and it is logged once."""
    gateway = LimitedGateway(redis, replies_per_hour=3)
    await gateway.say(*(f"message number {word}" for word in ("one", "two", "three", "four", "five")))
    await gateway.say("hello", session=OTHER)
    await redis.hdel(f"tg:{{{SESSION}}}", "hold")
    await gateway.processor.run(SESSION)

    assert gateway.answer_count == 4
    assert await gateway.list_silenced() == [(SESSION, "replies_per_hour")]
    assert caplog.text.count("a session is silent from now on") == 1
    kinds = [entry.kind for entry in await read_log(redis, SESSION)]
    assert (kinds.count("silenced"), kinds[-1]) == (1, "postponed")
    report = (await explain(redis, SESSION, 50))[0]
    assert (report.silenced, report.wait_reason, report.unsent) == ("replies_per_hour", "reply limit", 1)

    assert await end_silence(redis, SESSION)
    await gateway.processor.run(SESSION)
    assert gateway.answer_count == 6
    assert await gateway.list_silenced() == []
    assert await redis.llen("rq:queue:turns") > 0


async def test_an_agent_answers_a_contact_whose_replies_wait(redis: Redis) -> None:
    gateway = LimitedGateway(redis, replies_per_hour=1)
    await gateway.say("message number one", "message number two")
    sender = ProactiveSender(redis, {"fake": gateway.channel}, ProtocolLimits())
    await sender.send(SESSION, "agent-1", Message(text="a person here"), voice="person")
    await gateway.processor.run(SESSION)

    assert gateway.channel.bodies[-1] == "a person here"


async def test_a_try_again_is_not_counted_and_time_ends_the_silence(redis: Redis) -> None:
    gateway = LimitedGateway(redis, replies_per_hour=2)
    gateway.channel.planned_failures = [(Unavailable("down"), False)] * 3
    await gateway.say("message number one")
    for _ in range(4):
        await redis.hdel(f"tg:{{{SESSION}}}", "hold")
        await gateway.processor.run(SESSION)
    await gateway.say("message number two")
    assert gateway.answer_count == 2
    await gateway.say("message number three")
    assert await gateway.list_silenced() == [(SESSION, "replies_per_hour")]

    seconds, _ = await redis.time()
    await redis.hset(f"tg:{{{SESSION}}}", "replied", f"{seconds * 1000 - 1} x")
    await redis.hdel(f"tg:{{{SESSION}}}", "hold")
    await gateway.processor.run(SESSION)
    assert gateway.answer_count == 3
    assert await gateway.list_silenced() == []
