"""Model of the scripts of proactive messages: schedule, broadcasts, opt-outs and the service window."""

from __future__ import annotations

from typing import Literal

from tests.protocol.model import (
    BroadcastRecord,
    Fence,
    MarkResult,
    ModelAcceptResult,
    ScheduledRecord,
    ScriptModel,
    Store,
)

BROADCAST_KEY = "own-bc-spring"
"""The key of a broadcast's message, in the session of each of its contacts."""

QueueResult = Literal["queued", "duplicate", "refused", "unscheduled"]
HoldResult = Literal["held", "look"] | None


class SendingModel(ScriptModel):
    """Each method is one script; see `ScriptModel`."""

    has_window = False
    """Free text is accepted only for a while after the contact's message."""
    looks_before_holding = True
    """The window is looked at again when a reply is set aside."""
    checks_consent = True
    """An opt-out, and the stop of a broadcast, are looked at again when a reply is marked."""

    # Opt-out and service window.

    def opt_out(self, s: Store, name: str) -> Store:
        """Record that the contact opted out (a part of accept.lua)."""
        return self.receive(s, name)._replace(opted_out=True)

    def may_speak(self, s: Store, voice: str) -> bool:
        """Return whether an author may send: nobody may to a contact who opted out."""
        return super().may_speak(s, voice) and not (s.opted_out and self.checks_consent)

    def may_queue(self, s: Store) -> bool:
        """Return whether a message of the business enters the outbox."""
        return super().may_speak(s, "bot") and not s.opted_out

    def accept(self, s: Store, turn: str, heals: bool = False) -> tuple[Store, ModelAcceptResult]:
        """Accept a turn, which opens the window: messages that waited for it enter the outbox."""
        after, result = super().accept(s, turn, heals)
        if result == "new" and self.has_window:
            after = after._replace(window="later", out=(*after.out, *after.held), held=())
        return after, result

    def is_window_closed(self, s: Store) -> bool:
        """Return whether free text is refused."""
        return self.has_window and s.window == "past"

    def mark(
        self, s: Store, fence: Fence, reply: str, voice: str = "bot", moved: bool = False
    ) -> tuple[Store, MarkResult]:
        """Mark the next reply, unless the gate keeps it back."""
        may_be_marked = self.is_lease_valid(s, fence) and self.is_next(s, reply)
        if may_be_marked and self.may_speak(s, voice):
            if self.is_window_closed(s):
                return s, "window"
            if self._is_stopped(s, reply):
                return self._drop(self.settle(s, reply), reply), False
        after, result = super().mark(s, fence, reply, voice, moved)
        is_dropped = result is False and reply == BROADCAST_KEY
        return self._drop(after, reply) if is_dropped else after, result

    def _drop(self, s: Store, reply: str) -> Store:
        """Forget a refused message of a broadcast: it has not used up its key."""
        return self._count(s._replace(seen=s.seen - {BROADCAST_KEY}), reply, "refused")

    def hold(self, s: Store, fence: Fence, reply: str) -> tuple[Store, HoldResult]:
        """Set a reply aside until the contact writes, unless they just did (reroute.lua)."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if not self.is_next(s, reply) or (self.looks_before_holding and not self.is_window_closed(s)):
            return s, "look"
        return self.settle(s, reply)._replace(held=(*s.held, reply)), "held"

    def sent(self, s: Store, fence: Fence, reply: str) -> tuple[Store, bool | None]:
        """Record that the provider accepted a reply, and count a broadcast's."""
        after, done = super().sent(s, fence, reply)
        return self._count(after, reply, "sent") if done else after, done

    def queue_message(self, s: Store, key: str) -> tuple[Store, QueueResult]:
        """Append a message of the business (say.lua)."""
        if key in s.seen:
            return s, "duplicate"
        if not self.may_queue(s) or self._is_stopped(s, key):
            return s, "refused"
        return self.wake(s._replace(seen=s.seen | {key}, out=(*s.out, key))), "queued"

    # Schedule.

    def schedule(self, s: Store, key: str) -> Store:
        """Schedule a message."""
        return s._replace(scheduled=(*s.scheduled, ScheduledRecord(key)))

    def find_scheduled(self, s: Store, key: str) -> ScheduledRecord | None:
        """Return the record of a scheduled message."""
        return next((each for each in s.scheduled if each.key == key), None)

    def cancel(self, s: Store, key: str) -> tuple[Store, bool]:
        """Cancel a message that waits; return whether it never leaves."""
        record = self.find_scheduled(s, key)
        if record is None or record.state == "releasing":
            return s, False
        return self._record(s, record._replace(state="cancelled", due=None)), True

    def take_scheduled(self, s: Store) -> tuple[Store, str]:
        """Take the message that is due; return its key."""
        record = next((each for each in s.scheduled if each.due == "past"), None)
        if record is None:
            return s, ""
        return self._record(s, record._replace(state="releasing", due="later")), record.key

    def release_scheduled(self, s: Store, key: str) -> tuple[Store, QueueResult]:
        """Move a message that was taken, if it still is, to the outbox, in one step (say.lua)."""
        record = self.find_scheduled(s, key)
        if record is None or record.state != "releasing":
            return s, "unscheduled"
        after, result = self.queue_message(s, key)
        return self.settle_scheduled(after, key) if result != "duplicate" else after, result

    def settle_scheduled(self, s: Store, key: str, *, later: bool = False) -> Store:
        """Remove a message that was taken, or wait with it."""
        record = self.find_scheduled(s, key)
        if record is None or record.state != "releasing":
            return s
        if later:
            return self._record(s, record._replace(state="waiting", due="later"))
        return s._replace(scheduled=tuple(each for each in s.scheduled if each.key != key))

    def _record(self, s: Store, record: ScheduledRecord) -> Store:
        others = (record if each.key == record.key else each for each in s.scheduled)
        return s._replace(scheduled=tuple(others))

    # Broadcast.

    def start_broadcast(self, s: Store, rows: tuple[str, ...]) -> Store:
        """Store a broadcast, which runs from now on."""
        return s._replace(broadcast=BroadcastRecord(rows))

    def change_broadcast(self, s: Store, before: str, after: Literal["running", "paused"]) -> Store:
        """Pause or resume a broadcast."""
        broadcast = s.broadcast
        if broadcast is None or broadcast.state != before:
            return s
        return s._replace(broadcast=broadcast._replace(state=after))

    def stop_broadcast(self, s: Store) -> Store:
        """Stop a broadcast: its waiting messages are not sent."""
        return s._replace(broadcast=s.broadcast and s.broadcast._replace(state="stopped"))

    def take_right(self, s: Store, feeder: str) -> tuple[Store, int | None]:
        """Take the right to process rows; return the number of the next."""
        broadcast = s.broadcast
        if broadcast is None or (broadcast.held == "later" and broadcast.holder != feeder):
            return s, None
        return self._advance(s, broadcast, feeder)

    def queue_row(self, s: Store, number: int) -> tuple[Store, QueueResult]:
        """Put a row's message into the outbox, unless another row has the session (a further step)."""
        broadcast = s.broadcast
        assert broadcast is not None
        if not broadcast.rows[number]:
            return s, "refused"
        claimed = number if broadcast.claimed is None else broadcast.claimed
        s = s._replace(broadcast=broadcast._replace(claimed=claimed))
        return self.queue_message(s, BROADCAST_KEY) if claimed == number else (s, "refused")

    def record_row(self, s: Store, feeder: str, number: int, queued: bool) -> tuple[Store, int | None]:
        """Record a row's outcome, if the right is still the feeder's; return the number of the next."""
        broadcast = s.broadcast
        assert broadcast is not None
        if not self.has_right(broadcast, feeder, number):
            return s, None
        broadcast = broadcast._replace(
            processed=broadcast.processed + 1,
            queued=broadcast.queued + queued,
            skipped=broadcast.skipped + (not queued),
        )
        return self._advance(s, broadcast, feeder)

    def has_right(self, broadcast: BroadcastRecord, feeder: str, number: int) -> bool:
        """Return whether a feeder has the right to process rows, and this is the next."""
        is_holder = broadcast.held == "later" and broadcast.holder == feeder
        return is_holder and broadcast.processed == number

    def _advance(self, s: Store, broadcast: BroadcastRecord, feeder: str) -> tuple[Store, int | None]:
        if broadcast.state != "running":
            return s._replace(broadcast=broadcast), None
        if broadcast.processed >= len(broadcast.rows):
            ended = broadcast._replace(state="finished", holder="", held=None)
            return s._replace(broadcast=ended), None
        taken = broadcast._replace(holder=feeder, held="later")
        return s._replace(broadcast=taken), broadcast.processed

    def _is_stopped(self, s: Store, reply: str) -> bool:
        is_stopped = s.broadcast is not None and s.broadcast.state == "stopped"
        return is_stopped and reply == BROADCAST_KEY and self.checks_consent

    def _count(self, s: Store, reply: str, counter: Literal["sent", "refused"]) -> Store:
        if s.broadcast is None or reply != BROADCAST_KEY:
            return s
        if counter == "sent":
            return s._replace(broadcast=s.broadcast._replace(sent=s.broadcast.sent + 1))
        return s._replace(broadcast=s.broadcast._replace(refused=s.broadcast.refused + 1))
