"""Settings of a chaos test."""

from __future__ import annotations

from pydantic import Field

from channels._kit.simulator import Fault, FaultSettings, Operation
from core.model import FrozenModel

COMMON_FAULTS = (
    Fault.TOO_MANY,
    Fault.TOO_MANY,
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.ERROR_AFTER,
    Fault.DROP_AFTER,
    Fault.DROP_BEFORE,
)


class StormScenario(FrozenModel):
    """Load and faults of a run. Times are in seconds, chances from 0 to 1; an interval of 0 means never.

    `messages` are sent by as many contacts as it takes, `people` of them at a time, each pausing up to twice
    `think` before a message. Every `kill_every` on average a worker, sometimes the web process, is killed
    (SIGKILL); every `pause_every` a worker is paused for longer than its lease; every `restart_every` the
    server is restarted with its append-only file. Every `partition_every` a process, each on a virtual host
    of its own then, is cut off from all others, or the packets between it and the server are lost in one
    direction, for about a lease. Every `failover_every` the primary of a group with two replicas and three
    Sentinels is killed, and comes back as a replica; web and workers run with
    `TURNGATE_DURABILITY=replicated` then. Every `reshard_every` of a cluster of three primaries, each with a
    replica, the one that has one of the `partitions` is killed, or its slot is moved to another or a new one;
    `replicated` as well. With a `latency`, what web and workers send to the server, and its answers, take so
    long on average, and packets are lost and connections reset. Every `upgrade_every` a process is stopped
    (SIGTERM) and replaced by one of the other release, whose checkout is `other_release`, or back. One
    worker's clock jumps by up to `clock_off` every few seconds. `swaps` of the messages arrive after the next
    one, `forgeries` more come with a wrong signature, and `silences` of the conversations end with STOP and
    one message more. A turn takes `turn_delay` on average. In `words` of the conversations an agent writes
    while the bot processes a turn, `offers` of the message groups come with a message of the business, and
    `erasures` of the conversations are erased in the middle of a turn, then go on (not under a burst policy).
    In `deadly` of the others the business sends a message that kills every worker that sends it. A
    conversation is observed for `settle` after its last reply; one reply may take up to `patience`. With a
    `burst` above 0, messages that come within so many seconds must be merged into one turn.
    """

    seed: int
    messages: int = 1_000
    people: int = 40
    workers: int = 3
    think: float = 1.0
    kill_every: float = 5.0
    pause_every: float = 15.0
    restart_every: float = 30.0
    partition_every: float = 0.0
    failover_every: float = 0.0
    reshard_every: float = 0.0
    partitions: int = 1
    latency: float = 0.0
    upgrade_every: float = 0.0
    other_release: str = ""
    clock_off: float = 3_600.0
    lease_seconds: float = 6.0
    swaps: float = 0.1
    forgeries: float = 0.02
    silences: float = 0.2
    turn_delay: float = 0.05
    words: float = 0.2
    offers: float = 0.05
    erasures: float = 0.1
    deadly: float = 0.0
    settle: float = 8.0
    patience: float = 120.0
    burst: float = 0.0
    burst_cap: float = 8.0
    faults: FaultSettings = Field(
        default_factory=lambda: FaultSettings(
            chance=0.03,
            kinds=(*COMMON_FAULTS * 6, Fault.TIMEOUT_AFTER),
            webhooks_twice=0.1,
            statuses_twice=0.1,
            statuses_shuffled=0.5,
            answer_delay=0.05,
            operations=(Operation.SEND, Operation.LOOK_UP),
        )
    )
