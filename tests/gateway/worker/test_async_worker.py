"""Workers as real processes, started by the `rq` command."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import rq_dashboard
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis as SyncRedis
from rq.serializers import JSONSerializer
from rq.worker import Worker

from channels._kit.simulator import Fault, FaultSettings
from channels.twilio.simulator.concurrency_limit import ConcurrencyLimit
from gateway.redis import rq_layout
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.sweeper import Sweeper
from tests.gateway.environments.stack import (
    ACCOUNT,
    BUSINESS_NUMBER,
    PERSON,
    Stack,
    find_started_job,
    running_stack,
)

SESSION = f"twilio:{ACCOUNT}:{BUSINESS_NUMBER}:{PERSON}"


@pytest.mark.parametrize(
    "options",
    [
        ("--worker-class", "gateway.worker.AsyncWorker", "turns"),
        ("--serializer", "json", "turns"),
        ("--worker-class", "rq.worker.SimpleWorker", "--serializer", "json", "turns"),
    ],
    ids=["ours", "stock", "simple"],
)
async def test_every_kind_of_worker_answers_and_shuts_down_gracefully(
    stack: Stack, options: tuple[str, ...]
) -> None:
    worker = await stack.start_rq("worker", *options)
    await stack.accept_message(1, "hi")
    first = await stack.simulator.wait_for_texts(1)
    await stack.accept_message(2, "4321")
    both = await stack.simulator.wait_for_texts(2)
    worker.send_signal(signal.SIGTERM)

    await worker.communicate()
    assert worker.returncode == 0
    assert "last four digits" in first[0]
    assert "date of birth" in both[1]
    assert await stack.redis.keys("rq:job:*") == []
    assert await stack.redis.zcard("tg:due") == 0


@pytest.mark.long
async def test_a_channel_may_have_its_own_flow_and_debounce(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "turngate.toml"
    config.write_text(
        '[channels.twilio]\nflow = "support"\n[channels.twilio.concurrency]\npolicy = "burst"\nwindow = 0.3\n'
    )
    stack.configure(config)
    await stack.start_async_worker()
    await stack.accept_message(1, "hello")
    await stack.accept_message(2, "where is my parcel?")
    await stack.simulator.wait_for_texts(1)
    await stack.wait_until_idle()

    ends = [
        entry.data["turns"] for entry in await read_log(stack.redis, SESSION) if entry.kind == "committed"
    ]
    assert ends == [[f"SM{number:032d}" for number in (1, 2)]]


async def test_many_sessions_run_concurrently_on_one_loop(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=0.5))
    contacts = [f"+1555010{number:04d}" for number in range(40)]
    for number, contact in enumerate(contacts):
        await stack.accept_message(number, "hi", contact)
    worker = await stack.start_async_worker("--burst")
    await worker.communicate()

    assert [len(stack.simulator.received_texts(contact)) for contact in contacts] == [1] * 40
    life = [line.at for line in stack.simulator.list_messages(2e9) if line.direction == "out"]
    assert max(life) - min(life) < 0.5 * 40 / 4


@pytest.mark.long
async def test_a_stopping_worker_finishes_the_current_turn(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=1.0))
    worker = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    worker.send_signal(signal.SIGTERM)  # the provider has the reply; its answer is still on its way

    await worker.communicate()
    assert worker.returncode == 0
    assert await stack.redis.exists(f"tg:{{{SESSION}}}:out") == 0
    assert await stack.redis.zcard("tg:due") == 0


@pytest.mark.long
async def test_a_reply_the_provider_accepted_before_a_kill_is_not_sent_again(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=5.0))
    worker = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    worker.kill()
    await worker.communicate()
    stack.simulator.set_faults(FaultSettings())
    await stack.start_async_worker()
    await stack.accept_message(2, "4321")
    received = await stack.simulator.wait_for_texts(2)

    assert len(received) == 2
    assert "date of birth" in received[1]


@pytest.mark.long
async def test_a_worker_paused_past_its_lease_neither_commits_nor_sends(
    stack: Stack,
) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=0.5))
    stopped = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.accept_message(2, "4321")
    await stack.simulator.wait_for_texts(1)
    stopped.send_signal(signal.SIGSTOP)
    await stack.start_async_worker()
    before = await stack.simulator.wait_for_texts(2)
    stopped.send_signal(signal.SIGCONT)
    await stack.accept_message(3, "23 April 1990")
    received = await stack.simulator.wait_for_texts(3)
    stopped.send_signal(signal.SIGTERM)
    output = (await stopped.communicate())[0].decode()

    assert received[:2] == before
    assert ["last four" in received[0], "date of birth" in received[1], "Is that right" in received[2]] == [
        True
    ] * 3
    assert "lease lost" in output


@pytest.mark.long
async def test_a_worker_recovers_after_the_redis_server_was_killed() -> None:
    async with running_stack(durable=True) as stack:
        await stack.start_async_worker()
        await stack.accept_message(1, "hi")
        await stack.simulator.wait_for_texts(1)
        await stack.redis.execute_command("WAITAOF", 1, 0, 5000)  # type: ignore[no-untyped-call]
        stack.server.kill()
        stack.server.start()
        await stack.accept_message(2, "4321")
        received = await stack.simulator.wait_for_texts(2)

    assert ["last four" in received[0], "date of birth" in received[1]] == [True, True]


@pytest.mark.long
@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.DROP_BEFORE, Fault.TOO_MANY])
async def test_provider_failures_neither_lose_nor_duplicate_a_reply(stack: Stack, fault: Fault) -> None:
    stack.simulator.set_faults(FaultSettings(next=(fault,)))
    await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    await stack.accept_message(2, "4321")
    received = await stack.simulator.wait_for_texts(2)

    assert len(received) == 2


@pytest.mark.long
async def test_replies_over_the_concurrency_limit_wait_and_arrive_once(stack: Stack) -> None:
    stack.simulator.concurrency = ConcurrencyLimit(2)
    contacts = [f"+1555010{number:04d}" for number in range(5)]
    for number, contact in enumerate(contacts):
        await stack.accept_message(number, "hi", contact)
    await stack.start_async_worker()
    for contact in contacts:
        await stack.simulator.wait_for_texts(1, contact)
    await stack.wait_until_idle()

    assert 429 in stack.simulator.response_statuses
    assert [len(stack.simulator.received_texts(contact)) for contact in contacts] == [1] * 5


@pytest.mark.long
async def test_a_worker_that_expects_pickle_does_no_harm(stack: Stack) -> None:
    await stack.accept_message(1, "hi")
    stock = await stack.start_rq("worker", "--burst", "turns")
    await stock.communicate()
    assert stack.simulator.received_texts() == []
    await stack.redis.zadd("tg:due", {SESSION: 1})
    await Sweeper(stack.redis).sweep()
    await stack.start_async_worker()

    assert len(await stack.simulator.wait_for_texts(1)) == 1


@pytest.mark.long
async def test_a_job_with_another_function_is_refused_and_recorded_as_failed(stack: Stack) -> None:
    with SyncRedis.from_url(stack.url) as client:
        queue = rq_layout.open_queue(client)
        job = queue.enqueue("os.getcwd")
        worker = await stack.start_async_worker("--burst")
        await worker.communicate()

        assert queue.failed_job_registry.get_job_ids() == [job.id]
        assert queue.started_job_registry.get_job_ids() == []


@pytest.mark.long
async def test_a_job_enqueued_by_rqs_own_client_is_run(stack: Stack) -> None:
    await stack.accept_message(1, "hi")
    with SyncRedis.from_url(stack.url) as client:
        queue = rq_layout.open_queue(client)
        queue.empty()  # type: ignore[no-untyped-call]
        queue.enqueue(
            rq_layout.JOB_FUNCTION, SESSION, job_timeout=60
        )  # compressed, unlike what the scripts write
        worker = await stack.start_async_worker("--burst")
        await worker.communicate()

        assert queue.failed_job_registry.get_job_ids() == []
    assert len(stack.simulator.received_texts()) == 1


@pytest.mark.long
async def test_rqs_own_objects_read_the_workers_job_records(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=3.0))
    process = await stack.start_async_worker("--name", "ours")
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)  # a job is running now
    with SyncRedis.from_url(stack.url) as client:
        queue = rq_layout.open_queue(client)
        job_id = await find_started_job(queue)
        job = queue.fetch_job(job_id)
        assert job is not None
        [execution] = job.get_executions()
        worker = Worker.find_by_key("rq:worker:ours", connection=client)
        assert worker is not None
        running = worker.get_current_executions(refresh=True)
        seen = (job.get_status(), job.worker_name, execution.worker_name, [each.id for each in running])
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        worker.refresh()  # type: ignore[no-untyped-call]

        assert seen == ("started", "ours", "ours", [execution.id])
        assert queue.started_job_registry.get_job_ids() == []
        assert worker.successful_job_count == 1
        assert 2.0 < worker.total_working_time < 30.0
    assert await stack.redis.keys("rq:execution*") == await stack.redis.keys("rq:job:*") == []


@pytest.mark.long
async def test_a_failure_after_the_job_was_deleted_does_no_harm(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=2.0))
    worker = await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    await stack.redis.set(f"tg:{{{SESSION}}}:recent", "no list")  # the sent reply cannot be recorded
    for key in await stack.redis.keys("rq:job:*"):
        await stack.redis.delete(key)
    await stack.accept_message(2, "hi", "+15550100002")
    await stack.simulator.wait_for_texts(1, "+15550100002")
    worker.send_signal(signal.SIGTERM)
    output = (await worker.communicate())[0].decode()

    assert worker.returncode == 0
    assert "never retrieved" not in output


@pytest.mark.long
async def test_rq_info_shows_a_busy_worker_and_its_queue(stack: Stack) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=3.0))
    await stack.start_async_worker("--name", "ours")
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)  # a job is running now
    info = await stack.start_rq("info", "--raw")
    output = (await info.communicate())[0].decode()

    assert "worker ours" in output
    assert "busy" in output
    assert "queue turns 0" in output


@pytest.mark.long
async def test_the_dashboard_shows_a_queued_job_and_then_its_worker(stack: Stack) -> None:
    browser = open_dashboard(stack.url)
    await stack.accept_message(1, "hi")
    queues = browser.get("/0/data/queues.json").get_json()["queues"]
    jobs = browser.get("/0/data/jobs/turns/queued/8/asc/1.json").get_json()["jobs"]
    await stack.start_async_worker("--name", "ours")
    await stack.simulator.wait_for_texts(1)
    await stack.wait_until_idle()
    workers = browser.get("/0/data/workers.json").get_json()["workers"]

    assert [(queue["name"], queue["count"]) for queue in queues] == [("turns", 1)]
    assert [job["description"] for job in jobs] == ["drain"]
    [worker] = workers
    assert worker["name"] == "ours"
    assert worker["successful_job_count"] >= 1  # a machine that is slow to start a worker sends a second job


def open_dashboard(redis_url: str) -> FlaskClient:
    app = Flask("dashboard")
    app.config.from_object(rq_dashboard.default_settings)
    app.config["RQ_DASHBOARD_REDIS_URL"] = [redis_url]
    rq_dashboard.web.config.serializer = JSONSerializer  # as `rq-dashboard --json` does
    rq_dashboard.web.setup_rq_connection(app)
    app.register_blueprint(rq_dashboard.blueprint)
    return app.test_client()


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [("--worker-class", "gateway.worker.AsyncWorker", "turns"), ("--serializer", "json", "turns")],
    ids=["ours", "stock"],
)
async def test_a_worker_logs_what_is_given_up_and_no_number(stack: Stack, options: tuple[str, ...]) -> None:
    stack.add_settings(TURNGATE_LOG_FORMAT="json")
    await stack.accept_message(1, "my secret words", "+15")
    worker = await stack.start_rq("worker", "--burst", *options)
    output = (await worker.communicate())[0].decode()
    entries = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    [given_up] = [entry for entry in entries if entry["event"] == "dead_letter_added"]

    assert (given_up["level"], given_up["code"]) == ("warning", "21211")
    assert given_up["account"] == f"twilio:{ACCOUNT}"
    assert given_up["session"].startswith("#")
    assert given_up["message"].startswith("SM")
    assert given_up["worker"]
    assert "secret words" not in output
    assert BUSINESS_NUMBER not in output
    if options[0] == "--worker-class":
        assert entries[0]["event"] == "worker_started"
        assert output.count("\n") == len(entries), "RQ's own lines are rendered alike"
        assert entries[0]["text"].startswith(
            "Turngate 0.1.0: worker starts; flow kyc, model rules, channels: "
        )
