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
    channel,
    hook,
)

REPLIED, CREATED = "conversation.user.replied", "conversation.user.created"


ASSIGNED = "conversation.admin.assigned"


def parsed(topic: str, item: Json, **changed: str) -> list[Event]:
    return channel(**changed).parse(hook(topic, item))


def turns(topic: str, item: Json, **changed: str) -> list[Turn]:
    return [found.turn for found in parsed(topic, item, **changed) if isinstance(found, TurnReceived)]


def acts(topic: str, item: Json) -> list[ControlAction]:
    """Return the control actions, deduplicated by event ID."""
    found = {each.id: each.act for each in parsed(topic, item) if isinstance(each, ControlReceived)}
    return list(found.values())


def reasons(topic: str, item: Json) -> list[str]:
    return [each.reason for each in parsed(topic, item) if isinstance(each, Ignored)]
