"""Proactive messages: puts a message of the business or of an agent into a session's outbox."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

import httpx
from redis.asyncio import Redis

from core.model import (
    Address,
    Message,
    MessagePart,
    Reply,
    TemplateProblem,
    TemplateProblemKind,
    find_status_problem,
    find_variable_problem,
)
from core.ports import Channel, HasTemplates
from gateway.redis import lua, rq_layout
from gateway.redis.encoding import encode_reply_entry
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.proactive_messages import ProactiveMessages
from gateway.redis.records.templates import TemplateRecords

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
    TEMPLATE_UNKNOWN = "template_unknown"
    TEMPLATE_VARIABLES = "template_variables"
    TEMPLATE_NOT_APPROVED = "template_not_approved"


REFUSAL_SENTENCES = {
    SendOutcome.ID_USED: "not sent: this id belongs to an earlier message with another content; use a new id",
    SendOutcome.FULL: "not sent: too many replies wait in this session; send it again later",
    SendOutcome.UNKNOWN: "not sent: no message was received in this session; check its name",
    SendOutcome.OPTED_OUT: "not sent: the person opted out; only they can opt in again",
    SendOutcome.PERSON: "not sent: an agent has the session; send it again when the bot has it back",
    SendOutcome.CLOSED: "not sent: the session is closed; a message of the person opens it again",
    SendOutcome.EMPTY: "not sent: nothing of the message can be shown; give it a text",
    SendOutcome.TEMPLATE_UNKNOWN: "not sent: the provider has no such template in this language; see "
    "`turngate templates list`",
    SendOutcome.TEMPLATE_VARIABLES: "not sent: the template takes other variables; see "
    "`turngate templates show`",
    SendOutcome.TEMPLATE_NOT_APPROVED: "not sent: the provider has not approved the template, or has "
    "withdrawn it; see `turngate templates show`",
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
        self._templates = TemplateRecords(redis)

    async def explain(self, session: str, message: Message, outcome: SendOutcome) -> str:
        """Return why a message was not sent and what to do: of a template, what exactly is wrong."""
        stored: Any = await self._redis.hget(f"tg:{{{session}}}", "address")
        if stored and message.template:
            problem = await self._find_template_problem(message, Address.model_validate_json(stored))
            if problem and problem.kind == outcome.value:
                return f"not sent: {problem.reason}"
        return REFUSAL_SENTENCES.get(outcome, "")

    async def _find_template_problem(self, message: Message, address: Address) -> TemplateProblem | None:
        """Return why the provider would refuse the message's template, by the list that it gave last."""
        channel, template = self._channels.get(address.channel), message.template
        if template is None:
            return None
        unknown = TemplateProblemKind.UNKNOWN
        if channel is not None and not isinstance(channel, HasTemplates):
            if message.text:
                return None
            reason = f"the channel {address.channel} has no templates; give the message a text too"
            return TemplateProblem(kind=unknown, reason=reason)
        definition = await self._templates.find(address.channel, template.name, template.language)
        if definition is not None:
            if channel is None:  # a command beside workers that have the credentials
                return find_status_problem(definition) or find_variable_problem(definition, template.values)
            return channel.check_template(definition, template, address)
        if await self._templates.read_report(address.channel) is None:
            return None  # never listed: the provider decides
        reason = (
            f"{address.channel} has no template {template.name} in {template.language}; if it is new, run "
            "`turngate templates sync`"
        )
        return TemplateProblem(kind=unknown, reason=reason)

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
        problem = await self._find_template_problem(message, address)
        if problem and not await self._was_queued(session, key):
            return SendOutcome(problem.kind.value)
        channel = self._channels.get(address.channel)
        resolved = await self._with_id(message, address)
        parts = channel.render(resolved, address) if channel else [_render_plainly(resolved)]
        parts = [part for part in parts if _has_content(part)]
        lapses = "1" if channel is None or not channel.capabilities.desk else ""
        digest = hashlib.sha256(_content_json(message).encode()).hexdigest()
        encoded_parts = _encode_parts(key, address, parts, voice)

        async def run(replaced_entry: str) -> SendOutcome:
            options = [session, key, voice, lapses, digest, replaced_entry]
            arguments: list[Argument] = [rq_layout.current_timestamp(), *options, *encoded_parts]
            outcome: bytes = await self._script(self._redis, arguments)
            return SendOutcome(outcome.decode())

        outcome = await run("")
        if outcome in (SendOutcome.DUPLICATE, SendOutcome.ID_USED):
            earlier = await self._records.read(session, key)
            if earlier and earlier.is_refused:  # after it was queued: it has not used its key up either
                outcome = await run(earlier.first_entry)
        return outcome

    async def _with_id(self, message: Message, address: Address) -> Message:
        """Return the message with the provider's own names of its template, if they are known."""
        template = message.template
        if template is None:
            return message
        found = await self._templates.find(address.channel, template.name, template.language)
        if found is None:
            return message
        names = {"name": found.name, "language": found.language, "id": found.id}
        return message.model_copy(update={"template": template.model_copy(update=names)})

    async def _was_queued(self, session: str, key: str) -> bool:
        """Return whether a message of this key is on its way: its repetition is a duplicate."""
        earlier = await self._records.read(session, key)
        return earlier is not None and not earlier.is_refused


def _render_plainly(message: Message) -> MessagePart:
    """Render a message for a channel that only the workers know."""
    return MessagePart(body="" if message.template else message.text, template=message.template)


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
