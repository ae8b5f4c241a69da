"""Proactive messages: puts a message of the business or of an agent into a session's outbox."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import httpx
from pydantic_core import to_json
from redis.asyncio import Redis

from core.errors import InvalidContact, StorageUnavailable
from core.model import (
    Address,
    Message,
    MessagePart,
    MessageTemplate,
    Reply,
    TemplateProblem,
    keep_original,
)
from core.ports import Channel, ServiceWindow
from gateway.redis import lua, rq_layout
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encoding import encode_reply_entry, needs_open_window
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.schedule import CancelOutcome, Schedule, ScheduledMessage, read_schedule_entry
from gateway.redis.records.session_keys import account_key
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.sessions.word_index import WordIndex
from gateway.redis.sending.first_contact import ContactAddress, find_conversation, resolve_session
from gateway.redis.sending.quiet_policy import REASON as QUIET_REASON
from gateway.redis.sending.quiet_policy import QuietPolicy
from gateway.redis.sending.template_gate import TemplateGate

_LATER_FIELDS = ("reaction", "list_button", "requests_location", "voice", "fallback", "route")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


class SendOutcome(StrEnum):
    """Result of a proactive send; a code of HTTP errors for all but the first three.

    `scheduled` when it is sent later, `duplicate` when the same content was sent or scheduled under the key
    before in this session, `id_used` when it was another, `full` when too many replies wait. A message with
    any other outcome is not sent and does not use its key up. `unscheduled` is a scheduled message that
    another process has released, or that waits again.
    """

    QUEUED = "queued"
    SCHEDULED = "scheduled"
    DUPLICATE = "duplicate"
    ID_USED = "id_used"
    FULL = "full"
    UNKNOWN = "unknown_session"
    OPTED_OUT = "opted_out"
    PERSON = "person"
    CLOSED = "closed"
    WINDOW = "window"
    EMPTY = "empty"
    INVALID_CONTACT = "invalid_contact"
    PAST = "past"
    TOO_FAR = "too_far"
    SCHEDULE_FULL = "schedule_full"
    UNSCHEDULED = "unscheduled"
    STOPPED = "stopped"
    TEMPLATE_UNKNOWN = "template_unknown"
    TEMPLATE_VARIABLES = "template_variables"
    TEMPLATE_NOT_APPROVED = "template_not_approved"


_ACCEPTED = frozenset({SendOutcome.QUEUED, SendOutcome.SCHEDULED, SendOutcome.DUPLICATE})
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
    SendOutcome.INVALID_CONTACT: "not sent: the contact cannot be written to; check the number or address",
    SendOutcome.PAST: "not sent: the time of sending was more than an hour ago; check it and its time zone",
    SendOutcome.TOO_FAR: "not sent: the time of sending is more than a year ahead; schedule it later",
    SendOutcome.STOPPED: "not sent: its broadcast was stopped; start another one",
    SendOutcome.SCHEDULE_FULL: "not sent: too many messages are scheduled; schedule it later",
    SendOutcome.TEMPLATE_UNKNOWN: "not sent: the provider has no such template in this language; see "
    "`turngate templates list`",
    SendOutcome.TEMPLATE_VARIABLES: "not sent: the template takes other variables; see "
    "`turngate templates show`",
    SendOutcome.TEMPLATE_NOT_APPROVED: "not sent: the provider has not approved the template, or has "
    "withdrawn it; see `turngate templates show`",
}
"""Why a message was not sent and what to do, for people."""


class SendReceipt(NamedTuple):
    """Result of a message to a contact: the session that it was put into, and why it was refused.

    `due_ms` is when it is sent if it is scheduled, in ms since the epoch.
    """

    outcome: SendOutcome
    session: str = ""
    reason: str = ""
    due_ms: int = 0


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
        self._quiet = quiet
        self._channels = channels
        self._confirmation = confirmation
        self._script = lua.load_script("say", protocol)
        self._confirm_script = lua.load_script("confirm_message", protocol)
        self._preview = lua.load_script("preview", protocol)
        self._records = ProactiveMessages(redis)
        self._schedule = Schedule(redis, protocol)
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
        """Put a message into a session's outbox, or return why it may not leave.

        A bot message waits for earlier replies; it is refused while the bot may not speak. An agent's message
        makes the agent the owner of the session. With `at_ms` it is sent then, and the gate is asked then.
        `category`, `marketing` or `utility`, selects the quiet hours; in these it is scheduled for their end.
        """
        wanted = ScheduledMessage(session=session, key=key, message=message, category=category)
        return await self._confirm(await self._send(_Delivery(wanted, voice=voice, at_ms=at_ms)), key)

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
        receipt = await self._send(_Delivery(wanted, conversation.address, at_ms=at_ms))
        return await self._confirm(receipt, key)

    async def preview(self, contact: ContactAddress, message: Message) -> tuple[SendReceipt, list[Reply]]:
        """Return what would become of a message to a contact now, and its parts; nothing is sent."""
        try:
            conversation = find_conversation(self._channels, contact)
        except InvalidContact as error:
            return SendReceipt(SendOutcome.INVALID_CONTACT, reason=f"not sent: {error}"), []
        session = await resolve_session(self._redis, conversation, self._contact_ms)
        channel = self._channels[contact.channel_name]
        if problem := await self._templates.find_problem(message, conversation.address):
            outcome = SendOutcome(problem.kind.value)
            return SendReceipt(outcome, session, f"not sent: {problem.reason}"), []
        parts = [part for part in channel.render(message, conversation.address) if _has_content(part)]
        wanted = ScheduledMessage(session=session, key="preview", message=message)
        replies = _build_replies(wanted, conversation.address, parts, "bot")
        if not replies:
            return _receipt(SendOutcome.EMPTY, session), []
        code: bytes = await self._preview(
            self._redis, [session, _needs_window(replies, message, channel.capabilities.service_window)]
        )
        return _receipt(SendOutcome(code.decode() or SendOutcome.QUEUED), session), replies

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
            return await self._send(_Delivery(wanted, scheduled_in=wanted.session))
        try:
            conversation = find_conversation(self._channels, wanted.contact)
        except InvalidContact as error:
            return SendReceipt(SendOutcome.INVALID_CONTACT, wanted.session, f"not sent: {error}")
        session = await resolve_session(self._redis, conversation, self._contact_ms)
        present = wanted.model_copy(update={"session": session})
        return await self._send(_Delivery(present, conversation.address, scheduled_in=wanted.session))

    async def _send(self, delivery: _Delivery) -> SendReceipt:
        """Put a message into an outbox; a session that does not exist is opened with its first address."""
        session, key = delivery.wanted.session, delivery.wanted.key
        message = delivery.wanted.message
        stored: list[Any] = await self._redis.hmget(f"tg:{{{session}}}", ["address", "zone"])
        address = Address.model_validate_json(stored[0]) if stored[0] is not None else delivery.first_address
        time_zone = (stored[1] or b"").decode()
        if address is None:
            return _receipt(SendOutcome.UNKNOWN, session)
        problem = await self._templates.find_problem(message, address)
        channel = self._channels.get(address.channel)
        parts = [] if problem else await self._render(message, address)
        sealer = await cipher_of(self._redis).sealer()
        digest = sealer.digest("message", hashlib.sha256(_content_json(message).encode()).hexdigest())
        if not (delivery.scheduled_in or problem) and delivery.voice == "bot":
            scheduled = await self._schedule_if_later(delivery, digest, is_empty=not parts)
            if scheduled:
                return scheduled
        if delivery.voice == "bot" and parts:
            deferred = await self._defer_in_quiet_hours(delivery, address, time_zone, digest)
            if deferred:
                return deferred
        is_desk = channel is not None and channel.capabilities.desk
        lapses, opening = "" if is_desk else "1", ("", "", "")
        if first := delivery.first_address:
            opening = (first.model_dump_json(), account_key(first), "1" if is_desk else "")
        window = channel.capabilities.service_window if channel else None
        replies = _build_replies(delivery.wanted, address, parts, delivery.voice, time_zone)
        encoded_parts: list[Argument] = []
        for reply in replies:
            encoded_parts += [sealer.reply(session, reply), encode_reply_entry(session, reply, sealer)]

        async def run(replaced_entry: str) -> SendOutcome:
            options = [session, key, delivery.voice, lapses, digest, replaced_entry, *opening]
            options.append(_needs_window(replies, message, window))
            options += [delivery.scheduled_in, _encode_problem(problem)]
            arguments: list[Argument] = [rq_layout.current_timestamp(), *options, *encoded_parts]
            outcome: bytes = await self._script(self._redis, arguments)
            return SendOutcome(outcome.decode())

        outcome = await run("")
        if outcome in (SendOutcome.DUPLICATE, SendOutcome.ID_USED):
            earlier = await self._records.read(session, key)
            if earlier and earlier.is_refused:  # after it was queued: it has not used its key up either
                outcome = await run(earlier.first_entry)
        if self._words and outcome is SendOutcome.QUEUED:
            self._words.add(session, [reply.body for reply in replies], "business")
        if problem and outcome == problem.kind.value:
            return SendReceipt(outcome, session, f"not sent: {problem.reason}")
        return _receipt(outcome, session)

    async def _render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by its channel's limits, without the parts of which nothing would be shown."""
        channel = self._channels.get(address.channel)
        resolved = await self._templates.with_id(message, address)
        parts = channel.render(resolved, address) if channel else [_render_plainly(resolved)]
        return [part for part in parts if _has_content(part)]

    async def _confirm(self, receipt: SendReceipt, key: str) -> SendReceipt:
        """Return the receipt of an accepted message when replicas have it, too.

        Raises `StorageUnavailable` if they do not, or a failover has forgotten it.
        """
        if receipt.outcome in _ACCEPTED:
            await self._require_confirmed(receipt.session, key, "queued", "waiting", "releasing")
        return receipt

    async def _require_confirmed(self, session: str, key: str, *states: str) -> None:
        if self._confirmation is None:
            return
        script = self._confirm_script
        found: bytes = await self._confirmation.run(script.text, script.sha, [session, key])
        if found.decode() not in states:
            raise StorageUnavailable("a failover has forgotten the message or its cancellation; try again")

    async def _schedule_if_later(
        self, delivery: _Delivery, digest: str, *, is_empty: bool
    ) -> SendReceipt | None:
        """Schedule a message that is to be sent later; `None` if it is to be sent now."""
        session, key = delivery.wanted.session, delivery.wanted.key
        pending = await read_schedule_entry(self._redis, session, key)
        if pending and pending.is_pending:
            is_same = pending.digest == digest
            outcome = SendOutcome.DUPLICATE if is_same else SendOutcome.ID_USED
            return _receipt(outcome, session, pending.due_ms)
        if not delivery.at_ms:
            return None
        earlier = await self._records.read(session, key)
        if earlier and not earlier.is_refused:
            outcome = SendOutcome.DUPLICATE if earlier.digest == digest else SendOutcome.ID_USED
            return _receipt(outcome, session)
        if is_empty:
            return _receipt(SendOutcome.EMPTY, session)
        result, due = await self._schedule.add(delivery.wanted, delivery.at_ms, digest, "")
        return None if result == "due" else _receipt(SendOutcome(result), session, due)

    async def _defer_in_quiet_hours(
        self, delivery: _Delivery, address: Address, time_zone: str, digest: str
    ) -> SendReceipt | None:
        """Schedule a message for the end of the contact's quiet hours; `None` if it may be sent now."""
        if self._quiet is None:
            return None
        wanted = delivery.wanted
        seconds, microseconds = await self._redis.time()
        now_ms = int(seconds) * 1000 + int(microseconds) // 1000
        due = self._quiet.find_end(address, wanted.category, now_ms, time_zone)
        if not due:
            return None
        if delivery.scheduled_in:  # it is in the schedule already
            return SendReceipt(SendOutcome.SCHEDULED, wanted.session, QUIET_REASON, due)
        earlier = await self._records.read(wanted.session, wanted.key)
        if earlier and not earlier.is_refused:
            outcome = SendOutcome.DUPLICATE if earlier.digest == digest else SendOutcome.ID_USED
            return _receipt(outcome, wanted.session)
        result, due = await self._schedule.add(wanted, due, digest, QUIET_REASON)
        return _receipt(SendOutcome(result), wanted.session, due)


