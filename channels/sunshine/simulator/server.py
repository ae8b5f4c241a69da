"""Simulated Sunshine Conversations API: messages, a switchboard, agents, webhooks."""

from __future__ import annotations

import base64
import hmac
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import parse_qs

from channels._kit.simulator import (
    DeskStatus,
    Fault,
    FaultSettings,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    parse_multipart,
)
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

_HANG_SECONDS: Final = 60.0
_WEBHOOK_TIMEOUT_SECONDS: Final = 20.0
_MAX_ATTEMPTS: Final = 5
_FIRST_RETRY_SECONDS: Final = 30.0
_FINAL_STATUS_CODES: Final = (400, 401, 403, 404, 406)
_MAX_BODY_BYTES: Final = 100 * 1024
_MAX_TEXT_LENGTH: Final = 4096
_MAX_ALT_TEXT_LENGTH: Final = 128
_STATUS_STEP_SECONDS: Final = 0.2
_AGENT_AUTHOR: Final = {"type": "business", "displayName": "Grace"}


class SunshineSimulator:
    """One app with one web channel, the bot's integration as first responder, and the agent workspace.

    `files` holds uploads by URL: type and bytes.
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
    ) -> None:
        self.conversations = ConversationStore()
        self.files: dict[str, tuple[str, bytes]] = {}
        self._app = app
        self._expected_authorization = f"Basic {base64.b64encode(':'.join(key).encode()).decode()}"
        self._secret = secret
        self._webhook_url = webhook_url
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._max_messages = max_messages
        self._sends_retry_after = sends_retry_after
        self._faults = FaultSettings()
        self._next_faults: deque[Fault] = deque()

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

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
        author = {"type": "user", "userId": f"u-{conversation.id}", "displayName": user_message.name or "Ada"}
        message = self._build_message(author, build_content(user_message), {"type": "web"}, now)
        self.conversations.record_message(conversation, message, "in", now)
        return message["id"], self._build_deliveries(
            [self._build_event(conversation, "conversation:message", now, message=message)], now
        )

    def run_agent_action(self, person: str, action_name: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run an agent's action. Raises `KeyError` for an unknown one, or without a conversation.

        An agent who replies at the workspace takes control by that.
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
            case _:
                events = [self._build_event(conversation, "conversation:remove", now)]
                del self.conversations.by_id[conversation.id]
        return self._build_deliveries(events, now)

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Handle an API request."""
        if not hmac.compare_digest(
            self._expected_authorization.encode(), request.headers.get("authorization", "").encode()
        ):
            return _error_response(401, "unauthorized"), []
        where, _, query = request.url.partition("?")
        if request.method == "POST" and where == f"/v2/apps/{self._app}/attachments":
            return self._handle_upload(request, parse_qs(query)), []
        if len(request.body) > _MAX_BODY_BYTES:
            return _error_response(413, "payload_too_large"), []
        path = where.removeprefix(f"/v2/apps/{self._app}/conversations/").split("/")
        conversation = self.conversations.by_id.get(path[0])
        if conversation is None:
            return _error_response(404, "conversation_not_found"), []
        match request.method, path[1:]:
            case "GET", []:
                return _json_response(200, {"conversation": conversation.to_json()}), []
            case "GET", ["messages"]:
                return _json_response(
                    200, {"messages": conversation.messages[-100:], "meta": {"hasMore": False}}
                ), []
            case "POST", ["activity"]:
                return _json_response(200, {}), []
            case "POST", ["messages"]:
                return self._handle_message(conversation, json.loads(request.body), now)
            case "POST", [what]:
                return self._handle_switchboard_action(
                    conversation, what, json.loads(request.body or b"{}"), now
                )
        return _error_response(404, "not_found"), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Retry up to five times within 15 minutes, except after success and a few status codes."""
        if (
            (status is not None and 200 <= status < 300)
            or status in _FINAL_STATUS_CODES
            or delivery.attempt >= _MAX_ATTEMPTS
        ):
            return []
        delay = _FIRST_RETRY_SECONDS * 2.0 ** (delivery.attempt - 1)
        return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]

    def _handle_upload(self, request: SimulatorRequest, query: Mapping[str, list[str]]) -> SimulatorResponse:
        """Store an uploaded file; only uploads with public access can be part of a message."""
        conversation = self.conversations.by_id.get(query.get("conversationId", [""])[0])
        file = parse_multipart(request).get("source")
        is_valid = query.get("access") == ["public"] and query.get("for") == ["message"]
        if conversation is None or file is None or not is_valid:
            return _error_response(400, "bad_request")
        url = f"https://files.example.com/{self._random_id()}"
        self.files[url] = file
        return _json_response(201, {"attachment": {"mediaUrl": url, "mediaType": file[0]}})

    def _handle_message(
        self, conversation: Conversation, sent: Json, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Accept a message, whoever has control (as the API does), refuse it, or inject a fault."""
        fault = self._next_fault()
        if fault is Fault.TOO_MANY:
            headers = {"retry-after": "1"} if self._sends_retry_after else {}
            return _error_response(429, "too_many_requests", headers), []
        if fault in _FAULT_RESPONSES:
            return _FAULT_RESPONSES[fault], []
        if len(conversation.messages) >= self._max_messages:
            return _error_response(423, "locked"), []
        if not _is_valid_content(sent.get("content", {})):
            return _error_response(400, "bad_request"), []
        message = self._build_message(sent["author"], sent["content"], {"type": "api:conversations"}, now)
        message["metadata"] = sent.get("metadata", {})
        self.conversations.record_message(conversation, message, "out", now)
        follows = self._build_deliveries([self._message_event(conversation, message, now)], now)
        for position, kind in enumerate(("channel", "user"), start=1):
            at = now + position * _STATUS_STEP_SECONDS
            event = self._build_event(
                conversation, f"conversation:message:delivery:{kind}", at, message={"id": message["id"]}
            )
            follows += self._build_deliveries([event], at)
        response = _json_response(201, {"messages": [{"id": message["id"], "received": format_time(now)}]})
        match fault:
            case Fault.ERROR_AFTER:
                response = _error_response(500, "internal_error")
            case Fault.TIMEOUT_AFTER:
                response = replace(response, delay=_HANG_SECONDS)
            case Fault.DROP_AFTER:
                response = replace(response, drop=True)
            case _:
                response = replace(response, delay=self._faults.answer_delay)
        return response, follows

    def _handle_switchboard_action(
        self, conversation: Conversation, what: str, sent: Json, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Handle a switchboard action: the response is 200, the outcome follows as a webhook."""
        metadata = sent.get("metadata", {})
        match what:
            case "passControl" if sent.get("switchboardIntegration") in (
                DESK_INTEGRATION["name"],
                DESK_INTEGRATION["id"],
                "next",
            ):
                event = self._pass_control(conversation, DESK_INTEGRATION, now, metadata=metadata)
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
                return _error_response(403, "forbidden"), []
        return _json_response(200, {}), self._build_deliveries([event], now)

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
        body = {"conversation": conversation.to_json(), **payload}
        return {"id": self._random_id(), "createdAt": format_time(now), "type": kind, "payload": body}

    def _build_deliveries(self, events: list[Json], now: float) -> list[WebhookDelivery]:
        """Build one POST with these events, delayed and repeated by the fault settings."""
        batch = {"app": {"id": self._app}, "webhook": {"id": "w1", "version": "v2"}, "events": events}
        first = WebhookDelivery(
            at=now + self._random_delay(self._faults.webhooks_shuffled),
            method="POST",
            url=self._webhook_url,
            headers={"content-type": "application/json", "x-api-key": self._secret},
            body=json.dumps(batch).encode(),
            timeout=_WEBHOOK_TIMEOUT_SECONDS,
        )
        if self._random.random() < self._faults.webhooks_twice:
            return [first, replace(first, at=first.at + self._random_delay(1.0))]
        return [first]

    def _next_fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._random.random() < self._faults.chance:
            return self._random.choice(self._faults.kinds)
        return Fault.NONE

    def _random_id(self) -> str:
        return f"{self._random.getrandbits(96):024x}"

    def _random_delay(self, maximum: float) -> float:
        return self._random.random() * maximum if maximum > 0 else 0.0


def _is_valid_content(content: Json) -> bool:
    """Return whether a message's content is valid (Sunshine Conversations, "Message types")."""
    actions = content.get("actions", [])
    match content.get("type"):
        case "text":
            kinds = {each.get("type") for each in actions}
            text = str(content.get("text", ""))
            return 0 < len(text) <= _MAX_TEXT_LENGTH and not ("reply" in kinds and len(kinds) > 1)
        case "image" | "file":
            is_short = len(str(content.get("text", ""))) <= _MAX_TEXT_LENGTH
            has_name = len(str(content.get("altText", ""))) <= _MAX_ALT_TEXT_LENGTH
            has_url = str(content.get("mediaUrl", "")).startswith(("https://", "http://"))
            return has_url and is_short and has_name and (not actions or content["type"] == "image")
    return False


def _json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> SimulatorResponse:
    all_headers = {"content-type": "application/json", **(headers or {})}
    return SimulatorResponse(status=status, headers=all_headers, body=json.dumps(body).encode())


def _error_response(status: int, code: str, headers: Mapping[str, str] | None = None) -> SimulatorResponse:
    return _json_response(
        status, {"errors": [{"code": code, "title": code.replace("_", " ").capitalize()}]}, headers
    )


_FAULT_RESPONSES: Final = {
    Fault.SERVER_ERROR: SimulatorResponse(status=500, body=b"<html>Internal error</html>"),
    Fault.UNAVAILABLE: _error_response(503, "unavailable"),
    Fault.DROP_BEFORE: SimulatorResponse(status=0, drop=True),
}
"""Faults that occur before a message is accepted."""
