"""Intercom by its documents: takes our comments, calls our webhooks, and has people at its desk."""

from __future__ import annotations

import hmac
import json
from collections import deque
from dataclasses import replace
from random import Random
from typing import Any, Final

from channels._kit.simulator import Delivery, Fault, Faults, Line, Said, Standing, TwinRequest, TwinResponse
from channels.intercom.simulator.desk import GRACE, LIN, MOVES, Agents
from channels.intercom.simulator.records import (
    Json,
    Records,
    Talk,
    contact,
    contact_of,
    teammate,
    uploads,
    written,
)
from channels.intercom.simulator.validation import NOT_TAKEN, answered, error, refusal
from channels.intercom.simulator.webhooks import Webhooks

_WINDOW_SECONDS: Final = 10.0
_MOST_IN_A_WINDOW: Final = 1667
_NO_ANSWER_SECONDS: Final = 60.0
_LONGEST_BODY: Final = 64 * 1024
_VERSIONS: Final = frozenset({f"2.{minor}" for minor in range(17)} | {f"1.{minor}" for minor in range(5)})
_BOT_NAME: Final = "Bot"
_TAG: Final = "86"
"""The one tag that there is."""


class IntercomTwin:
    """One workspace with one app, the bot's teammate `admin`, Grace and Lin.

    The same `seed` gives the same ids. With `plain` the webhooks have the bodies of API version 2.15.
    """

    name = "intercom"
    moves = MOVES

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
        most_in_a_window: int = _MOST_IN_A_WINDOW,
        remembered: int = 100_000,
    ) -> None:
        self._token = access_token
        self._app = app_id
        self._admin = admin
        self._teams = {team}
        self._tags = {_TAG}
        self._plain = plain
        self._chance = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._webhooks = Webhooks(url=webhook_url, secret=client_secret, app=app_id, chance=self._chance)
        self._faults = Faults()
        self._next_faults: deque[Fault] = deque()
        self._records = Records(remembered)
        self._agents = Agents(self._records, admin, plain)
        self._contacts: dict[str, str] = {}
        self._window, self._calls, self._most = 0.0, 0, most_in_a_window

    def tell(self, faults: Faults) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)
        self._webhooks.faults = faults

    def lines(self, now: float, *, person: str = "", after: int = 0) -> list[Line]:
        """What was said with one person (or all): `in`, `out`, by an `agent`, or in a `note`."""
        return self._records.lines(person, after)

    def standing(self, person: str) -> Standing:
        """The person's newest conversation: whether it is open, and whom it is assigned to."""
        talk = self._records.newest(person)
        if talk is None:
            return Standing()
        names = {self._admin: "the bot", GRACE[0]: GRACE[1], LIN[0]: LIN[1], "": "nobody"}
        assigned = " and ".join(filter(None, ["a team" if talk.team else "", names[talk.admin]]))
        tagged = ", tagged" if talk.tags else ""
        return Standing(talk.id, f"{talk.state}, assigned to {assigned}{tagged}")

    def act(self, person: str, move: str, text: str, now: float) -> list[Delivery]:
        """Grace does one of the `moves`. Raises `KeyError` for another one, or without a conversation."""
        talk = self._records.newest(person)
        if talk is None:
            raise KeyError(person)
        return self._webhooks.tell(*self._agents.act(talk, move, text, now), now)

    def say(self, said: Said, now: float) -> tuple[str, list[Delivery]]:
        """A person writes: the id of the part and the webhook. Raises `KeyError` for another surface."""
        if said.surface != self.name:
            raise KeyError(said.surface)
        talk, number = self._records.newest(said.person), self._records.next_number()
        author, body = contact(said.person, said.name), written(said.text, plain=self._plain)
        if talk is None:
            return self._begin(said, author, body, number, now)
        kind = "open" if talk.state == "closed" else "comment"
        talk.state = "open"
        metadata = {"quick_reply_uuid": said.button} if said.button else {}
        part = talk.part(kind, author, number, now, body=body, attachments=uploads(said), metadata=metadata)
        self._records.keep("in", talk, part, now)
        return part["id"], self._webhooks.tell("conversation.user.replied", talk.json([part]), now)

    def press(self, person: str, component: str, now: float, **values: str) -> Delivery:
        """A person presses something on the card: the request that asks us what to show.

        Its answer is a canvas, which the twin does not draw.
        """
        self._contacts[contact_of(person)] = person
        return self._webhooks.card(
            {
                "workspace_id": self._app,
                "context": {"location": "home", "locale": "en"},
                "contact": {"type": "contact", "role": "user", "id": contact_of(person)},
                "component_id": component,
                "input_values": values,
                "current_canvas": {},
            },
            now,
        )

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call of the API."""
        expected = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(expected, request.headers.get("authorization", "").encode()):
            return error(401, "unauthorized", "Access Token Invalid"), []
        if request.headers.get("intercom-version", "2.14") not in _VERSIONS:
            return error(400, "intercom_version_invalid", "The requested version could not be found"), []
        if not self._is_within_limit(now):
            return self._limited(error(429, "rate_limit_exceeded", "Exceeded rate limit"), now), []
        answer, deliveries = self._answer(request, now)
        return self._limited(answer, now), deliveries

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """A failed webhook is tried once more, a minute later; 410 ends the subscription."""
        return self._webhooks.delivered(delivery, status, now)

    def _begin(
        self, said: Said, author: Json, body: str | None, number: int, now: float
    ) -> tuple[str, list[Delivery]]:
        source: Json = {
            "type": "conversation",
            "id": f"3381{number:06}",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": body,
            "author": author,
            "attachments": uploads(said),
            "url": "https://shop.example/",
            "redacted": False,
        }
        talk = self._records.begin(said.person, said.name, source, now)
        self._records.keep("in", talk, {**source, "metadata": {}}, now)
        return source["id"], self._webhooks.tell("conversation.user.created", talk.json([]), now)

    def _answer(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        path = request.url.partition("?")[0].strip("/").split("/")
        if request.method == "GET" and path == ["me"]:
            app = {"type": "app", "id_code": self._app, "region": "US"}
            return answered({**teammate(self._admin, _BOT_NAME), "has_inbox_seat": True, "app": app}), []
        if request.method == "GET" and path == ["admins"]:
            admins = [teammate(self._admin, _BOT_NAME), teammate(*GRACE), teammate(*LIN)]
            return answered({"type": "admin.list", "admins": admins}), []
        if request.method == "GET" and path == ["teams"]:
            teams = [{"type": "team", "id": team, "name": "Support"} for team in self._teams]
            return answered({"type": "team.list", "teams": teams}), []
        if request.method == "POST" and path == ["conversations"]:
            return self._open(request.body, now)
        talk = self._records.talk(path[1]) if path[0] == "conversations" and len(path) > 1 else None
        if talk is None:
            return error(404, "not_found", "Resource Not Found"), []
        if request.method == "GET" and len(path) == 2:
            return answered(talk.json(talk.parts)), []
        if request.method == "POST" and path[2:] == ["tags"]:
            return self._tag(talk, json.loads(request.body)), []
        if request.method == "POST" and path[2:] in (["reply"], ["parts"]):
            return self._change(talk, path[2], request.body, now)
        return error(404, "not_found", "Resource Not Found"), []

    def _tag(self, talk: Talk, sent: Json) -> TwinResponse:
        """Put a tag on a conversation (Intercom, "Add tag to a conversation")."""
        if sent.get("admin_id") != self._admin or sent.get("id") not in self._tags:
            return error(404, "not_found", "Resource Not Found")
        talk.tags.append(sent["id"])
        return answered({"type": "tag", "id": sent["id"], "name": "bot-handoff"})

    def _change(self, talk: Talk, what: str, raw: bytes, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Take a comment, a note or an assignment, or refuse it as documented, or fail as told."""
        fault = self._fault()
        if fault in NOT_TAKEN:
            return NOT_TAKEN[fault], []
        if len(raw) > _LONGEST_BODY:
            return error(413, "payload_too_large", "Payload too large"), []
        sent: Json = json.loads(raw)
        if what == "reply" and sent.get("type") == "user":
            return self._speak(sent.get("intercom_user_id"), sent.get("body"), now)
        if refused := refusal(what, sent, admins={self._admin, GRACE[0], LIN[0]}, teams=self._teams):
            return refused, []
        part, topic = self._reply(talk, sent, now) if what == "reply" else self._manage(talk, sent, now)
        answer = answered(talk.json([part]))
        match fault:
            case Fault.ERROR_AFTER:
                answer = error(500, "internal_error", "Something went wrong")
            case Fault.TIMEOUT_AFTER:
                answer = replace(answer, delay=_NO_ANSWER_SECONDS)
            case Fault.DROP_AFTER:
                answer = replace(answer, drop=True)
            case _:
                answer = replace(answer, delay=self._faults.answer_delay)
        return answer, self._webhooks.tell(topic, talk.json([part]), now)

    def _open(self, raw: bytes, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """A conversation that is begun in the name of a contact (Intercom, "Create a conversation")."""
        sent: Json = json.loads(raw)
        author = sent.get("from") or {}
        if author.get("type") not in ("user", "lead", "contact"):
            return error(400, "parameter_invalid", "from is invalid"), []
        return self._speak(author.get("id"), sent.get("body"), now)

    def _speak(self, number: Any, text: Any, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """A contact's message by the API, as if it was written in the Messenger."""
        fault = self._fault()
        if fault in NOT_TAKEN:
            return NOT_TAKEN[fault], []
        person = self._contacts.get(number)
        if person is None:
            return error(404, "not_found", "User Not Found"), []
        if not isinstance(text, str) or not text:
            return error(400, "parameter_not_found", "body is required"), []
        made, deliveries = self.say(Said(self.name, person, text), now)
        talk = self._records.newest(person)
        assert talk is not None, "it was begun just now"
        told = {"type": "user_message", "id": made, "body": text, "conversation_id": talk.id}
        return answered(told), deliveries

    def _reply(self, talk: Talk, sent: Json, now: float) -> tuple[Json, str]:
        kind = sent["message_type"]
        more: Json = {"body": sent.get("body")}
        if kind == "quick_reply":
            more = {"metadata": {"quick_reply_options": sent["reply_options"]}}
        more["attachments"] = [{"type": "upload", "url": url} for url in sent.get("attachment_urls", [])]
        part = talk.part(kind, teammate(self._admin, _BOT_NAME), self._records.next_number(), now, **more)
        if kind == "note":
            self._records.keep("note", talk, part, now)
            return part, "conversation.admin.noted"
        if talk.state == "closed":
            talk.state = "open"
        self._records.keep("out", talk, part, now)
        return part, "conversation.admin.replied"

    def _manage(self, talk: Talk, sent: Json, now: float) -> tuple[Json, str]:
        """A team stands beside a teammate: assigning one leaves the other as it is."""
        kind, topic = sent["message_type"], "conversation.admin.assigned"
        if kind == "assignment":
            assignee = sent["assignee_id"] if sent["assignee_id"] != "0" else ""
            talk.admin, talk.team = (
                (talk.admin, assignee) if sent["type"] == "team" else (assignee, talk.team)
            )
        else:
            talk.state = "closed" if kind == "close" else "open"
            topic = f"conversation.admin.{'closed' if kind == 'close' else 'opened'}"
        author = teammate(self._admin, _BOT_NAME)
        return talk.part(kind, author, self._records.next_number(), now, body=sent.get("body")), topic

    def _is_within_limit(self, now: float) -> bool:
        """A sixth of the limit of a minute in each ten seconds (Intercom, "Rate limiting")."""
        if now - self._window >= _WINDOW_SECONDS:
            self._window, self._calls = now - now % _WINDOW_SECONDS, 0
        self._calls += 1
        return self._calls <= self._most

    def _limited(self, answer: TwinResponse, now: float) -> TwinResponse:
        limits = {
            "x-ratelimit-limit": str(self._most),
            "x-ratelimit-remaining": str(max(self._most - self._calls, 0)),
            "x-ratelimit-reset": str(int(self._window + _WINDOW_SECONDS)),
        }
        return replace(answer, headers={**limits, **answer.headers})

    def _fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._chance.random() < self._faults.chance:
            return self._chance.choice(self._faults.kinds)
        return Fault.NONE
