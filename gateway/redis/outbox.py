"""Proactive messages: puts a message of the business or of an agent into a session's outbox."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import httpx
from redis.asyncio import Redis

from core.errors import InvalidContact
from core.model import Address, Message, MessagePart, Reply
from core.ports import Channel
from gateway.redis import lua, rq_layout
from gateway.redis.encoding import encode_reply_entry
from gateway.redis.first_contact import ContactAddress, find_conversation, resolve_session
from gateway.redis.inbox import account_key
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.proactive_messages import ProactiveMessages

_LATER_FIELDS = ("reaction", "list_button", "requests_location", "voice")
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
    EMPTY = "empty"
    INVALID_CONTACT = "invalid_contact"


REFUSAL_SENTENCES = {
    SendOutcome.ID_USED: "not sent: this id belongs to an earlier message with another content; use a new id",
    SendOutcome.FULL: "not sent: too many replies wait in this session; send it again later",
    SendOutcome.UNKNOWN: "not sent: no message was received in this session; check its name",
    SendOutcome.OPTED_OUT: "not sent: the person opted out; only they can opt in again",
    SendOutcome.PERSON: "not sent: an agent has the session; send it again when the bot has it back",
    SendOutcome.CLOSED: "not sent: the session is closed; a message of the person opens it again",
    SendOutcome.EMPTY: "not sent: nothing of the message can be shown; give it a text",
    SendOutcome.INVALID_CONTACT: "not sent: the contact cannot be written to; check the number or address",
}
"""Why a message was not sent and what to do, for people."""


class SendReceipt(NamedTuple):
    """Result of a message to a contact: the session that it was put into, and why it was refused."""

    outcome: SendOutcome
    session: str = ""
    reason: str = ""


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
        return await self._send(session, None, key, message, voice)

    async def send_to(self, contact: ContactAddress, key: str, message: Message) -> SendReceipt:
        """Send a message to a contact who may never have written, in a session that it opens if needed."""
        try:
            conversation = find_conversation(self._channels, contact)
        except InvalidContact as error:
            return SendReceipt(SendOutcome.INVALID_CONTACT, reason=f"not sent: {error}")
        session = await resolve_session(self._redis, conversation)
        outcome = await self._send(session, conversation.address, key, message)
        return SendReceipt(outcome, session, REFUSAL_SENTENCES.get(outcome, ""))

    async def _send(
        self,
        session: str,
        first_address: Address | None,
        key: str,
        message: Message,
        voice: Literal["bot", "person"] = "bot",
    ) -> SendOutcome:
        """Put a message into an outbox; a session that does not exist is opened with `first_address`."""
        stored: Any = await self._redis.hget(f"tg:{{{session}}}", "address")
        address = Address.model_validate_json(stored) if stored is not None else first_address
        if address is None:
            return SendOutcome.UNKNOWN
        channel = self._channels.get(address.channel)
        parts = channel.render(message, address) if channel else [MessagePart(body=message.text)]
        parts = [part for part in parts if _has_content(part)]
        lapses = "1" if channel is None or not channel.capabilities.desk else ""
        digest = hashlib.sha256(_content_json(message).encode()).hexdigest()
        opening = (address.model_dump_json(), account_key(address)) if first_address else ("", "")
        encoded_parts = _encode_parts(key, address, parts, voice)

        async def run(replaced_entry: str) -> SendOutcome:
            options = [session, key, voice, lapses, digest, replaced_entry, *opening]
            arguments: list[Argument] = [rq_layout.current_timestamp(), *options, *encoded_parts]
            outcome: bytes = await self._script(self._redis, arguments)
            return SendOutcome(outcome.decode())

        outcome = await run("")
        if outcome in (SendOutcome.DUPLICATE, SendOutcome.ID_USED):
            earlier = await self._records.read(session, key)
            if earlier and earlier.is_refused:  # after it was queued: it has not used its key up either
                outcome = await run(earlier.first_entry)
        return outcome


def _encode_parts(
    key: str, address: Address, parts: Sequence[MessagePart], voice: Literal["bot", "person"]
) -> list[Argument]:
    arguments: list[Argument] = []
    for number, part in enumerate(parts, start=1):
        name = key if len(parts) == 1 else f"{key}.{number}"
        reply = Reply(key=name, address=address, voice=voice, bulk=voice == "bot", **dict(part))
        arguments += [reply.model_dump_json(exclude_defaults=True), encode_reply_entry(reply)]
    return arguments


def _content_json(message: Message) -> str:
    """Return what identifies a message's content, the same as in earlier releases for what they sent."""
    later_fields = {name for name in _LATER_FIELDS if not getattr(message, name)}
    return message.model_dump_json(exclude=later_fields)


def _has_content(part: MessagePart) -> bool:
    """Return whether a provider would show anything of this part."""
    if part.choices or part.media or part.template or part.reaction:
        return True
    return any(unicodedata.category(character) not in _INVISIBLE_CATEGORIES for character in part.body)
