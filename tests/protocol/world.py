"""World of the model: the store, the memory of all actors, and the limits of what may happen."""

from __future__ import annotations

from typing import NamedTuple

from tests.protocol.model import Fence, ModelView, Store


class Step(NamedTuple):
    """One atomic step: its name, its actor, and its object."""

    name: str
    who: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.who:<10} {self.name:<14} {self.what}".rstrip()


class Delivery(NamedTuple):
    """One copy of a message being delivered: waiting, marked, recorded, acknowledged, or lost by no fault."""

    turn: str
    stage: str = "waiting"


class Worker(NamedTuple):
    """Memory of one worker; it acts on the last values read, however stale.

    `has_newest_fence` belongs to the observer: nobody has claimed the session since.
    """

    activity: str = "idle"
    fence: Fence = (0, 0)
    view: ModelView | None = None
    has_newest_fence: bool = False


class Sender(NamedTuple):
    """Memory of a process that releases scheduled messages or feeds a broadcast.

    `what` is the message, or the row's number; `result` what became of it.
    """

    activity: str = "idle"
    what: str = ""
    result: str = ""


class Snapshot(NamedTuple):
    """Contents of a lagging replica: the store, and the observer's records of that moment."""

    store: Store
    accepted: tuple[str, ...]
    committed: tuple[str, ...]
    replies: tuple[str, ...]
    timer_turn: str


class World(NamedTuple):
    """The store, all actors' memory, and the observer's records.

    `timer_turn` is the turn whose timer runs. `claims` counts the claims, for the nonces. `went_back`: the
    session was erased, or the server failed over to a lagging replica. `cancelled` are the scheduled messages
    whose cancellation was confirmed.
    """

    store: Store
    deliveries: tuple[Delivery, ...]
    workers: tuple[Worker, ...]
    sent: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    committed: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    timer_turn: str = ""
    fault: str = ""
    claims: int = 0
    replica: Snapshot | None = None
    went_back: bool = False
    releasers: tuple[Sender, ...] = ()
    feeders: tuple[Sender, ...] = ()
    cancelled: tuple[str, ...] = ()


class WorldLimits(NamedTuple):
    """Size of the world and the failures in it.

    `pauses`: a lease may expire under a living worker. `pass_on`: a worker may hand its session on early.
    `trusted_clock`: a worker whose lease has expired starts no send any more. `send_failures`: possible
    failures of a send, of `timed_out`, `unavailable` and `rejected`. `timers`: turns after which an
    inactivity timer runs. `leave`: a worker without further work releases the lease in the same step.
    `words` are an agent's messages, `proactive` the business's. `erase`: the session may be erased once.
    `failover`: a replica may fall behind and be promoted once. `deaths`: after so many a turn or a
    reply is given up. `deadly` are turns and replies that kill their workers.
    `transfer`: the take-over is the provider's record, older than the messages in `heals`, whose webhooks say
    that the bot has the conversation. `moves`: the contact gets another address once. `participant`: somebody
    else writes once.
    `scheduled` are messages for later, each of which may be cancelled, `rows` those of a broadcast: a name of
    the session's contact, or nothing for a row without a valid one. Each has `senders` processes. `opt_out`:
    the contact opts out once. `window`: the service window may close; `waits`: the bot's replies wait for the
    contact's next message then. `lost_answers`: the answer to a claim may be lost, whose worker claims again.
    """

    turns: tuple[str, ...] = ("A", "B")
    duplicates: tuple[str, ...] = ("A",)
    workers: int = 2
    parts: int = 1
    crashes: bool = True
    pauses: bool = True
    pass_on: bool = True
    look_up: bool = True
    take_over: bool = False
    send_failures: tuple[str, ...] = ()
    dialog_failures: bool = False
    tries: int = 0
    trusted_clock: bool = True
    timers: tuple[str, ...] = ()
    leave: bool = True
    words: tuple[str, ...] = ()
    proactive: tuple[str, ...] = ()
    erase: bool = False
    failover: bool = False
    deaths: int = 0
    deadly: tuple[str, ...] = ()
    transfer: bool = False
    heals: tuple[str, ...] = ()
    moves: bool = False
    participant: bool = False
    scheduled: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    senders: int = 2
    opt_out: bool = False
    window: bool = False
    waits: bool = False
    lost_answers: bool = False
