"""Dead letters: from the failed turn to its answer after a replay, and the commands for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
import redis as sync
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from core.model import Attachment, Turn, TurnReceived
from core.ports import Commit
from core.processing import SessionProcessor
from core.processing.session_processor import ProcessResult
from gateway.cli import app
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.sessions.dead_letters import DeadLetter, DeadLetters, ReplayOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from tests.core.rig import list_letters
from tests.fakes import ADDRESS, EchoDialog, FakeChannel, build_turn

SESSION = "fake:1"
QUEUE = "rq:queue:turns"
PHOTO = Turn(
    id="M9",
    session=SESSION,
    address=ADDRESS,
    text="look at this",
    attachments=(Attachment(url="https://files.example/1"),),
)


async def add_dead_letters(redis: Redis, *turns: Turn, reason: str = "gave up after 5 tries") -> None:
    """Accept turns and turn each into a dead letter, as the worker does; no job is left."""
    mailbox = RedisMailbox(redis)
    for each in turns:
        await RedisInbox(redis).accept([TurnReceived(turn=each)])
        claim = await mailbox.claim(each.session)
        assert claim is not None
        await mailbox.commit(claim.lease, Commit(turns=(each,), dead_letter_reason=reason))
        assert await mailbox.release(claim.lease)
    await redis.delete(QUEUE)


async def test_a_dead_letter_has_the_reason_and_the_complete_turn(redis: Redis) -> None:
    await add_dead_letters(redis, PHOTO)

    [letter] = await list_letters(redis)
    assert (letter.session, letter.reason, letter.turns) == (SESSION, "gave up after 5 tries", (PHOTO,))
    assert await DeadLetters(redis).read(letter.id) == letter


async def test_a_replayed_turn_is_answered_and_its_letter_deleted(redis: Redis) -> None:
    await add_dead_letters(redis, PHOTO)
    [letter] = await list_letters(redis)
    channel, mailbox, dialog = FakeChannel(), RedisMailbox(redis), EchoDialog()

    assert await DeadLetters(redis).replay(letter) is ReplayOutcome.REPLAYED
    assert await redis.llen(QUEUE) == 1
    drain = SessionProcessor(mailbox=mailbox, dialog=dialog, channels={"fake": channel}, http=None)
    assert await drain.run(SESSION) is ProcessResult.EMPTY
    await mailbox.aclose()
    assert channel.bodies == ["1: look at this"]
    assert await list_letters(redis) == []


async def test_a_replayed_turn_is_appended_to_the_mailbox(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1), build_turn(2))
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(3))])

    for letter in await list_letters(redis):
        await DeadLetters(redis).replay(letter)

    waiting = await redis.lrange(f"tg:{{{SESSION}}}:mail", 0, -1)
    assert [json.loads(each)["id"] for each in waiting] == ["M3", "M1", "M2"]
    assert await redis.llen(QUEUE) == 1


async def test_concurrent_replays_of_a_letter_replay_it_once(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1))
    [letter] = await list_letters(redis)

    outcomes = await asyncio.gather(*(DeadLetters(redis).replay(letter) for _ in range(2)))

    assert sorted(outcomes) == [ReplayOutcome.GONE, ReplayOutcome.REPLAYED]
    assert await redis.llen(f"tg:{{{SESSION}}}:mail") == 1


async def test_a_replay_into_a_full_mailbox_changes_nothing(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1))
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(2))])
    [letter] = await list_letters(redis)

    assert await DeadLetters(redis, ProtocolLimits(mailbox_length=1)).replay(letter) is ReplayOutcome.FULL
    assert await list_letters(redis) == [letter]
    assert await redis.llen(f"tg:{{{SESSION}}}:mail") == 1


async def test_a_replay_is_in_the_log_without_the_text(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1))
    [letter] = await list_letters(redis)

    await DeadLetters(redis).replay(letter)

    last = (await read_log(redis, SESSION))[-1]
    assert (last.kind, last.data) == ("replayed", {"turns": ["M1"], "letter": letter.id})


async def test_a_redelivery_of_a_replayed_turn_is_a_duplicate(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1))
    [letter] = await list_letters(redis)
    await DeadLetters(redis).replay(letter)

    assert await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))]) == ["duplicate"]


async def test_an_unreadable_letter_is_listed_and_not_moved(redis: Redis) -> None:
    await redis.xadd("tg:dead", {"session": SESSION, "letter": '{"turns": [{"no": "turn"}]}'})
    [letter] = await list_letters(redis)

    assert letter.turns == ()
    assert await DeadLetters(redis).replay(letter) is ReplayOutcome.UNREADABLE
    assert await list_letters(redis) == [letter]


@pytest.mark.long
async def test_letters_are_selected_by_time_across_pages(redis: Redis) -> None:
    for moment in range(1, 1202):
        letter = '{"reason": "old", "turns": []}'
        await redis.xadd("tg:dead", {"session": SESSION, "letter": letter}, id=f"{moment}-1")

    selected = [each.at_ms async for each in DeadLetters(redis).list_between(since_ms=2, until_ms=1200)]
    assert selected == list(range(2, 1201))


class DeadLetterCommands:
    """`turngate dead …` on the test's server, from an empty folder."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["dead", *arguments])

    def wait(self, *turns: Turn) -> list[DeadLetter]:
        """Create dead letters of turns; return all letters."""

        async def work() -> list[DeadLetter]:
            async with open_redis(self.url) as redis:
                await add_dead_letters(redis, *turns)
                return await list_letters(redis)

        step: Coroutine[Any, Any, list[DeadLetter]] = work()
        return asyncio.run(step)


