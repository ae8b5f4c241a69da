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
_STATUS_STEP_SECONDS: Final = 0.2
_AGENT_AUTHOR: Final = {"type": "business", "displayName": "Grace"}


class SunshineSimulator:
    """One app with one web channel, our integration as first responder, and the agents' workspace.

    `files` are what was uploaded, type and bytes by address.
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
        most_messages: int = 30_000,
        tells_when: bool = True,
    ) -> None:
        self.conversations = ConversationStore()
        self.files: dict[str, tuple[str, bytes]] = {}
        self._app = app
        self._expected_authorization = f"Basic {base64.b64encode(':'.join(key).encode()).decode()}"
        self._secret = secret
        self._webhook_url = webhook_url
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._max_messages = most_messages
        self._sends_retry_after = tells_when
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
        talk = self.conversations.find(person)
        if talk is None:
            return DeskStatus()
        return DeskStatus(talk.id, f"control: {talk.active['name'] if talk.active else 'nobody'}")

    def send_user_message(self, said: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a contact's message; control that nobody holds goes to the first responder, the bot.

        Raises `KeyError` for another surface.
        """
        if said.surface != self.name:
            raise KeyError(said.surface)
        talk = self.conversations.find(said.person)
        if talk is None:
            talk = Conversation(self._random_id(), said.person)
            self.conversations.by_id[talk.id] = talk
        if talk.active is None and talk.pending is None:
            talk.active = BOT_INTEGRATION
        author = {"type": "user", "userId": f"u-{talk.id}", "displayName": said.name or "Ada"}
        message = self._build_message(author, build_content(said), {"type": "web"}, now)
        self.conversations.record_message(talk, message, "in", now)
        return message["id"], self._build_deliveries(
            [self._build_event(talk, "conversation:message", now, message=message)], now
        )

    def run_agent_action(self, person: str, move: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run an agent's action. Raises `KeyError` for an unknown one, or without a conversation.

        An agent who replies at the workspace takes control by that.
        """
        talk = self.conversations.find(person)
        found = {known.name: known for known in AGENT_ACTIONS}[move]
        if talk is None or (found.speaks and not text):
            raise KeyError(person)
        match move:
            case "reply":
                taken = (
                    []
                    if talk.active == DESK_INTEGRATION
                    else [self._pass_control(talk, DESK_INTEGRATION, now)]
                )
                metadata = {"__zendesk_msg.agent.id": "8447000000002"}
                message = self._build_message(
                    _AGENT_AUTHOR, {"type": "text", "text": text}, {"type": "zd:agentWorkspace"}, now
                )
                message["metadata"] = metadata
                self.conversations.record_message(talk, message, "agent", now)
                events = [*taken, self._build_event(talk, "conversation:message", now, message=message)]
            case "take":
                events = [self._pass_control(talk, DESK_INTEGRATION, now)]
            case "give_back":
                events = [self._pass_control(talk, BOT_INTEGRATION, now, reason="ticketClosed")]
            case "offer":
                talk.active, talk.pending = None, BOT_INTEGRATION
                events = [self._build_event(talk, "switchboard:offerControl", now)]
            case "release":
                talk.active = talk.pending = None
                events = [self._build_event(talk, "switchboard:releaseControl", now, reason="ticketClosed")]
            case _:
                events = [self._build_event(talk, "conversation:remove", now)]
                del self.conversations.by_id[talk.id]
        return self._build_deliveries(events, now)

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer a call of the API."""
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
        talk = self.conversations.by_id.get(path[0])
        if talk is None:
            return _error_response(404, "conversation_not_found"), []
        match request.method, path[1:]:
            case "GET", []:
                return _json_response(200, {"conversation": talk.to_json()}), []
            case "GET", ["messages"]:
                return _json_response(200, {"messages": talk.messages[-100:], "meta": {"hasMore": False}}), []
            case "POST", ["activity"]:
                return _json_response(200, {}), []
            case "POST", ["messages"]:
                return self._handle_message(talk, json.loads(request.body), now)
            case "POST", [what]:
                return self._handle_switchboard_action(talk, what, json.loads(request.body or b"{}"), now)
        return _error_response(404, "not_found"), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Retry five times in a quarter of an hour except after success and a few codes; all events again."""
        if (
            (status is not None and 200 <= status < 300)
            or status in _FINAL_STATUS_CODES
            or delivery.attempt >= _MAX_ATTEMPTS
        ):
            return []
        wait = _FIRST_RETRY_SECONDS * 2.0 ** (delivery.attempt - 1)
        return [replace(delivery, at=now + wait, attempt=delivery.attempt + 1)]

    def _handle_upload(self, request: SimulatorRequest, asked: Mapping[str, list[str]]) -> SimulatorResponse:
        """Keep a file that is to be sent; only what everybody may read can be part of a message."""
        talk = self.conversations.by_id.get(asked.get("conversationId", [""])[0])
        given = parse_multipart(request).get("source")
        is_fine = asked.get("access") == ["public"] and asked.get("for") == ["message"]
        if talk is None or given is None or not is_fine:
            return _error_response(400, "bad_request")
        url = f"https://files.example.com/{self._random_id()}"
        self.files[url] = given
        return _json_response(201, {"attachment": {"mediaUrl": url, "mediaType": given[0]}})

    def _handle_message(
        self, talk: Conversation, sent: Json, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Accept a message, whoever has control (as the API does), refuse it, or inject a fault."""
        fault = self._next_fault()
        if fault is Fault.TOO_MANY:
            headers = {"retry-after": "1"} if self._sends_retry_after else {}
            return _error_response(429, "too_many_requests", headers), []
        if fault in _FAULT_RESPONSES:
            return _FAULT_RESPONSES[fault], []
        if len(talk.messages) >= self._max_messages:
            return _error_response(423, "locked"), []
        if not _is_valid_content(sent.get("content", {})):
            return _error_response(400, "bad_request"), []
        message = self._build_message(sent["author"], sent["content"], {"type": "api:conversations"}, now)
        message["metadata"] = sent.get("metadata", {})
        self.conversations.record_message(talk, message, "out", now)
        follows = self._build_deliveries([self._message_event(talk, message, now)], now)
        for step, kind in enumerate(("channel", "user"), start=1):
            at = now + step * _STATUS_STEP_SECONDS
            event = self._build_event(
                talk, f"conversation:message:delivery:{kind}", at, message={"id": message["id"]}
            )
            follows += self._build_deliveries([event], at)
        answer = _json_response(201, {"messages": [{"id": message["id"], "received": format_time(now)}]})
        match fault:
            case Fault.ERROR_AFTER:
                answer = _error_response(500, "internal_error")
            case Fault.TIMEOUT_AFTER:
                answer = replace(answer, delay=_HANG_SECONDS)
            case Fault.DROP_AFTER:
                answer = replace(answer, drop=True)
            case _:
                answer = replace(answer, delay=self._faults.answer_delay)
        return answer, follows

    def _handle_switchboard_action(
        self, talk: Conversation, what: str, sent: Json, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """A switchboard action of ours: taken with 200, its outcome told by a webhook."""
        metadata = sent.get("metadata", {})
        match what:
            case "passControl" if sent.get("switchboardIntegration") in (
                DESK_INTEGRATION["name"],
                DESK_INTEGRATION["id"],
                "next",
            ):
                event = self._pass_control(talk, DESK_INTEGRATION, now, metadata=metadata)
            case "passControl":
                error = {"code": "switchboard_invalid_target", "message": "no such integration"}
                event = self._build_event(talk, "switchboard:passControl:failure", now, error=error)
            case "acceptControl" if talk.pending == BOT_INTEGRATION:
                talk.active, talk.pending = BOT_INTEGRATION, None
                event = self._build_event(talk, "switchboard:acceptControl", now, metadata=metadata)
            case "releaseControl" if talk.active == BOT_INTEGRATION:
                talk.active = None
                event = self._build_event(talk, "switchboard:releaseControl", now, metadata=metadata)
            case _:
                return _error_response(403, "forbidden"), []
        return _json_response(200, {}), self._build_deliveries([event], now)

    def _pass_control(self, talk: Conversation, to: Json, now: float, **more: object) -> Json:
        talk.active, talk.pending = to, None
        return self._build_event(talk, "switchboard:passControl", now, **more)

    def _message_event(self, talk: Conversation, message: Json, now: float) -> Json:
        return self._build_event(talk, "conversation:message", now, message=message)

    def _build_message(self, author: Json, found: Json, source: Json, now: float) -> Json:
        return {
            "id": self._random_id(),
            "received": format_time(now),
            "author": author,
            "content": found,
            "source": source,
        }

    def _build_event(self, talk: Conversation, kind: str, now: float, **payload: object) -> Json:
        told = {"conversation": talk.to_json(), **payload}
        return {"id": self._random_id(), "createdAt": format_time(now), "type": kind, "payload": told}

    def _build_deliveries(self, events: list[Json], now: float) -> list[WebhookDelivery]:
        """One POST with these events, late and twice as told."""
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

    def _random_delay(self, most: float) -> float:
        return self._random.random() * most if most > 0 else 0.0


def _is_valid_content(found: Json) -> bool:
    """Whether a message keeps the rules (Sunshine Conversations, "Message types")."""
    actions = found.get("actions", [])
    match found.get("type"):
        case "text":
            kinds = {each.get("type") for each in actions}
            text = str(found.get("text", ""))
            return 0 < len(text) <= _MAX_TEXT_LENGTH and not ("reply" in kinds and len(kinds) > 1)
        case "image" | "file":
            return str(found.get("mediaUrl", "")).startswith(("https://", "http://")) and not actions
    return False


def _json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> SimulatorResponse:
    given = {"content-type": "application/json", **(headers or {})}
    return SimulatorResponse(status=status, headers=given, body=json.dumps(body).encode())


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
