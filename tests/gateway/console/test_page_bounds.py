"""Pages of the console read a bounded amount of data, however many conversations there are."""

from __future__ import annotations

import re

import pytest
from redis.asyncio import Redis

from gateway.redis.records.sessions.conversation_ids import ConversationIds
from tests.effort import FULL
from tests.fakes import ADDRESS
from tests.gateway.console.console_client import open_console

SESSIONS = 100_000 if FULL else 1_500
LOG_ENTRIES = 5_000 if FULL else 400
MAX_COMMANDS = 1_300
MAX_BYTES = 140_000
_ENTRY = {"k": "accepted", "d": '{"turn":"t","text":"hello there"}'}


async def fill_conversations(redis: Redis) -> None:
    """Write conversations as the scripts do, one of them with a long log, and dead letters."""
    for first in range(0, SESSIONS, 500):
        async with redis.pipeline(transaction=False) as pipeline:
            for number in range(first, first + 500):
                session = f"fake:+1555{number:07}"
                pipeline.hset(f"tg:{{{session}}}", mapping={"address": ADDRESS.model_dump_json()})
                pipeline.xadd(f"tg:{{{session}}}:log", _ENTRY)  # type: ignore[arg-type]
                pipeline.zadd("tg:conversations", {session: 1_795_000_000_000 + number})
                pipeline.zadd(f"tg:term:+1555{number:07}", {session: 1})
                pipeline.zadd("tg:due", {session: 1_795_000_000_000 + number})
            await pipeline.execute()
    async with redis.pipeline(transaction=False) as pipeline:
        for _ in range(LOG_ENTRIES):
            pipeline.xadd("tg:{fake:+15550000001}:log", _ENTRY)  # type: ignore[arg-type]
            pipeline.xadd("tg:dead", {"session": "fake:1", "letter": "{}"})
        await pipeline.execute()


async def count_commands(redis: Redis) -> tuple[int, set[str]]:
    stats = await redis.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}
    return sum(calls.values()), set(calls)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_no_page_reads_more_with_more_conversations(redis: Redis) -> None:
    await fill_conversations(redis)
    ids = ConversationIds(redis)
    await ids.load()
    async with open_console(redis) as http:
        first = await http.get("/console/conversations")
        older = re.search(r'class="end" href="([^"]*)"', first.text)
        assert older
        for path in (
            "/console",
            "/console/conversations",
            older[1],
            "/console/conversations?state=closed",
            f"/console/conversations?find={ids.encode('+15550000777')}",
            f"/console/conversations/{ids.encode('fake:+15550000001')}",
            "/console/failures",
            "/console/queue",
            "/console/accounts",
            "/console/audit",
        ):
            await redis.config_resetstat()
            page = await http.get(path)
            total, commands = await count_commands(redis)
            assert page.status_code == 200
            assert total <= MAX_COMMANDS, (path, total)
            assert not commands & {"scan", "keys"}, (path, commands)
            assert len(page.content) <= MAX_BYTES, (path, len(page.content))
