"""RQ's keys and the layout of a job's hash, so that the accept script can write a job itself.

Enqueueing with RQ's own client on the acknowledgement path costs several times the rest of the request.
Instead the scripts write the fields that RQ's `Job` object would write, read from that object at start-up.
Every key comes from the installed RQ's own objects, so RQ_KEY_PREFIX is obeyed; none is written down here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from redis import Redis
from rq import Queue
from rq.defaults import RQ_KEY_PREFIX
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.suspension import WORKERS_SUSPENDED
from rq.utils import utcformat
from rq.worker import BaseWorker
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

QUEUE = "turns"
JOB_FUNCTION = "gateway.jobs.drain"
JOB_TIMEOUT_SECONDS = 180
FAILURE_RETENTION_SECONDS = 7 * 24 * 3600

KEY_PREFIX: str = RQ_KEY_PREFIX
SUSPENDED_KEY: str = WORKERS_SUSPENDED
JOB_KEY_PREFIX: str = Job.redis_job_namespace_prefix
QUEUES_KEY: str = Queue.redis_queues_keys
WORKER_KEY_PREFIX: str = BaseWorker.redis_worker_namespace_prefix

_TIMESTAMP_FIELDS = ("created_at", "enqueued_at")


def open_queue(connection: Redis) -> Queue:
    """Open the one queue with RQ's client."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def current_timestamp() -> str:
    """Return the current time in RQ's format."""
    return utcformat(datetime.now(UTC))


def job_fields() -> dict[str, str]:
    """Return the fields of a queued job's hash, without its data and its two timestamps.

    The description is fixed, so that no session id (it may hold a phone number) reaches RQ's log.
    """
    job = Job.create(
        JOB_FUNCTION,
        connection=Redis(),
        serializer=JSONSerializer,
        description="drain",
        timeout=JOB_TIMEOUT_SECONDS,
        result_ttl=0,
        failure_ttl=FAILURE_RETENTION_SECONDS,
        origin=QUEUE,
        status=JobStatus.QUEUED,
    )
    fields = job.to_dict()
    for name in (*_TIMESTAMP_FIELDS, "data"):
        fields.pop(name, None)
    return {
        name: str(value.value if isinstance(value, JobStatus) else value) for name, value in fields.items()
    }


@cache
def queue_key() -> str:
    """The Redis key of the queue's list."""
    return str(Queue(QUEUE, connection=Redis()).key)


def workers_key() -> str:
    """The Redis key of the set in which RQ lists the queue's workers."""
    return WORKERS_BY_QUEUE_KEY % QUEUE


@cache
def failed_jobs_key() -> str:
    """The Redis key of the queue's registry of failed jobs."""
    return str(FailedJobRegistry(QUEUE, connection=Redis()).key)


def results_key(job: str) -> str:
    """The Redis key of a job's results."""
    return str(Result.get_key(job))  # type: ignore[no-untyped-call]


@cache
def started_jobs_key() -> str:
    """The Redis key of the queue's registry of jobs that run, by the time at which they are given up."""
    return str(StartedJobRegistry(QUEUE, connection=Redis()).key)
