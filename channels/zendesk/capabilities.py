"""Limits, tags and statuses of Zendesk Support, as data."""

from __future__ import annotations

from typing import Final

from channels._kit.inbound import Verification
from core.model import ParticipantPolicy
from core.ports import Capabilities

NAME: Final = "zendesk"
EXAMPLE_URL: Final = "https://example.zendesk.com"

CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=1024 * 1024,
    max_webhook_fields=100,
    text_length=10_000,
    media=5,
    markdown="html",
    one_message=True,
    look_up=True,
    desk=True,
    participants=(ParticipantPolicy.IGNORE, ParticipantPolicy.TAKE_OVER),
)
"""Zendesk, "Ticket comments": a comment may have 64 KB; 10,000 characters are less, escaped and all.
Every reply is a public comment, for the requester and all CCs: a participant has no session of their own."""

VERIFICATION: Final = Verification(
    header="x-zendesk-webhook-signature",
    algorithm="HMAC-SHA256",
    signed=("body",),
    encoding="base64",
    replay="the timestamp header is signed too; refused if it is more than 5 minutes off",
    rotation="comma-separated ZENDESK_WEBHOOK_SECRET",
)
"""Zendesk, "Verifying webhooks"."""

REPLY_KEY_METADATA: Final = "turngate"
"""Metadata field that holds the reply's key."""

ANSWERED_TAG: Final = "bot_answered"
HANDED_OFF_TAG: Final = "bot_handoff"
BOT_OFF_TAG: Final = "bot_off"
"""Tags: the bot has answered; has handed off; is to stay silent (set by agents or their triggers)."""

STATUSES: Final = ("open", "pending", "hold", "solved")
"""Statuses that a ticket may have after a reply of the bot."""

_MESSAGING_SOURCES: Final = (
    "apple_business_chat business_messaging_slack_connect chat facebook_messenger google_business_messages "
    "instagram_dm line messaging native_messaging sunshine_conversations_api telegram viber wechat whatsapp "
    "sunshine_conversations_facebook_messenger sunshine_conversations_twitter_dm"
)
MESSAGING_SOURCES: Final = frozenset(_MESSAGING_SOURCES.split())
"""Sources of tickets that are Zendesk messaging conversations, which the channel `sunshine` answers."""