def _render_plainly(message: Message) -> MessagePart:
    """Render a message for a channel that only the workers know."""
    return MessagePart(body="" if message.template else message.text, template=message.template)


class _Delivery(NamedTuple):
    """A message, how it is sent, and the address that opens its session if there is none.

    `scheduled_in` is the session in whose schedule it was taken; empty if it is sent at once.
    """

    wanted: ScheduledMessage
    first_address: Address | None = None
    voice: Literal["bot", "person"] = "bot"
    at_ms: int = 0
    scheduled_in: str = ""


def _receipt(outcome: SendOutcome, session: str, due_ms: int = 0) -> SendReceipt:
    return SendReceipt(outcome, session, REFUSAL_SENTENCES.get(outcome, ""), due_ms)


def _encode_problem(problem: TemplateProblem | None) -> str:
    """Return a problem as say.lua records it; empty for none."""
    return to_json({"code": problem.kind, "reason": problem.reason}).decode() if problem else ""


def _needs_window(replies: Sequence[Reply], message: Message, window: ServiceWindow | None) -> str:
    """Return whether a message needs an open service window (`1`) or not (empty), as the scripts read it."""
    is_free_text = any(needs_open_window(reply, window) for reply in replies)
    return "1" if is_free_text and not message.fallback else ""


