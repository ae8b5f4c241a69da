"""Limits and topics of Intercom conversations, as data."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from channels._kit.inbound import Verification
from core.model import ParticipantPolicy
from core.ports import Capabilities, RateLimit

NAME: Final = "intercom"

API_VERSION: Final = "2.14"
"""API version of the responses (Intercom, "Versioning"); webhooks have their own."""

CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=1024 * 1024,
    max_webhook_fields=100,
    text_length=4000,
    buttons=10,
    button_title_length=30,
    choices_text_length=4000,
    payload_length=1000,
    media=10,
    markdown="html",
    look_up=True,
    desk=True,
    participants=tuple(ParticipantPolicy),
    closes=True,
    pace=RateLimit(account=80),
)
"""Intercom, "Reply to a conversation" (ten images) and "Rate limiting": 10,000 calls a minute, counted in
windows of ten seconds, and a comment takes two of them. The length of a comment is not documented; quick
replies are what fits a phone."""

VERIFICATION: Final = Verification(
    header="x-hub-signature",
    algorithm="HMAC-SHA1 with the client secret; Canvas Kit: HMAC-SHA256 in `x-body-signature`",
    signed=("body",),
    encoding="`sha1=` and lower-case hexadecimal; Canvas Kit: no prefix",
    replay="none; conversation parts are deduplicated by ID for eight days",
    rotation="comma-separated INTERCOM_CLIENT_SECRET",
    handshake="HEAD; the response is 200",
)
"""Intercom, "Webhook notifications" and "Canvas Kit"."""

CONTACT_AUTHOR_TYPES: Final = frozenset({"user", "lead", "contact", "visitor"})
"""Author types that are the contact."""

USER_TOPICS: Final = frozenset({"conversation.user.created", "conversation.user.replied"})
"""The only topics that are answered: a bot that answers everything with a body answers itself."""

DESK_TOPICS: Final = MappingProxyType(
    {
        "conversation.admin.replied": "comment",
        "conversation.admin.replied.translated": "comment",
        "conversation.operator.replied": "comment",
        "conversation.admin.assigned": "assignment",
        "conversation.admin.open.assigned": "assignment",
        "conversation.admin.noted": "note",
        "conversation.admin.closed": "close",
        "conversation.admin.opened": "open",
        "conversation.admin.snoozed": "snoozed",
        "conversation.admin.unsnoozed": "unsnoozed",
    }
)
"""Topics of agents' actions, with the part type that they report."""

IGNORED_TOPICS: Final = frozenset(
    {
        "ping",
        "conversation_part.tag.created",
        "conversation.priority.updated",
        "conversation.rating.added",
        "conversation.read",
        "conversation.contact.attached",
        "conversation.contact.detached",
        "contact.merged",
    }
)
"""Topics that do not affect ownership."""

REDACTION_TOPIC: Final = "conversation_part.redacted"
"""Topic of a message whose text was deleted."""
