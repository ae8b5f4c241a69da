"""Encodes events as the arguments that accept.lua reads."""

from __future__ import annotations

from pydantic_core import to_json

from core.model import (
    APPROVED,
    Activity,
    ActivityReceived,
    ContactMoved,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    FailureKind,
    Ignored,
    OptOutScope,
    Owner,
    ParticipantMessage,
    StatusChanged,
    TemplateChanged,
    TurnReceived,
    next_owner,
    status_rank,
)
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.inbox.message_entry import message_entry
from gateway.redis.lua import Argument
from gateway.redis.records.session_keys import message_key
from gateway.redis.records.template_keys import LOW_QUALITIES, state_field

_OPT_OUT_CHANGES = {
    (ControlAction.OPT_OUT, OptOutScope.ALL): "1",
    (ControlAction.OPT_OUT, OptOutScope.MARKETING): "marketing",
    (ControlAction.OPT_IN, OptOutScope.ALL): "0",
    (ControlAction.OPT_IN, OptOutScope.MARKETING): "resume",
}
_ACTS_WITHOUT_OWNER = frozenset({ControlAction.OPT_OUT, ControlAction.OPT_IN, ControlAction.PASSED_ON})


def encode_event(event: Event, sealer: Sealer) -> list[Argument]:
    """Encode an event as the six arguments that accept.lua reads; its routing adds three more."""
    match event:
        case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
            return [
                event.kind,
                turn.session,
                turn.id,
                sealer.turn(turn),
                turn.address.model_dump_json(),
                sealer.entry(turn.session, message_entry(event)),
            ]
        case ControlReceived():
            return _encode_control(event)
        case StatusChanged():
            return _encode_status(event)
        case ContactMoved(address=address):
            at, entry = str(event.at) if event.at else "", to_json({"at": event.at})
            return ["moved", event.session, event.id, address.model_dump_json(), at, entry]
        case ActivityReceived():
            return _encode_activity(event)
        case TemplateChanged(channel=channel):
            field = state_field(channel, event.name, event.language)
            alarm = template_alarm(event)
            return ["template", field, event.status, event.quality, event.category, alarm]
        case Ignored(reason=reason):
            return ["ignored", reason, "", "", "", ""]


def _encode_control(event: ControlReceived) -> list[Argument]:
    act = event.act
    owner = "" if act in _ACTS_WITHOUT_OWNER else next_owner(Owner.BOT, act)
    scope = {"scope": event.scope} if event.scope is not OptOutScope.ALL else {}
    entry = {"act": act, "owner": owner, "actor": event.actor, "at": event.at, **scope}
    change = _OPT_OUT_CHANGES.get((act, event.scope), "")
    return ["control", event.session, event.id, owner, change, to_json(entry)]


def _encode_status(event: StatusChanged) -> list[Argument]:
    failure = failure_class(event)
    entry = {
        "id": event.provider_id,
        "status": event.status,
        "code": event.error_code,
        "error": event.error_text,
        **({"failure": failure} if failure else {}),
        **({"window_until": event.window_until} if event.window_until else {}),
    }
    key = message_key(event.channel, event.provider_id)
    return ["status", key, event.status, status_rank(event.status), "", to_json(entry)]


def _encode_activity(event: ActivityReceived) -> list[Argument]:
    entry = {
        "id": event.id,
        "activity": event.activity,
        "message": event.message_id,
        **({"redacted": event.redacted} if event.activity is not Activity.EDITED else {}),
    }
    return ["activity", event.session, event.id, "", "", to_json(entry)]


def template_alarm(event: TemplateChanged) -> str:
    """Return the alarm text of a change; empty if messages with the template are still sent."""
    if event.status and event.status != APPROVED:
        code = event.status
    elif event.quality in LOW_QUALITIES:
        code = f"quality {event.quality}"
    else:
        return ""
    return to_json({"code": code, "reason": event.reason, "template": event.name}).decode()


def failure_class(event: StatusChanged) -> str:
    """Return the class of a failure, `permanent` if the channel gives none; empty for any other status."""
    if event.status is not DeliveryStatus.FAILED:
        return ""
    return event.failure or FailureKind.PERMANENT
