"""Actions of agents and operators on a conversation: ownership, reset, opt-out, erasure."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final, Literal
from uuid import uuid4

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import StorageUnavailable
from core.model import Address, Attachment, ControlAction, ControlReceived, Message
from core.ports import Inbox
from flows.text import protect_value, to_commonmark
from gateway.access.operator_keys import Role
from gateway.console.conversations.transcript import build_transcript
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_names import read_identifiers
from gateway.redis.records.contacts.contact_spelling import normalize
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.redaction.operator_redaction import OperatorRedaction
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.dead_letters import DeadLetter, DeadLetters, ReplayOutcome
from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX, OWN_PREFIX
from gateway.redis.records.sessions.log.session_log import is_entry_id, read_log_from
from gateway.redis.records.sessions.silenced_sessions import end_silence
from gateway.redis.records.sessions.waiting_sessions import try_now
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth, name_target

_FILE_SECONDS: Final = 5.0
_MAX_LETTERS: Final = 500
_MAX_ENTRIES: Final = 500
_HTML: Final = re.compile(r"\s*<[a-z]", re.IGNORECASE)
_BREAK: Final = re.compile(r"</p>\s*<p[^>]*>|<br\s*/?>|</li>\s*<li[^>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")
_REPLAY_ANSWERS: Final = {
    ReplayOutcome.REPLAYED: "resent",
    ReplayOutcome.FULL: f"not_resent_{SendOutcome.FULL}",
    ReplayOutcome.PERSON: f"not_resent_{SendOutcome.PERSON}",
    ReplayOutcome.CLOSED: f"not_resent_{SendOutcome.CLOSED}",
    ReplayOutcome.OPTED_OUT: f"not_resent_{SendOutcome.OPTED_OUT}",
    ReplayOutcome.STOPPED: f"not_resent_{SendOutcome.STOPPED}",
}
"""Messages for outcomes of a replay; any other outcome means that the letter is gone."""
_FIELDS: Final = ("address", "known", "contact")
_OWNERSHIP: Final = {
    "take_over": ControlAction.TAKE_OVER,
    "give_back": ControlAction.GIVE_BACK,
    "close": ControlAction.CLOSE,
}


class ConversationActions(ConsolePage):
    """The forms of `/console/conversations/{conversation}`."""

    def __init__(
        self,
        operator: OperatorAuth,
        inbox: Inbox,
        sender: ProactiveSender,
        protocol: ProtocolLimits | None = None,
        erasure: ContactErasure | None = None,
    ) -> None:
        super().__init__(operator)
        self._erasure = erasure or ContactErasure(operator.redis)
        self._sender = sender
        self._letters = DeadLetters(operator.redis, protocol)
        self._redis: Redis = operator.redis
        self._inbox = inbox
        self._ids = ConversationIds(operator.redis)
        limits = protocol or ProtocolLimits()
        self._redaction = OperatorRedaction(self._redis, inbox, MessageRedaction(self._redis, limits))
        self._reset_script = lua.load_script("reset", limits)

    def routes(self) -> list[Route]:
        """Return a route for each role's acts."""
        path = "/console/conversations/{conversation}"
        return [
            self.form(f"{path}/owner", self.change_owner, "change_owner", Role.AGENT),
            self.form(f"{path}/reset", self.reset, "reset"),
            self.form(f"{path}/opt-out", self.opt_out, "opt_out", Role.AGENT),
            self.form(f"{path}/resend", self.resend, "resend"),
            self.form(f"{path}/redact", self.redact, "redact"),
            self.form(f"{path}/erase", self.erase, "erase"),
        ]

    async def change_owner(self, request: Request) -> Response:
        """Take the conversation over, give it back or close it, end a silence by limits or a wait."""
        form = await read_form(request) or {}
        if form.get("act", [""])[0] == "resume":
            session = await self._find_session(request, "end_silence")
            is_known = session and await end_silence(self._redis, session)
            return self._answer(request, "resume" if is_known else "unknown")
        if form.get("act", [""])[0] == "retry":
            session = await self._find_session(request, "try_session")
            has_waited = session and await try_now(self._redis, session)
            return self._answer(request, "retry" if has_waited else "nothing_waits")
        act = _OWNERSHIP.get(form.get("act", [""])[0])
        if act is None:
            return error_response(
                400, "malformed", "act must be take_over, give_back, close, resume or retry"
            )
        session = await self._find_session(request, act)
        return await self._record(request, session, act, "agent")

    async def reset(self, request: Request) -> Response:
        """Delete the conversation's state; its log stays."""
        session = await self._find_session(request)
        if not session:
            return self._answer(request, "unknown")
        await self._reset_script(self._redis, [rq_layout.current_timestamp(), session])
        return self._answer(request, "reset")

    async def opt_out(self, request: Request) -> Response:
        """Opt the contact out in this conversation."""
        session = await self._find_session(request)
        return await self._record(request, session, ControlAction.OPT_OUT, request.state.identity.role)

    async def resend(self, request: Request) -> Response:
        """Send a reply again that was not delivered; a dead letter is replayed, so that it is sent once."""
        form = await read_form(request) or {}
        entry_id = form.get("entry", [""])[0]
        session = await self._find_session(request)
        entries = (
            await read_log_from(self._redis, session, entry_id, _MAX_ENTRIES) if is_entry_id(entry_id) else []
        )
        if not session or not entries or entries[0].id != entry_id or entries[0].kind != "said":
            return self._answer(request, "unknown")
        if not build_transcript(entries, "")[0].may_resend:
            return self._answer(request, f"not_resent_{SendOutcome.DUPLICATE}")
        said: Any = entries[0].data
        if letter := await self._find_letter(session, str(said.get("key", ""))):
            outcome = await self._letters.replay(letter)
            return self._answer(request, _REPLAY_ANSWERS.get(outcome, "gone"))
        media = tuple(
            Attachment.model_validate(each if isinstance(each, dict) else {"url": each})
            for each in said.get("media", ())
        )
        message = Message(text=_to_source_text(str(said.get("body", ""))), media=media)
        voice: Literal["bot", "person"] = "person" if said.get("voice") == "person" else "bot"
        prefix = AGENT_PREFIX if voice == "person" else OWN_PREFIX
        receipt = await self._sender.send(session, f"{prefix}resend-{entry_id}", message, voice)
        is_new = receipt.outcome in (SendOutcome.QUEUED, SendOutcome.SCHEDULED)
        return self._answer(request, "resent" if is_new else f"not_resent_{receipt.outcome}")

    async def _find_letter(self, session: str, key: str) -> DeadLetter | None:
        """Return the dead letter of a reply, among the newest."""
        for letter in await self._letters.list_newest(limit=_MAX_LETTERS):
            if letter.session == session and letter.reply and letter.reply.key == key:
                return letter
        return None

    async def redact(self, request: Request) -> Response:
        """Delete the text of a message from everything stored."""
        form = await read_form(request) or {}
        entry_id = form.get("entry", [""])[0]
        session = await self._find_session(request)
        entries = await read_log_from(self._redis, session, entry_id, 1) if is_entry_id(entry_id) else []
        if not session or not entries or entries[0].id != entry_id:
            return self._answer(request, "unknown")
        data = entries[0].data
        result = await self._redaction.redact(str(data.get("turn") or data.get("key") or ""), session)
        return self._answer(request, "redacted" if result.sessions else "unknown")

    async def erase(self, request: Request) -> Response:
        """Erase the contact of this conversation everywhere, if their identifier was typed, too."""
        form = await read_form(request) or {}
        session = await self._find_session(request)
        if not session:
            return self._answer(request, "unknown")
        typed = normalize(form.get("contact", [""])[0])
        values: Any = await self._redis.hmget(session_key(session), _FIELDS)
        identifiers = read_identifiers(session, dict(zip(_FIELDS, values, strict=True)))
        if typed not in {normalize(each) for each in identifiers}:
            return self._answer(request, "mismatch")
        try:
            await self._erasure.erase(session, _FILE_SECONDS)
        except StorageUnavailable:  # the page of the conversation is gone, and cannot offer a repetition
            return redirect("/console/conversations?done=erased_unconfirmed")
        return redirect("/console/conversations?done=erased")

    async def _record(self, request: Request, session: str, act: ControlAction, actor: str) -> Response:
        stored: Any = await self._redis.hget(session_key(session), "address") if session else None
        if stored is None:
            return self._answer(request, "unknown")
        address = Address.model_validate_json(stored)
        event = ControlReceived(
            id=f"console:{uuid4().hex}", session=session, address=address, act=act, actor=actor
        )
        await self._inbox.accept([event])
        return self._answer(request, act)

    async def _find_session(self, request: Request, act: str = "") -> str:
        """Return the session that the URL names, and name it in the audit log; empty if there is none."""
        await self._ids.load()
        session = self._ids.decode(request.path_params["conversation"])
        if session:
            name_target(request, session, act)
            exists = await self._redis.exists(session_key(session))
            return session if exists else ""
        return ""

    def _answer(self, request: Request, result: str) -> Response:
        return redirect(f"/console/conversations/{request.path_params['conversation']}?done={result}")


def _to_source_text(body: str) -> str:
    """Return the source text of a rendered reply, to render it again: without HTML and escapes."""
    if _HTML.match(body):
        body = unescape(_TAG.sub("", _BREAK.sub("\n", body)))
    return to_commonmark(protect_value(body))
