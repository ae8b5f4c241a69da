"""Frozen values that every package shares: turns, messages, events, owners and timers."""

from __future__ import annotations

from core.model.base import FrozenModel
from core.model.consent import ConsentRequest, OptOutScope
from core.model.event import (
    OTHER_ACCOUNT,
    Activity,
    ActivityReceived,
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
from core.model.message import (
    Choice,
    Message,
    MessagePart,
    Reply,
    Route,
    SentMessage,
    Template,
    merge_messages,
)
from core.model.owner import AutomaticTransition, ControlAction, Owner, can_bot_answer, next_owner
from core.model.timer import FiredTimer, TimerKind
from core.model.turn import (
    MIN_CONTACT_LENGTH,
    UNSUPPORTED_KIND,
    Address,
    Attachment,
    ContactCard,
    Location,
    Order,
    OrderItem,
    QuotedMessage,
    Reaction,
    Referral,
    Turn,
)

__all__ = [
    "MIN_CONTACT_LENGTH",
    "OTHER_ACCOUNT",
    "UNSUPPORTED_KIND",
    "Activity",
    "ActivityReceived",
    "Address",
    "Attachment",
    "AutomaticTransition",
    "Choice",
    "ConsentRequest",
    "ContactCard",
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
    "OptOutScope",
    "Order",
    "OrderItem",
    "Owner",
    "ParticipantMessage",
    "ParticipantPolicy",
    "QuotedMessage",
    "Reaction",
    "Referral",
    "Reply",
    "Route",
    "SentMessage",
    "StatusChanged",
    "Template",
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
