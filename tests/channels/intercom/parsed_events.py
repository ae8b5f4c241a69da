"""Events that a webhook of Intercom becomes, by kind."""

from __future__ import annotations

from core.model import (
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    Turn,
    TurnReceived,
)
from tests.channels.intercom.builders import (
    Json,
    build_channel,
    build_webhook,
)

REPLIED, CREATED = "conversation.user.replied", "conversation.user.created"


ASSIGNED = "conversation.admin.assigned"


def parse_events(topic: str, item: Json, **changed: str) -> list[Event]:
    return build_channel(**changed).parse(build_webhook(topic, item))


def parse_turns(topic: str, item: Json, **changed: str) -> list[Turn]:
    return [found.turn for found in parse_events(topic, item, **changed) if isinstance(found, TurnReceived)]


def parse_actions(topic: str, item: Json) -> list[ControlAction]:
    """Return the control actions, deduplicated by event ID."""
    found = {each.id: each.act for each in parse_events(topic, item) if isinstance(each, ControlReceived)}
    return list(found.values())


def parse_reasons(topic: str, item: Json) -> list[str]:
    return [each.reason for each in parse_events(topic, item) if isinstance(each, Ignored)]
