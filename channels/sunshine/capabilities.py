"""The limits of Zendesk messaging (Sunshine Conversations v2), as data."""

from __future__ import annotations

from typing import Final

from channels._kit.inbound import Verification
from core.model import ParticipantPolicy
from core.ports import Capabilities, ServiceWindow

NAME: Final = "sunshine"

WHATSAPP_PREFIX: Final = "whatsapp:"
"""Prefix of a contact's WhatsApp number while the conversation of their answer is not known."""

CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=1024 * 1024,
    max_webhook_fields=100,
    text_length=4096,
    buttons=10,
    button_title_length=20,
    choices_text_length=4096,
    payload_length=1000,
    links=3,
    media=1,
    templates=True,
    typing=True,
    statuses=True,
    look_up=True,
    desk=True,
    phone_numbers=True,
    service_window=ServiceWindow(seconds=24 * 3600, prefix=WHATSAPP_PREFIX),
    participants=tuple(ParticipantPolicy),
)
"""Sunshine Conversations, "Post message" and "Message types". A label of 20 fits the narrowest surface.

The window applies to first messages; in a conversation the surface, and so its window, is not known.
"""

VERIFICATION: Final = Verification(
    header="x-api-key",
    algorithm="none: the webhook's secret itself, sent over HTTPS",
    signed=(),
    encoding="plain text",
    replay="none; events are deduplicated by ID for eight days",
    rotation="comma-separated SUNSHINE_WEBHOOK_SECRET",
)
"""The header authenticates the sender; it does not cover the body (Sunshine Conversations, "Webhooks")."""

REPLY_KEY_METADATA: Final = "turngate"
"""Metadata field that holds the reply's key."""
