"""The world of the model: the store, what everybody remembers, and what may happen to them."""

from __future__ import annotations

from typing import NamedTuple

from tests.protocol.model import ModelView, Store


class Step(NamedTuple):
    """One atomic step: what was done, by whom, and to what."""

    name: str
    who: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.who:<10} {self.name:<14} {self.what}".rstrip()


class Delivery(NamedTuple):
    """One copy of a message on its way in: waiting, marked, recorded or acknowledged."""

    turn: str
    stage: str = "waiting"


class Worker(NamedTuple):
    """One worker's memory; it acts on what it last saw, however stale.

    `newest` belongs to the observer: whether nobody has claimed the session since.
    """

    activity: str = "idle"
    fence: int = 0
    view: ModelView | None = None
    has_newest_fence: bool = False


class World(NamedTuple):
    """The store, everybody's memory, and what an observer noted down: `timed` is whose turn's timer runs."""

    store: Store
    deliveries: tuple[Delivery, ...]
    workers: tuple[Worker, ...]
    sent: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    committed: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    timer_turn: str = ""
    fault: str = ""


class WorldLimits(NamedTuple):
    """How big the world is and what may go wrong in it.

    `pauses` says that a lease may run out under a living worker, `pass_on` that a drain may end early.
    `trusted_clock` says that a worker whose lease ran out does not begin a send any more.
    `send_failures`: how a send may end badly, of `timed_out`, `unavailable` and `rejected`. `timers` are the
    turns whose answer waits for the person only so long. `leave` says that who sees nothing more to do gives
    the lease back in the same step.
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
