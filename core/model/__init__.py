"""Frozen values that every package shares: turns, messages, events, owners and timers."""

from __future__ import annotations

from core.model.base import FrozenModel
from core.model.event import (
    OTHER_ACCOUNT,
    ContactMoved,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    ParticipantMessage,
    ParticipantPolicy,
    StatusChanged,
    TurnReceived,
    status_rank,
)
from core.model.failure import FailureKind
from core.model.media_types import file_name, infer_content_type
from core.model.message import Choice, Message, MessagePart, Reply, SentMessage, merge_messages
from core.model.owner import AutomaticTransition, ControlAction, Owner, can_bot_answer, next_owner
from core.model.timer import FiredTimer, TimerKind
from core.model.turn import Address, Attachment, Location, Turn

__all__ = [
    "OTHER_ACCOUNT",
    "Address",
    "Attachment",
    "AutomaticTransition",
    "Choice",
    "ContactMoved",
    "ControlAction",
    "ControlReceived",
    "DeliveryStatus",
    "Event",
    "FailureKind",
    "FiredTimer",
    "FrozenModel",
    "Ignored",
    "Location",
    "Message",
    "MessagePart",
    "Owner",
    "ParticipantMessage",
    "ParticipantPolicy",
    "Reply",
    "SentMessage",
    "StatusChanged",
    "TimerKind",
    "Turn",
    "TurnReceived",
    "can_bot_answer",
    "file_name",
    "infer_content_type",
    "merge_messages",
    "next_owner",
    "status_rank",
]
