"""Simulated Zendesk Support API: tickets, agents, rate limits and signed webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import parse_qs

from channels._kit.simulator import (
    DeskStatus,
    Exchange,
    Fault,
    FaultInjector,
    FaultSettings,
    MalformedRequest,
    Operation,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.zendesk.simulator.admin_api import AdminApi, error_response, json_response
from channels.zendesk.simulator.agent_actions import AGENT_ACTIONS, apply_agent_action
from channels.zendesk.simulator.files import FILES_PATH, FileStore
from channels.zendesk.simulator.ticket_api import TicketApi
from channels.zendesk.simulator.ticket_validation import CallLimiter, UpdateLimiter
from channels.zendesk.simulator.tickets import AGENTS, BOT_ID, FIRST_AGENT_ID, Json, TicketStore
from channels.zendesk.simulator.webhooks import WebhookSender


class ZendeskSimulator:
    """One account.

    `by_triggers` selects the kind of webhook; with `sends_retry_after` a 429 has a Retry-After header.
    """

    name = "zendesk"
    agent_actions = AGENT_ACTIONS

    def __init__(
        self,
        *,
        secret: str,
        api_token: str,
        webhook_url: str,
        seed: int,
        email: str = "bot@example.com",
        by_triggers: bool = False,
        sends_retry_after: bool = True,
        calls_per_minute: int = 700,
    ) -> None:
        self.tickets = TicketStore()
        self.admin = AdminApi(secret=secret, basic=f"{email}/token:{api_token}")
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = FaultInjector(self._random, _FAULT_RESPONSES)
        self._webhooks = WebhookSender(
            self.tickets,
            url=webhook_url,
            secret=secret,
            by_triggers=by_triggers,
            random=self._random,
            faults=self._faults,
        )
        self._calls = CallLimiter(calls_per_minute, sends_retry_after=sends_retry_after)
        self._files = FileStore(self._random)
        limiter = UpdateLimiter(sends_retry_after=sends_retry_after)
        self.ticket_api = TicketApi(self.tickets, self._files, self._webhooks, limiter)

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults.configure(faults)

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """Return the comments: `in` by the customer, `out` by the bot, `agent` or `note` by agents."""
        entries = []
        for number, ticket, comment, at in self.tickets.list_comments():
            contact = self.tickets.get_person(ticket.requester)
            if number <= after or (person and contact != person):
                continue
            entries.append(
                TranscriptEntry(
                    number=number,
                    at=at,
                    direction=_get_direction(comment),
                    id=str(comment["id"]),
                    ours=str(ticket.id),
                    person=contact,
                    text=comment["plain_body"],
                    media=tuple(each["content_url"] for each in comment["attachments"]),
                    status=ticket.status,
                )
            )
        return entries

    def send_user_message(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a customer's message to their newest ticket, or a new one, which follows up a closed one.

        Raises `KeyError` for another surface.
        """
        if user_message.surface != self.name:
            raise KeyError(user_message.surface)
        requester = self.tickets.get_customer_id(user_message.person)
        ticket = self.tickets.find_open_ticket(user_message.person)
        files = [
            {"id": self.tickets.next_id(), "content_url": url, "content_type": user_message.media_type}
            for url in user_message.media
        ]
        comment = {"body": user_message.text, "public": True, "attachments": files}
        author = self.tickets.get_customer_id(user_message.participant or user_message.person)
        if ticket is None:
            subject = user_message.name or user_message.text[:40]
            closed = self.tickets.find_closed_ticket(user_message.person)
            ticket = self.tickets.create_ticket(requester, subject, now, follows=closed)
            audit = self.tickets.update_ticket(ticket, requester, now, comment)
        else:
            changes = {"status": "open"} if ticket.status in ("pending", "hold", "solved") else {}
            audit = self.tickets.update_ticket(ticket, author, now, comment, changes)
        return str(ticket.comments[-1]["id"]), self._webhooks.send(ticket, audit, now)

    def get_desk_status(self, person: str) -> DeskStatus:
        """Return status and assignee of the contact's newest ticket."""
        ticket = self.tickets.find_open_ticket(person)
        if ticket is None:
            return DeskStatus()
        assigned = self.tickets.get_user_name(ticket.assignee_id) if ticket.assignee_id else "nobody"
        return DeskStatus(str(ticket.id), f"{ticket.status}, assigned to {assigned}")

    def run_agent_action(self, person: str, action_name: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run one of Grace's actions. Raises `KeyError` for an unknown one, or without a ticket."""
        ticket = self.tickets.find_open_ticket(person)
        if ticket is None:
            raise KeyError(person)
        audit = apply_agent_action(self.tickets, ticket, action_name, text, now)
        follows = self._webhooks.send(ticket, audit, now)
        if action_name in ("merge", "delete"):
            kind = "merged" if action_name == "merge" else "soft_deleted"
            follows += self._webhooks.build_end_deliveries(ticket, kind, FIRST_AGENT_ID, now)
        if action_name == "delete":
            del self.tickets.tickets[ticket.id]
        return follows

    def handle(self, request: SimulatorRequest, now: float) -> Exchange:
        """Handle an API request."""
        path, _, query = request.url.partition("?")
        try:
            if path == "/oauth/tokens":
                return self.admin.refresh_tokens(request, now), []
            if path.startswith(FILES_PATH):
                return self._files.serve(path), []
            if not self.admin.is_authorized(request.headers.get("authorization", ""), now):
                return error_response(401, "Couldn't authenticate you"), []
            if refused := self._calls.check(now):
                return replace(refused, headers={**self._calls.headers, **refused.headers}), []
            values = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
            resource = path.removeprefix("/api/v2/").removesuffix(".json").split("/")
            response, deliveries = self._faults.apply(
                _get_operation(request, resource), lambda: self._route(request, resource, values, now)
            )
            return replace(response, headers={**self._calls.headers, **response.headers}), deliveries
        except MalformedRequest as error:
            return error_response(400, "BadRequest", str(error)), []

    def _route(
        self, request: SimulatorRequest, resource: Sequence[str], query: Mapping[str, str], now: float
    ) -> Exchange:
        match request.method, resource:
            case _, ["tickets", *rest]:
                if answer := self.ticket_api.handle(request, rest, query, now):
                    return answer
            case "GET", ["users", number] if number.isdigit() and self.tickets.is_customer(int(number)):
                return json_response(200, {"user": self.tickets.build_customer(int(number))}), []
            case "POST", ["uploads"]:
                return self._files.handle_upload(request, query.get("filename", "")), []
        return self.admin.handle(request, resource, query), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry a few times, for few reasons; the signature stays the same."""
        return self._webhooks.handle_delivery_result(delivery, result, now)


def _get_operation(request: SimulatorRequest, resource: Sequence[str]) -> Operation | None:
    """Return what a call does, for the faults; calls of the administrator are never struck."""
    if resource[0] == "uploads":
        return Operation.UPLOAD
    if resource[0] != "tickets":
        return None
    return Operation.LOOK_UP if request.method == "GET" else Operation.SEND


def _get_direction(comment: Json) -> str:
    if not comment["public"]:
        return "note"
    author = comment["author_id"]
    return "out" if author == BOT_ID else "agent" if author in AGENTS else "in"


_FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: error_response(429, "APIRateLimitExceeded", "", {"retry-after": "1"}),
    Fault.SERVER_ERROR: SimulatorResponse(status=500, body=b"<html>Internal error</html>"),
    Fault.UNAVAILABLE: SimulatorResponse(status=503, headers={"retry-after": "1"}, body=b"<html>Busy</html>"),
}
"""Responses of failing calls."""
