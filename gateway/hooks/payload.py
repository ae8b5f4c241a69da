"""Body of an event as receivers get it, and the headers of Standard Webhooks that sign it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import JsonValue
from pydantic_core import to_json
from standardwebhooks import Webhook

from gateway.config.log_redaction import Redactor
from gateway.hooks.event_types import EVENT_TYPES
from gateway.hooks.subscription import Content, Subscription
from gateway.redis.records.hook_events import HookEvent

_PUBLIC_NAMES = {
    "turn": "message_id",
    "key": "reply",
    "id": "provider_id",
    "at": "sent_at",
    "error": "reason",
    "letter": "dead_letter",
}
"""Names of the fields whose names in the log are others."""

_NUMBER = re.compile(r"\+?\d[\d ().-]{5,}\d")
_REFERENCE_LENGTH = 32
_REDACTOR = Redactor()


def event_id(event: HookEvent, partition: int = 0) -> str:
    """Return the `webhook-id`: the same in every try and in a replay, so that receivers can deduplicate."""
    own_id = f"evt_{event.id.replace('-', '_')}"
    return f"{own_id}_{partition}" if partition else own_id


def encode_body(event: HookEvent, hook: Subscription) -> bytes:
    """Return the JSON body of an event, with no personal data but what the subscription asks for."""
    time = datetime.fromtimestamp(event.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return to_json(
        {"type": event.kind, "timestamp": time.replace("+00:00", "Z"), "data": _build_data(event, hook)}
    )


def sign(body: bytes, webhook_id: str, secrets: Sequence[str], now_ms: int) -> dict[str, str]:
    """Return the headers that sign a body, with one signature for each secret."""
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    signatures = [Webhook(secret).sign(webhook_id, now, body.decode()) for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": " ".join(signatures),
    }


def _build_data(event: HookEvent, hook: Subscription) -> dict[str, JsonValue]:
    data = _describe_session(event, hook) if event.session else {}
    known = EVENT_TYPES.get(event.kind)
    for name, value in event.data.items():
        public_name = _PUBLIC_NAMES.get(name, name)
        if known and public_name in known.fields and value not in ("", None):
            data[public_name] = value
    if Content.TEXT not in hook.include:
        data.pop("text", None)
    reason = data.get("reason")
    if isinstance(reason, str) and Content.CONTACT not in hook.include:
        data["reason"] = _NUMBER.sub("[number]", _REDACTOR.redact(reason))
    return data


def _describe_session(event: HookEvent, hook: Subscription) -> dict[str, JsonValue]:
    """Return which session an event is about; a broadcast's is about none."""
    channel, _, account = (event.account or event.session).partition(":")
    reference = hmac.new(hook.reference_key.encode(), event.session.encode(), hashlib.sha256).hexdigest()
    data: dict[str, JsonValue] = {
        "session_ref": f"ref_{reference[:_REFERENCE_LENGTH]}",
        "channel": channel,
        "account": account if event.account else "",
    }
    if Content.CONTACT in hook.include:
        data |= {"session": event.session, "contact": event.contact}
    return data
