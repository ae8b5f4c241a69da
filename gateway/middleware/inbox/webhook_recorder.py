"""Inbox decorator that keeps each webhook with the session of its messages, without its secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import time
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing
from core.model import Event, Ignored, ParticipantMessage, StatusChanged, TemplateChanged, TurnReceived
from core.ports import AcceptResult, Inbox, Webhook
from gateway.middleware.redaction.webhook_redaction import redact_body, redact_headers
from gateway.redis.records.operators.kept_webhooks import (
    MAX_BYTES,
    KeptWebhook,
    KeptWebhooks,
    current_webhook,
)

log = logging.getLogger("turngate.webhooks")


class WebhookRecorder:
    """Keeps what was stored, if all of it is of one session.

    A webhook that cannot be kept is accepted all the same.
    """

    def __init__(self, inbox: Inbox, kept_webhooks: KeptWebhooks) -> None:
        self._inbox = inbox
        self._kept = kept_webhooks

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.inbox.Inbox`."""
        results = await self._inbox.accept(events)
        webhook, session = current_webhook.get(), _find_only_session(events)
        if webhook is not None and session:
            messages = [
                event.turn.id
                for event, result in zip(events, results, strict=True)
                if isinstance(event, TurnReceived | ParticipantMessage)
                and result not in (AcceptResult.DUPLICATE, AcceptResult.MOVED)
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
        headers=redact_headers(webhook.headers),
        body=redact_body(text)[:MAX_BYTES],
        size=len(webhook.body),
    )
