"""Events of messages to phone numbers, in the form of version 1.1 of the API ("Outbound messaging")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_text
from channels.sunshine.contact_numbers import NumberedIntegrations
from channels.sunshine.delivery_statuses import build_status
from core.model import Event, Ignored

TRIGGER_PREFIX: Final = "notification:"
_DELIVERY_PREFIX: Final = f"{TRIGGER_PREFIX}delivery:"


def parse_notification(body: JsonObject, numbers: NumberedIntegrations) -> Iterator[Event]:
    """Parse an event of a message to a number: its status, and the conversation that it was matched with."""
    destination = get_object(body, "destination")
    yield build_status(
        get_text(body, "trigger", 80).removeprefix(_DELIVERY_PREFIX),
        get_identifier(get_object(body, "notification"), "_id"),
        get_object(body, "error"),
        destination,
    )
    conversation = get_identifier(get_object(get_object(body, "matchResult"), "conversation"), "_id")
    contact = numbers.name_contact(
        get_identifier(destination, "integrationId"), get_identifier(destination, "destinationId", 40)
    )
    if names := numbers.join_names(conversation, contact):
        yield Ignored(reason="notification matched", aliases=names, joins_known=True)
