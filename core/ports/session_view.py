"""The state of a session that the lease holder reads, and the result of a turn that it commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from core.model import FiredTimer, Owner, Reply, TimerKind, Turn
from core.ports.dialog import Reminder, State


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to process a session.

    `fence` is the fencing token, a number and the claimer's nonce: it is never given twice, and only the
    newest may write. `valid_until` is when the lease expires unless renewed, in seconds of this process's
    monotonic clock.
    """

    session: str
    fence: str
    valid_until: float = 0.0


@dataclass(frozen=True, slots=True)
class SendMark:
    """A reply whose send was started and not settled; `at_ms` is the start in ms since the epoch."""

    key: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as the holder of its lease sees it.

    `outbox` are the first unsent replies; if there are none, `turns` is the first waiting turn, or all that
    may be merged with it. `tries` counts the failures of the first turn, `deaths` the workers that started
    the first reply, or the first turn, and never reported back. `postponements` counts the failed sends of
    the first reply, `unknown_sends` those whose outcome is unknown. `recent_provider_ids` are those of
    settled replies. `granted_key` is the key of a reply that was marked in the same step and may be sent.
    `overflowed`: messages were refused and the contact was not informed. `fired_timer` is an expired
    timer, if there is nothing else. `lease_released`: there is nothing to do, so the lease was released in
    the same step. `read_at_ms` is the store's time.
    """

    owner: Owner = Owner.BOT
    opted_out: bool = False
    state: State | None = None
    turns: tuple[Turn, ...] = ()
    outbox: tuple[Reply, ...] = ()
    send_mark: SendMark | None = None
    granted_key: str = ""
    tries: int = 0
    deaths: int = 0
    postponements: int = 0
    unknown_sends: int = 0
    recent_provider_ids: frozenset[str] = frozenset()
    overflowed: bool = False
    fired_timer: FiredTimer | None = None
    lease_released: bool = False
    read_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease together with the session's contents.

    Without `is_started` the view is empty: the session is read when it may run. `suspicion` grows with the
    workers that died or lost the lease while answering its turn; above 0 it runs apart from others.
    """

    lease: Lease
    view: SessionView
    suspicion: int = 0
    is_started: bool = True


@dataclass(frozen=True, slots=True)
class Commit:
    """End of a turn: state, replies and the finished turns, all or none (guarantee L6).

    `dead_letter_reason` makes the turns dead letters. `owner` changes the session's owner; with
    `ownership_expires` the bot resumes when no agent is active for long. `marks_first_reply` marks the first
    reply as being sent in the same step. `reports_overflow`: the replies report refused messages.
    `fired_timer` is the timer that this answers in place of turns, `timer_name` its name, unique in the
    session; if a message has arrived meanwhile, nothing is committed. `timer` starts one, with its seconds.
    With `delivers_via_log` the replies are read in the session's log: the same step delivers them or, if the
    bot may not send any more, refuses them. `opts_out`: the contact is opted out of everything after these
    replies. `reminders` are scheduled in the same step.
    """

    turns: tuple[Turn, ...]
    state: State | None = None
    replies: tuple[Reply, ...] = ()
    outcome: str = ""
    owner: Owner | None = None
    ownership_expires: bool = False
    dead_letter_reason: str | None = None
    marks_first_reply: bool = False
    reports_overflow: bool = False
    delivers_via_log: bool = False
    fired_timer: TimerKind | None = None
    timer_name: str = ""
    timer: tuple[TimerKind, float] | None = None
    opts_out: bool = False
    reminders: tuple[Reminder, ...] = ()
    details: Mapping[str, JsonValue] = field(default_factory=dict)
