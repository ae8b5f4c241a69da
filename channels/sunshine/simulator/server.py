"""Simulated Sunshine Conversations API: messages, a switchboard, agents, webhooks."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
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
    PublicUrls,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
    parse_json_object,
)
from channels.sunshine.simulator.app_resource import AppResource
from channels.sunshine.simulator.conversations import (
    AGENT_ACTIONS,
    BOT_INTEGRATION,
    DESK_INTEGRATION,
    Conversation,
    ConversationStore,
    Json,
    build_content,
    format_time,
)
from channels.sunshine.simulator.files import FILES_PATH, FileStore
from channels.sunshine.simulator.message_validation import (
    validate_activity,
    validate_message,
    validate_metadata,
)
from channels.sunshine.simulator.paging import build_page
from channels.sunshine.simulator.rate_limit import MAX_REQUESTS_PER_SECOND, RateLimit
from channels.sunshine.simulator.responses import FAULT_RESPONSES, error_response, json_response

_WEBHOOK_TIMEOUT_SECONDS: Final = 20.0
_MAX_ATTEMPTS: Final = 5
_FIRST_RETRY_SECONDS: Final = 30.0
_FINAL_STATUS_CODES: Final = (400, 401, 403, 404, 406)
_MAX_BODY_BYTES: Final = 100 * 1024
_LATE_FAILURES: Final = ("uncategorized_error", "user_unreachable")
_STATUS_STEP_SECONDS: Final = 0.2
_AGENT_AUTHOR: Final = {"type": "business", "displayName": "Grace"}


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
        self._secret = secret
        self._webhook_url = webhook_url
        self.app_resource = AppResource(app, webhook_url)
        self._urls = PublicUrls([webhook_url])
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._files = FileStore(self._random)
        self._max_messages = max_messages
        headers = {"retry-after": "1"} if sends_retry_after else {}
        self._limited = error_response(429, "too_many_requests", headers=headers)
        self._rate_limit = RateLimit(max_requests_per_second)
        self._faults = FaultInjector(self._random, {**FAULT_RESPONSES, Fault.TOO_MANY: self._limited})

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
            conversation = Conversation(self._random_id(), user_message.person)
            self.conversations.by_id[conversation.id] = conversation
        if conversation.active is None and conversation.pending is None:
            conversation.active = BOT_INTEGRATION
        name = user_message.participant or user_message.name or "Ada"
        user_id = f"u-{user_message.participant}" if user_message.participant else conversation.user_id
        author = {"type": "user", "userId": user_id, "displayName": name}
        message = self._build_message(author, build_content(user_message), {"type": "web"}, now)
        self.conversations.record_message(conversation, message, "in", now)
        return message["id"], self._build_deliveries(
            [self._build_event(conversation, "conversation:message", now, message=message)], now
        )

    def run_agent_action(self, person: str, action_name: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run an agent's action. Raises `KeyError` for an unknown one, or without a conversation.

        An agent who replies at the workspace takes control by that. Who is merged is named by `text`.
        """
        conversation = self.conversations.find(person)
        action = {each.name: each for each in AGENT_ACTIONS}[action_name]
        if conversation is None or (action.speaks and not text):
            raise KeyError(person)
        match action_name:
            case "reply":
                control_events = (
                    []
                    if conversation.active == DESK_INTEGRATION
                    else [self._pass_control(conversation, DESK_INTEGRATION, now)]
                )
                metadata = {"__zendesk_msg.agent.id": "8447000000002"}
                message = self._build_message(
                    _AGENT_AUTHOR, {"type": "text", "text": text}, {"type": "zd:agentWorkspace"}, now
                )
                message["metadata"] = metadata
                self.conversations.record_message(conversation, message, "agent", now)
                events = [
                    *control_events,
                    self._build_event(conversation, "conversation:message", now, message=message),
                ]
            case "take":
                events = [self._pass_control(conversation, DESK_INTEGRATION, now)]
            case "give_back":
                events = [self._pass_control(conversation, BOT_INTEGRATION, now, reason="ticketClosed")]
            case "offer":
                conversation.active, conversation.pending = None, BOT_INTEGRATION
                events = [self._build_event(conversation, "switchboard:offerControl", now)]
            case "release":
                conversation.active = conversation.pending = None
                events = [
                    self._build_event(conversation, "switchboard:releaseControl", now, reason="ticketClosed")
                ]
            case "merge":
                other = self.conversations.find(text)
                if other is None or other is conversation:
                    raise KeyError(text)
                payload = self.conversations.merge(conversation, other)
                events = [self._wrap_event("user:merge", payload, now)]
            case _:
                events = [self._build_event(conversation, "conversation:remove", now)]
                del self.conversations.by_id[conversation.id]
        return self._build_deliveries(events, now)

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
                return self._handle_switchboard_action(conversation, what, parse_json_object(request), now)
        return error_response(404, "not_found"), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry up to five times within 15 minutes, except after success and a few status codes."""
        if (
            (result.status is not None and 200 <= result.status < 300)
            or result.status in _FINAL_STATUS_CODES
            or delivery.attempt >= _MAX_ATTEMPTS
        ):
            return []
        delay = _FIRST_RETRY_SECONDS * 2.0 ** (delivery.attempt - 1)
        return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]

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
        message = self._build_message(sent["author"], sent["content"], {"type": "api:conversations"}, now)
        message["metadata"] = sent.get("metadata") or {}
        self.conversations.record_message(conversation, message, "out", now)
        follows = self._build_deliveries([self._message_event(conversation, message, now)], now)
        follows += self._build_delivery_events(conversation, message["id"], now)
        received = {"id": message["id"], "received": format_time(now), **message}
        return json_response(201, {"messages": [received]}), follows

    def _build_delivery_events(
        self, conversation: Conversation, message: str, now: float
    ) -> list[WebhookDelivery]:
        """Build the events of a delivered message, or of one that fails later."""
        about = {"message": {"id": message}, "destination": {"type": "web"}}
        if code := self._faults.draw_late_failure(_LATE_FAILURES):
            error = {"code": code, "underlyingError": {"message": "The message could not be delivered"}}
            at = now + _STATUS_STEP_SECONDS
            kind = "conversation:message:delivery:failure"
            event = self._build_event(conversation, kind, at, error=error, **about)
            return self._build_deliveries([event], at)
        follows = []
        for position, kind in enumerate(("channel", "user"), start=1):
            at = now + position * _STATUS_STEP_SECONDS
            event = self._build_event(conversation, f"conversation:message:delivery:{kind}", at, **about)
            follows += self._build_deliveries([event], at)
        return follows

    def _handle_switchboard_action(
        self, conversation: Conversation, what: str, sent: Json, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Handle a switchboard action: the response is 200, the outcome follows as a webhook."""
        validate_metadata(sent.get("metadata"))
        metadata = sent.get("metadata") or {}
        match what:
            case "passControl" if sent.get("switchboardIntegration") in (
                DESK_INTEGRATION["name"],
                DESK_INTEGRATION["id"],
                "next",
            ):
                event = self._pass_control(conversation, DESK_INTEGRATION, now, metadata=metadata)
            case "passControl" if not sent.get("switchboardIntegration"):
                raise MalformedRequest("switchboardIntegration is required")
            case "passControl":
                error = {"code": "switchboard_invalid_target", "message": "no such integration"}
                event = self._build_event(conversation, "switchboard:passControl:failure", now, error=error)
            case "acceptControl" if conversation.pending == BOT_INTEGRATION:
                conversation.active, conversation.pending = BOT_INTEGRATION, None
                event = self._build_event(conversation, "switchboard:acceptControl", now, metadata=metadata)
            case "releaseControl" if conversation.active == BOT_INTEGRATION:
                conversation.active = None
                event = self._build_event(conversation, "switchboard:releaseControl", now, metadata=metadata)
            case _:
                return error_response(403, "forbidden"), []
        return json_response(200, {}), self._build_deliveries([event], now)

    def _pass_control(self, conversation: Conversation, to: Json, now: float, **fields: object) -> Json:
        conversation.active, conversation.pending = to, None
        return self._build_event(conversation, "switchboard:passControl", now, **fields)

    def _message_event(self, conversation: Conversation, message: Json, now: float) -> Json:
        return self._build_event(conversation, "conversation:message", now, message=message)

    def _build_message(self, author: Json, content: Json, source: Json, now: float) -> Json:
        return {
            "id": self._random_id(),
            "received": format_time(now),
            "author": author,
            "content": content,
            "source": source,
        }

    def _build_event(self, conversation: Conversation, kind: str, now: float, **payload: object) -> Json:
        return self._wrap_event(kind, {"conversation": conversation.to_json(), **payload}, now)

    def _wrap_event(self, kind: str, payload: Json, now: float) -> Json:
        return {"id": self._random_id(), "createdAt": format_time(now), "type": kind, "payload": payload}

    def _build_deliveries(self, events: list[Json], now: float) -> list[WebhookDelivery]:
        """Build one POST with these events, delayed and repeated by the fault settings."""
        batch = {"app": {"id": self._app}, "webhook": {"id": "w1", "version": "v2"}, "events": events}
        webhook = WebhookDelivery(
            at=now,
            method="POST",
            url=self._webhook_url,
            headers={"content-type": "application/json", "x-api-key": self._secret},
            body=json.dumps(batch).encode(),
            timeout=_WEBHOOK_TIMEOUT_SECONDS,
        )
        return self._faults.spread_webhook(webhook)

    def _random_id(self) -> str:
        return f"{self._random.getrandbits(96):024x}"


def _get_operation(request: SimulatorRequest, where: str) -> Operation | None:
    """Return what a call does, for the faults."""
    if request.method == "GET":
        return Operation.LOOK_UP
    what = where.rpartition("/")[2]
    by_name = {"messages": Operation.SEND, "attachments": Operation.UPLOAD, "activity": None}
    return by_name.get(what, Operation.CONTROL)
