"""Proactive messages: puts a message of the business or of an agent into a session's outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import httpx
from redis.asyncio import Redis

from core.errors import InvalidContact, StorageUnavailable
from core.model import Address, Message, MessagePart, MessageTemplate, Reply
from core.ports import Channel
from gateway.redis import lua, rq_layout
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encoding import encode_reply_entry
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.schedule import CancelOutcome, Schedule, ScheduledMessage
from gateway.redis.records.session_keys import account_key
from gateway.redis.records.sessions.joined_sessions import read_present_session
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.sessions.search.word_index import WordIndex
from gateway.redis.sending.deferral import Deferral
from gateway.redis.sending.delivery import Content, Delivery
from gateway.redis.sending.first_contact import ContactAddress, find_conversation, resolve_session
from gateway.redis.sending.proactive_replies import (
    build_replies,
    encode_content,
    encode_problem,
    has_content,
    needs_window,
    render_plainly,
)
from gateway.redis.sending.quiet_policy import QuietPolicy
from gateway.redis.sending.send_outcome import ACCEPTED, SendOutcome, SendReceipt, build_receipt
from gateway.redis.sending.template_gate import TemplateGate


class ProactiveSender:
    """Puts messages into outboxes, split by the limits of their channels. Workers send them."""

    def __init__(
        self,
        redis: Redis,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        protocol: ProtocolLimits,
        quiet: QuietPolicy | None = None,
        confirmation: ReplicaConfirmation | None = None,
        words: WordIndex | None = None,
    ) -> None:
        """Create a sender; without `quiet` there are no quiet hours. `words` indexes those of messages.

        With a `confirmation` a message is not accepted, also not as a repetition, before replicas have it.
        """
        self._words = words
        self._redis = redis
        self._contact_ms = protocol.contact_ms
        self._channels = channels
        self._confirmation = confirmation
        self._script = lua.load_script("say", protocol)
        self._confirm_script = lua.load_script("confirm_message", protocol)
        self._preview = lua.load_script("preview", protocol)
        self._records = ProactiveMessages(redis)
        self._schedule = Schedule(redis, protocol)
        self._deferral = Deferral(redis, self._schedule, self._records, quiet)
        self._templates = TemplateGate(redis, channels)

    async def send(
        self,
        session: str,
        key: str,
        message: Message,
        voice: Literal["bot", "person"] = "bot",
        *,
        at_ms: int = 0,
        category: str = "marketing",
    ) -> SendReceipt:
        """Put a message into a session's outbox, or return why it is refused.

        A bot message waits for earlier replies; it is refused while the bot may not speak. An agent's message
        makes the agent the owner of the session. With `at_ms` it is checked and sent at that time.
        `category`, `marketing` or `utility`, selects the quiet hours; in these it is scheduled for their end.
        A session that was joined with another one lately leads to that.
        """
        session = await read_present_session(self._redis, session)
        wanted = ScheduledMessage(session=session, key=key, message=message, category=category)
        return await self._confirm(await self._send(Delivery(wanted, voice=voice, at_ms=at_ms)), key)

    async def send_to(
        self,
        contact: ContactAddress,
        key: str,
        message: Message,
        *,
        at_ms: int = 0,
        category: str = "marketing",
    ) -> SendReceipt:
        """Send a message to a contact who may never have written, in a session that it opens if needed."""
        try:
            conversation = find_conversation(self._channels, contact)
        except InvalidContact as error:
            return SendReceipt(SendOutcome.INVALID_CONTACT, reason=f"not sent: {error}")
        session = await resolve_session(self._redis, conversation, self._contact_ms)
        wanted = ScheduledMessage(
            session=session, key=key, message=message, contact=contact, category=category
        )
        receipt = await self._send(Delivery(wanted, conversation.address, at_ms=at_ms))
        return await self._confirm(receipt, key)

    async def preview(self, contact: ContactAddress, message: Message) -> tuple[SendReceipt, list[Reply]]:
        """Return the outcome that a message to a contact would have now, and its parts; nothing is sent."""
        try:
            conversation = find_conversation(self._channels, contact)
        except InvalidContact as error:
            return SendReceipt(SendOutcome.INVALID_CONTACT, reason=f"not sent: {error}"), []
        session = await resolve_session(self._redis, conversation, self._contact_ms)
        channel = self._channels[contact.channel_name]
        if problem := await self._templates.find_problem(message, conversation.address):
            outcome = SendOutcome(problem.kind.value)
            return SendReceipt(outcome, session, f"not sent: {problem.reason}"), []
        parts = [part for part in channel.render(message, conversation.address) if has_content(part)]
        wanted = ScheduledMessage(session=session, key="preview", message=message)
        replies = build_replies(wanted, conversation.address, parts, "bot")
        if not replies:
            return build_receipt(SendOutcome.EMPTY, session), []
        code: bytes = await self._preview(
            self._redis, [session, needs_window(replies, message, channel.capabilities.service_window)]
        )
        return build_receipt(SendOutcome(code.decode() or SendOutcome.QUEUED), session), replies

    async def find_session(self, contact: ContactAddress) -> str:
        """Return the session of a contact, which need not exist. Raises `InvalidContact`."""
        return await resolve_session(
            self._redis, find_conversation(self._channels, contact), self._contact_ms
        )

    async def find_template(
        self, contact: ContactAddress, name: str, language: str
    ) -> MessageTemplate | None:
        """Return a template of the contact's channel; `None` if it is not known."""
        return await self._templates.find(contact.channel_name, name, language)

    async def cancel(self, session: str, key: str) -> CancelOutcome:
        """Cancel a scheduled message."""
        outcome = await self._schedule.cancel(session, key)
        if outcome is CancelOutcome.CANCELLED:
            await self._require_confirmed(session, key, "cancelled")
        return outcome

    async def release(self, wanted: ScheduledMessage) -> SendReceipt:
        """Send a scheduled message that was taken, and remove it from the schedule in the same step."""
        if wanted.contact is None:
            session = await read_present_session(self._redis, wanted.session)
            present = wanted.model_copy(update={"session": session})
            return await self._send(Delivery(present, scheduled_in=wanted.session))
        try:
            conversation = find_conversation(self._channels, wanted.contact)
        except InvalidContact as error:
            return SendReceipt(SendOutcome.INVALID_CONTACT, wanted.session, f"not sent: {error}")
        session = await resolve_session(self._redis, conversation, self._contact_ms)
        present = wanted.model_copy(update={"session": session})
        return await self._send(Delivery(present, conversation.address, scheduled_in=wanted.session))

    async def _send(self, delivery: Delivery) -> SendReceipt:
        """Put a message into an outbox; a session that does not exist is opened with its first address."""
        session, message = delivery.wanted.session, delivery.wanted.message
        stored: list[Any] = await self._redis.hmget(f"tg:{{{session}}}", ["address", "zone"])
        address = Address.model_validate_json(stored[0]) if stored[0] is not None else delivery.first_address
        time_zone = (stored[1] or b"").decode()
        if address is None:
            return build_receipt(SendOutcome.UNKNOWN, session)
        content = await self._prepare(message, address, time_zone)
        if not (delivery.scheduled_in or content.problem) and delivery.voice == "bot":
            scheduled = await self._deferral.schedule(delivery, content.digest, is_empty=not content.parts)
            if scheduled:
                return scheduled
        if delivery.voice == "bot" and content.parts:
            deferred = await self._deferral.wait_for_quiet_hours(delivery, content)
            if deferred:
                return deferred
        return await self._queue(delivery, content)

    async def _prepare(self, message: Message, address: Address, time_zone: str) -> Content:
        """Check the template of a message and split it for its channel."""
        problem = await self._templates.find_problem(message, address)
        parts = [] if problem else await self._render(message, address)
        sealer = await cipher_of(self._redis).sealer()
        digest = sealer.digest("message", hashlib.sha256(encode_content(message).encode()).hexdigest())
        return Content(address, time_zone, parts, problem, digest, sealer)

    async def _queue(self, delivery: Delivery, content: Content) -> SendReceipt:
        """Ask the gate and put the parts into the outbox, in one step."""
        session, key = delivery.wanted.session, delivery.wanted.key
        channel = self._channels.get(content.address.channel)
        is_desk = channel is not None and channel.capabilities.desk
        lapses, opening = "" if is_desk else "1", ("", "", "")
        if first := delivery.first_address:
            opening = (first.model_dump_json(), account_key(first), "1" if is_desk else "")
        window = channel.capabilities.service_window if channel else None
        replies = build_replies(
            delivery.wanted, content.address, content.parts, delivery.voice, content.time_zone
        )
        encoded_parts: list[Argument] = []
        for reply in replies:
            encoded_parts += [
                content.sealer.reply(session, reply),
                encode_reply_entry(session, reply, content.sealer),
            ]

        async def run(replaced_entry: str) -> SendOutcome:
            options = [session, key, delivery.voice, lapses, content.digest, replaced_entry, *opening]
            options.append(needs_window(replies, delivery.wanted.message, window))
            options += [delivery.scheduled_in, encode_problem(content.problem)]
            arguments: list[Argument] = [rq_layout.current_timestamp(), *options, *encoded_parts]
            outcome: bytes = await self._script(self._redis, arguments)
            return SendOutcome(outcome.decode())

        outcome = await run("")
        if outcome in (SendOutcome.DUPLICATE, SendOutcome.ID_USED):
            earlier = await self._records.read(session, key)
            if earlier and earlier.is_refused:  # refused after it was queued: its key stays usable, too
                outcome = await run(earlier.first_entry)
        if self._words and outcome is SendOutcome.QUEUED:
            self._words.add(session, [reply.body for reply in replies], "business")
        if content.problem and outcome == content.problem.kind.value:
            return SendReceipt(outcome, session, f"not sent: {content.problem.reason}")
        return build_receipt(outcome, session)

    async def _render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by its channel's limits, without the parts that would show nothing."""
        channel = self._channels.get(address.channel)
        resolved = await self._templates.with_id(message, address)
        parts = channel.render(resolved, address) if channel else [render_plainly(resolved)]
        return [part for part in parts if has_content(part)]

    async def _confirm(self, receipt: SendReceipt, key: str) -> SendReceipt:
        """Return the receipt of an accepted message when replicas have it, too.

        Raises `StorageUnavailable` if they do not, or a failover has forgotten it.
        """
        if receipt.outcome in ACCEPTED:
            await self._require_confirmed(receipt.session, key, "queued", "waiting", "releasing")
        return receipt

    async def _require_confirmed(self, session: str, key: str, *states: str) -> None:
        if self._confirmation is None:
            return
        script = self._confirm_script
        found: bytes = await self._confirmation.run(script.text, script.sha, [session, key])
        if found.decode() not in states:
            raise StorageUnavailable("a failover has forgotten the message or its cancellation; try again")
