"""Simulated Sunshine Conversations API: messages, a switchboard, agents, webhooks."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
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
    PublicUrls,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
    parse_json_object,
)
from channels.sunshine.simulator.agents import AgentWorkspace
from channels.sunshine.simulator.app_resource import AppResource
from channels.sunshine.simulator.conversations import (
    AGENT_ACTIONS,
    BOT_INTEGRATION,
    Conversation,
    ConversationStore,
    Json,
    build_content,
    build_message,
    draw_id,
    format_time,
)
from channels.sunshine.simulator.files import FILES_PATH, FileStore
from channels.sunshine.simulator.message_validation import (
    validate_activity,
    validate_message,
)
from channels.sunshine.simulator.notifications import NotificationApi, build_source
from channels.sunshine.simulator.paging import build_page
from channels.sunshine.simulator.rate_limit import MAX_REQUESTS_PER_SECOND, RateLimit
from channels.sunshine.simulator.responses import FAULT_RESPONSES, error_response, json_response
from channels.sunshine.simulator.switchboard import Switchboard
from channels.sunshine.simulator.webhooks import WebhookSender

_MAX_BODY_BYTES: Final = 100 * 1024


class SunshineSimulator:
    """One app with one web channel, the bot's integration as first responder, and the agent workspace.

    More requests in a second than `max_requests_per_second` are refused with 429 and not processed; whether
    the response has a `Retry-After` is not documented, so both are possible (`sends_retry_after`).
    """

    name = "sunshine"
    agent_actions = AGENT_ACTIONS

    def __init__(
        self,
        *,
        app: str,
        key: tuple[str, str],
        secret: str,
        webhook_url: str,
        seed: int,
        max_messages: int = 30_000,
        sends_retry_after: bool = True,
        max_requests_per_second: int = MAX_REQUESTS_PER_SECOND,
    ) -> None:
        self.conversations = ConversationStore()
        self._app = app
        self._expected_authorization = f"Basic {base64.b64encode(':'.join(key).encode()).decode()}"
        self.app_resource = AppResource(app, webhook_url)
        self._urls = PublicUrls([webhook_url])
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._files = FileStore(self._random)
        self._max_messages = max_messages
        headers = {"retry-after": "1"} if sends_retry_after else {}
        self._limited = error_response(429, "too_many_requests", headers=headers)
        self._rate_limit = RateLimit(max_requests_per_second)
        self._faults = FaultInjector(self._random, {**FAULT_RESPONSES, Fault.TOO_MANY: self._limited})
        self._webhooks = WebhookSender(
            url=webhook_url, secret=secret, app=app, random=self._random, faults=self._faults
        )
        self._notifications = NotificationApi(self.conversations, self._webhooks, self._urls, self._random)
        self._switchboard = Switchboard(self._webhooks)
        self._agents = AgentWorkspace(self.conversations, self._switchboard, self._webhooks, self._random)

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults.configure(faults)

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """Return the transcript of one contact or of all: `in`, `out` or `agent`."""
        return list(self.conversations.list_messages(person, after))

    def get_desk_status(self, person: str) -> DeskStatus:
        """Return who has control of a contact's conversation."""
        conversation = self.conversations.find(person)
        if conversation is None:
            return DeskStatus()
        return DeskStatus(
            conversation.id, f"control: {conversation.active['name'] if conversation.active else 'nobody'}"
        )

    def send_user_message(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a contact's message; control that nobody holds goes to the first responder, the bot.

        Raises `KeyError` for another surface.
        """
        if user_message.surface != self.name:
            raise KeyError(user_message.surface)
        conversation = self.conversations.find(user_message.person)
        if conversation is None:
            conversation = Conversation(draw_id(self._random), user_message.person)
            self.conversations.by_id[conversation.id] = conversation
        if conversation.active is None and conversation.pending is None:
            conversation.active = BOT_INTEGRATION
        name = user_message.participant or user_message.name or "Ada"
        user_id = f"u-{user_message.participant}" if user_message.participant else conversation.user_id
        author = {"type": "user", "userId": user_id, "displayName": name}
        integration = self._notifications.integration_of.get(user_message.person, "")
        source = build_source(user_message.person, integration)
        message = build_message(draw_id(self._random), author, build_content(user_message), source, now)
        self.conversations.record_message(conversation, message, "in", now)
        return message["id"], self._report_message(conversation, message, now)

    def run_agent_action(self, person: str, action_name: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run an agent's action. Raises `KeyError` for an unknown one, or without a conversation.

        An agent who replies in the workspace thereby takes control. `text` names the contact to merge with.
        """
        conversation = self.conversations.find(person)
        action = {each.name: each for each in AGENT_ACTIONS}[action_name]
        if conversation is None or (action.speaks and not text):
            raise KeyError(person)
        return self._agents.run(conversation, action_name, text, now)

    def handle(self, request: SimulatorRequest, now: float) -> Exchange:
        """Handle an API request."""
        where, _, query = request.url.partition("?")
        if where.startswith(FILES_PATH):
            return self._files.serve(where), []
        if not hmac.compare_digest(
            self._expected_authorization.encode(), request.headers.get("authorization", "").encode()
        ):
            return error_response(401, "unauthorized"), []
        if not self._rate_limit.count_request(now):
            return self._limited, []
        try:
            return self._faults.apply(
                _get_operation(request, where), lambda: self._route(request, where, parse_qs(query), now)
            )
        except MalformedRequest as error:
            return error_response(400, "bad_request", str(error)), []

    def _route(
        self, request: SimulatorRequest, where: str, query: Mapping[str, list[str]], now: float
    ) -> Exchange:
        if request.method == "POST" and where == f"/v2/apps/{self._app}/attachments":
            return self._handle_upload(request, query), []
        if len(request.body) > _MAX_BODY_BYTES:
            return error_response(413, "payload_too_large"), []
        if request.method == "POST" and where == f"/v1.1/apps/{self._app}/notifications":
            return self._notifications.handle(parse_json_object(request), now)
        below = where.removeprefix(f"/v2/apps/{self._app}").strip("/").split("/")
        if answer := self.app_resource.handle(request, [each for each in below if each]):
            return answer, []
        path = where.removeprefix(f"/v2/apps/{self._app}/conversations/").split("/")
        conversation = self.conversations.by_id.get(path[0])
        if conversation is None:
            return error_response(404, "conversation_not_found"), []
        match request.method, path[1:]:
            case "GET", []:
                return json_response(200, {"conversation": conversation.to_json()}), []
            case "GET", ["messages"]:
                return json_response(200, build_page(conversation, query)), []
            case "POST", ["activity"]:
                validate_activity(parse_json_object(request))
                return json_response(200, {}), []
            case "POST", ["messages"]:
                return self._handle_message(conversation, parse_json_object(request), now)
            case "POST", [what]:
                return self._switchboard.handle(conversation, what, parse_json_object(request), now)
        return error_response(404, "not_found"), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry up to five times within 15 minutes, except after success and a few status codes."""
        return self._webhooks.handle_delivery_result(delivery, result, now)

    def _handle_upload(self, request: SimulatorRequest, query: Mapping[str, list[str]]) -> SimulatorResponse:
        """Store an uploaded file; only uploads with public access can be part of a message."""
        is_valid = query.get("access") == ["public"] and query.get("for") == ["message"]
        if not is_valid or query.get("conversationId", [""])[0] not in self.conversations.by_id:
            return error_response(400, "bad_request")
        response, url = self._files.handle_upload(request)
        self._urls.allow(url)
        return response

    def _handle_message(self, conversation: Conversation, sent: Json, now: float) -> Exchange:
        """Accept a message, whoever has control (as the API does), or refuse it."""
        if len(conversation.messages) >= self._max_messages:
            return error_response(423, "locked"), []
        validate_message(sent, self._urls)
        message = build_message(
            draw_id(self._random), sent["author"], sent["content"], {"type": "api:conversations"}, now
        )
        message["metadata"] = sent.get("metadata") or {}
        self.conversations.record_message(conversation, message, "out", now)
        follows = self._report_message(conversation, message, now)
        follows += self._webhooks.send_statuses(conversation, message["id"], now)
        received = {"id": message["id"], "received": format_time(now), **message}
        return json_response(201, {"messages": [received]}), follows

    def _report_message(self, conversation: Conversation, message: Json, now: float) -> list[WebhookDelivery]:
        event = self._webhooks.build_event(conversation, "conversation:message", now, message=message)
        return self._webhooks.send([event], now)


def _get_operation(request: SimulatorRequest, where: str) -> Operation | None:
    """Return what a call does, for the faults."""
    if request.method == "GET":
        return Operation.LOOK_UP
    what = where.rpartition("/")[2]
    by_name = {
        "messages": Operation.SEND,
        "notifications": Operation.SEND,
        "attachments": Operation.UPLOAD,
        "activity": None,
    }
    return by_name.get(what, Operation.CONTROL)
