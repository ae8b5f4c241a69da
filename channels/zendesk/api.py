"""What the bot does in Zendesk: one update a reply, made only on the ticket that was looked at."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from channels._kit.inbound.json import Object, child, children, name_of, word
from channels._kit.outbound.http import answered
from channels._kit.rendering.html import html, html_of_text
from channels._kit.rendering.markdown import PLAIN, render
from channels._kit.text import fold
from channels.zendesk.attachments import files_of, upload
from channels.zendesk.capabilities import ANSWERED, HANDED_OFF, KEY, OFF
from channels.zendesk.client import Client, Json, refusal
from channels.zendesk.event_factory import Desk
from channels.zendesk.ticket_snapshot import Seen, followed, is_held, key_of, moment, seen, when
from core.errors import Rejected, Unavailable, Unknown
from core.model.message import Reply, SentMessage
from core.model.turn import Turn
from core.ports.http_fetch import Fetch

_CONFLICTS: Final = 3
_CONFLICT_SECONDS: Final = 10.0
_UPDATES: Final = 25
_UPDATES_SECONDS: Final = 600.0
_STAMP_SECONDS: Final = 1.0
_AUDIT_PAGES: Final = 10
_CLOCKS_APART: Final = timedelta(seconds=30)
_NEWEST: Final = {"sort": "-created_at", "page[size]": "100", "include": "users"}


class Api:
    """The tickets of one account. There is no idempotency key for updates: metadata carry ours."""

    def __init__(
        self,
        client: Client,
        desk: Desk,
        *,
        group: str,
        status: str,
        now: Callable[[], datetime] | None = None,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`now` and `rest` are the clock."""
        self._client = client
        self._desk = desk
        self._group = group
        self._status = status
        self._now = now or _now
        self._rest = rest
        self.fetch: Fetch | None = None

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Comment on the ticket, hand it to people, or make one for an e-mail address.

        Raises `Rejected` when a person has the ticket or it is closed; `Unavailable`, `Unknown`.
        """
        comment = await self._comment(reply, http)
        if "@" in reply.address.theirs:
            return await self._create(reply, comment, http)
        begun = self._now()
        known: set[str] | None = None
        for _ in range(_CONFLICTS):
            found, held = await self._look(reply.address.theirs, http)
            if known is None:
                known = {name_of(each, "id") for each in found.own}
            if sent := self._taken(found.own, reply, begun, known):
                return sent  # a client may repeat a PUT by itself, and the lock refuses it then
            body = self._update(reply, comment, found, held=held)
            path = f"/tickets/{reply.address.theirs}.json"
            answer = await self._client.change("PUT", path, http, json={"ticket": body})
            if answer.status_code != 409:
                break
        if not answer.is_success:
            raise refusal(answer)
        events = children(child(answered(answer), "audit"), "events")
        number = next((name_of(event, "id") for event in events if event.get("type") == "Comment"), "")
        if not number:
            raise Unknown("zendesk: accepted, but the answer has no comment")
        return SentMessage(provider_id=number)

    async def complete(self, turn: Turn, http: httpx.AsyncClient) -> Turn:
        """The turn with the files of its comment, where a webhook without them told of it."""
        if turn.details.get("told_by") != "event":
            return turn
        page = await self._newest(turn.address.theirs, "comments", http)
        files = files_of(children(page, "comments"), turn.id)
        return turn.model_copy(update={"attachments": files}) if files else turn

    async def continued(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """The number of the closed ticket that the turn's ticket follows; empty for any other."""
        return followed(await self._client.read(f"/tickets/{turn.address.theirs}.json", http))

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """The comment with our key; where metadata are not told, one of ours with the same text."""
        if "@" in reply.address.theirs:
            found = await self._client.read("/tickets.json", http, {"external_id": _outside(reply)})
            made = next(iter(children(found, "tickets")), {})
            return SentMessage(provider_id=name_of(made, "id")) if made else None
        page = await self._newest(reply.address.theirs, "comments", http)
        return self._taken(children(page, "comments"), reply, since, known)

    async def _comment(self, reply: Reply, http: httpx.AsyncClient) -> Json:
        if reply.act == "hand_off":
            note = html_of_text(reply.body or "The bot asks a person to go on.")
            return {"html_body": note, "public": False}
        comment: Json = {"html_body": html(reply.body) or "📎", "public": True}
        if reply.media and self.fetch is not None:
            comment["uploads"] = await upload(reply.media, self.fetch, self._client, http)
        elif reply.media:
            comment["html_body"] += html_of_text("\n".join(medium.url for medium in reply.media))
        return comment

    def _update(self, reply: Reply, comment: Json, found: Seen, *, held: bool) -> Json:
        """The update of the ticket as it was found; Zendesk takes it only while it is still so."""
        handed_off = reply.act == "hand_off"
        if held and not handed_off:
            raise Rejected("a person has the ticket", code="held")
        body: Json = {"comment": comment, "status": "open" if handed_off else self._status}
        if handed_off and not held:
            body |= {"assignee_id": None, **({"group_id": int(self._group)} if self._group else {})}
        tag = HANDED_OFF if handed_off else ANSWERED
        return {
            **body,
            "tags": [*(each for each in found.tags if each != tag), tag],
            "metadata": {KEY: reply.key},
            "safe_update": True,
            "updated_stamp": found.stamp,
        }

    async def _look(self, number: str, http: httpx.AsyncClient) -> tuple[Seen, bool]:
        """The ticket, and whether a person has it. Raises `Rejected` when it is closed."""
        found = seen(
            await self._ticket(number, http), await self._newest(number, "comments", http), self._desk
        )
        if found.status == "closed":
            raise Rejected("the ticket is closed; the person has to write a new one", code="closed")
        times = [when(comment)[0] for comment in found.own]
        recent = [at for at in times if (self._now() - at).total_seconds() < _UPDATES_SECONDS]
        if len(recent) >= _UPDATES:
            raise Unavailable(
                "zendesk: close to its limit of 30 updates of one ticket in 10 minutes",
                code="ticket_updates",
                retry_after=max(_UPDATES_SECONDS - (self._now() - recent[-1]).total_seconds(), 1.0),
            )
        if OFF in found.tags or not found.is_doubtful:
            return found, OFF in found.tags
        return found, is_held(found, await self._audits(number, http), self._desk)

    async def _ticket(self, number: str, http: httpx.AsyncClient) -> Object:
        """The ticket when its second is over: stamps are whole seconds and hide a change in the same one."""
        for _ in range(_CONFLICTS):
            read, at = await self._client.read_at(f"/tickets/{number}.json", http)
            ticket = child(read, "ticket")
            changed = moment(word(ticket, "updated_at", 40))
            if at is None or changed is None or changed < at:
                break
            await self._rest(_STAMP_SECONDS)
        return ticket

    async def _audits(self, number: str, http: httpx.AsyncClient) -> list[Object]:
        """The ticket's whole history, as long as it is of a usual length; the order of pages is not told."""
        found: list[Object] = []
        after = ""
        for _ in range(_AUDIT_PAGES):
            page = await self._newest(number, "audits", http, after)
            found += children(page, "audits")
            after = word(child(page, "meta"), "after_cursor", 500)
            if child(page, "meta").get("has_more") is not True or not after:
                break
        return found

    async def _newest(self, number: str, what: str, http: httpx.AsyncClient, after: str = "") -> Object:
        params = {**_NEWEST, "page[after]": after} if after else _NEWEST
        return await self._client.read(f"/tickets/{number}/{what}.json", http, params)

    async def _create(self, reply: Reply, comment: Json, http: httpx.AsyncClient) -> SentMessage:
        """A ticket for a person who is known by e-mail; the key makes a repetition harmless for two hours."""
        person = reply.address.theirs
        ticket = {
            "comment": comment,
            "requester": {"email": person, "name": person.partition("@")[0]},
            "status": self._status,
            "tags": [ANSWERED],
            "external_id": _outside(reply),
            "metadata": {KEY: reply.key},
        }
        headers = {"Idempotency-Key": _outside(reply)}
        answer = await self._client.change(
            "POST", "/tickets.json", http, json={"ticket": ticket}, headers=headers
        )
        if not answer.is_success:
            raise refusal(answer)
        number = name_of(child(answered(answer), "ticket"), "id")
        if not number:
            raise Unknown("zendesk: accepted, but the answer has no ticket")
        return SentMessage(provider_id=number)

    def _taken(
        self, comments: Iterable[Object], reply: Reply, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        for comment in comments:
            key, number = key_of(comment), name_of(comment, "id")
            alike = not key and number not in known and self._is_like(comment, reply, since)
            if number and (key == reply.key or alike):
                return SentMessage(provider_id=number)
        return None

    def _is_like(self, comment: Object, reply: Reply, since: datetime) -> bool:
        at = moment(word(comment, "created_at", 40))
        text = word(comment, "plain_body", 20_000) or word(comment, "body", 20_000)
        return (
            name_of(comment, "author_id") == self._desk.bot
            and comment.get("public") is (reply.act == "say")
            and at is not None
            and at >= since - _CLOCKS_APART
            and fold(text) == fold(render(reply.body, PLAIN))
        )


def _outside(reply: Reply) -> str:
    """Our name of a ticket that we make: the same for the same reply, and no address in it."""
    return f"turngate-{hashlib.sha256(reply.name.encode()).hexdigest()[:40]}"


def _now() -> datetime:
    return datetime.now(UTC)
