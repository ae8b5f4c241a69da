"""Entries of the session's log about a message of the contact or a participant."""

from __future__ import annotations

from pydantic_core import to_json

from core.model import (
    UNSUPPORTED_KIND,
    ParticipantMessage,
    Turn,
    TurnReceived,
)


def message_entry(event: TurnReceived | ParticipantMessage) -> dict[str, object]:
    """Return the fields of a message's log entry."""
    turn = event.turn
    return {
        "turn": turn.id,
        "text": turn.text,
        "payload": turn.payload,
        "files": len(turn.attachments),
        **({"at": turn.at} if turn.at else {}),
        **({"author": author_name(event), "author_id": author_id(event)} if event.author else {}),
        **_describe_wordless(turn),
    }


def author_id(event: TurnReceived | ParticipantMessage) -> str:
    """Return the provider's id of an author."""
    return event.author.rpartition(":")[2]


def author_name(event: TurnReceived | ParticipantMessage) -> str:
    return event.turn.details.get("profile_name") or author_id(event)


def _describe_wordless(turn: Turn) -> dict[str, str]:
    """Return the log's text of a reaction, an unsupported message, a place or a filled-in form.

    A place is a text of lines, a form JSON in a text: scripts search entries for fields of their own.
    """
    shared: dict[str, str] = {}
    if place := turn.location:
        lines = (place.label, place.address, str(place.latitude), str(place.longitude))
        shared["place"] = "\n".join(filter(None, lines))
    if turn.form is not None:
        shared["form"] = to_json(turn.form).decode()
    if turn.reaction is not None:
        message = turn.quoted.id if turn.quoted else ""
        return {"kind": "reaction", "reaction": turn.reaction.emoji, "message": message}
    return {"kind": turn.kind} if turn.kind == UNSUPPORTED_KIND else shared
