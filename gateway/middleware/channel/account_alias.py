"""Further accounts of a channel: the same channel under a name such as `twilio/shop2`."""

from __future__ import annotations

from copy import copy
from functools import partial

import httpx

from core.model import (
    ContactMoved,
    ControlReceived,
    Event,
    ParticipantMessage,
    StatusChanged,
    TemplateChanged,
    TurnReceived,
)
from core.ports import Channel, Webhook


def with_account_name(channel: Channel[httpx.AsyncClient], name: str) -> Channel[httpx.AsyncClient]:
    """Return the channel under another name; its events carry it, so that replies use its credentials.

    It is a copy, not a wrapper: the optional methods of a channel are found on it too.
    """
    aliased = copy(channel)
    aliased.name = name
    setattr(aliased, "parse", partial(_parse_with_account_name, channel, name))  # noqa: B010 # mypy takes a method for no variable
    return aliased


def _parse_with_account_name(channel: Channel[httpx.AsyncClient], name: str, webhook: Webhook) -> list[Event]:
    return [_rename_channel(event, name) for event in channel.parse(webhook)]


def _rename_channel(event: Event, name: str) -> Event:
    match event:
        case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
            address = turn.address.model_copy(update={"channel": name})
            return event.model_copy(update={"turn": turn.model_copy(update={"address": address})})
        case ControlReceived(address=address) | ContactMoved(address=address):
            return event.model_copy(update={"address": address.model_copy(update={"channel": name})})
        case StatusChanged() | TemplateChanged():
            return event.model_copy(update={"channel": name})
    return event
