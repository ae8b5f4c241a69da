"""Operation with `rq` and signals: key prefix, queues, suspend, worker pool, scheduler, stop-job."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from redis import Redis as SyncRedis
from rq.command import send_stop_job_command
from rq.serializers import JSONSerializer

from channels._kit.simulator import FaultSettings
from gateway.redis import rq_layout
from gateway.redis.records.processes import worker_presence
from gateway.redis.records.processes.load import read_load
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.worker.async_worker import AsyncWorker
from tests.gateway.environments.stack import (
    ACCOUNT,
    BUSINESS_NUMBER,
    PERSON,
    Stack,
    find_started_job,
    running_stack,
    wait_until,
)

SESSION = f"twilio:{ACCOUNT}:{BUSINESS_NUMBER}:{PERSON}"
OURS = ("--worker-class", "gateway.worker.AsyncWorker")
TURNGATE = (sys.executable, "-m", "gateway")
ACCEPT = """
import asyncio, sys
from redis.asyncio import Redis
from gateway.redis.inbox import RedisInbox
from tests.gateway.environments.stack import build_message

async def main():
    async with Redis.from_url(sys.argv[1]) as redis:
        await RedisInbox(redis).accept([build_message(1, "hi")])

asyncio.run(main())
"""


async def read_heartbeat(stack: Stack) -> float:
    """Return the time of the only worker's last heartbeat."""
    beats: Any = await stack.redis.zrange("tg:workers", 0, -1, withscores=True)
    [(_, at)] = beats
    return float(at)


async def read_output(process: asyncio.subprocess.Process) -> str:
    return (await process.communicate())[0].decode()


@pytest.mark.long
@pytest.mark.parametrize(
    "options", [(*OURS, "turns"), ("--serializer", "json", "turns")], ids=["ours", "stock"]
)
async def test_every_kind_of_worker_writes_its_durations(stack: Stack, options: tuple[str, ...]) -> None:
    await stack.accept_message(1, "hello")
    await read_output(await stack.start_rq("worker", "--burst", *options))
    load = await read_load(stack.redis)
    counts = {name: histogram.count for name, histogram in load.counters.histograms.items()}

    assert load.workers == load.running_jobs == load.oldest_unanswered_seconds == 0
    assert {name: number for name, number in counts.items() if name[0] != "model"} == {
        ("queue_wait", "twilio"): 1,
        ("turn", "twilio", "ok"): 1,
        ("send", "twilio", "ok"): 1,
        ("answer", "twilio"): 1,
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "options", [(*OURS, "turns"), ("--serializer", "json", "turns")], ids=["ours", "stock"]
)
async def test_rqs_key_prefix_is_obeyed(stack: Stack, options: tuple[str, ...]) -> None:
    stack.add_settings(RQ_KEY_PREFIX="myapp")  # RQ reads it once, when it is imported
    await read_output(await stack.start_process(sys.executable, "-c", ACCEPT, stack.url))
    queues = await read_output(await stack.start_rq("info", "--raw", "--only-queues"))
    worker = await stack.start_rq("worker", "--burst", *options)
    await worker.communicate()

    assert "queue turns 1" in queues
    assert len(stack.simulator.received_texts()) == 1
    assert await stack.redis.keys("myapp:job:*") == []
    assert await stack.redis.keys("rq:*") == []


@pytest.mark.long
async def test_with_a_key_prefix_the_doctor_finds_a_stock_worker(stack: Stack) -> None:
    stack.add_settings(RQ_KEY_PREFIX="myapp", REDIS_URL=stack.url)
    await stack.start_rq("worker", "--serializer", "json", "turns")
    await wait_until(lambda: stack.redis.exists("myapp:workers:turns"))

    assert "A worker is alive" in await read_output(await stack.start_process(*TURNGATE, "doctor"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "queues"),
    [("worker", ()), ("worker", ("turn",)), ("worker", ("turns", "other")), ("worker-pool", ("turn",))],
    ids=["none", "mistyped", "two", "pool"],
)
async def test_a_worker_on_another_queue_ends_with_one_sentence(
    stack: Stack, command: str, queues: tuple[str, ...]
) -> None:
    worker = await stack.start_rq(command, *OURS, *queues)
    output = await read_output(worker)

    assert worker.returncode == 1 or command == "worker-pool"  # RQ's pool ends with 0 when it is told to
    assert ("AsyncWorker turns" in output) or ("exactly one queue" in output)
    assert "async_worker.py" not in output  # no traceback
    assert await stack.redis.keys("rq:worker*") == []


@pytest.mark.long
async def test_a_signal_to_all_processes_of_a_worker_pool_finishes_the_current_turn(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=2.0))
    pool = await stack.start_rq("worker-pool", *OURS, "-n", "1", "turns")
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    os.killpg(pool.pid, signal.SIGINT)  # as Ctrl-C does; the pool signals its workers a second time
    output = await read_output(pool)

    assert pool.returncode == 0
    assert "cold shutdown" not in output
    assert await stack.redis.exists(f"tg:{{{SESSION}}}:out") == 0


@pytest.mark.long
async def test_a_signal_repeated_at_once_is_one_signal(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=2.0))
    worker = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    end = monotonic() + 0.2
    while monotonic() < end:
        worker.send_signal(signal.SIGINT)
    output = await read_output(worker)

    assert worker.returncode == 0
    assert "cold shutdown" not in output
    assert await stack.redis.exists(f"tg:{{{SESSION}}}:out") == 0


@pytest.mark.long
async def test_a_later_second_signal_is_a_cold_shutdown(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=20.0))
    worker = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    while worker.returncode is None:  # the first repetitions come within a second and are ignored
        worker.send_signal(signal.SIGTERM)
        await asyncio.wait({asyncio.create_task(worker.wait())}, timeout=0.3)

    assert "cold shutdown" in await read_output(worker)


