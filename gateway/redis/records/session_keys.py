"""Keys of a session, which share its hash tag, with their names in an export; of messages and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.model import Address

SESSION_PARTS: Final[Mapping[str, str]] = {
    "": "session",
    ":mail": "mailbox",
    ":out": "outbox",
    ":held": "held_replies",
    ":kept": "kept_replies",
    ":log": "log",
    ":text": "streamed_text",
    ":seen": "received_ids",
    ":recent": "sent_ids",
    ":participants": "participants",
    ":names": "names",
    ":retired": "retired_names",
    ":former": "former_sessions",
    ":terms": "search_terms",
    ":proactive": "proactive_messages",
    ":scheduled": "scheduled_messages",
    ":webhooks": "raw_webhooks",
}
"""Name of each part by the end of its key."""


def session_key(session: str, part: str = "") -> str:
    """Return the key of a part of a session."""
    return f"tg:{{{session}}}{part}"


def message_key(channel: str, provider_id: str) -> str:
    """Return the key that holds a sent message's delivery status."""
    return f"tg:message:{channel}:{provider_id}"


def account_key(address: Address) -> str:
    """Return the identifier of a set of credentials, unique across channels."""
    return f"{address.channel}:{address.account}"


def number_key(address: Address) -> str:
    """Return the identifier of a business's number or ID, unique across accounts."""
    return f"{account_key(address)}:{address.ours}"
