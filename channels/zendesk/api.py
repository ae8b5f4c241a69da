"""Zendesk ticket client: one update per reply, guarded by `safe_update` against concurrent changes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import is_refused, parse_json_body
from channels._kit.rendering import markdown_to_html, text_to_html
from channels.zendesk.attachments import get_comment_files, upload_files
from channels.zendesk.capabilities import ANSWERED_TAG, BOT_OFF_TAG, HANDED_OFF_TAG, REPLY_KEY_METADATA
from channels.zendesk.client import ApiClient, Json, build_delivery_error
from channels.zendesk.event_factory import EXTERNAL_ID_PREFIX, USER_PREFIX, Account, is_new_contact
from channels.zendesk.ticket_snapshot import (
    TicketSnapshot,
    find_sent_comment,
    get_followed_ticket,
    get_requester,
    get_sort_key,
    is_agent_active,
    parse_time,
    take_snapshot,
)
from core.errors import Rejected, Unavailable, Unknown
from core.model import Attachment, Reply, SentMessage, Turn
from core.ports import HttpFetcher

log = logging.getLogger("turngate.channel.zendesk")

_MAX_CONFLICT_ATTEMPTS: Final = 3
_MAX_TICKET_UPDATES: Final = 25
_UPDATE_WINDOW_SECONDS: Final = 600.0
_STAMP_RESOLUTION_SECONDS: Final = 1.0
_MAX_AUDIT_PAGES: Final = 10
_NEWEST_FIRST_PARAMS: Final = {"sort": "-created_at", "page[size]": "100", "include": "users"}


class ZendeskClient:
    """Client of one account's tickets. No idempotency key for updates: metadata carry the reply's key."""

    def __init__(
        self,
        client: ApiClient,
        desk: Account,
        *,
        group: str,
        status: str,
        now: Callable[[], datetime] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Create a client; `now` and `sleep` are the clock."""
        self._client = client
        self._account = desk
        self._group = group
        self._status = status
        self._now = now or _utc_now
        self._sleep = sleep
        self.fetch: HttpFetcher | None = None

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Comment on the ticket, hand it off, or create one for an e-mail address.

        Raises `Rejected` if an agent has the ticket or it is closed; `Unavailable`, `Unknown`.
        """
        comment = await self._build_comment(reply, http)
        if is_new_contact(reply.address):
            return await self._create_ticket(reply, comment, http)
        started_at = self._now()
        earlier_ids: set[str] | None = None
        for _ in range(_MAX_CONFLICT_ATTEMPTS):
            snapshot, is_held = await self._take_snapshot(reply.address.theirs, http)
            if earlier_ids is None:
                earlier_ids = {get_identifier(each, "id") for each in snapshot.bot_comments}
            if sent := find_sent_comment(
                snapshot.bot_comments, reply, bot=self._account.bot, since=started_at, known=earlier_ids
            ):
                return sent  # the HTTP client may have repeated the PUT, which safe_update then refused
            body = self._build_update(reply, comment, snapshot, is_held=is_held)
            response = await self._update_ticket(reply, body, http)
            if response.status_code != 409:
                break
        if is_refused(response, "audit"):
            raise build_delivery_error(response)
        updated = parse_json_body(response)
        events = get_object_list(get_object(updated, "audit"), "events")
        number = next((get_identifier(event, "id") for event in events if event.get("type") == "Comment"), "")
        if not number:
            raise Unknown("zendesk: accepted, but the response has no comment", is_accepted=bool(updated))
        return SentMessage(provider_id=number)

    async def _update_ticket(self, reply: Reply, body: Json, http: httpx.AsyncClient) -> httpx.Response:
        """Update the ticket; if a configured status or group is refused, once more without it.

        The account's rules may forbid them (a required field, a deleted group): the comment must not be lost
        by that.
        """
        path = f"/tickets/{reply.address.theirs}.json"
        response = await self._client.send_request("PUT", path, http, json={"ticket": body})
        reduced = _without_configured_values(body)
        if response.status_code != 422 or reduced == body:
            return response
        log.error(
            "Zendesk refused an update with the configured status or group (%s); repeating it without: "
            "check ZENDESK_ANSWERED_STATUS and ZENDESK_HANDOFF_GROUP_ID",
            build_delivery_error(response),
        )
        return await self._client.send_request("PUT", path, http, json={"ticket": reduced})

    async def enrich_turn(self, turn: Turn, http: httpx.AsyncClient) -> Turn:
        """Return the turn with its comment's files, if the webhook omitted them."""
        if turn.details.get("told_by") != "event":
            return turn
        page = await self._fetch_newest(turn.address.theirs, "comments", http)
        files = get_comment_files(get_object_list(page, "comments"), turn.id)
        return turn.model_copy(update={"attachments": files}) if files else turn

    async def find_followed_ticket(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """Return the number of the closed ticket that the turn's ticket follows up; empty if none.

        A ticket of another requester does not count: its state belongs to somebody else (guarantee L15).
        """
        ticket = await self._client.get_json(f"/tickets/{turn.address.theirs}.json", "ticket", http)
        number = get_followed_ticket(ticket)
        if not number:
            return ""
        previous = await self._client.get_json(f"/tickets/{number}.json", "ticket", http)
        return number if get_requester(previous) and get_requester(previous) == get_requester(ticket) else ""

    async def find_time_zone(self, user: str, http: httpx.AsyncClient) -> str:
        """Return the IANA name of a user's time zone; empty without a user (Zendesk, "Users: show user")."""
        if not user.isdecimal():
            return ""
        found = await self._client.get_json(f"/users/{user}.json", "user", http)
        return get_text(get_object(found, "user"), "iana_time_zone", 60)

    def list_thread_names(self, reply: Reply) -> tuple[str, ...]:
        """Return the name of the ticket that a reply opens; none if it opens none."""
        if not is_new_contact(reply.address):
            return ()
        return (self._account.name_opened_ticket(_build_external_id(reply)),)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return the comment with the reply's key; without metadata, one of the bot's with the same text."""
        if is_new_contact(reply.address):
            body = await self._client.get_json(
                "/tickets.json", "tickets", http, {"external_id": _build_external_id(reply)}
            )
            ticket = next(iter(get_object_list(body, "tickets")), {})
            return self._build_opened(get_identifier(ticket, "id")) if ticket else None
        page = await self._fetch_newest(reply.address.theirs, "comments", http)
        return find_sent_comment(
            get_object_list(page, "comments"), reply, bot=self._account.bot, since=since, known=known
        )

    async def _build_comment(self, reply: Reply, http: httpx.AsyncClient) -> Json:
        if reply.act == "hand_off":
            note = text_to_html(reply.body or "The bot handed this ticket over to an agent.")
            return {"html_body": note, "public": False}
        comment: Json = {"html_body": markdown_to_html(reply.body) or "📎", "public": True}
        linked: Sequence[Attachment] = reply.media
        if reply.media and self.fetch is not None:
            tokens, linked = await upload_files(reply.media, self.fetch, self._client, http)
            comment |= {"uploads": tokens} if tokens else {}
        if linked:
            comment["html_body"] += text_to_html("\n".join(medium.url for medium in linked))
        return comment

    def _build_update(self, reply: Reply, comment: Json, snapshot: TicketSnapshot, *, is_held: bool) -> Json:
        """Build the update of the ticket as read; Zendesk accepts it only while the ticket is unchanged."""
        handed_off = reply.act == "hand_off"
        if is_held and not handed_off and reply.voice == "bot":
            raise Rejected("the ticket is assigned to an agent", code="held", taken_over=True)
        body: Json = {"comment": comment, "status": "open" if handed_off else self._status}
        if body["status"] == "solved" and not snapshot.assignee:
            body["assignee_id"] = int(self._account.bot)  # Zendesk requires one of a solved ticket
        if handed_off and not is_held:
            body |= {"assignee_id": None, **({"group_id": int(self._group)} if self._group else {})}
        tag = HANDED_OFF_TAG if handed_off else ANSWERED_TAG
        return {
            **body,
            "tags": [*(each for each in snapshot.tags if each != tag), tag],
            "metadata": {REPLY_KEY_METADATA: reply.plain_key},
            "safe_update": True,
            "updated_stamp": snapshot.stamp,
        }

    async def _take_snapshot(self, number: str, http: httpx.AsyncClient) -> tuple[TicketSnapshot, bool]:
        """Read the ticket, and whether an agent has it. Raises `Rejected` if it is closed."""
        snapshot = take_snapshot(
            await self._fetch_settled_ticket(number, http),
            await self._fetch_newest(number, "comments", http),
            self._account,
        )
        if snapshot.status == "closed":
            raise Rejected("the ticket is closed; the contact must create a new one", code="closed")
        times = [get_sort_key(comment)[0] for comment in snapshot.bot_comments]
        recent = [at for at in times if (self._now() - at).total_seconds() < _UPDATE_WINDOW_SECONDS]
        if len(recent) >= _MAX_TICKET_UPDATES:
            raise Unavailable(
                "zendesk: waiting because of the limit of 30 updates per ticket in 10 minutes",
                code="ticket_updates",
                retry_after=max(_UPDATE_WINDOW_SECONDS - (self._now() - recent[-1]).total_seconds(), 1.0),
                one_contact=True,
            )
        if BOT_OFF_TAG in snapshot.tags or not snapshot.needs_audits:
            return snapshot, BOT_OFF_TAG in snapshot.tags
        return snapshot, is_agent_active(snapshot, await self._fetch_audits(number, http), self._account)

    async def _fetch_settled_ticket(self, number: str, http: httpx.AsyncClient) -> JsonObject:
        """Read the ticket once its second is over: whole-second timestamps hide a change in the same one."""
        for _ in range(_MAX_CONFLICT_ATTEMPTS):
            body, at = await self._client.get_json_with_time(f"/tickets/{number}.json", "ticket", http)
            ticket = get_object(body, "ticket")
            changed = parse_time(get_text(ticket, "updated_at", 40))
            if at is None or changed is None or changed < at:
                break
            await self._sleep(_STAMP_RESOLUTION_SECONDS)
        return ticket

    async def _fetch_audits(self, number: str, http: httpx.AsyncClient) -> list[JsonObject]:
        """Return the ticket's history, up to a usual length; the order of pages is not documented."""
        audits: list[JsonObject] = []
        after = ""
        for _ in range(_MAX_AUDIT_PAGES):
            page = await self._fetch_newest(number, "audits", http, after)
            audits += get_object_list(page, "audits")
            after = get_text(get_object(page, "meta"), "after_cursor", 500)
            if get_object(page, "meta").get("has_more") is not True or not after:
                break
        return audits

    async def _fetch_newest(
        self, number: str, what: str, http: httpx.AsyncClient, after: str = ""
    ) -> JsonObject:
        params = {**_NEWEST_FIRST_PARAMS, "page[after]": after} if after else _NEWEST_FIRST_PARAMS
        return await self._client.get_json(f"/tickets/{number}/{what}.json", what, http, params)

    async def _create_ticket(self, reply: Reply, comment: Json, http: httpx.AsyncClient) -> SentMessage:
        """Create a ticket for an e-mail address; the idempotency key makes a retry harmless for two hours."""
        contact = reply.address.theirs
        requester: Json = {"requester": {"email": contact, "name": contact.partition("@")[0]}}
        if contact.startswith(USER_PREFIX):
            requester = {"requester_id": int(contact.removeprefix(USER_PREFIX))}
        ticket = {
            "comment": comment,
            **requester,
            "status": self._status,
            "tags": [ANSWERED_TAG],
            "external_id": _build_external_id(reply),
            "metadata": {REPLY_KEY_METADATA: reply.plain_key},
        }
        headers = {"Idempotency-Key": _build_external_id(reply)}
        response = await self._client.send_request(
            "POST", "/tickets.json", http, json={"ticket": ticket}, headers=headers
        )
        if is_refused(response, "ticket"):
            raise build_delivery_error(response)
        number = get_identifier(get_object(parse_json_body(response), "ticket"), "id")
        if not number:
            raise Unknown("zendesk: accepted, but the response has no ticket")
        return self._build_opened(number)

    def _build_opened(self, number: str) -> SentMessage:
        """Return a sent message that opened a ticket."""
        ticket = self._account.build_ticket(number)
        if ticket is None:
            return SentMessage(provider_id=number)
        return SentMessage(provider_id=number, thread=ticket.address, thread_session=ticket.session)


def _without_configured_values(body: Json) -> Json:
    """Return an update without what settings add to it: the status `solved`, its assignee, and the group."""
    if body["status"] == "solved":
        return {**{name: value for name, value in body.items() if name != "assignee_id"}, "status": "pending"}
    return {name: value for name, value in body.items() if name != "group_id"}


def _build_external_id(reply: Reply) -> str:
    """Return the external id of a new ticket: the same for the same reply, without the address."""
    return f"{EXTERNAL_ID_PREFIX}{hashlib.sha256(reply.global_key.encode()).hexdigest()[:40]}"


def _utc_now() -> datetime:
    return datetime.now(UTC)