@pytest.mark.long
async def test_a_worker_started_while_rq_is_suspended_takes_nothing_until_resumed(stack: Stack) -> None:
    stack.add_settings(REDIS_URL=stack.url)
    await read_output(await stack.start_rq("suspend"))
    await stack.accept_message(1, "hi")
    await stack.start_process(*TURNGATE, "worker")
    await wait_until(lambda: worker_presence.any_worker_alive(stack.redis))
    first_beat = await read_heartbeat(stack)

    async def has_beaten_again() -> bool:
        return await read_heartbeat(stack) > first_beat + 1500  # milliseconds

    await wait_until(has_beaten_again)
    queued = await stack.redis.llen(rq_layout.queue_key())
    await read_output(await stack.start_rq("resume"))
    await stack.simulator.wait_for_texts(1)

    assert queued == 1


@pytest.mark.long
async def test_a_burst_worker_exits_while_rq_is_suspended(stack: Stack) -> None:
    await read_output(await stack.start_rq("suspend"))
    await stack.accept_message(1, "hi")
    pool = await stack.start_rq("worker-pool", *OURS, "--burst", "-n", "1", "turns")
    output = await read_output(pool)

    assert "suspended" in output
    assert await stack.redis.llen(rq_layout.queue_key()) == 1
    assert stack.simulator.received_texts() == []


@pytest.mark.long
async def test_a_full_burst_worker_exits_when_rq_is_suspended_meanwhile(stack: Stack) -> None:
    stack.add_settings(TURNGATE_CONCURRENCY="1")
    stack.simulator.set_faults(FaultSettings(answer_delay=3.0))
    await stack.accept_message(1, "hi")
    worker = await stack.start_async_worker("--burst")
    await stack.simulator.wait_for_texts(1)
    await stack.redis.rpush(rq_layout.queue_key(), "a-later-job")
    await read_output(await stack.start_rq("suspend"))
    output = await read_output(worker)

    assert "suspended" in output
    assert await stack.redis.llen(rq_layout.queue_key()) == 1
    assert await stack.redis.exists(f"tg:{{{SESSION}}}:out") == 0


@pytest.mark.long
async def test_a_worker_that_dies_while_it_starts_does_not_count_as_alive(stack: Stack) -> None:
    worker = await stack.start_rq(
        "worker",
        "--worker-class",
        "tests.gateway.environments.workers.StillbornWorker",
        "--name",
        "one",
        "turns",
    )
    await worker.communicate()

    assert await stack.redis.exists("rq:worker:one") == 1  # RQ lists it for eight minutes
    assert not await worker_presence.any_worker_alive(stack.redis)


@pytest.mark.long
async def test_a_stopped_worker_is_gone_at_once(stack: Stack) -> None:
    worker = await stack.start_async_worker()
    await wait_until(lambda: worker_presence.any_worker_alive(stack.redis))
    worker.send_signal(signal.SIGTERM)
    await worker.communicate()

    assert not await worker_presence.any_worker_alive(stack.redis)
    assert await stack.redis.exists("tg:workers") == 0


@pytest.mark.long
async def test_a_job_stopped_by_command_is_recorded_and_its_session_continues(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=20.0))
    await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    with SyncRedis.from_url(stack.url) as client:
        queue = rq_layout.open_queue(client)
        job = await find_started_job(queue)
        send_stop_job_command(client, job, serializer=JSONSerializer)

        async def is_recorded() -> bool:
            return bool(queue.failed_job_registry.get_job_ids() == [job])

        await wait_until(is_recorded)
        stopped = queue.fetch_job(job)
        assert stopped is not None
        assert stopped.get_status() == "stopped"
    stack.simulator.set_faults(FaultSettings())
    await stack.accept_message(2, "4321")
    received = await stack.simulator.wait_for_texts(2)

    assert ["last four" in received[0], "date of birth" in received[1]] == [True, True]
    assert "sent" in [entry.kind for entry in await read_log(stack.redis, SESSION)]


@pytest.mark.parametrize("data", [b"\xff{", b"{}", b"[1]", b"1"])
def test_a_command_that_cannot_be_read_does_not_end_the_thread_that_reads_them(
    sync_redis: SyncRedis, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    AsyncWorker([rq_layout.QUEUE], connection=sync_redis).handle_payload({"data": data})

    assert "it is ignored" in caplog.text


@pytest.mark.long
async def test_with_scheduler_runs_rqs_scheduler(stack: Stack) -> None:
    worker = await stack.start_async_worker("--with-scheduler")
    with SyncRedis.from_url(stack.url) as client:
        queue = rq_layout.open_queue(client)
        queue.enqueue_in(timedelta(seconds=0), rq_layout.JOB_FUNCTION, SESSION)

        async def has_run() -> bool:
            return not queue.scheduled_job_registry.get_job_ids() and not await stack.redis.keys("rq:job:*")

        await wait_until(has_run)
    worker.send_signal(signal.SIGTERM)
    await worker.communicate()  # ends only when the scheduler's process has ended too

    assert worker.returncode == 0


@pytest.mark.long
async def test_a_worker_started_before_its_server_waits_for_it() -> None:
    async with running_stack(durable=True) as stack:
        stack.add_settings(REDIS_URL=stack.url)
        await stack.accept_message(1, "hi")
        await stack.redis.execute_command("WAITAOF", 1, 0, 5000)  # type: ignore[no-untyped-call]
        stack.server.kill()
        worker = await stack.start_process(*TURNGATE, "worker")
        assert worker.stdout is not None
        first_line = (await worker.stdout.readline()).decode()
        stack.server.start()
        await stack.simulator.wait_for_texts(1)

    assert "the worker waits for it" in first_line