@pytest.fixture
def commands(
    redis_url: str, sync_redis: sync.Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> DeadLetterCommands:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_url)
    sync_redis.flushall()
    return DeadLetterCommands(redis_url)


def test_the_list_hides_texts_unless_requested(commands: DeadLetterCommands) -> None:
    [letter] = commands.wait(build_turn(1, text="my secret"))

    without_text, with_text = commands.run("list"), commands.run("list", "--text")

    assert letter.id in without_text.output
    assert "gave up after 5 tries" in without_text.output
    assert "my secret" not in without_text.output
    assert "my secret" in with_text.output


def test_show_hides_the_text_unless_requested(commands: DeadLetterCommands) -> None:
    [letter] = commands.wait(build_turn(1, text="my secret"))

    assert "M1" in commands.run("show", letter.id).output
    assert "my secret" not in commands.run("show", letter.id).output
    assert "my secret" in commands.run("show", letter.id, "--text").output


def test_letters_are_replayed_by_id(commands: DeadLetterCommands, sync_redis: sync.Redis) -> None:
    first, second, third = commands.wait(build_turn(1), build_turn(2), build_turn(3))

    result = commands.run("replay", third.id, first.id)

    assert (result.exit_code, result.output) == (0, "Re-queued 2 of 2.\n")
    waiting = sync_redis.lrange(f"tg:{{{SESSION}}}:mail", 0, -1)
    assert [json.loads(each)["id"] for each in waiting] == ["M1", "M3"]
    assert second.id in commands.run("list").output


def test_letters_are_replayed_by_time(commands: DeadLetterCommands) -> None:
    commands.wait(build_turn(1), build_turn(2))

    assert commands.run("replay", "--until", "2h").output == "Re-queued 0 of 0.\n"
    assert commands.run("replay", "--since", "2h").output == "Re-queued 2 of 2.\n"


def test_letters_are_deleted_by_drop(commands: DeadLetterCommands) -> None:
    first, second = commands.wait(build_turn(1), build_turn(2))

    assert [each["id"] for each in json.loads(commands.run("list", "--json").output)][:1] == [first.id]
    assert json.loads(commands.run("show", first.id, "--json").output)["session"] == first.session
    assert "for good?" in commands.run("drop", first.id).output
    assert commands.run("drop", first.id, "--yes").output == "Deleted 1 dead letter.\n"
    assert commands.run("drop", "--since", "2026-01-01", "--yes").output == "Deleted 1 dead letter.\n"
    assert commands.run("list").output == "No dead letters.\n"
    assert second.id not in commands.run("list").output


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_replay_and_drop_require_a_selection(commands: DeadLetterCommands, command: str) -> None:
    [letter] = commands.wait(build_turn(1))

    assert commands.run(command).exit_code == 2
    assert commands.run(command, letter.id, "--since", "2h").exit_code == 2
    assert commands.run(command, "everything").exit_code == 2
    assert commands.run(command, "--since", "yesterday").exit_code == 2
    assert letter.id in commands.run("list").output


def test_an_unknown_letter_is_reported_with_an_error_exit_code(commands: DeadLetterCommands) -> None:
    assert commands.run("show", "1-1").exit_code == 1

    result = commands.run("replay", "1-1")
    assert result.exit_code == 1
    assert "1-1: unknown or already removed" in result.output


def test_an_unknown_letter_that_is_to_be_dropped_is_named(commands: DeadLetterCommands) -> None:
    [letter] = commands.wait(build_turn(1))

    result = commands.run("drop", letter.id, "1-1", "--yes")

    assert (result.exit_code, result.stdout) == (1, "Deleted 1 dead letter.\n")
    assert "1-1: unknown or already removed" in result.stderr


def test_the_list_breaks_no_id_however_narrow_the_terminal_is(commands: DeadLetterCommands) -> None:
    first, second = commands.wait(build_turn(1, text="one\ntwo"), build_turn(2))

    lines = commands.run("list", "--text").stdout.splitlines()

    assert lines[0].startswith(f"{first.id}  ")
    assert lines[0].endswith(f"  {SESSION}")
    assert lines[3] == "    text      one two"
    assert lines[4].startswith(f"{second.id}  ")
    assert lines[-1] == "2 dead letters"
    assert commands.run("list", "--limit", "1").stdout.endswith("first 1 dead letter; see --limit\n")
