"""Decoding of script results into a `SessionView`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from core.model import Address, FailureKind, FiredTimer, FrozenModel, Owner, Reply, TimerKind, Turn
from core.ports import SendMark, SessionView, State

V = TypeVar("V", bound=FrozenModel)

_LEFT: Final = 11
"""Index of `left` in VIEW_FIELDS (view.lua)."""


def decode_view(answer: Any) -> SessionView:
    """Decode a session view, up to the first turn or reply that this release cannot read."""
    fields, turns, outbox, recent, fired, read_at_ms = answer
    owner, opted_out, state, tries, waits, marked, marked_at, overflow, *rest = fields
    *_, unknown, deaths, address, marked_to = rest
    return SessionView(
        owner=Owner(owner.decode()) if owner else Owner.BOT,
        opted_out=opted_out == b"1",
        state=_decode_state(state),
        turns=_decode_readable(Turn, turns),
        outbox=_decode_outbox(outbox, marked, address, marked_to),
        send_mark=SendMark(key=marked.decode(), at_ms=int(marked_at)) if marked else None,
        tries=int(tries or 0),
        deaths=deaths,
        unknown_sends=int(unknown or 0),
        postponements=int(waits or 0),
        recent_provider_ids=frozenset(provider_id.decode() for provider_id in recent),
        overflowed=overflow == b"untold",
        fired_timer=_decode_fired_timer(fired),
        read_at_ms=read_at_ms,
    )


def has_left(answer: Any) -> bool:
    """Return whether the contact of a session view has gone to another partition for good."""
    return bool(answer[0][_LEFT] == b"gone")


def _decode_readable(model: type[V], items: Sequence[bytes]) -> tuple[V, ...]:
    decoded: list[V] = []
    for item in items:
        try:
            decoded.append(model.model_validate_json(item))
        except ValidationError:
            break
    return tuple(decoded)


def _decode_outbox(
    items: Sequence[bytes], marked: bytes | None, address: bytes | None, marked_to: bytes | None
) -> tuple[Reply, ...]:
    """Decode the replies, with the contact's present address.

    A reply whose send was started has the address of that send, where it is looked up.
    """
    replies = _decode_readable(Reply, items)
    if not address:
        return replies
    present = Address.model_validate_json(address)
    earlier = Address.model_validate_json(marked_to) if marked_to else None
    return tuple(
        (reply.model_copy(update={"address": earlier}) if earlier else reply)
        if marked and reply.key == marked.decode()
        else reply.model_copy(update={"address": present})
        for reply in replies
    )


def _decode_fired_timer(stored: list[Any]) -> FiredTimer | None:
    if not stored:
        return None
    timer, address, at_ms, failure = stored
    return FiredTimer(
        timer=TimerKind(timer.decode()),
        address=Address.model_validate_json(address),
        at_ms=int(at_ms),
        failure=FailureKind(failure.decode()) if failure else None,
    )


def _decode_state(stored: bytes | None) -> State | None:
    return from_json(stored) if stored else None
