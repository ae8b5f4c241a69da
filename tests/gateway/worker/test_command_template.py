"""Commands for a batch of jobs leave the same records as the commands of each job, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.redis.connection.connect import open_sync_redis
from gateway.worker.command_template import CommandTemplate, read_commands

JOB, EXECUTION = "job-0", "execution-0"
OWN_KEYS = [f"own:{JOB}", f"execution:{JOB}:{EXECUTION}"]
SHARED_KEYS = ["shared:zset", "shared:set", "shared:hash", "shared:list"]


@dataclass
class JobIds:
    id: str
    execution_id: str


@contextmanager
def open_client(url: str) -> Iterator[Any]:
    """Open a client, and close its connections: it does not close a pool that it was given."""
    client = open_sync_redis(url)
    yield client
    client.connection_pool.disconnect()


def draw_commands() -> st.SearchStrategy[tuple[object, ...]]:
    member = st.sampled_from([JOB, EXECUTION, f"{JOB}:{EXECUTION}"])
    return st.one_of(
        st.tuples(st.just("ZADD"), st.just("shared:zset"), st.integers(1, 9), member),
        st.tuples(st.just("ZREM"), st.just("shared:zset"), member),
        st.tuples(st.just("SADD"), st.just("shared:set"), member),
        st.tuples(st.just("HINCRBY"), st.just("shared:hash"), st.just("done"), st.integers(1, 3)),
        st.tuples(st.just("LREM"), st.just("shared:list"), st.just(1), st.just(JOB)),
        st.tuples(st.just("HSET"), st.sampled_from(OWN_KEYS), st.just("name"), member),
        st.tuples(st.just("EXPIRE"), st.sampled_from([*OWN_KEYS, *SHARED_KEYS]), st.just(90)),
        st.tuples(st.just("DEL"), st.sampled_from(OWN_KEYS)),
    )


def is_single_kind(commands: list[tuple[object, ...]]) -> bool:
    """RQ never adds to a registry, and removes from it, about one job in one step; nor after a deletion."""
    names = {str(command[0]) for command in commands}
    deleted: set[object] = set()
    for command in commands:
        if command[0] != "DEL" and command[1] in deleted:
            return False
        deleted |= {command[1]} if command[0] == "DEL" else set()
    return not {"ZADD", "ZREM"} <= names


@given(st.lists(draw_commands(), min_size=1, max_size=12).filter(is_single_kind), st.integers(1, 4))
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_batch_leaves_what_its_jobs_leave_one_by_one(
    redis_url: str, drawn: list[tuple[object, ...]], count: int
) -> None:
    jobs = [JobIds(f"job-{number}x", f"execution-{number}x") for number in range(1, count + 1)]
    with open_client(redis_url) as client:
        singly = apply_commands(
            client, [command for job in jobs for command in fill_placeholders(drawn, job)], jobs
        )
        pipeline = client.pipeline()
        for command in drawn:
            pipeline.execute_command(*command)
        arguments = CommandTemplate(pipeline, JOB, EXECUTION).render(jobs)
        together = apply_commands(client, decode(arguments), jobs)

    assert together == singly


def test_nothing_is_written_for_no_jobs(redis_url: str) -> None:
    with open_client(redis_url) as client:
        pipeline = client.pipeline()
        pipeline.delete(JOB)

        assert CommandTemplate(pipeline, JOB, EXECUTION).render([]) == []
        assert read_commands(pipeline) == [["DEL", JOB]]


def fill_placeholders(commands: list[tuple[object, ...]], job: JobIds) -> list[list[str]]:
    return [
        [str(each).replace(EXECUTION, job.execution_id).replace(JOB, job.id) for each in command]
        for command in commands
    ]


def decode(arguments: list[str | bytes | int]) -> list[list[str]]:
    found, at = [], 0
    while at < len(arguments):
        last = at + 1 + int(arguments[at])
        found.append([str(each) for each in arguments[at + 1 : last]])
        at = last
    return found


def apply_commands(
    client: Any, commands: list[list[str]], jobs: list[JobIds]
) -> dict[bytes, tuple[object, bool]]:
    """Return the keys after the commands, and whether they expire; shared keys include other jobs."""
    client.flushall()
    client.zadd("shared:zset", {"another": 1})
    client.sadd("shared:set", "another")
    client.hset("shared:hash", "done", 1)
    for job in jobs:
        client.rpush("shared:list", job.id, job.id)
        client.zadd("shared:zset", {f"{job.id}:{job.execution_id}": 5})
    for command in commands:
        client.execute_command(*command)
    return {key: (read_key(client, key), client.ttl(key) > 0) for key in client.keys()}  # noqa: SIM118 - no dict


def read_key(client: Any, key: bytes) -> object:
    kind = client.type(key)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"zset":
        return client.zrange(key, 0, -1, withscores=True)
    found: object = client.smembers(key) if kind == b"set" else client.lrange(key, 0, -1)
    return found
