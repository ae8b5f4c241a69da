"""Forwarder on Redis: puts a reply into the session of the same contact on another channel."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from redis.asyncio import Redis

from core.model import Message, OriginalMessage, Reply, Route
from gateway.redis.records.sessions.log.message_timeline import OWN_PREFIX
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome

_NUMBER: Final = re.compile(r"\+(\d{7,15})$")


class SessionForwarder:
    """Forwards replies through `ProactiveSender`, so all checks of the other session apply.

    A message of several parts is sent as a whole, once, however many of its parts are forwarded.
    """

    def __init__(self, redis: Redis, sender: ProactiveSender) -> None:
        self._redis = redis
        self._sender = sender

    async def forward(self, session: str, reply: Reply, route: Route) -> str:
        """Queue a reply on `route.channel`; see `core.ports.forwarding.Forwarder`."""
        to = route.to or await self._find_number(session, reply)
        if not to:
            return "no number of this contact is known; name one with `to`"
        channel, _, account = route.channel.partition("/")
        contact = ContactAddress(channel=channel, account=account, to=to, sender=route.sender)
        # the original, not the first channel's rendering; a reply of an earlier release has only the latter
        sent = reply.original or OriginalMessage(
            key=reply.key, text=reply.body, media=reply.media, choices=reply.choices
        )
        name = hashlib.sha256(f"{session}\n{sent.key}".encode()).hexdigest()[:32]
        message = Message(text=sent.text, media=sent.media, choices=sent.choices)
        category = (reply.category or "marketing") if reply.bulk else "utility"
        receipt = await self._sender.send_to(contact, f"{OWN_PREFIX}via-{name}", message, category=category)
        is_accepted = receipt.outcome in (
            SendOutcome.QUEUED,
            SendOutcome.SCHEDULED,
            SendOutcome.DUPLICATE,
        )
        return "" if is_accepted else receipt.reason

    async def _find_number(self, session: str, reply: Reply) -> str:
        """Return the contact's number from the end of one of the session's names."""
        names: Any = await self._redis.smembers(f"tg:{{{session}}}:names")
        for name in (session, reply.address.theirs, *sorted(each.decode() for each in names)):
            if found := _NUMBER.search(name):
                return f"+{found[1]}"
        return ""
