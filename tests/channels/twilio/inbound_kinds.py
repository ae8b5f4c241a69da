"""Kinds of messages of Twilio, and their expected results."""

from __future__ import annotations

from collections.abc import Callable

from core.model import Event
from tests.channels.contract.inbound_kind import CONTROL, IGNORED, TURN, UNSUPPORTED, InboundKind
from tests.channels.twilio import builders as twilio


def _twilio(name: str, **fields: str) -> Callable[[], list[Event]]:
    return lambda: [twilio.parse_event(twilio.build_payload(name, **fields))]


KINDS = (
    InboundKind("SMS", TURN, "`message.text`", _twilio("sms")),
    InboundKind(
        "tapback by SMS (`Liked “…”`)",
        TURN,
        "becomes a reaction when the engine reads it",
        _twilio("sms", Body="Liked “Shall I cancel your order?”"),
    ),
    InboundKind("MMS, WhatsApp media", TURN, "`message.attachments`", _twilio("mms")),
    InboundKind("WhatsApp button, list row", TURN, "the choice", _twilio("whatsapp_button")),
    InboundKind("WhatsApp location", TURN, "`message.location`", _twilio("whatsapp_location")),
    InboundKind(
        "WhatsApp Flow reply (FlowData)",
        TURN,
        "`message.form`, whole",
        _twilio("whatsapp_button", FlowData='{"size":"M"}'),
    ),
    InboundKind("from an advert", TURN, "`message.referral`", _twilio("whatsapp_advert")),
    InboundKind(
        "WhatsApp message without content",
        UNSUPPORTED,
        "`unsupported_text`",
        _twilio("whatsapp_location", Latitude="", MessageType="poll"),
    ),
    InboundKind("STOP, START by SMS", CONTROL, "opt-out, opt-in", _twilio("stop")),
    InboundKind("HELP by SMS, RCS, Messenger, empty SMS", IGNORED, "", _twilio("help")),
)
