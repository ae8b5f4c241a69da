"""Entries of the session's log about a message of the contact or a participant."""

from __future__ import annotations

from pydantic_core import to_json

from core.model import (
    UNSUPPORTED_KIND,
    ContactCard,
    OrderItem,
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


def _describe_card(card: ContactCard) -> str:
    return "\n".join(filter(None, (card.name, card.organization, *card.phones, *card.emails)))


def _describe_item(item: OrderItem) -> str:
    return f"{'?' if item.quantity is None else f'{item.quantity:g}'} ×\n{item.product_id}"


def _describe_wordless(turn: Turn) -> dict[str, str]:
    """Return the log's text of what a message has beside words, or in their place.

    A place is a text with a value in each line, and so is a card or an item, with an empty line between two;
    a form is JSON in a text: scripts search entries for fields of their own.
    """
    shared: dict[str, str] = {}
    if place := turn.location:
        lines = (place.label, place.address, str(place.latitude), str(place.longitude))
        shared["place"] = "\n".join(filter(None, lines))
    if turn.contacts:
        shared["contacts"] = "\n\n".join(map(_describe_card, turn.contacts))
    if turn.order:
        shared["order"] = "\n\n".join(map(_describe_item, turn.order.items))
    if turn.form is not None:
        shared["form"] = to_json(turn.form).decode()
    if turn.reaction is not None:
        message = turn.quoted.id if turn.quoted else ""
        return {"kind": "reaction", "reaction": turn.reaction.emoji, "message": message}
    return {"kind": turn.kind} if turn.kind == UNSUPPORTED_KIND else shared
