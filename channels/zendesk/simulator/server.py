"""Simulated Zendesk Support API: tickets, agents, rate limits and signed webhooks."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import parse_qs, unquote

from channels._kit.simulator import (
    DeskStatus,
    Fault,
    FaultSettings,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
)
from channels.zendesk.simulator.admin_api import AdminApi, error_response, json_response
from channels.zendesk.simulator.agent_actions import AGENT_ACTIONS, apply_agent_action
from channels.zendesk.simulator.tickets import AGENTS, BOT_ID, FIRST_AGENT_ID, Json, Ticket, TicketStore
from channels.zendesk.simulator.webhooks import WebhookSender

_HANG_SECONDS: Final = 60.0
_MAX_TICKET_UPDATES: Final = 30
_TICKET_WINDOW_SECONDS: Final = 600.0
_MAX_ACCOUNT_UPDATES: Final = 100
_ACCOUNT_WINDOW_SECONDS: Final = 60.0
_RETRIES_BY_STATUS: Final = {409: 3, 429: 3, 503: 3}
_TIMEOUT_RETRIES: Final = 5
_RETRY_SECONDS: Final = 30.0
_WRITABLE_FIELDS: Final = ("status", "assignee_id", "group_id", "tags", "external_id")
_STATUSES: Final = ("new", "open", "pending", "hold", "solved", "closed")


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
    ) -> None:
        self.tickets = TicketStore()
        self.admin = AdminApi(secret=secret, basic=f"{email}/token:{api_token}")
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._webhooks = WebhookSender(
            self.tickets, url=webhook_url, secret=secret, by_triggers=by_triggers, random=self._random
        )
        self._sends_retry_after = sends_retry_after
        self._faults = FaultSettings()
        self._next_faults: deque[Fault] = deque()
        self._updates: deque[tuple[float, int]] = deque()
        self._created_by_key: dict[str, tuple[bytes, SimulatorResponse]] = {}
        self._uploads: dict[str, str] = {}

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

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
        requester, ticket = (
            self.tickets.get_customer_id(user_message.person),
            self.tickets.find_open_ticket(user_message.person),
        )
        files = [
            {"id": self.tickets.next_id(), "content_url": url, "content_type": user_message.media_type}
            for url in user_message.media
        ]
        comment = {"body": user_message.text, "public": True, "attachments": files}
        if ticket is None:
            subject, closed = (
                user_message.name or user_message.text[:40],
                self.tickets.find_closed_ticket(user_message.person),
            )
            ticket = self.tickets.create_ticket(requester, subject, now, follows=closed)
            audit = self.tickets.update_ticket(ticket, requester, now, comment)
        else:
            changes = {"status": "open"} if ticket.status in ("pending", "hold", "solved") else {}
            audit = self.tickets.update_ticket(ticket, requester, now, comment, changes)
        return str(ticket.comments[-1]["id"]), self._build_webhooks(ticket, audit, now)

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
        follows = self._build_webhooks(
            ticket, apply_agent_action(self.tickets, ticket, action_name, text, now), now
        )
        if action_name in ("merge", "delete"):
            kind = "merged" if action_name == "merge" else "soft_deleted"
            follows += self._webhooks.build_end_deliveries(ticket, kind, FIRST_AGENT_ID, now)
        if action_name == "delete":
            del self.tickets.tickets[ticket.id]
        return follows

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Handle an API request."""
        path, _, query = request.url.partition("?")
        if path == "/oauth/tokens":
            return self.admin.refresh_tokens(request.body, now), []
        if not self.admin.is_authorized(request.headers.get("authorization", ""), now):
            return error_response(401, "Couldn't authenticate you"), []
        query_values = {name: values[0] for name, values in parse_qs(query).items()}
        resource = path.removeprefix("/api/v2/").removesuffix(".json").split("/")
        match request.method, resource:
            case "POST", ["tickets"]:
                return self._handle_create(request, now)
            case "GET", ["tickets"]:
                external_id = query_values.get("external_id")
                tickets = [
                    each.to_json()
                    for each in self.tickets.tickets.values()
                    if each.external_id == external_id
                ]
                return json_response(200, {"tickets": tickets}), []
            case "POST", ["uploads"]:
                token = f"tok{self._random.getrandbits(64):016x}"
                self._uploads[token] = unquote(query_values.get("filename", "file"))
                return json_response(201, {"upload": {"token": token}}), []
            case "GET" | "PUT", ["tickets", number, *rest] if number.isdigit():
                ticket = self.tickets.tickets.get(int(number))
                if ticket is None:
                    return error_response(404, "RecordNotFound", "Not found"), []
                if request.method == "GET":
                    return self._handle_ticket_read(ticket, rest), []
                return (
                    self._handle_update(ticket, request.body, now)
                    if not rest
                    else (error_response(404, "InvalidEndpoint"), [])
                )
        return self.admin.handle(request.method, resource, request.body), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Retry a few times, for few reasons (Zendesk, "Webhooks": retries). The signature stays the same."""
        max_retries = _TIMEOUT_RETRIES if timed_out else _RETRIES_BY_STATUS.get(status or 0, 0)
        if delivery.attempt > max_retries:
            return []
        return [replace(delivery, at=now + _RETRY_SECONDS, attempt=delivery.attempt + 1)]

    def _handle_ticket_read(self, ticket: Ticket, rest: Sequence[str]) -> SimulatorResponse:
        match rest:
            case []:
                return json_response(200, {"ticket": ticket.to_json()})
            case ["comments"]:
                page = {"comments": ticket.comments[::-1][:100], "users": self._list_users(ticket)}
                return json_response(200, {**page, "meta": {"has_more": len(ticket.comments) > 100}})
            case ["audits"]:
                return json_response(200, {"audits": ticket.audits[:1000], "meta": {"has_more": False}})
        return error_response(404, "InvalidEndpoint", "Not found")

    def _list_users(self, ticket: Ticket) -> list[Json]:
        users = {comment["author_id"] for comment in ticket.comments}
        return [{"id": user, "role": "agent" if user in AGENTS else "end-user"} for user in sorted(users)]

    def _handle_update(
        self, ticket: Ticket, raw: bytes, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Update a ticket, refuse it as documented, or inject a fault; read-only fields are ignored."""
        sent: Json = json.loads(raw).get("ticket", {})
        fault = self._next_fault()
        if fault in _FAULT_RESPONSES:
            return _FAULT_RESPONSES[fault], []
        error = self._check_rate_limits(ticket, now) or self._validate_update(ticket, sent)
        if error:
            return error, []
        changes, comment = _build_changes(sent), sent.get("comment")
        if comment is not None:
            names = [self._uploads.pop(token) for token in comment.get("uploads", ())]
            files = [{"content_url": f"https://files.example.com/{name}"} for name in names]
            comment = {**comment, "attachments": files}
        audit = self.tickets.update_ticket(ticket, BOT_ID, now, comment, changes, sent.get("metadata"))
        response = json_response(200, {"ticket": ticket.to_json(), "audit": audit})
        return self._apply_fault(fault, response), self._build_webhooks(ticket, audit, now)

    def _handle_create(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        key = request.headers.get("idempotency-key", "")
        if key in self._created_by_key:
            before, response = self._created_by_key[key]
            if before != request.body:
                return error_response(
                    400, "IdempotentRequestError", "the idempotency key was used with a different body"
                ), []
            return replace(response, headers={**response.headers, "x-idempotency-lookup": "hit"}), []
        fault = self._next_fault()
        if fault in _FAULT_RESPONSES:
            return _FAULT_RESPONSES[fault], []
        sent: Json = json.loads(request.body)["ticket"]
        requester = self.tickets.get_customer_id(sent["requester"]["email"])
        body = sent["comment"]["body"]
        ticket = self.tickets.create_ticket(requester, sent.get("subject") or body[:40], now, via="api")
        comment = {**sent["comment"], "attachments": []}
        audit = self.tickets.update_ticket(
            ticket, BOT_ID, now, comment, _build_changes(sent), sent.get("metadata")
        )
        response = json_response(201, {"ticket": ticket.to_json(), "audit": audit})
        if key:
            self._created_by_key[key] = request.body, response
        return self._apply_fault(fault, response), self._build_webhooks(ticket, audit, now)

    def _validate_update(self, ticket: Ticket, sent: Json) -> SimulatorResponse | None:
        """Return the error response of an invalid update, `None` if it is valid."""
        if ticket.status == "closed":
            details = {"status": [{"description": "Status: closed prevents ticket update"}]}
            return json_response(422, {"error": "RecordInvalid", "details": details})
        if sent.get("safe_update") and sent.get("updated_stamp") != ticket.to_json()["updated_at"]:
            return error_response(409, "UpdateConflict", "Safe Update prevented the update")
        comment = sent.get("comment", {"body": "x"})
        if not (comment.get("body") or comment.get("html_body")) or len(str(comment).encode()) > 65_536 * 2:
            return error_response(422, "RecordInvalid", "comment body cannot be blank, or is too long")
        if any(token not in self._uploads for token in comment.get("uploads", ())):
            return error_response(422, "RecordInvalid", "unknown upload token")
        if sent.get("status", "open") not in _STATUSES:
            return error_response(422, "RecordInvalid", "unknown status")
        return None

    def _check_rate_limits(self, ticket: Ticket, now: float) -> SimulatorResponse | None:
        """Return a 429 response beyond 30 updates of a ticket in ten minutes or 100 per minute in total.

        Source: Zendesk, "Rate limits".
        """
        while self._updates and self._updates[0][0] <= now - _TICKET_WINDOW_SECONDS:
            self._updates.popleft()
        ticket_updates = [at for at, number in self._updates if number == ticket.id]
        recent = [at for at, _ in self._updates if at > now - _ACCOUNT_WINDOW_SECONDS]
        waits = (
            [ticket_updates[0] + _TICKET_WINDOW_SECONDS - now]
            if len(ticket_updates) >= _MAX_TICKET_UPDATES
            else []
        )
        waits += [recent[0] + _ACCOUNT_WINDOW_SECONDS - now] if len(recent) >= _MAX_ACCOUNT_UPDATES else []
        if waits:
            headers = {"retry-after": str(int(max(waits)) + 1)} if self._sends_retry_after else {}
            return error_response(429, "APIRateLimitExceeded", "Number of allowed updates exceeded", headers)
        self._updates.append((now, ticket.id))
        return None

    def _next_fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._random.random() < self._faults.chance:
            return self._random.choice(self._faults.kinds)
        return Fault.NONE

    def _apply_fault(self, fault: Fault, response: SimulatorResponse) -> SimulatorResponse:
        """Return the response to an accepted update, changed by the fault."""
        match fault:
            case Fault.ERROR_AFTER:
                return error_response(500, "InternalError")
            case Fault.TIMEOUT_AFTER:
                return replace(response, delay=_HANG_SECONDS)
            case Fault.DROP_AFTER:
                return replace(response, drop=True)
        return replace(response, delay=self._faults.answer_delay)

    def _build_webhooks(self, ticket: Ticket, audit: Json, now: float) -> list[WebhookDelivery]:
        """Build the webhooks of an update, repeated and shuffled by the fault settings."""
        deliveries = []
        for delivery in self._webhooks.build_deliveries(ticket, audit, now):
            at = now + self._random_delay(self._faults.webhooks_shuffled)
            deliveries.append(replace(delivery, at=at))
            if self._random.random() < self._faults.webhooks_twice:
                deliveries.append(replace(delivery, at=at + self._random_delay(1.0)))
        return deliveries

    def _random_delay(self, maximum: float) -> float:
        return self._random.random() * maximum if maximum > 0 else 0.0


def _build_changes(sent: Json) -> Json:
    return {name: sent[name] for name in _WRITABLE_FIELDS if name in sent}


def _get_direction(comment: Json) -> str:
    if not comment["public"]:
        return "note"
    author = comment["author_id"]
    return "out" if author == BOT_ID else "agent" if author in AGENTS else "in"


_FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: error_response(429, "APIRateLimitExceeded", "", {"retry-after": "1"}),
    Fault.SERVER_ERROR: SimulatorResponse(status=500, body=b"<html>Internal error</html>"),
    Fault.UNAVAILABLE: SimulatorResponse(status=503, headers={"retry-after": "1"}, body=b"<html>Busy</html>"),
    Fault.DROP_BEFORE: SimulatorResponse(status=0, drop=True),
}
"""Faults that occur before an update is accepted."""
