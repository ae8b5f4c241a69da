"""Zendesk Support by its documents: tickets with an agent's side, limits and refusals, signed webhooks."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import parse_qs, unquote

from channels._kit.simulator import Delivery, Fault, Faults, Line, Said, Standing, TwinRequest, TwinResponse
from channels.zendesk.simulator.account import TwinAccount, answer, refuse
from channels.zendesk.simulator.agent_actions import MOVES, moved
from channels.zendesk.simulator.tickets import AGENTS, BOT, GRACE, Json, TwinDesk, TwinTicket
from channels.zendesk.simulator.webhooks import TwinWebhooks

_NO_ANSWER_SECONDS: Final = 60.0
_TICKET_UPDATES: Final = 30
_TICKET_SECONDS: Final = 600.0
_ACCOUNT_UPDATES: Final = 100
_ACCOUNT_SECONDS: Final = 60.0
_RETRIES: Final = {409: 3, 429: 3, 503: 3}
_TIMEOUT_RETRIES: Final = 5
_RETRY_SECONDS: Final = 30.0
_WRITABLE: Final = ("status", "assignee_id", "group_id", "tags", "external_id")
_STATUSES: Final = ("new", "open", "pending", "hold", "solved", "closed")


class ZendeskTwin:
    """One account. `by_triggers` is the kind of its webhook; with `tells_when` a 429 has its Retry-After."""

    name = "zendesk"
    moves = MOVES

    def __init__(
        self,
        *,
        secret: str,
        api_token: str,
        webhook_url: str,
        seed: int,
        email: str = "bot@example.com",
        by_triggers: bool = False,
        tells_when: bool = True,
    ) -> None:
        self.desk = TwinDesk()
        self.account = TwinAccount(secret=secret, basic=f"{email}/token:{api_token}")
        self._chance = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._webhooks = TwinWebhooks(
            self.desk, url=webhook_url, secret=secret, by_triggers=by_triggers, chance=self._chance
        )
        self._tells_when = tells_when
        self._faults = Faults()
        self._next_faults: deque[Fault] = deque()
        self._updates: deque[tuple[float, int]] = deque()
        self._created: dict[str, tuple[bytes, TwinResponse]] = {}
        self._uploads: dict[str, str] = {}

    def tell(self, faults: Faults) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

    def lines(self, now: float, *, person: str = "", after: int = 0) -> list[Line]:
        """Comments: `in` from the customer, `out` from the bot, `agent` and `note` from people."""
        found = []
        for number, ticket, comment, at in self.desk.said():
            whose = self.desk.person(ticket.requester)
            if number <= after or (person and whose != person):
                continue
            found.append(
                Line(
                    number=number,
                    at=at,
                    direction=_direction(comment),
                    id=str(comment["id"]),
                    ours=str(ticket.id),
                    person=whose,
                    text=comment["plain_body"],
                    media=tuple(each["content_url"] for each in comment["attachments"]),
                    status=ticket.status,
                )
            )
        return found

    def say(self, said: Said, now: float) -> tuple[str, list[Delivery]]:
        """A customer writes: to their newest ticket, or a new one, which follows a closed one.

        Raises `KeyError` for another surface.
        """
        if said.surface != self.name:
            raise KeyError(said.surface)
        requester, ticket = self.desk.customer(said.person), self.desk.current(said.person)
        files = [
            {"id": self.desk.next_id(), "content_url": url, "content_type": said.media_type}
            for url in said.media
        ]
        comment = {"body": said.text, "public": True, "attachments": files}
        if ticket is None:
            subject, closed = said.name or said.text[:40], self.desk.closed(said.person)
            ticket = self.desk.open(requester, subject, now, follows=closed)
            audit = self.desk.update(ticket, requester, now, comment)
        else:
            changes = {"status": "open"} if ticket.status in ("pending", "hold", "solved") else {}
            audit = self.desk.update(ticket, requester, now, comment, changes)
        return str(ticket.comments[-1]["id"]), self._tell(ticket, audit, now)

    def standing(self, person: str) -> Standing:
        """The person's newest ticket: its status, and whose it is."""
        ticket = self.desk.current(person)
        if ticket is None:
            return Standing()
        assigned = self.desk.name(ticket.assignee_id) if ticket.assignee_id else "nobody"
        return Standing(str(ticket.id), f"{ticket.status}, assigned to {assigned}")

    def act(self, person: str, move: str, text: str, now: float) -> list[Delivery]:
        """Grace does one of the `moves`. Raises `KeyError` for another one, or without a ticket."""
        ticket = self.desk.current(person)
        if ticket is None:
            raise KeyError(person)
        follows = self._tell(ticket, moved(self.desk, ticket, move, text, now), now)
        if move in ("merge", "delete"):
            kind = "merged" if move == "merge" else "soft_deleted"
            follows += self._webhooks.ended(ticket, kind, GRACE, now)
        if move == "delete":
            del self.desk.tickets[ticket.id]
        return follows

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call of the API."""
        path, _, query = request.url.partition("?")
        if path == "/oauth/tokens":
            return self.account.grant(request.body, now), []
        if not self.account.lets_in(request.headers.get("authorization", ""), now):
            return refuse(401, "Couldn't authenticate you"), []
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        what = path.removeprefix("/api/v2/").removesuffix(".json").split("/")
        match request.method, what:
            case "POST", ["tickets"]:
                return self._create(request, now)
            case "GET", ["tickets"]:
                made = asked.get("external_id")
                found = [each.shown() for each in self.desk.tickets.values() if each.external_id == made]
                return answer(200, {"tickets": found}), []
            case "POST", ["uploads"]:
                token = f"tok{self._chance.getrandbits(64):016x}"
                self._uploads[token] = unquote(asked.get("filename", "file"))
                return answer(201, {"upload": {"token": token}}), []
            case "GET" | "PUT", ["tickets", number, *rest] if number.isdigit():
                ticket = self.desk.tickets.get(int(number))
                if ticket is None:
                    return refuse(404, "RecordNotFound", "Not found"), []
                if request.method == "GET":
                    return self._shown(ticket, rest), []
                return (
                    self._put(ticket, request.body, now) if not rest else (refuse(404, "InvalidEndpoint"), [])
                )
        return self.account.handle(request.method, what, request.body), []

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """Few retries, for few reasons (Zendesk, "Webhooks": retries). The signature stays the same."""
        most = _TIMEOUT_RETRIES if timed_out else _RETRIES.get(status or 0, 0)
        if delivery.attempt > most:
            return []
        return [replace(delivery, at=now + _RETRY_SECONDS, attempt=delivery.attempt + 1)]

    def _shown(self, ticket: TwinTicket, rest: Sequence[str]) -> TwinResponse:
        match rest:
            case []:
                return answer(200, {"ticket": ticket.shown()})
            case ["comments"]:
                page = {"comments": ticket.comments[::-1][:100], "users": self._users(ticket)}
                return answer(200, {**page, "meta": {"has_more": len(ticket.comments) > 100}})
            case ["audits"]:
                return answer(200, {"audits": ticket.audits[:1000], "meta": {"has_more": False}})
        return refuse(404, "InvalidEndpoint", "Not found")

    def _users(self, ticket: TwinTicket) -> list[Json]:
        users = {comment["author_id"] for comment in ticket.comments}
        return [{"id": user, "role": "agent" if user in AGENTS else "end-user"} for user in sorted(users)]

    def _put(self, ticket: TwinTicket, raw: bytes, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Update a ticket, or refuse that as documented, or fail as told; what is not writable is ignored."""
        sent: Json = json.loads(raw).get("ticket", {})
        fault = self._fault()
        if fault in _NOT_TAKEN:
            return _NOT_TAKEN[fault], []
        refused = self._limit(ticket, now) or self._refusal(ticket, sent)
        if refused:
            return refused, []
        changes, comment = _changes(sent), sent.get("comment")
        if comment is not None:
            names = [self._uploads.pop(token) for token in comment.get("uploads", ())]
            files = [{"content_url": f"https://files.example.com/{name}"} for name in names]
            comment = {**comment, "attachments": files}
        audit = self.desk.update(ticket, BOT, now, comment, changes, sent.get("metadata"))
        made = answer(200, {"ticket": ticket.shown(), "audit": audit})
        return self._after(fault, made), self._tell(ticket, audit, now)

    def _create(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        key = request.headers.get("idempotency-key", "")
        if key in self._created:
            before, made = self._created[key]
            if before != request.body:
                return refuse(400, "IdempotentRequestError", "the key was used with another body"), []
            return replace(made, headers={**made.headers, "x-idempotency-lookup": "hit"}), []
        fault = self._fault()
        if fault in _NOT_TAKEN:
            return _NOT_TAKEN[fault], []
        sent: Json = json.loads(request.body)["ticket"]
        requester = self.desk.customer(sent["requester"]["email"])
        body = sent["comment"]["body"]
        ticket = self.desk.open(requester, sent.get("subject") or body[:40], now, via="api")
        comment = {**sent["comment"], "attachments": []}
        audit = self.desk.update(ticket, BOT, now, comment, _changes(sent), sent.get("metadata"))
        made = answer(201, {"ticket": ticket.shown(), "audit": audit})
        if key:
            self._created[key] = request.body, made
        return self._after(fault, made), self._tell(ticket, audit, now)

    def _refusal(self, ticket: TwinTicket, sent: Json) -> TwinResponse | None:
        """The first rule that an update breaks."""
        if ticket.status == "closed":
            details = {"status": [{"description": "Status: closed prevents ticket update"}]}
            return answer(422, {"error": "RecordInvalid", "details": details})
        if sent.get("safe_update") and sent.get("updated_stamp") != ticket.shown()["updated_at"]:
            return refuse(409, "UpdateConflict", "Safe Update prevented the update")
        comment = sent.get("comment", {"body": "x"})
        if not (comment.get("body") or comment.get("html_body")) or len(str(comment).encode()) > 65_536 * 2:
            return refuse(422, "RecordInvalid", "comment body cannot be blank, or is too long")
        if any(token not in self._uploads for token in comment.get("uploads", ())):
            return refuse(422, "RecordInvalid", "unknown upload token")
        if sent.get("status", "open") not in _STATUSES:
            return refuse(422, "RecordInvalid", "unknown status")
        return None

    def _limit(self, ticket: TwinTicket, now: float) -> TwinResponse | None:
        """Thirty updates of a ticket in ten minutes, a hundred a minute in all (Zendesk, "Rate limits")."""
        while self._updates and self._updates[0][0] <= now - _TICKET_SECONDS:
            self._updates.popleft()
        own = [at for at, number in self._updates if number == ticket.id]
        recent = [at for at, _ in self._updates if at > now - _ACCOUNT_SECONDS]
        waits = [own[0] + _TICKET_SECONDS - now] if len(own) >= _TICKET_UPDATES else []
        waits += [recent[0] + _ACCOUNT_SECONDS - now] if len(recent) >= _ACCOUNT_UPDATES else []
        if waits:
            headers = {"retry-after": str(int(max(waits)) + 1)} if self._tells_when else {}
            return refuse(429, "APIRateLimitExceeded", "Number of allowed updates exceeded", headers)
        self._updates.append((now, ticket.id))
        return None

    def _fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._chance.random() < self._faults.chance:
            return self._chance.choice(self._faults.kinds)
        return Fault.NONE

    def _after(self, fault: Fault, made: TwinResponse) -> TwinResponse:
        """An update that was taken, as the caller hears of it."""
        match fault:
            case Fault.ERROR_AFTER:
                return refuse(500, "InternalError")
            case Fault.TIMEOUT_AFTER:
                return replace(made, delay=_NO_ANSWER_SECONDS)
            case Fault.DROP_AFTER:
                return replace(made, drop=True)
        return replace(made, delay=self._faults.answer_delay)

    def _tell(self, ticket: TwinTicket, audit: Json, now: float) -> list[Delivery]:
        """The webhooks of an update, doubled and shuffled as told."""
        found = []
        for delivery in self._webhooks.of(ticket, audit, now):
            at = now + self._some(self._faults.webhooks_shuffled)
            found.append(replace(delivery, at=at))
            if self._chance.random() < self._faults.webhooks_twice:
                found.append(replace(delivery, at=at + self._some(1.0)))
        return found

    def _some(self, most: float) -> float:
        return self._chance.random() * most if most > 0 else 0.0


def _changes(sent: Json) -> Json:
    return {name: sent[name] for name in _WRITABLE if name in sent}


def _direction(comment: Json) -> str:
    if not comment["public"]:
        return "note"
    author = comment["author_id"]
    return "out" if author == BOT else "agent" if author in AGENTS else "in"


_NOT_TAKEN: Final = {
    Fault.TOO_MANY: refuse(429, "APIRateLimitExceeded", "", {"retry-after": "1"}),
    Fault.SERVER_ERROR: TwinResponse(status=500, body=b"<html>Internal error</html>"),
    Fault.UNAVAILABLE: TwinResponse(status=503, headers={"retry-after": "1"}, body=b"<html>Busy</html>"),
    Fault.DROP_BEFORE: TwinResponse(status=0, drop=True),
}
"""The faults that strike before an update is taken."""
