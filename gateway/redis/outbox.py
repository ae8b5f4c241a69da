"""Proactive messages: puts a message of the business or of an agent into a session's outbox."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

import httpx
from redis.asyncio import Redis

from core.model import Address, Message, MessagePart, Reply
from core.ports import Channel
from gateway.redis import lua, rq_layout
from gateway.redis.encoding import encode_reply_entry, needs_open_window
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.proactive_messages import ProactiveMessages

_LATER_FIELDS = ("reaction", "list_button", "requests_location", "voice", "fallback", "route")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


class SendOutcome(StrEnum):
    """Result of a proactive send; a code of HTTP errors for all but the first two.

    `duplicate` when the same content was sent under the key before in this session, `id_used` when it was
    another, `full` when too many replies wait. A message with any outcome but `queued` and `duplicate` is not
    sent and does not use its key up.
    """

    QUEUED = "queued"
    DUPLICATE = "duplicate"
    ID_USED = "id_used"
    FULL = "full"
    UNKNOWN = "unknown_session"
    OPTED_OUT = "opted_out"
    PERSON = "person"
    CLOSED = "closed"
    WINDOW = "window"
    EMPTY = "empty"


REFUSAL_SENTENCES = {
    SendOutcome.ID_USED: "not sent: this id belongs to an earlier message with another content; use a new id",
    SendOutcome.FULL: "not sent: too many replies wait in this session; send it again later",
    SendOutcome.UNKNOWN: "not sent: no message was received in this session; check its name",
    SendOutcome.OPTED_OUT: "not sent: the person opted out; only they can opt in again",
    SendOutcome.PERSON: "not sent: an agent has the session; send it again when the bot has it back",
    SendOutcome.CLOSED: "not sent: the session is closed; a message of the person opens it again",
    SendOutcome.WINDOW: "not sent: the service window is closed, so only approved templates are accepted; "
    "send a template, or name a fallback",
    SendOutcome.EMPTY: "not sent: nothing of the message can be shown; give it a text",
}
"""Why a message was not sent and what to do, for people."""


class ProactiveSender:
    """Puts messages into outboxes, split by the limits of their channels. Workers send them."""

    def __init__(
        self, redis: Redis, channels: Mapping[str, Channel[httpx.AsyncClient]], protocol: ProtocolLimits
    ) -> None:
        self._redis = redis
        self._channels = channels
        self._script = lua.load_script("say", protocol)
        self._records = ProactiveMessages(redis)

    async def send(
        self, session: str, key: str, message: Message, voice: Literal["bot", "person"] = "bot"
    ) -> SendOutcome:
        """Put a message into a session's outbox, or return why it may not leave.

        A bot message waits for earlier replies; it is refused while the bot may not speak. An agent's message
        makes the agent the owner of the session.
        """
        stored: Any = await self._redis.hget(f"tg:{{{session}}}", "address")
        if stored is None:
            return SendOutcome.UNKNOWN
        address = Address.model_validate_json(stored)
        channel = self._channels.get(address.channel)
        parts = channel.render(message, address) if channel else [MessagePart(body=message.text)]
        parts = [part for part in parts if _has_content(part)]
        lapses = "1" if channel is None or not channel.capabilities.desk else ""
        digest = hashlib.sha256(_content_json(message).encode()).hexdigest()
        window = channel.capabilities.service_window if channel else None
        replies = _build_replies(key, address, parts, voice, message)
        needs_window = any(needs_open_window(reply, window) for reply in replies) and not message.fallback
        encoded_parts = [part for reply in replies for part in _encode_reply(reply)]

        async def run(replaced_entry: str) -> SendOutcome:
            options = [session, key, voice, lapses, digest, replaced_entry, "1" if needs_window else ""]
            arguments: list[Argument] = [rq_layout.current_timestamp(), *options, *encoded_parts]
            outcome: bytes = await self._script(self._redis, arguments)
            return SendOutcome(outcome.decode())

        outcome = await run("")
        if outcome in (SendOutcome.DUPLICATE, SendOutcome.ID_USED):
            earlier = await self._records.read(session, key)
            if earlier and earlier.is_refused:  # after it was queued: it has not used its key up either
                outcome = await run(earlier.first_entry)
        return outcome


def _build_replies(
    key: str,
    address: Address,
    parts: Sequence[MessagePart],
    voice: Literal["bot", "person"],
    message: Message,
) -> list[Reply]:
    """Build a message's replies, keyed by its key and the number of the part."""
    return [
        Reply(
            key=key if len(parts) == 1 else f"{key}.{number}",
            address=address,
            voice=voice,
            bulk=voice == "bot",
            fallback=message.fallback,
            route=message.route,
            **dict(part),
        )
        for number, part in enumerate(parts, start=1)
    ]


def _encode_reply(reply: Reply) -> list[Argument]:
    return [reply.model_dump_json(exclude_defaults=True), encode_reply_entry(reply)]


def _content_json(message: Message) -> str:
    """Return what identifies a message's content, the same as in earlier releases for what they sent."""
    later_fields = {name for name in _LATER_FIELDS if not getattr(message, name)}
    return message.model_dump_json(exclude=later_fields)


def _has_content(part: MessagePart) -> bool:
    """Return whether a provider would show anything of this part."""
    if part.choices or part.media or part.template or part.reaction:
        return True
    return any(unicodedata.category(character) not in _INVISIBLE_CATEGORIES for character in part.body)
