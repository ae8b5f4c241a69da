"""Simulated Intercom API: comments, webhooks and agents at the desk."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from random import Random
from typing import Final

from channels._kit.simulator import (
    DeskStatus,
    Exchange,
    FaultInjector,
    FaultSettings,
    MalformedRequest,
    Operation,
    PublicUrls,
    SimulatorRequest,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
    parse_json_object,
)
from channels.intercom.simulator.desk import AGENT_ACTIONS, PRIMARY_AGENT, SECOND_AGENT, DeskAgents
from channels.intercom.simulator.rate_limit import MAX_CALLS_PER_WINDOW, RateLimit
from channels.intercom.simulator.records import (
    Conversation,
    ConversationStore,
    contact_id,
)
from channels.intercom.simulator.resources.admin_parts import AdminParts
from channels.intercom.simulator.resources.contact_messages import ContactMessages
from channels.intercom.simulator.resources.conversation_edits import ConversationEdits
from channels.intercom.simulator.resources.lists import list_conversations
from channels.intercom.simulator.resources.messages import FirstMessages
from channels.intercom.simulator.resources.notes import ContactNotes
from channels.intercom.simulator.resources.tags import TagStore
from channels.intercom.simulator.resources.workspace import Workspace
from channels.intercom.simulator.validation import (
    FAULT_RESPONSES,
    error_response,
    ok_response,
    validate_request,
)
from channels.intercom.simulator.webhooks import WebhookSender

_MAX_BODY_BYTES: Final = 64 * 1024
_VERSIONS: Final = frozenset({f"2.{minor}" for minor in range(17)} | {f"1.{minor}" for minor in range(5)})
_BOT_NAME: Final = "Bot"
_TAG_ID: Final = "86"
"""The workspace's only tag."""


