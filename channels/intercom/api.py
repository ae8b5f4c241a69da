"""Calls of Intercom's API, and what its answers mean."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Generator
from datetime import datetime
from typing import Any, Final

import httpx

from channels._kit.inbound.json import Object, child, children, name_of, number, word
from channels._kit.outbound.http import Bearer, answered, get, post, retry_after
from channels._kit.text import fold, without_numbers
from channels.intercom.assignment import ASSIGNED, Author, Desk, Holder, has_words
from channels.intercom.capabilities import API_VERSION, NAME
from channels.intercom.html_body import LONGEST_BODY, read_body
from channels.intercom.rendering import body_of, note_of, option_id, request
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model.message import Reply, SentMessage

log = logging.getLogger("turngate.intercom")

_WINDOW_SECONDS: Final = 10.0
_CLOCK_SLACK: Final = 5.0

Json = dict[str, Any]


class Token(Bearer):
    """An access token, with the version of the answers that we can read."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers."""
        request.headers["Accept"] = "application/json"
        request.headers["Intercom-Version"] = API_VERSION
        yield from super().auth_flow(request)


class Api:
    """The conversations of one workspace. There is no idempotency key: the conversation itself is asked."""

    def __init__(self, *, url: str, token: str, desk: Desk) -> None:
        self._base = f"{url}/conversations"
        self._auth = Token(token)
        self._desk = desk

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one comment, or hand over. Raises `Rejected`, `Unavailable` or `Unknown`.

        Webhooks take their time and are repeated only once, so the conversation is asked, too, whether a
        person has come since the message that is answered.
        """
        if reply.act == "hand_off":
            return await self._hand_off(reply, http)
        if reply.act == "close":
            return await self._close(reply, http)
        if reply.voice == "bot" and self._has_person(await self._get(reply, http), reply):
            raise Rejected("intercom: a person has the conversation now", code="person")
        conversation = await self._post(reply, "reply", request(reply), http)
        ours = [part for part in _parts(conversation) if self._desk.author(part) is Author.US]
        if not ours:
            raise Unknown("intercom: accepted, but the answer does not show the comment")
        return SentMessage(provider_id=name_of(max(ours, key=_age), "id"))

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """The oldest comment of ours like `reply` since then; for a hand-off, whether it is assigned."""
        conversation = await self._get(reply, http)
        if reply.act == "hand_off":
            handed = self._desk.holder(conversation) in (Holder.HANDED_TO, Holder.OTHERS)
            return _done(reply) if handed else None
        if reply.act == "close":
            return _done(reply) if self._is_over(conversation, reply) else None
        earliest = since.timestamp() - _CLOCK_SLACK
        for part in sorted(_parts(conversation), key=_age):
            is_new = (number(part, "created_at") or 0.0) >= earliest and name_of(part, "id") not in known
            if is_new and self._desk.author(part) is Author.US and _is_same(part, reply):
                return SentMessage(provider_id=name_of(part, "id"))
        return None

    async def ask_as(
        self, person: str, role: str, text: str, http: httpx.AsyncClient, *, conversation: str = ""
    ) -> None:
        """Say something as a contact, in a conversation or in a new one; `role` is user, lead or contact.

        Raises a `DeliveryError`. It comes back as a webhook.
        """
        body: Json = {"from": {"type": role, "id": person}, "body": text}
        url = self._base
        if conversation:
            url = f"{self._base}/{conversation}/reply"
            body = {"message_type": "comment", "type": "user", "intercom_user_id": person, "body": text}
        await self._call(url, body, http)

    async def _hand_off(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """A note for the people, then the assignment, after which the bot is silent.

        Each step is left out when it was done before, so that all of them may be tried again.
        """
        desk, conversation = self._desk, await self._get(reply, http)
        holder = desk.holder(conversation)
        note = note_of(reply)
        if not self._has_note(conversation, note):
            await self._post(reply, "reply", {"message_type": "note", "body": note}, http)
        if desk.tag and desk.tag not in _tags(conversation):
            await self._tag(reply, http)
        if holder in (Holder.OTHERS, Holder.HANDED_TO):
            return _done(reply)  # it is never taken from a person
        if holder is Holder.US and not desk.colleague:
            await self._assign(reply, "admin", "0", http)  # a team may be assigned beside a teammate
        if desk.colleague:
            await self._assign(reply, "admin", desk.colleague, http)
        elif desk.team:
            await self._assign(reply, "team", desk.team, http)
        return _done(reply)

    async def _tag(self, reply: Reply, http: httpx.AsyncClient) -> None:
        """Put our tag on it; a tag that is not there any more is no reason to hand nothing over."""
        url = f"{self._base}/{reply.address.theirs}/tags"
        try:
            await self._call(url, {"id": self._desk.tag, "admin_id": self._desk.admin}, http)
        except Rejected as error:
            log.error("the tag for hand-offs is refused: %s; check INTERCOM_HANDOFF_TAG_ID", error.code)

    async def _close(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Close the conversation at a flow's end, where nobody else is at work in it."""
        if not self._is_over(await self._get(reply, http), reply):
            await self._post(reply, "parts", {"message_type": "close"}, http)
        return _done(reply)

    def _is_over(self, conversation: Json, reply: Reply) -> bool:
        return word(conversation, "state", 20) == "closed" or self._has_person(conversation, reply)

    async def _assign(self, reply: Reply, kind: str, assignee: str, http: httpx.AsyncClient) -> None:
        body = {"message_type": "assignment", "type": kind, "assignee_id": assignee}
        await self._post(reply, "parts", body, http)

    def _has_person(self, conversation: Json, reply: Reply) -> bool:
        """Whether a person has said something, or got the conversation, since the message that is answered.

        What answers none, such as a reminder, stands against the newest message.
        """
        holder, parts = self._desk.holder(conversation), _parts(conversation)
        newest = max((_age(p)[0] for p in parts if self._desk.author(p) is Author.CONTACT), default=0)
        turn = reply.key.rpartition(".")[0]
        since = 0 if turn.startswith("source:") else int(turn) if turn.isdecimal() else newest
        for part in parts:
            author, kind = self._desk.author(part), word(part, "part_type", 60)
            if _age(part)[0] <= since or author is Author.US:
                continue
            if kind in ASSIGNED and holder is Holder.OTHERS:
                return True
            if author is Author.PERSON and kind not in ("note", "close") and has_words(part):
                return kind not in ASSIGNED or holder is not Holder.US
        return False

    def _has_note(self, conversation: Json, note: str) -> bool:
        """Whether our latest deed there, apart from comments, is this note."""
        for part in sorted(_parts(conversation), key=_age, reverse=True):
            kind = word(part, "part_type", 60)
            if self._desk.author(part) is Author.US and kind in ("note", "assignment"):
                return kind == "note" and _text(part) == fold(read_body(note, "html").text)
        return False

    async def _post(self, reply: Reply, what: str, body: Json, http: httpx.AsyncClient) -> Json:
        made = {"type": "admin", "admin_id": self._desk.admin, **body}
        return await self._call(f"{self._base}/{reply.address.theirs}/{what}", made, http)

    async def _call(self, url: str, body: Json, http: httpx.AsyncClient) -> Json:
        answer = await post(http, NAME, url, json=body, auth=self._auth)
        if not answer.is_success:
            raise refusal(answer)
        return answered(answer)

    async def _get(self, reply: Reply, http: httpx.AsyncClient) -> Json:
        url = f"{self._base}/{reply.address.theirs}"
        answer = await get(http, NAME, url, params=None, auth=self._auth)
        found = answered(answer)
        if answer.is_success and found:
            return found
        error = Unknown("intercom: an answer that cannot be read") if answer.is_success else refusal(answer)
        raise Unavailable(error.reason, code=error.code) if isinstance(error, Unknown) else error


