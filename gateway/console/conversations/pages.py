"""Console pages of conversations: the list with filters and search, and one conversation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.model import Owner
from gateway.access.operator_keys import Role
from gateway.console.conversations.event_lines import (
    EventLine,
    conclude,
    describe_entries,
    describe_verification,
    list_visited_nodes,
    read_path,
    select_entries,
)
from gateway.console.conversations.joined import list_joined
from gateway.console.conversations.transcript import TranscriptLine, build_transcript
from gateway.console.flows.flow_drawings import FlowDrawings
from gateway.console.layout.formats import display_name, format_clock, format_day
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.redis.records.operators.kept_webhooks import KeptWebhook, KeptWebhooks
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.conversation_list import (
    MAX_READ,
    ConversationList,
    ConversationRow,
    ConversationState,
    parse_cursor,
)
from gateway.redis.records.sessions.log.derived_entries import add_derived
from gateway.redis.records.sessions.log.session_log import (
    LogEntry,
    parse_page_end,
    read_log_before,
    read_window,
)
from gateway.redis.records.sessions.search.conversation_search import ConversationSearch
from gateway.redis.records.sessions.search.text_words import WordDigests
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.send_outcome import REFUSAL_SENTENCES
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

_LOG_ENTRIES = 150
_END_EVENTS = 50
_MAX_NODES = 20
_MAX_QUERY = 200
_MAX_SLOT_LENGTH = 300
_DRAWING_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_STATES = {
    ConversationState.BOT: "Bot has it",
    ConversationState.WAITING: "Waiting for agent",
    ConversationState.HUMAN: "Agent has it",
    ConversationState.CLOSED: "Closed",
    ConversationState.SILENT: "Silent by limits",
    ConversationState.OPTED_OUT: "Opted out",
}
_DONE = {
    "take_over": "You took the conversation over. The bot is silent until you hand it back.",
    "give_back": "The bot has the conversation again.",
    "resume": "The bot answers this contact again. Replies that waited are sent now.",
    "retry": "What waits is tried now. Its state is in the transcript.",
    "nothing_waits": "Nothing waits for another try here.",
    "close": "The conversation is closed. A new message opens it again.",
    "opt_out": "The contact is opted out. Nothing is sent until they opt in.",
    "reset": "The conversation was reset. The next message starts the flow from the beginning.",
    "erased": "The contact was erased.",
    "erased_unconfirmed": "The contact was erased, but replicas did not confirm it: a failover may undo it. "
    "Repeat it by turngate erase with the contact's number or ID, until that reports no error.",
    "redacted": "The text of the message was deleted here; the provider may still have it.",
    "resent": "The reply will be sent again; its state is in the transcript.",
    "gone": "Nothing was sent: the dead letter is gone, or this release cannot read it.",
    **{
        f"not_resent_{outcome}": f"The reply was {sentence}."
        for outcome, sentence in REFUSAL_SENTENCES.items()
    },
    "not_resent_duplicate": "The reply was sent again before; its state is in the transcript.",
    "unknown": "This was not done: the conversation is not kept any more.",
    "mismatch": "Nothing was erased: the contact that was typed is another one.",
}


class ConversationPages(ConsolePage):
    """The pages `/console/conversations` and `/console/conversations/{conversation}`."""

    def __init__(
        self,
        operator: OperatorAuth,
        channels: Sequence[str],
        words: WordDigests | None = None,
        drawings: FlowDrawings | None = None,
        webhooks: KeptWebhooks | None = None,
        describe_cost: Callable[[int], str] = lambda tokens: "",
    ) -> None:
        """Create the pages; `words` are the digests under which texts are indexed, if they are.

        `describe_cost` returns the cost of a number of model tokens.
        """
        super().__init__(operator)
        self._redis: Redis = operator.redis
        self._list = ConversationList(operator.redis)
        self._search = ConversationSearch(operator.redis)
        self._ids = ConversationIds(operator.redis)
        self._channels = sorted(channels)
        self._words = words
        self._drawings = drawings
        self._describe_cost = describe_cost
        self._webhooks = webhooks or KeptWebhooks(operator.redis)

    def routes(self) -> list[Route]:
        """Return the pages and the search."""
        return [
            self.get("/console/conversations", self.list_page, live=ViewName.CONVERSATIONS),
            self.form("/console/conversations/search", self.search, "search", Role.VIEWER),
            self.get("/console/conversations/{conversation}/flow.svg", self.draw_flow),
            self.get("/console/conversations/{conversation}", self.page, live=ViewName.CONVERSATION),
        ]

    async def list_page(self, request: Request) -> Response:
        """Show a page of the list, or what a search found."""
        await self._ids.load()
        query = request.query_params
        term = self._ids.decode(query.get("find", ""))
        state = _parse_state(query.get("state", ""))
        channel = query.get("channel", "") if query.get("channel", "") in self._channels else ""
        if term:
            words = await self._words.of(term) if self._words else []
            rows, older, is_cut = await self._search.search(term, self._channels, words), "", False
        else:
            after = parse_cursor(self._ids.decode(query.get("after", "")))
            rows, next_cursor, is_cut = await self._list.read(state, channel, after)
            older = self._ids.encode(next_cursor.dump()) if next_cursor else ""
        filters = {"state": state or "", "channel": channel}
        return await self.show(
            request,
            "conversations/conversations.html",
            rows=[(self._ids.encode(row.session), row) for row in rows],
            states=_STATES,
            channels=self._channels,
            filters=filters,
            term=term,
            searches_texts=self._words is not None,
            older=f"?{urlencode({**{k: v for k, v in filters.items() if v}, 'after': older})}"
            if older
            else "",
            newest=f"?{urlencode({k: v for k, v in filters.items() if v})}" if "after" in query else "",
            is_cut=is_cut,
            max_read=MAX_READ,
            done=_DONE.get(query.get("done", ""), ""),
        )

    async def search(self, request: Request) -> Response:
        """Take a search term, which is often a number, and show its results under an opaque URL."""
        form = await read_form(request)
        term = (form or {}).get("term", [""])[0].strip()[:_MAX_QUERY]
        await self._ids.load()
        if not term:
            return redirect("/console/conversations")
        return redirect(f"/console/conversations?find={self._ids.encode(term)}")

    async def page(self, request: Request) -> Response:
        """Show one conversation: its transcript, the timeline of a message, its state and actions."""
        await self._ids.load()
        opaque = request.path_params["conversation"]
        session = self._ids.decode(opaque)
        row = await self._list.read_row(session) if session else None
        if row is None:
            return await self.show(request, "conversations/conversation_gone.html", status=404)
        query = request.query_params
        before, chosen = parse_page_end(query.get("before", "")), query.get("message", "")
        entries = await read_log_before(self._redis, session, before, _LOG_ENTRIES)
        lines = build_transcript(entries, display_name(row))
        messages = [line for line in lines if line.is_message]
        chosen = _choose_message(messages, chosen)
        events = await self._describe_events(row.channel, entries, chosen)
        is_drawn, flow_changes = (
            await self._drawings.describe(row.channel, read_path(entries)) if self._drawings else (False, "")
        )
        role: Role = request.state.identity.role
        actions = _possible_actions(row, role)
        shown_events = (
            events if len(events) <= 2 * _END_EVENTS else [*events[:_END_EVENTS], *events[-_END_EVENTS:]]
        )
        return await self.show(
            request,
            "conversations/conversation.html",
            opaque=opaque,
            row=row,
            lines=lines,
            chosen=chosen,
            before=before,
            chosen_line=next((line for line in messages if line.id == chosen), None),
            events=shown_events,
            hidden_events=max(0, len(events) - 2 * _END_EVENTS),
            end_events=_END_EVENTS,
            conclusion=conclude(events),
            webhook=await self._find_webhook(session, entries, chosen),
            visited_nodes=list_visited_nodes(entries, _MAX_NODES),
            is_drawn=is_drawn,
            flow_changes=flow_changes,
            older=entries[0].id if len(entries) == _LOG_ENTRIES else "",
            is_older="before" in query,
            facts=await self._read_facts(row),
            joined=await list_joined(self._redis, self._ids, session),
            slots=await self._read_slots(session),
            actions=actions,
            ask=query.get("ask", "") if query.get("ask", "") in actions else "",
            done=_DONE.get(query.get("done", ""), ""),
        )

    async def draw_flow(self, request: Request) -> Response:
        """Draw the flow with the path of the conversation."""
        await self._ids.load()
        session = self._ids.decode(request.path_params["conversation"])
        entries = await read_log_before(self._redis, session, "", _LOG_ENTRIES) if session else []
        row = await self._list.read_row(session) if session else None
        drawn = await self._drawings.draw(row.channel, read_path(entries)) if row and self._drawings else ""
        if not drawn:
            return error_response(404, "not_found", "there is no path through the flow to draw")
        return Response(drawn, media_type="image/svg+xml", headers=_DRAWING_HEADERS)

    async def _describe_events(
        self, channel: str, entries: Sequence[LogEntry], chosen: str
    ) -> list[EventLine]:
        """Return the timeline of a message."""
        return describe_entries(
            add_derived(select_entries(entries, chosen), entries),
            describe_verification(channel),
            await self._drawings.read_conditions(channel, read_path(entries)) if self._drawings else None,
            self._describe_cost,
        )

    async def _find_webhook(
        self, session: str, entries: Sequence[LogEntry], chosen: str
    ) -> KeptWebhook | None:
        """Return the webhook that brought a message, if it is kept."""
        message = next((str(entry.data.get("turn", "")) for entry in entries if entry.id == chosen), "")
        return await self._webhooks.find(session, message) if message else None

    async def _read_facts(self, row: ConversationRow) -> dict[str, str]:
        facts = {"Contact": row.contact, "Name": row.name, "Channel": row.channel, "Account": row.account}
        if closes := await read_window(self._redis, row.session):
            facts["Free text until"] = _format_moment(closes)
        if row.opted_out not in ("", "0"):
            facts["Opted out"] = "of marketing" if row.opted_out == "marketing" else "of everything"
        if row.silenced:
            facts["Silent"] = row.silenced.replace("_", " ")
        if row.unsent:
            facts["Unsent parts"] = str(row.unsent)
        return {name: value for name, value in facts.items() if value}

    async def _read_slots(self, session: str) -> list[tuple[str, str]]:
        """Return the node and the slots of the dialog state, as text."""
        state: Any = await SessionIndex(self._redis).read_state(session)
        if not isinstance(state, dict):
            return []
        slots: Any = state.get("slots")
        slots = slots if isinstance(slots, dict) else {}
        known = [(str(name), _as_text(value)) for name, value in slots.items() if value not in (None, "")]
        return [("Node", str(state["node"])), *known] if state.get("node") else known


def _parse_state(text: str) -> ConversationState | None:
    return ConversationState(text) if text in set(ConversationState) else None


def _choose_message(messages: Sequence[TranscriptLine], asked: str) -> str:
    """Return the message whose timeline is shown: the one that is asked for, or the contact's last."""
    if any(line.id == asked for line in messages):
        return asked
    of_contact = [line for line in messages if line.author == "contact"] or messages
    return of_contact[-1].id if of_contact else ""


def _possible_actions(row: ConversationRow, role: Role) -> dict[str, str]:
    """Return the acts that are possible now and allowed to this role: their names and labels."""
    actions: dict[str, str] = {}
    if role.includes(Role.AGENT):
        if row.silenced:
            actions["resume"] = "Let the bot answer"
        if row.unsent:
            actions["retry"] = "Try to send now"
        if row.owner is not Owner.HUMAN:
            actions["take_over"] = "Take over"
        if row.owner in (Owner.HUMAN, Owner.WAITING):
            actions |= {"give_back": "Give back to the bot", "close": "Close"}
        if row.opted_out != "1":
            actions["opt_out"] = "Opt out…"
    if role.includes(Role.OPERATOR):
        actions["reset"] = "Reset…"
        actions["redact"] = "Redact…"
        actions["erase"] = "Erase…"
    return actions


def _as_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SLOT_LENGTH else f"{text[:_MAX_SLOT_LENGTH]}…"


def _format_moment(at_ms: int) -> str:
    return f"{format_day(at_ms)} {format_clock(at_ms)[:5]} UTC"