def _build_replies(
    wanted: ScheduledMessage,
    address: Address,
    parts: Sequence[MessagePart],
    voice: Literal["bot", "person"],
    time_zone: str = "",
) -> list[Reply]:
    """Build a message's replies, keyed by its key and the number of the part."""
    key, is_bulk = wanted.key, voice == "bot"
    return [
        Reply(
            key=key if len(parts) == 1 else f"{key}.{number}",
            address=address,
            voice=voice,
            bulk=is_bulk,
            category=wanted.category if is_bulk and wanted.category != "marketing" else "",
            fallback=wanted.message.fallback,
            route=wanted.message.route,
            original=keep_original(wanted.message, key),
            time_zone=time_zone if is_bulk else "",
            **dict(part),
        )
        for number, part in enumerate(parts, start=1)
    ]


def _content_json(message: Message) -> str:
    """Return what identifies a message's content, the same as in earlier releases for what they sent."""
    later_fields = {name for name in _LATER_FIELDS if not getattr(message, name)}
    return message.model_dump_json(exclude=later_fields)


def _has_content(part: MessagePart) -> bool:
    """Return whether a provider would show anything of this part."""
    if part.choices or part.media or part.template or part.reaction:
        return True
    return any(unicodedata.category(character) not in _INVISIBLE_CATEGORIES for character in part.body)
