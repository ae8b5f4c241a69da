"""The inbox: deduplicated, durable, batched, and with a job that every RQ worker can read."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from core.errors import MailboxFull, StorageUnavailable
from core.model import (
    Activity,
    ActivityReceived,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    QuotedMessage,
    Reaction,
    StatusChanged,
    TurnReceived,
)
from core.ports import AcceptResult
from gateway.redis import lua, rq_layout
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.session_log import read_log
from tests.fakes import build_turn


def build_turns(*numbers: int, session: str = "fake:1") -> list[Event]:
    return [TurnReceived(turn=build_turn(number, session)) for number in numbers]


def build_status(status_name: DeliveryStatus) -> StatusChanged:
    return StatusChanged(channel="fake", provider_id="P1", status=status_name)


async def test_duplicate_deliveries_of_a_message_are_accepted_once(
    redis: Redis,
) -> None:
    inbox = RedisInbox(redis)

    results = await asyncio.gather(*(inbox.accept(build_turns(1)) for _ in range(50)))

    assert sorted(verdict for [verdict] in results) == [AcceptResult.DUPLICATE] * 49 + [AcceptResult.NEW]
    assert await redis.llen("tg:{fake:1}:mail") == 1


async def test_concurrent_requests_share_a_round_trip_and_get_their_own_results(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept(build_turns(0, session="warm"))
    before = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]

    answers = await asyncio.gather(*(inbox.accept(build_turns(n, n, session=f"s{n}")) for n in range(60)))

    after = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert answers == [[AcceptResult.NEW, AcceptResult.DUPLICATE]] * 60
    assert after - before <= 2


async def test_a_request_that_cannot_be_encoded_fails_alone(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    unwritable: list[Event] = [TurnReceived(turn=build_turn(1, text="\ud800"))]

    broken, *others = await asyncio.gather(
        inbox.accept(unwritable),
        *(inbox.accept(build_turns(n, session=f"s{n}")) for n in range(10)),
        return_exceptions=True,
    )

    assert isinstance(broken, Exception)
    assert others == [[AcceptResult.NEW]] * 10


async def test_a_session_has_at_most_one_job(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept(build_turns(1, 2))
    await inbox.accept(build_turns(3))

    assert await redis.llen("rq:queue:turns") == 1


async def test_a_full_mailbox_rejects_new_messages_and_still_deduplicates(redis: Redis) -> None:
    inbox = RedisInbox(redis, ProtocolLimits(mailbox_length=2))
    await inbox.accept(build_turns(1, 2))

    with pytest.raises(MailboxFull):
        await inbox.accept(build_turns(3))
    assert await inbox.accept(build_turns(2)) == [AcceptResult.DUPLICATE]


async def test_nothing_is_acknowledged_when_the_server_cannot_be_reached() -> None:
    redis = open_redis("redis://127.0.0.1:1/0", timeout=0.5)

    with pytest.raises(StorageUnavailable):
        await RedisInbox(redis).accept(build_turns(1))
    await redis.aclose()


async def test_nothing_is_partially_recorded_when_the_server_is_out_of_memory(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(StorageUnavailable):
            await inbox.accept(build_turns(1))
    finally:
        await redis.config_set("maxmemory", "0")

    assert await inbox.accept(build_turns(1)) == [AcceptResult.NEW]


async def test_statuses_move_only_forward(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    status_names = [DeliveryStatus.SENT, DeliveryStatus.READ, DeliveryStatus.DELIVERED, DeliveryStatus.READ]

    results = [(await inbox.accept([build_status(status_name)]))[0] for status_name in status_names]

    assert results == [AcceptResult.EARLY, AcceptResult.EARLY, AcceptResult.STALE, AcceptResult.STALE]
    assert await redis.hget("tg:message:fake:P1", "status") == b"read"


def build_control(act: ControlAction, number: int = 1) -> ControlReceived:
    return ControlReceived(id=f"C{number}", session="fake:1", address=build_turn(1).address, act=act)


@pytest.mark.parametrize("act", [ControlAction.OPT_IN, ControlAction.TAKE_OVER, ControlAction.CLOSE])
async def test_a_session_that_had_only_control_events_expires(redis: Redis, act: ControlAction) -> None:
    await RedisInbox(redis).accept([build_control(act)])

    assert {key: await redis.ttl(key) > 0 for key in await redis.keys("tg:{fake:1}*")} == {
        b"tg:{fake:1}": True,
        b"tg:{fake:1}:seen": True,
        b"tg:{fake:1}:log": True,
    }


async def test_an_opt_out_never_expires_until_the_opt_in(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept([build_control(ControlAction.TAKE_OVER)])
    await inbox.accept([build_control(ControlAction.OPT_OUT, 2)])
    opted_out = await redis.ttl("tg:{fake:1}")
    log = await redis.ttl("tg:{fake:1}:log")
    await inbox.accept([build_control(ControlAction.OPT_IN, 3)])

    assert (opted_out, log > 0) == (-1, True)
    assert await redis.ttl("tg:{fake:1}") > 0


async def test_a_control_event_does_not_let_a_session_with_work_expire(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept(build_turns(1))
    await inbox.accept([build_control(ControlAction.TAKE_OVER)])

    assert await redis.ttl("tg:{fake:1}") == -1


async def test_a_status_does_not_bring_the_log_of_an_erased_session_back(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await redis.hset("tg:message:fake:P1", mapping={"session": "fake:1", "reply": "1.1", "rank": 1})
    await inbox.accept([build_status(DeliveryStatus.DELIVERED)])
    without = await redis.keys("tg:{fake:1}*")
    await redis.hset("tg:{fake:1}", "address", "{}")
    await inbox.accept([build_status(DeliveryStatus.READ)])

    assert without == []
    assert await redis.keys("tg:{fake:1}:log") == [b"tg:{fake:1}:log"]


async def test_a_reset_of_an_unknown_session_stores_nothing_and_of_a_known_one_expires(redis: Redis) -> None:
    reset = lua.load_script("reset", ProtocolLimits())
    await reset(redis, [rq_layout.current_timestamp(), "fake:1"])
    unknown = await redis.keys("tg:{fake:1}*")
    await redis.hset("tg:{fake:1}", mapping={"state": "{}", "address": "{}"})
    await reset(redis, [rq_layout.current_timestamp(), "fake:1"])

    assert unknown == []
    assert await redis.ttl("tg:{fake:1}") > 0
    assert await redis.ttl("tg:{fake:1}:log") > 0


async def test_a_redelivery_is_deduplicated_after_the_script_cache_was_flushed(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept(build_turns(1))
    await redis.script_flush()

    assert await inbox.accept(build_turns(1)) == [AcceptResult.DUPLICATE]


async def test_ignored_events_are_counted(redis: Redis) -> None:
    await RedisInbox(redis).accept([Ignored(reason="typing")])

    assert await redis.hget("tg:counts", "ignored:typing") == b"1"


async def test_accepted_messages_are_in_the_log(redis: Redis) -> None:
    await RedisInbox(redis).accept(build_turns(1))

    [entry] = await read_log(redis, "fake:1")
    assert (entry.kind, entry.data["turn"]) == ("accepted", "M1")


async def test_the_job_layout_matches_the_installed_rq(redis: Redis, sync_redis: SyncRedis) -> None:
    await RedisInbox(redis).accept(build_turns(1))
    queue = rq_layout.open_queue(sync_redis)
    [actual] = queue.job_ids
    expected = queue.enqueue(
        rq_layout.JOB_FUNCTION,
        "fake:1",
        job_timeout=rq_layout.JOB_TIMEOUT_SECONDS,
        result_ttl=0,
        description="drain",
        failure_ttl=rq_layout.FAILURE_RETENTION_SECONDS,
    )

    fields = set(sync_redis.hgetall(f"rq:job:{actual}"))
    assert fields == set(sync_redis.hgetall(expected.key))
    job = Job.fetch(actual, connection=sync_redis, serializer=JSONSerializer)
    assert (job.func_name, job.args, job.kwargs, job.is_queued) == (expected.func_name, ["fake:1"], {}, True)
    assert [job.id for job in queue.jobs] == [actual, expected.id]


def build_edit(number: int = 1) -> ActivityReceived:
    return ActivityReceived(id=f"E{number}", session="fake:1", activity=Activity.EDITED, message_id="M1")


async def test_an_edit_is_recorded_once_and_wakes_nobody(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept(build_turns(1))
    jobs = await redis.hget("tg:{fake:1}", "job")

    results = [(await inbox.accept([build_edit()]))[0] for _ in range(2)]

    assert results == [AcceptResult.NEW, AcceptResult.DUPLICATE]
    last = (await read_log(redis, "fake:1"))[-1]
    assert (last.kind, last.data) == (
        "activity",
        {"id": "E1", "activity": "edited", "message": "M1"},
    )
    assert await redis.hget("tg:{fake:1}", "job") == jobs
    assert await redis.llen("tg:{fake:1}:mail") == 1


async def test_a_reaction_and_an_unsupported_message_are_named_in_the_log(redis: Redis) -> None:
    reaction, quoted = Reaction(emoji="👍"), QuotedMessage(id="P1")
    reacted = build_turn(1).model_copy(update={"text": "", "reaction": reaction, "quoted": quoted})
    unsupported = build_turn(2).model_copy(update={"text": "", "kind": "unsupported"})
    await RedisInbox(redis).accept([TurnReceived(turn=each) for each in (reacted, unsupported)])

    first, second = [entry.data for entry in await read_log(redis, "fake:1")]
    assert (first["kind"], first["reaction"], first["message"]) == ("reaction", "👍", "P1")
    assert second["kind"] == "unsupported"


async def test_an_edit_brings_no_expired_session_back(redis: Redis) -> None:
    assert await RedisInbox(redis).accept([build_edit()]) == [AcceptResult.STALE]
    assert await redis.keys("tg:{fake:1}*") == []
