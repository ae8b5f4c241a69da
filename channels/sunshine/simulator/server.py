"""Sunshine Conversations by its documents: messages, a switchboard, people at a desk, webhooks."""

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
    Delivery,
    Fault,
    Faults,
    Line,
    Said,
    Standing,
    TwinRequest,
    TwinResponse,
    uploaded,
)
from channels.sunshine.simulator.conversations import BOT, DESK, MOVES, Json, Talk, Talks, content, moment

_NO_ANSWER_SECONDS: Final = 60.0
_HOOK_SECONDS: Final = 20.0
_TRIES: Final = 5
_FIRST_WAIT: Final = 30.0
_FINAL: Final = (400, 401, 403, 404, 406)
_LARGEST: Final = 100 * 1024
_LONGEST_TEXT: Final = 4096
_DELIVERED_SECONDS: Final = 0.2
_AGENT: Final = {"type": "business", "displayName": "Grace"}


class SunshineTwin:
    """One app with one web channel, our integration as first responder, and the agents' workspace.

    `files` are what was uploaded, type and bytes by address.
    """

    name = "sunshine"
    moves = MOVES

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
        self.talks = Talks()
        self.files: dict[str, tuple[str, bytes]] = {}
        self._app = app
        self._basic = f"Basic {base64.b64encode(':'.join(key).encode()).decode()}"
        self._secret = secret
        self._webhook_url = webhook_url
        self._chance = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._most = most_messages
        self._tells_when = tells_when
        self._faults = Faults()
        self._next_faults: deque[Fault] = deque()

    def tell(self, faults: Faults) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

    def lines(self, now: float, *, person: str = "", after: int = 0) -> list[Line]:
        """What was said with one person (or all): `in`, `out`, or by an `agent`."""
        return list(self.talks.lines(person, after))

    def standing(self, person: str) -> Standing:
        """Who has control of a person's conversation."""
        talk = self.talks.of(person)
        if talk is None:
            return Standing()
        return Standing(talk.id, f"control: {talk.active['name'] if talk.active else 'nobody'}")

    def say(self, said: Said, now: float) -> tuple[str, list[Delivery]]:
        """A person writes; control that nobody has goes to the first responder, which is us.

        Raises `KeyError` for another surface.
        """
        if said.surface != self.name:
            raise KeyError(said.surface)
        talk = self.talks.of(said.person)
        if talk is None:
            talk = Talk(self._id(), said.person)
            self.talks.by_id[talk.id] = talk
        if talk.active is None and talk.pending is None:
            talk.active = BOT
        author = {"type": "user", "userId": f"u-{talk.id}", "displayName": said.name or "Ada"}
        message = self._message(author, content(said), {"type": "web"}, now)
        self.talks.keep(talk, message, "in", now)
        return message["id"], self._hooks(
            [self._event(talk, "conversation:message", now, message=message)], now
        )

    def act(self, person: str, move: str, text: str, now: float) -> list[Delivery]:
        """An agent does one of the `moves`. Raises `KeyError` for another one, or without a conversation.

        Who answers at the workspace takes control by that.
        """
        talk = self.talks.of(person)
        found = {known.name: known for known in MOVES}[move]
        if talk is None or (found.speaks and not text):
            raise KeyError(person)
        match move:
            case "reply":
                taken = [] if talk.active == DESK else [self._pass(talk, DESK, now)]
                metadata = {"__zendesk_msg.agent.id": "8447000000002"}
                message = self._message(
                    _AGENT, {"type": "text", "text": text}, {"type": "zd:agentWorkspace"}, now
                )
                message["metadata"] = metadata
                self.talks.keep(talk, message, "agent", now)
                events = [*taken, self._event(talk, "conversation:message", now, message=message)]
            case "take":
                events = [self._pass(talk, DESK, now)]
            case "give_back":
                events = [self._pass(talk, BOT, now, reason="ticketClosed")]
            case "offer":
                talk.active, talk.pending = None, BOT
                events = [self._event(talk, "switchboard:offerControl", now)]
            case "release":
                talk.active = talk.pending = None
                events = [self._event(talk, "switchboard:releaseControl", now, reason="ticketClosed")]
            case _:
                events = [self._event(talk, "conversation:remove", now)]
                del self.talks.by_id[talk.id]
        return self._hooks(events, now)

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call of the API."""
        if not hmac.compare_digest(self._basic.encode(), request.headers.get("authorization", "").encode()):
            return _refuse(401, "unauthorized"), []
        where, _, query = request.url.partition("?")
        if request.method == "POST" and where == f"/v2/apps/{self._app}/attachments":
            return self._upload(request, parse_qs(query)), []
        if len(request.body) > _LARGEST:
            return _refuse(413, "payload_too_large"), []
        path = where.removeprefix(f"/v2/apps/{self._app}/conversations/").split("/")
        talk = self.talks.by_id.get(path[0])
        if talk is None:
            return _refuse(404, "conversation_not_found"), []
        match request.method, path[1:]:
            case "GET", []:
                return _answer(200, {"conversation": talk.shown()}), []
            case "GET", ["messages"]:
                return _answer(200, {"messages": talk.messages[-100:], "meta": {"hasMore": False}}), []
            case "POST", ["activity"]:
                return _answer(200, {}), []
            case "POST", ["messages"]:
                return self._post(talk, json.loads(request.body), now)
            case "POST", [what]:
                return self._switch(talk, what, json.loads(request.body or b"{}"), now)
        return _refuse(404, "not_found"), []

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """Five tries in a quarter of an hour for anything but success and a few codes; all events again."""
        if (status is not None and 200 <= status < 300) or status in _FINAL or delivery.attempt >= _TRIES:
            return []
        wait = _FIRST_WAIT * 2.0 ** (delivery.attempt - 1)
        return [replace(delivery, at=now + wait, attempt=delivery.attempt + 1)]

    def _upload(self, request: TwinRequest, asked: Mapping[str, list[str]]) -> TwinResponse:
        """Keep a file that is to be sent; only what everybody may read can be part of a message."""
        talk = self.talks.by_id.get(asked.get("conversationId", [""])[0])
        given = uploaded(request).get("source")
        is_fine = asked.get("access") == ["public"] and asked.get("for") == ["message"]
        if talk is None or given is None or not is_fine:
            return _refuse(400, "bad_request")
        url = f"https://files.example.com/{self._id()}"
        self.files[url] = given
        return _answer(201, {"attachment": {"mediaUrl": url, "mediaType": given[0]}})

    def _post(self, talk: Talk, sent: Json, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Take a message, whoever has control (the API does), or refuse it, or fail as told."""
        fault = self._fault()
        if fault is Fault.TOO_MANY:
            headers = {"retry-after": "1"} if self._tells_when else {}
            return _refuse(429, "too_many_requests", headers), []
        if fault in _NOT_TAKEN:
            return _NOT_TAKEN[fault], []
        if len(talk.messages) >= self._most:
            return _refuse(423, "locked"), []
        if not _is_fine(sent.get("content", {})):
            return _refuse(400, "bad_request"), []
        message = self._message(sent["author"], sent["content"], {"type": "api:conversations"}, now)
        message["metadata"] = sent.get("metadata", {})
        self.talks.keep(talk, message, "out", now)
        follows = self._hooks([self._told(talk, message, now)], now)
        for step, kind in enumerate(("channel", "user"), start=1):
            at = now + step * _DELIVERED_SECONDS
            event = self._event(
                talk, f"conversation:message:delivery:{kind}", at, message={"id": message["id"]}
            )
            follows += self._hooks([event], at)
        answer = _answer(201, {"messages": [{"id": message["id"], "received": moment(now)}]})
        match fault:
            case Fault.ERROR_AFTER:
                answer = _refuse(500, "internal_error")
            case Fault.TIMEOUT_AFTER:
                answer = replace(answer, delay=_NO_ANSWER_SECONDS)
            case Fault.DROP_AFTER:
                answer = replace(answer, drop=True)
            case _:
                answer = replace(answer, delay=self._faults.answer_delay)
        return answer, follows

    def _switch(self, talk: Talk, what: str, sent: Json, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """A switchboard action of ours: taken with 200, its outcome told by a webhook."""
        metadata = sent.get("metadata", {})
        match what:
            case "passControl" if sent.get("switchboardIntegration") in (DESK["name"], DESK["id"], "next"):
                event = self._pass(talk, DESK, now, metadata=metadata)
            case "passControl":
                error = {"code": "switchboard_invalid_target", "message": "no such integration"}
                event = self._event(talk, "switchboard:passControl:failure", now, error=error)
            case "acceptControl" if talk.pending == BOT:
                talk.active, talk.pending = BOT, None
                event = self._event(talk, "switchboard:acceptControl", now, metadata=metadata)
            case "releaseControl" if talk.active == BOT:
                talk.active = None
                event = self._event(talk, "switchboard:releaseControl", now, metadata=metadata)
            case _:
                return _refuse(403, "forbidden"), []
        return _answer(200, {}), self._hooks([event], now)

    def _pass(self, talk: Talk, to: Json, now: float, **more: object) -> Json:
        talk.active, talk.pending = to, None
        return self._event(talk, "switchboard:passControl", now, **more)

    def _told(self, talk: Talk, message: Json, now: float) -> Json:
        return self._event(talk, "conversation:message", now, message=message)

    def _message(self, author: Json, found: Json, source: Json, now: float) -> Json:
        return {
            "id": self._id(),
            "received": moment(now),
            "author": author,
            "content": found,
            "source": source,
        }

    def _event(self, talk: Talk, kind: str, now: float, **payload: object) -> Json:
        told = {"conversation": talk.shown(), **payload}
        return {"id": self._id(), "createdAt": moment(now), "type": kind, "payload": told}

    def _hooks(self, events: list[Json], now: float) -> list[Delivery]:
        """One POST with these events, late and twice as told."""
        batch = {"app": {"id": self._app}, "webhook": {"id": "w1", "version": "v2"}, "events": events}
        first = Delivery(
            at=now + self._some(self._faults.webhooks_shuffled),
            method="POST",
            url=self._webhook_url,
            headers={"content-type": "application/json", "x-api-key": self._secret},
            body=json.dumps(batch).encode(),
            timeout=_HOOK_SECONDS,
        )
        if self._chance.random() < self._faults.webhooks_twice:
            return [first, replace(first, at=first.at + self._some(1.0))]
        return [first]

    def _fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._chance.random() < self._faults.chance:
            return self._chance.choice(self._faults.kinds)
        return Fault.NONE

    def _id(self) -> str:
        return f"{self._chance.getrandbits(96):024x}"

    def _some(self, most: float) -> float:
        return self._chance.random() * most if most > 0 else 0.0


def _is_fine(found: Json) -> bool:
    """Whether a message keeps the rules (Sunshine Conversations, "Message types")."""
    actions = found.get("actions", [])
    match found.get("type"):
        case "text":
            kinds = {each.get("type") for each in actions}
            text = str(found.get("text", ""))
            return 0 < len(text) <= _LONGEST_TEXT and not ("reply" in kinds and len(kinds) > 1)
        case "image" | "file":
            return str(found.get("mediaUrl", "")).startswith(("https://", "http://")) and not actions
    return False


def _answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> TwinResponse:
    given = {"content-type": "application/json", **(headers or {})}
    return TwinResponse(status=status, headers=given, body=json.dumps(body).encode())


def _refuse(status: int, code: str, headers: Mapping[str, str] | None = None) -> TwinResponse:
    return _answer(
        status, {"errors": [{"code": code, "title": code.replace("_", " ").capitalize()}]}, headers
    )


_NOT_TAKEN: Final = {
    Fault.SERVER_ERROR: TwinResponse(status=500, body=b"<html>Internal error</html>"),
    Fault.UNAVAILABLE: _refuse(503, "unavailable"),
    Fault.DROP_BEFORE: TwinResponse(status=0, drop=True),
}
"""The faults that strike before a message is taken."""
