"""Inbox decorator that keeps each webhook with the session of its messages, without its secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus, urlsplit

from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing
from core.model import Event, Ignored, ParticipantMessage, StatusChanged, TemplateChanged, TurnReceived
from core.ports import AcceptResult, Inbox, Webhook
from gateway.redis.records.operators.kept_webhooks import (
    MAX_BYTES,
    KeptWebhook,
    KeptWebhooks,
    current_webhook,
)

log = logging.getLogger("turngate.webhooks")

REDACTED: Final = "(redacted)"
_SECRET = (
    r"(?:token|secret|signature|passw(?:or)?d|auth(?!or(?!iz))|cookie|api[-_. ]?key|access[-_]?key"  # noqa: S105
    r"|private[-_]?key|credential|csrf|jwt|hmac|bearer)"
)
_SECRET_NAME: Final = re.compile(_SECRET, re.IGNORECASE)
_ESCAPE: Final = re.compile(r"\\u|%")
_JSON_SECRET: Final = re.compile(
    rf'("[^"\\]{{0,100}}{_SECRET}[^"\\]{{0,100}}"\s{{0,9}}:\s{{0,9}})(?:"(?:[^"\\]|\\.)*"?|[^\s",{{}}\[\]]+)',
    re.IGNORECASE,
)
_URL_SECRET: Final = re.compile(
    rf"([?&][^=&?\s]{{0,100}}{_SECRET}[^=&?\s]{{0,100}}=)[^&\s\"\\]*", re.IGNORECASE
)


class WebhookRecorder:
    """Keeps what was stored, if all of it is of one session.

    A webhook that cannot be kept is accepted all the same.
    """

    def __init__(self, inbox: Inbox, kept: KeptWebhooks) -> None:
        self._inbox = inbox
        self._kept = kept

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.mailbox.Inbox`."""
        results = await self._inbox.accept(events)
        webhook, session = current_webhook.get(), _find_only_session(events)
        if webhook is not None and session:
            messages = [
                event.turn.id
                for event, result in zip(events, results, strict=True)
                if isinstance(event, TurnReceived | ParticipantMessage)
                and result is not AcceptResult.DUPLICATE
            ]
            try:
                if messages:
                    # a crafted body takes a third of a second
                    await self._kept.add(session, await asyncio.to_thread(redact, webhook, messages))
            except (RedisError, OSError, EncryptionKeyMissing) as error:
                log.warning("a webhook was stored, but its original was not kept: %s", type(error).__name__)
        return results


def _find_only_session(events: Sequence[Event]) -> str:
    """Return the session that a whole webhook is about; empty if it may be about other contacts, too.

    Such an original would stay when one of them is erased, and be in the export of another.
    """
    sessions = {_session_of(event) for event in events}
    return sessions.pop() if len(sessions) == 1 else ""


def _session_of(event: Event) -> str:
    if isinstance(event, TurnReceived | ParticipantMessage):
        return event.turn.session
    return "" if isinstance(event, StatusChanged | TemplateChanged | Ignored) else event.session


def redact(webhook: Webhook, messages: Sequence[str]) -> KeptWebhook:
    """Return what is kept of an accepted webhook: no query, no signatures, tokens or other secrets."""
    text = webhook.body[:MAX_BYTES].decode("utf-8", "replace")
    return KeptWebhook(
        at_ms=int(time() * 1000),
        messages=tuple(messages),
        method=webhook.method,
        path=urlsplit(webhook.url).path,
        headers=_redact_headers(webhook.headers),
        body=_redact_text(text)[:MAX_BYTES],
        size=len(webhook.body),
    )


def _redact_text(text: str) -> str:
    """Return JSON or a form without secrets, otherwise as it was sent."""
    if _ESCAPE.search(text) is None and _SECRET_NAME.search(text) is None:
        return text
    if text.lstrip()[:1] not in ("{", "["):
        return "&".join(map(_redact_field, text.split("&")))
    by_pattern = _URL_SECRET.sub(rf"\1{REDACTED}", _JSON_SECRET.sub(rf'\1"{REDACTED}"', text))
    try:
        value, is_clean = _redact_json(by_pattern)
    except (ValueError, RecursionError):  # cut off, or malformed
        return by_pattern
    return by_pattern if is_clean else _dump(value)


def _redact_json(text: str) -> tuple[Any, bool]:
    """Return the value without secrets, also those in texts that are JSON; and whether there were none.

    Raises `ValueError` or `RecursionError` if it cannot be read.
    """
    changed: list[str] = []

    def redact_value(value: Any) -> Any:
        if isinstance(value, list):
            return [redact_value(each) for each in value]
        if not isinstance(value, str):
            return value
        cleaned = _redact_value(value)
        if cleaned != value:
            changed.append(value)
        return cleaned

    def redact_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        cleaned = {}
        for name, value in pairs:
            if _SECRET_NAME.search(name) is None:
                cleaned[name] = redact_value(value)
                continue
            cleaned[name] = REDACTED
            if value != REDACTED:
                changed.append(name)
        return cleaned

    value = redact_value(json.loads(text, object_pairs_hook=redact_object))
    return value, not changed


def _redact_value(text: str) -> str:
    """Return a text of a field, which may be JSON or a URL, without secrets."""
    if text.startswith(("{", "[")) and text.endswith(("}", "]")):
        return _redact_text(text)
    return _URL_SECRET.sub(rf"\1{REDACTED}", text) if "?" in text else text


def _dump(value: Any) -> str:
    """Return JSON that UTF-8 can encode: half a surrogate pair is none of its characters."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()


def _redact_field(field: str) -> str:
    """Return a field of a form; its value may be JSON."""
    name, equals, value = field.partition("=")
    if not equals:
        return field
    if _SECRET_NAME.search(unquote_plus(name)):
        return f"{name}={REDACTED}"
    plain = unquote_plus(value)
    cleaned = _redact_value(plain)
    return field if cleaned == plain else f"{name}={quote_plus(cleaned)}"


def _redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: REDACTED if _SECRET_NAME.search(name) else value for name, value in headers.items()}