class IntercomSimulator:
    """One workspace with one app, the bot's teammate `admin`, Grace and Lin.

    The same `seed` gives the same ids. With `plain` the webhooks have the bodies of API version 2.15.
    """

    name = "intercom"
    agent_actions = AGENT_ACTIONS

    def __init__(
        self,
        *,
        client_secret: str,
        access_token: str,
        webhook_url: str,
        seed: int,
        app_id: str = "wk7h2xqz",
        admin: str = "9608555",
        team: str = "5017001",
        plain: bool = False,
        calls_per_window: int = MAX_CALLS_PER_WINDOW,
        max_messages: int = 100_000,
    ) -> None:
        self._token = access_token
        self._app = app_id
        self._teams = {team}
        self._tags = TagStore({_TAG_ID: "bot-handoff"})
        self._notes = ContactNotes()
        self._admins = {admin: _BOT_NAME, **dict((PRIMARY_AGENT, SECOND_AGENT))}
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = FaultInjector(self._random, FAULT_RESPONSES)
        self._webhooks = WebhookSender(
            url=webhook_url, secret=client_secret, app=app_id, random=self._random, faults=self._faults
        )
        self._urls = PublicUrls([webhook_url])
        self._conversations = ConversationStore(max_messages)
        self._agents = DeskAgents(self._conversations, admin, plain)
        self._edits = ConversationEdits(self._conversations, self._agents, self._webhooks)
        self._contacts: dict[str, str] = {}
        self._workspace = Workspace(
            app_id, bot=admin, admins=self._admins, teams=self._teams, contacts=self._contacts
        )
        self._parts = AdminParts(self._conversations, self._admins, admin)
        self._first_messages = FirstMessages(self._contacts, self._conversations)
        self._contact_messages = ContactMessages(
            self._contacts, self._conversations, self._first_messages, self._webhooks, plain=plain
        )
        self._rate_limit = RateLimit(calls_per_window)

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults.configure(faults)

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """Return the transcript of one contact or of all: `in`, `out`, `agent` or `note`."""
        return self._conversations.list_messages(person, after)

    def get_desk_status(self, person: str) -> DeskStatus:
        """Return state and assignee of the contact's newest conversation."""
        conversation = self._conversations.find_newest(person)
        if conversation is None:
            return DeskStatus()
        return DeskStatus(conversation.id, self._agents.describe(conversation))

    def run_agent_action(self, person: str, action_name: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run one of Grace's actions. Raises `KeyError` for an unknown one, or without a conversation."""
        conversation = self._conversations.find_newest(person)
        if conversation is None:
            raise KeyError(person)
        return self._webhooks.notify(*self._agents.run_action(conversation, action_name, text, now), now)

    def send_user_message(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a contact's message: its part id and the webhook. Raises `KeyError` for another surface."""
        if user_message.surface != self.name:
            raise KeyError(user_message.surface)
        return self._contact_messages.send(user_message, now)

    def press_card_button(self, person: str, component: str, now: float, **values: str) -> WebhookDelivery:
        """Press a button of the card and return the request for the next canvas.

        The response is a canvas, which the simulator does not draw.
        """
        self._contacts[contact_id(person)] = person
        return self._webhooks.build_card_request(
            {
                "workspace_id": self._app,
                "context": {"location": "home", "locale": "en"},
                "contact": {"type": "contact", "role": "user", "id": contact_id(person)},
                "component_id": component,
                "input_values": values,
                "current_canvas": {},
            },
            now,
        )

    def handle(self, request: SimulatorRequest, now: float) -> Exchange:
        """Handle an API request."""
        expected = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(expected, request.headers.get("authorization", "").encode()):
            return error_response(401, "unauthorized", "Access Token Invalid"), []
        if request.headers.get("intercom-version", "2.14") not in _VERSIONS:
            return error_response(
                400, "intercom_version_invalid", "The requested version could not be found"
            ), []
        if not self._rate_limit.count_call(now):
            refused = error_response(429, "rate_limit_exceeded", "Exceeded rate limit")
            return self._rate_limit.add_headers(refused), []
        path = request.url.partition("?")[0].strip("/").split("/")
        try:
            response, deliveries = self._faults.apply(
                _get_operation(request, path), lambda: self._route(request, path, now)
            )
        except MalformedRequest as error:
            response, deliveries = error_response(400, "parameter_invalid", str(error)), []
        return self._rate_limit.add_headers(response), deliveries

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry a failed webhook once, a minute later; 410 ends the subscription."""
        return self._webhooks.handle_delivery_result(delivery, result, now)

    def _route(self, request: SimulatorRequest, path: Sequence[str], now: float) -> Exchange:
        if path[0] == "conversations" and len(path) > 1 and path[1] not in ("search", "redact"):
            conversation = self._conversations.find(path[1])
            if conversation is None:
                return error_response(404, "not_found", "Resource Not Found"), []
            return self._route_conversation(request, conversation, path[2:], now)
        if request.method == "GET" and (found := self._workspace.read(path, request.url.partition("?")[2])):
            return found, []
        match request.method, path:
            case _, ["tags", *rest]:
                sent = parse_json_object(request) if request.method == "POST" else {}
                return self._tags.handle(request.method, rest, sent), []
            case "POST", ["contacts", number, "notes"] if number in self._contacts:
                return self._notes.create(number, parse_json_object(request), self._admins, now), []
            case "GET", ["contacts", number, "notes"] if number in self._contacts:
                return self._notes.list_for(number, request.url.partition("?")[2]), []
            case "GET", ["notes", number]:
                return self._notes.find(number), []
            case "POST", ["conversations", "search"]:
                return self._edits.search(request), []
            case "POST", ["conversations", "redact"]:
                return self._edits.redact(parse_json_object(request), now)
            case "GET", ["conversations"]:
                version = request.headers.get("intercom-version", "2.14")
                items = [each.to_list_item(version) for each in self._conversations.list_newest_first()]
                return ok_response(list_conversations(items, request.url.partition("?")[2])), []
            case "POST", ["messages"] | ["contacts"] | ["contacts", "search"]:
                sent = parse_json_object(request)
                return self._first_messages.handle(path, sent, self._admins, now), []
            case "POST", ["conversations"]:
                return self._contact_messages.create(parse_json_object(request), now)
        return error_response(404, "not_found", "Resource Not Found"), []

    def _route_conversation(
        self, request: SimulatorRequest, conversation: Conversation, rest: Sequence[str], now: float
    ) -> Exchange:
        version = request.headers.get("intercom-version", "2.14")
        match request.method, rest:
            case "GET", []:
                return ok_response(conversation.to_json(conversation.parts, version)), []
            case "POST", ["tags"]:
                return self._tags.attach(conversation, parse_json_object(request), self._admins, now), []
            case "DELETE", ["tags", tag]:
                return self._tags.detach(conversation, tag, parse_json_object(request), self._admins), []
            case "PUT", []:
                return self._edits.set_attributes(conversation, parse_json_object(request), version), []
            case "DELETE", []:
                return self._edits.delete(conversation, now)
            case "POST", ["reply" | "parts" as what]:
                return self._handle_update(conversation, what, request, version, now)
        return error_response(404, "not_found", "Resource Not Found"), []

    def _handle_update(
        self, conversation: Conversation, what: str, request: SimulatorRequest, version: str, now: float
    ) -> Exchange:
        """Accept a comment, a note or an assignment, or refuse it as documented."""
        if len(request.body) > _MAX_BODY_BYTES:
            return error_response(413, "payload_too_large", "Payload too large"), []
        sent = parse_json_object(request)
        if what == "reply" and sent.get("type") == "user":
            _, deliveries = response = self._contact_messages.add(sent.get("intercom_user_id"), sent, now)
            if response[0].status != 200:
                return response
            return ok_response(conversation.to_json(list(conversation.parts)[-1:], version)), deliveries
        if refused := validate_request(what, sent, admins=self._admins, teams=self._teams, urls=self._urls):
            return refused, []
        part, topic = (
            self._parts.add_reply(conversation, sent, now)
            if what == "reply"
            else self._parts.update_assignment(conversation, sent, now)
        )
        return ok_response(conversation.to_json([part], version)), self._webhooks.notify(
            topic, conversation.to_json([part]), now
        )


def _get_operation(request: SimulatorRequest, path: Sequence[str]) -> Operation | None:
    """Return what a call does, for the faults; calls of the set-up are never struck."""
    if path[0] in ("contacts", "messages"):
        return Operation.SEND if path[0] == "messages" else Operation.LOOK_UP
    if path[0] != "conversations":
        return None
    if request.method == "GET":
        return Operation.LOOK_UP
    return Operation.CONTROL if path[-1] == "tags" else Operation.SEND
