"""Messages of the simulator, as Twilio's Messages resource shows them."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from channels._kit.rendering import count_segments
from channels._kit.simulator import TranscriptEntry
from channels.twilio.simulator.responses import ERROR_TEXTS


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A state that a message reaches at a time."""

    at: float
    status: str
    error_code: int | None = None


@dataclass(slots=True)
class Message:
    """A message in either direction. `status_changes` are in order of time."""

    sid: str
    sender: str
    to: str
    body: str
    direction: str
    status_changes: tuple[StatusChange, ...]
    media: tuple[str, ...] = ()
    service: str | None = None
    number: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    is_list: bool = False

    @property
    def created_at(self) -> float:
        """Time of acceptance in seconds since the epoch."""
        return self.status_changes[0].at

    @property
    def person(self) -> str:
        """The contact's number."""
        return self.sender if self.direction == "inbound" else self.to

    def status_at(self, now: float) -> StatusChange:
        """Return the status reached by `now`."""
        return [
            change for change in self.status_changes if change.at <= now or change is self.status_changes[0]
        ][-1]

    def to_json(self, base: str, account: str, now: float) -> dict[str, Any]:
        """Return the JSON of the REST API."""
        change = self.status_at(now)
        is_waiting = change.status in ("queued", "accepted")
        return {
            "sid": self.sid,
            "account_sid": account,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "direction": self.direction,
            "status": change.status,
            "num_media": str(len(self.media)),
            "num_segments": "0" if self.service and is_waiting else self._count_segments(),
            "price": None,
            "price_unit": "USD",
            "messaging_service_sid": self.service,
            "error_code": change.error_code,
            "error_message": ERROR_TEXTS.get(change.error_code) if change.error_code else None,
            "date_created": formatdate(self.created_at),
            "date_updated": formatdate(change.at),
            "date_sent": None if is_waiting else formatdate(self.created_at),
            "api_version": "2010-04-01",
            "uri": f"{base}/Messages/{self.sid}.json",
            "subresource_uris": {"media": f"{base}/Messages/{self.sid}/Media.json"},
        }

    def _count_segments(self) -> str:
        is_sms = not self.media and not self.to.startswith("whatsapp:")
        return str(count_segments(self.body).count) if is_sms else "1"

    def to_transcript_entry(self, now: float) -> TranscriptEntry:
        """Return the transcript entry for tests and the console."""
        inbound = self.direction == "inbound"
        return TranscriptEntry(
            number=self.number,
            at=self.created_at,
            direction="in" if inbound else "out",
            id=self.sid,
            ours=self.to if inbound else self.sender,
            person=self.person,
            text=self.body,
            media=self.media,
            status=self.status_at(now).status,
            choices=self.choices,
        )
