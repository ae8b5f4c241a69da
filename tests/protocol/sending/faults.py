"""Model of proactive messages with planted faults."""

from __future__ import annotations

from tests.protocol.model import BroadcastRecord, Store
from tests.protocol.sending.model import QueueResult, SendingModel


class WindowModel(SendingModel):
    """A channel with a service window, without a fault."""

    has_window = True


class SettledLater(SendingModel):
    """A scheduled message enters the outbox in one step, and leaves the schedule in the next."""

    def release_scheduled(self, s: Store, key: str) -> tuple[Store, QueueResult]:
        """Append a message that was taken."""
        record = self.find_scheduled(s, key)
        if record is None or record.state != "releasing":
            return s, "unscheduled"
        return self.queue_message(s, key)


class ReleasedUnseen(SendingModel):
    """Send a message that was taken from the schedule, whatever has become of it since."""

    def release_scheduled(self, s: Store, key: str) -> tuple[Store, QueueResult]:
        """Append a message that was taken once."""
        after, result = self.queue_message(s, key)
        return self.settle_scheduled(after, key), result


class KeyForgotten(SendingModel):
    """A message of the business has no key that identifies repetitions."""

    def queue_message(self, s: Store, key: str) -> tuple[Store, QueueResult]:
        """Append the message, also a second time."""
        return super().queue_message(s._replace(seen=s.seen - {key}), key)


class ConsentUnchecked(SendingModel):
    """An opt-out, or the stop of a broadcast, is looked at when a message is queued, not before its send."""

    checks_consent = False


class RightUnchecked(SendingModel):
    """A feeder records its row although another one has its right."""

    def has_right(self, broadcast: BroadcastRecord, feeder: str, number: int) -> bool:
        """Return True for any feeder."""
        return True


class WindowUnchecked(WindowModel):
    """The window is looked at when a reply is queued, not before its send."""

    def is_window_closed(self, s: Store) -> bool:
        """Return False for any window."""
        return False


class HeldUnseen(WindowModel):
    """A reply is set aside until the next message, also when that has come meanwhile."""

    looks_before_holding = False
