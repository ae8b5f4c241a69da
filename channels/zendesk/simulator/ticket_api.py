"""Tickets API: creates, lists, reads and updates tickets (Zendesk, "Tickets" and "Ticket comments")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from channels._kit.simulator import Exchange, SimulatorRequest, SimulatorResponse, parse_json_object
from channels.zendesk.simulator.admin_api import error_response, json_response
from channels.zendesk.simulator.files import FileStore
from channels.zendesk.simulator.paging import build_page
from channels.zendesk.simulator.ticket_validation import (
    UpdateLimiter,
    build_changes,
    read_ticket_fields,
    validate_update,
)
from channels.zendesk.simulator.tickets import AGENTS, BOT_ID, Json, Ticket, TicketStore
from channels.zendesk.simulator.webhooks import WebhookSender


class TicketApi:
    """The tickets of one account.

    `required_to_solve` is the title of a ticket field that the account requires of a solved ticket.
    """

    def __init__(
        self, tickets: TicketStore, files: FileStore, webhooks: WebhookSender, limiter: UpdateLimiter
    ) -> None:
        self.required_to_solve = ""
        self._tickets = tickets
        self._files = files
        self._webhooks = webhooks
        self._limiter = limiter
        self._created_by_key: dict[str, tuple[bytes, SimulatorResponse]] = {}

    def handle(
        self, request: SimulatorRequest, path: Sequence[str], query: Mapping[str, str], now: float
    ) -> Exchange | None:
        """Handle a request below `/tickets`; `None` for one that this resource does not have."""
        match request.method, path:
            case "POST", []:
                return self._handle_create(request, now)
            case "GET", []:
                external_id = query.get("external_id")
                tickets = [
                    each.to_json()
                    for each in self._tickets.tickets.values()
                    if external_id is None or each.external_id == external_id
                ]
                return json_response(200, build_page("tickets", tickets, query)), []
            case "GET" | "PUT", [number, *rest] if number.isdigit():
                ticket = self._tickets.tickets.get(int(number))
                if ticket is None:
                    return error_response(404, "RecordNotFound", "Not found"), []
                if request.method == "GET":
                    return self._handle_read(ticket, rest, query), []
                if not rest:
                    return self._handle_update(ticket, request, now)
                return error_response(404, "InvalidEndpoint"), []
        return None

    def _handle_read(
        self, ticket: Ticket, rest: Sequence[str], query: Mapping[str, str]
    ) -> SimulatorResponse:
        """Return a ticket, its comments or its audits; users are only added if they are included."""
        match rest:
            case []:
                return json_response(200, {"ticket": ticket.to_json()})
            case ["comments"]:
                page = build_page("comments", ticket.comments, query)
                users = {"users": self._list_users(ticket)} if query.get("include") == "users" else {}
                return json_response(200, {**page, **users})
            case ["audits"]:
                by_cursor = {name: value for name, value in query.items() if name != "sort"}
                return json_response(200, build_page("audits", ticket.audits, by_cursor))
        return error_response(404, "InvalidEndpoint", "Not found")

    def _list_users(self, ticket: Ticket) -> list[Json]:
        users = {comment["author_id"] for comment in ticket.comments}
        return [{"id": user, "role": "agent" if user in AGENTS else "end-user"} for user in sorted(users)]

    def _handle_update(self, ticket: Ticket, request: SimulatorRequest, now: float) -> Exchange:
        """Update a ticket, or refuse it as documented; read-only fields are ignored."""
        sent = read_ticket_fields(parse_json_object(request))
        error = self._limiter.check(ticket, now) or validate_update(
            ticket, sent, self._files.tokens, required_to_solve=self.required_to_solve
        )
        if error:
            return error, []
        comment = sent.get("comment")
        if comment is not None:
            comment = {**comment, "attachments": self._files.take(comment.get("uploads", []))}
        audit = self._tickets.update_ticket(
            ticket, BOT_ID, now, comment, build_changes(sent), sent.get("metadata")
        )
        response = json_response(200, {"ticket": ticket.to_json(), "audit": audit})
        return response, self._webhooks.send(ticket, audit, now)

    def _handle_create(self, request: SimulatorRequest, now: float) -> Exchange:
        """Create a ticket for a requester by e-mail or ID (Zendesk, "Create ticket")."""
        key = request.headers.get("idempotency-key", "")
        if key in self._created_by_key:
            before, response = self._created_by_key[key]
            if before != request.body:
                return error_response(
                    400, "IdempotentRequestError", "the idempotency key was used with a different body"
                ), []
            return replace(response, headers={**response.headers, "x-idempotency-lookup": "hit"}), []
        sent = read_ticket_fields(parse_json_object(request))
        comment = sent.get("comment") or {"body": sent.get("description") or ""}
        requester = self._read_requester(sent)
        ticket = Ticket(0, requester, sent.get("subject") or "", now)
        if error := validate_update(ticket, {**sent, "comment": comment}, self._files.tokens):
            return error, []
        comment = {**comment, "attachments": self._files.take(comment.get("uploads", []))}
        ticket = self._tickets.create_ticket(requester, sent.get("subject") or "", now, via="api")
        audit = self._tickets.update_ticket(
            ticket, BOT_ID, now, comment, build_changes(sent), sent.get("metadata")
        )
        ticket.subject = ticket.subject or ticket.comments[0]["plain_body"][:40]
        response = json_response(201, {"ticket": ticket.to_json(), "audit": audit})
        if key:
            self._created_by_key[key] = request.body, response
        return response, self._webhooks.send(ticket, audit, now)

    def _read_requester(self, sent: Json) -> int:
        """Return the requester's ID; without one the ticket is the bot's own."""
        if isinstance(sent.get("requester_id"), int):
            return int(sent["requester_id"])
        email = sent.get("requester", {}).get("email")
        return self._tickets.get_customer_id(email) if isinstance(email, str) and email else BOT_ID