def refusal(response: httpx.Response) -> DeliveryError:
    """The delivery error behind a refusal (Intercom, "Error codes").

    A 429 was not processed; a 5xx may have been. After a conflict the conversation is read again before
    another try.
    """
    status = response.status_code
    error = next(iter(children(answered(response), "errors")), {})
    code = name_of(error, "code", 60) or str(status)
    reason = f"intercom {status} {code}: {without_numbers(word(error, 'message', 300))}"
    if status == 429:
        return Unavailable(reason, code=code, retry_after=_window_ends_in(response))
    if status in (408, 409) or status >= 500:
        return Unknown(reason, code=code)
    if status < 400:
        return Unavailable(
            f"{reason} is no answer of Intercom's; check INTERCOM_API_URL, which each region has its own of",
            code=code,
        )
    return Rejected(reason, code=code, account_wide=status in (401, 402, 403))


def _window_ends_in(response: httpx.Response) -> float:
    """Seconds until calls are taken again; a window has ten (Intercom, "Rate limiting")."""
    if (after := retry_after(response)) is not None:
        return after
    reset = response.headers.get("x-ratelimit-reset", "")
    seconds = float(reset) - time.time() if reset.isascii() and reset.isdigit() else _WINDOW_SECONDS
    return min(max(seconds, 1.0), 60.0)


def _parts(conversation: Json) -> list[Object]:
    return children(child(conversation, "conversation_parts"), "conversation_parts")


def _age(part: Object) -> tuple[int, str]:
    found = name_of(part, "id")
    return int(found) if found.isdecimal() else 0, found


def _is_same(part: Object, reply: Reply) -> bool:
    if reply.choices:
        options = children(child(part, "metadata"), "quick_reply_options")
        return any(word(option, "uuid") == option_id(reply, 0) for option in options)
    if word(part, "part_type", 60) not in ("comment", "open"):
        return False
    return _text(part) == fold(read_body(body_of(reply), "html").text)


def _text(part: Object) -> str:
    return fold(read_body(word(part, "body", LONGEST_BODY), "auto").text)


def _tags(conversation: Json) -> list[str]:
    return [name_of(tag, "id") for tag in children(child(conversation, "tags"), "tags")]


def _done(reply: Reply) -> SentMessage:
    return SentMessage(provider_id=f"{reply.address.theirs}.{reply.key}")
