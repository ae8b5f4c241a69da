"""Types of events that a subscription can ask for. docs/hooks.md shows this table."""

from __future__ import annotations

from typing import NamedTuple


class EventType(NamedTuple):
    """Type of an event: its meaning and the fields of its `data`, beside those that every event has."""

    meaning: str
    fields: tuple[str, ...]


EVENT_TYPES = {
    "message.received": EventType(
        "a contact's message was stored", ("message_id", "files", "sent_at", "kind", "text")
    ),
    "reply.sent": EventType("the provider accepted a reply", ("reply", "provider_id")),
    "reply.delivered": EventType("a reply is on the contact's device", ("provider_id",)),
    "reply.read": EventType("the contact has read a reply", ("provider_id",)),
    "reply.failed": EventType(
        "a reply was refused, by the provider, by a status or before the send; one whose `failure` is "
        "`temporary` is sent again",
        ("reply", "provider_id", "code", "reason", "failure"),
    ),
    "owner.changed": EventType(
        "a hand-off, a take-over, a give-back or a close: `bot`, `waiting`, `human` or `closed`",
        ("owner", "previous"),
    ),
    "optout.changed": EventType(
        "a contact opted out or in: `all`, `marketing` or `none` are no longer sent", ("scope",)
    ),
    "dead_letter.added": EventType(
        "messages or a reply were given up; `turngate dead show` has the details",
        ("dead_letter", "code", "reason", "failure", "provider_id"),
    ),
    "broadcast.progress": EventType(
        "a broadcast began, was paused, resumed or stopped, has ended, or a tenth of it was processed",
        ("broadcast", "state", "counts"),
    ),
}

TEST_EVENT = "hook.test"
"""The type that `turngate hooks test` sends; every subscription gets it."""
