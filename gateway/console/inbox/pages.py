"""The inbox for agents as pages and forms: lists, one conversation, reply, note, assignment, templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.model import Address, ControlAction, ControlReceived
from core.ports import Inbox
from gateway.access.operator_keys import Role
from gateway.config.saved_replies import fill_in
from gateway.console.conversations.joined import list_joined
from gateway.console.conversations.transcript import build_transcript
from gateway.console.inbox.answer_form import AnswerForm, read_address
from gateway.console.inbox.files import MAX_FILE_BYTES, publish_file
from gateway.console.inbox.hand_over import summarize
from gateway.console.inbox.lists import choose_list
from gateway.console.layout.formats import display_name
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.redis.records.processes.delivery_reports import read_alarms
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.agent_desk import AgentDesk
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.conversation_list import ConversationList, ConversationRow
from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX
from gateway.redis.records.sessions.log.session_log import read_log_end, read_window
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import REFUSAL_SENTENCES, SendOutcome
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest
from gateway.server.operator_auth import OperatorAuth, name_target

_PATH: Final = "/console/desk"
_LOG_ENTRIES: Final = 150
_MAX_TEXT: Final = 10_000
_MAX_TEMPLATES: Final = 100
_MAX_ID: Final = 120
_MAX_FORM_BYTES: Final = 160_000
"""Room for a text and the variables of a template in any script: a letter may take nine bytes in a form."""
_ACTS: Final = {"give_back": ControlAction.GIVE_BACK, "close": ControlAction.CLOSE}
_DONE: Final = {
    "sent": "Sent. Its state is below the message.",
    "noted": "Note saved. The contact does not see it.",
    "yours": "You have the conversation. The bot is silent until you give it back.",
    "free": "Nobody has the conversation now.",
    "give_back": "The bot has the conversation again.",
    "close": "The conversation is closed. A new message opens it again.",
    "gone": "Nothing was done: the conversation is not kept any more.",
}


class AgentDeskPages(ConsolePage):
    """The page `/console/desk` and its forms."""

    def __init__(
        self,
        operator: OperatorAuth,
        inbox: Inbox,
        sender: ProactiveSender,
        desk_channels: Sequence[str] = (),
        replies: Mapping[str, str] | None = None,
        files: PublicFiles | None = None,
    ) -> None:
        """Create the pages; conversations of `desk_channels` are answered at the provider's own desk.

        Without `files` an agent can only name the address of a file.
        """
        super().__init__(operator)
        self._redis: Redis = operator.redis
        self._inbox = inbox
        self._sender = sender
        self._desk_channels = frozenset(desk_channels)
        self._replies = dict(replies or {})
        self._files = files
        self._form = AnswerForm(operator.redis, files)
        self._desk = AgentDesk(operator.redis)
        self._ids = ConversationIds(operator.redis)
        self._list = ConversationList(operator.redis)
        self._index = SessionIndex(operator.redis)

    def routes(self) -> list[Route]:
        """Return the page and its forms."""
        path = f"{_PATH}/{{conversation}}"
        return [
            self.get(_PATH, self.page, live=ViewName.INBOX),
            self.form(f"{path}/reply", self.reply, "answer", Role.AGENT),
            self.form(f"{path}/assign", self.assign, "assign", Role.AGENT),
            self.form(f"{path}/owner", self.change_owner, "change_owner", Role.AGENT),
            self.form(f"{path}/presence", self.announce, "", Role.AGENT),
            self.post(f"{path}/file", self.attach, "attach_file", Role.AGENT),
        ]

    async def page(self, request: Request) -> Response:
        """Show the waiting conversations and, if one is chosen, its messages."""
        return await self._show(request, request.query_params.get("conversation", ""))

    async def reply(self, request: Request) -> Response:
        """Send an agent's answer, or save a note. A second agent at the same time learns who was first."""
        form = await read_form(request, _MAX_FORM_BYTES) or {}
        given = {name: values[0] for name, values in form.items()}
        session, opaque = await self._find_session(request), request.path_params["conversation"]
        agent, text = request.state.identity.name, given.get("text", "").strip()[:_MAX_TEXT]
        if not session:
            return self._redirect_done(request, opaque, "gone")
        if given.get("mode") == "note":
            if not text:
                return await self._show(request, opaque, given, "write the note first")
            name_target(request, session, "note")
            is_kept = await self._desk.add_note(session, agent, text, given.get("id", "")[:_MAX_ID])
            return self._redirect_done(request, opaque, "noted" if is_kept else "gone", given)
        try:
            message = await self._form.build_message(session, given, text)
        except ValueError as error:
            return await self._show(request, opaque, given, str(error))
        holder = await self._desk.assign(session, agent, "claim")
        if holder != agent:
            problem = f"{holder} has this conversation. Nothing was sent; take it over to answer yourself"
            return await self._show(request, opaque, given, problem)
        key = f"{AGENT_PREFIX}{given.get('id') or uuid4().hex}"[:_MAX_ID]
        receipt = await self._sender.send(session, key, message, voice="person")
        if receipt.outcome not in (SendOutcome.QUEUED, SendOutcome.DUPLICATE, SendOutcome.SCHEDULED):
            reason = receipt.reason or REFUSAL_SENTENCES.get(receipt.outcome, str(receipt.outcome))
            return await self._show(request, opaque, given, reason)
        return self._redirect_done(request, opaque, "sent", given)

    async def assign(self, request: Request) -> Response:
        """Take a conversation over for oneself, also from another agent, or give it to all agents."""
        form = await read_form(request) or {}
        session, opaque = await self._find_session(request), request.path_params["conversation"]
        if not session:
            return self._redirect_done(request, opaque, "gone")
        agent = request.state.identity.name
        if form.get("act", [""])[0] == "drop":
            await self._desk.assign(session, agent, "drop")
            return self._redirect_done(request, opaque, "free")
        await self._record(session, ControlAction.TAKE_OVER, agent)
        await self._desk.assign(session, agent, "take")
        return self._redirect_done(request, opaque, "yours")

    async def change_owner(self, request: Request) -> Response:
        """Give the conversation back to the bot, or close it."""
        form = await read_form(request) or {}
        act = _ACTS.get(form.get("act", [""])[0])
        session, opaque = await self._find_session(request), request.path_params["conversation"]
        if act is None or not session:
            return self._redirect_done(request, opaque, "gone")
        name_target(request, session, act)
        await self._record(session, act, request.state.identity.name)
        return self._redirect_done(request, "", act)

    async def announce(self, request: Request) -> Response:
        """Record that the agent has the conversation open or is writing; a script of the page reports it."""
        form = await read_form(request) or {}
        session = await self._find_session(request)
        if session:
            is_typing = form.get("state", [""])[0] == "typing"
            await self._desk.announce(session, request.state.identity.name, is_typing=is_typing)
            await self._desk.mark_read(session, request.state.identity.name)
        return Response(status_code=204)

    async def attach(self, request: Request) -> Response:
        """Take a file that an agent attaches, and return the address under which it can be sent."""
        session = await self._find_session(request)
        if not session:
            return error_response(404, "unknown_session", "the conversation is not kept any more")
        try:
            return JSONResponse({"url": await publish_file(request, self._files, session)})
        except BadRequest as error:
            return error.response

    async def _show(
        self, request: Request, opaque: str, given: Mapping[str, str] | None = None, problem: str = ""
    ) -> Response:
        await self._ids.load()
        agent: str = request.state.identity.name
        chosen = choose_list(request, await self._index.list_awaiting_agent(), agent)
        rows = await self._read_rows([row.session for row in chosen.rows])
        session = self._ids.decode(opaque)
        row = await self._list.read_row(session) if session else None
        if row and _is_opened_by_person(request):
            await self._desk.mark_read(session, agent)
        return await self.show(
            request,
            "inbox/inbox.html",
            status=409 if problem else 200,
            chosen=chosen,
            place=urlencode(chosen.query),
            rows=[(self._ids.encode(each.session), each, rows.get(each.session)) for each in chosen.rows],
            unread=await self._find_unread(rows, agent),
            me=agent,
            opaque=opaque if row else "",
            row=row,
            given=given or {},
            problem=problem,
            alarms=await read_alarms(self._redis),
            done=_DONE.get(request.query_params.get("done", ""), ""),
            fresh_id=uuid4().hex,
            largest_file=MAX_FILE_BYTES if self._files else 0,
            **(await self._read_conversation(row, agent) if row else {}),
        )

    async def _read_conversation(self, row: ConversationRow, agent: str) -> dict[str, object]:
        entries = await read_log_end(self._redis, row.session, _LOG_ENTRIES)
        window, now = await read_window(self._redis, row.session), (await self._redis.time())[0] * 1000
        state = await self._index.read_state(row.session)
        slots: Any = state.get("slots") if isinstance(state, dict) else {}
        known = {str(name): str(value) for name, value in (slots or {}).items() if value not in (None, "")}
        values = {"name": row.name, **known}
        templates = await TemplateRecords(self._redis).list_all(row.channel)
        return {
            "lines": build_transcript(entries, display_name(row)),
            "older": entries[0].id if len(entries) == _LOG_ENTRIES else "",
            "joined": await list_joined(self._redis, self._ids, row.session),
            "handed_over": summarize(entries, row.owner, state),
            "holder": (await self._desk.read_agents([row.session]))[row.session],
            "others": await self._desk.read_others(row.session, agent),
            "window_closes": window if window > now else 0,
            "is_outside": bool(window) and window <= now,
            "slots": known,
            "replies": {name: fill_in(text, values) for name, text in self._replies.items()},
            "templates": [each for each in templates if each.is_approved][:_MAX_TEMPLATES],
            "answers_elsewhere": row.channel in self._desk_channels,
        }

    async def _find_unread(self, rows: Mapping[str, ConversationRow], agent: str) -> frozenset[str]:
        """Return the conversations in which the contact wrote since this agent last looked."""
        marks = await self._desk.read_marks(list(rows), agent)
        return frozenset(row.session for row in rows.values() if row.contact_at_ms > marks[row.session])

    async def _read_rows(self, sessions: Sequence[str]) -> dict[str, ConversationRow]:
        return {row.session: row for row in await self._list.read_rows(sessions)}

    async def _record(self, session: str, act: ControlAction, agent: str) -> None:
        event = ControlReceived(
            id=f"desk:{uuid4().hex}",
            session=session,
            address=await read_address(self._redis, session),
            act=act,
            actor=agent if agent != "local" else "agent",
        )
        await self._inbox.accept([event])

    async def _find_session(self, request: Request) -> str:
        """Return the session that the URL names and that is answered here; empty if there is none."""
        await self._ids.load()
        session = self._ids.decode(request.path_params["conversation"])
        if not session:
            return ""
        name_target(request, session)
        stored: Any = await self._redis.hget(session_key(session), "address")
        is_ours = stored and Address.model_validate_json(stored).channel not in self._desk_channels
        return session if is_ours else ""

    def _redirect_done(
        self, request: Request, opaque: str, done: str, given: Mapping[str, str] | None = None
    ) -> Response:
        """Return to the page and its list; it names the form that was `given`, so its draft is forgotten."""
        place = {name: request.query_params.get(name, "")[:_MAX_ID] for name in ("show", "from")}
        query = {**place, "conversation": opaque, "done": done, "form": (given or {}).get("id", "")[:_MAX_ID]}
        return redirect(f"{_PATH}?{urlencode({name: value for name, value in query.items() if value})}")


def _is_opened_by_person(request: Request) -> bool:
    """Return whether a person opened the page: a script that keeps it up to date has read nothing."""
    return request.headers.get("sec-fetch-dest", "document") == "document"
