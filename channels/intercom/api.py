"""Intercom API client."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection, Generator
from datetime import datetime
from typing import Any, Final

import httpx

from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
)
from channels._kit.outbound import (
    BearerAuth,
    build_foreign_error,
    describe_error,
    get,
    is_foreign,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
    post,
    without_effect,
)
from channels._kit.text import normalize_for_comparison
from channels._kit.time_zones import find_number_zone, find_place_zone
from channels.intercom.assignment import ASSIGNMENT_PART_TYPES, Assignee, Author, Workspace, has_content
from channels.intercom.capabilities import API_VERSION, NAME
from channels.intercom.contacts import Speaker, identify_speaker
from channels.intercom.first_messages import FirstMessageClient, is_new_contact
from channels.intercom.html_body import MAX_BODY_LENGTH, parse_body
from channels.intercom.rendering import build_comment, build_option_id, render_comment_html, render_note_html
from core.errors import DeliveryError, Rejected, Throttled, Unknown
from core.model import FailureKind, Reply, SentMessage

log = logging.getLogger("turngate.intercom")

_RATE_WINDOW_SECONDS: Final = 10.0
_CLOCK_SLACK: Final = 5.0

Json = dict[str, Any]


class IntercomAuth(BearerAuth):
    """Access token, with the API version of the responses that are parsed here."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers."""
        request.headers["Accept"] = "application/json"
        request.headers["Intercom-Version"] = API_VERSION
        yield from super().auth_flow(request)


class IntercomClient:
    """Client of one workspace's conversations. No idempotency key: the conversation itself is looked up."""

    def __init__(self, *, url: str, token: str, desk: Workspace) -> None:
        self._url = url
        self._base = f"{url}/conversations"
        self._auth = IntercomAuth(token)
        self._workspace = desk
        self._first_messages = FirstMessageClient(self._post_json, desk)

    async def _post_json(self, path: str, body: Json, http: httpx.AsyncClient) -> Json:
        return await self._call(f"{self._url}{path}", body, http)

    async def fetch_workspace_id(self, http: httpx.AsyncClient) -> str:
        """Return the ID of the token's workspace (Intercom, "Identify an admin").

        Raises a `DeliveryError`.
        """
        response = await get(http, NAME, f"{self._url}/me", params=None, auth=self._auth)
        identifier = get_identifier(get_object(parse_json_body(response), "app"), "id_code", 60)
        if response.is_success and identifier:
            return identifier
        raise without_effect(build_delivery_error(response))

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one comment, or hand off. Raises `Rejected`, `Unavailable` or `Unknown`.

        Webhooks are delayed and retried only once, so the conversation is read, too, to see whether an agent
        has joined since the message that is answered.
        """
        if is_new_contact(reply.address):
            return await self._first_messages.send(reply, http)
        if reply.act == "hand_off":
            return await self._hand_off(reply, http)
        if reply.act == "close":
            return await self._close(reply, http)
        if reply.voice == "bot" and self._has_agent_activity(
            await self._get_conversation(reply, http), reply
        ):
            raise Rejected(
                "intercom: the conversation is assigned to an agent now", code="person", taken_over=True
            )
        conversation = await self._post(reply, "reply", build_comment(reply), http)
        bot_parts = [
            part for part in _get_parts(conversation) if self._workspace.classify_author(part) is Author.BOT
        ]
        if not bot_parts:
            raise Unknown(
                "intercom: accepted, but the comment is not in the response", is_accepted=bool(conversation)
            )
        return SentMessage(provider_id=get_identifier(max(bot_parts, key=_part_sort_key), "id"))

    async def find_thread_names(self, reply: Reply, http: httpx.AsyncClient) -> tuple[str, ...]:
        """Return by what webhooks know the conversation that a first message starts; else none."""
        return (
            await self._first_messages.find_thread_names(reply, http) if is_new_contact(reply.address) else ()
        )

    async def find_time_zone(self, contact: str, http: httpx.AsyncClient) -> str:
        """Return the time zone of a contact's place, or else of their number (Intercom, "Get a contact").

        Empty if neither is certain. Raises a `DeliveryError`.
        """
        response = await get(http, NAME, f"{self._url}/contacts/{contact}", params=None, auth=self._auth)
        found = parse_json_body(response)
        if not response.is_success:
            raise without_effect(build_delivery_error(response))
        place = get_object(found, "location")
        zone = find_place_zone(get_text(place, "country", 100), get_text(place, "city", 100))
        return zone or find_number_zone(re.sub(r"\D", "", get_text(found, "phone", 40)))

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return the bot's oldest comment like `reply` since then; for a hand-off, whether it is assigned."""
        conversation = await self._get_conversation(reply, http)
        if reply.act == "hand_off":
            is_handed_off = self._workspace.classify_assignee(conversation) in (
                Assignee.HAND_OFF_TARGET,
                Assignee.OTHER,
            )
            return _sent_conversation(reply) if is_handed_off else None
        if reply.act == "close":
            return _sent_conversation(reply) if self._is_finished(conversation, reply) else None
        earliest = since.timestamp() - _CLOCK_SLACK
        for part in sorted(_get_parts(conversation), key=_part_sort_key):
            is_new = (get_number(part, "created_at") or 0.0) >= earliest and get_identifier(
                part, "id"
            ) not in known
            if is_new and self._workspace.classify_author(part) is Author.BOT and _matches_reply(part, reply):
                return SentMessage(provider_id=get_identifier(part, "id"))
        return None

    async def post_as_contact(
        self, contact_id: str, role: str, text: str, http: httpx.AsyncClient, *, conversation: str = ""
    ) -> None:
        """Post a message as a contact, in a conversation or a new one; `role` is user, lead or contact.

        Raises a `DeliveryError`. The message comes back as a webhook.
        """
        body: Json = {"from": {"type": role, "id": contact_id}, "body": text}
        url = self._base
        if conversation:
            url = f"{self._base}/{conversation}/reply"
            body = {"message_type": "comment", "type": "user", "intercom_user_id": contact_id, "body": text}
        await self._call(url, body, http)

    async def _hand_off(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Add a note for the agents, then assign, after which the bot is silent.

        Each step is skipped if it was done before, so that all of them may be retried.
        """
        desk, conversation = self._workspace, await self._get_conversation(reply, http)
        assignee = desk.classify_assignee(conversation)
        note = render_note_html(reply)
        if not self._has_note(conversation, note):
            await self._post(reply, "reply", {"message_type": "note", "body": note}, http)
        if desk.tag and desk.tag not in _get_tag_ids(conversation):
            await self._add_tag(reply, http)
        if assignee in (Assignee.OTHER, Assignee.HAND_OFF_TARGET):
            return _sent_conversation(reply)  # never taken from an agent
        if assignee is Assignee.BOT and not desk.teammate:
            await self._assign(
                reply, "admin", "0", http
            )  # unassign the bot; a team may stay assigned beside a teammate
        if desk.teammate or desk.team:
            await self._assign_target(reply, http)
        return _sent_conversation(reply)

    async def _assign_target(self, reply: Reply, http: httpx.AsyncClient) -> None:
        """Assign to the configured teammate or team; one that was deleted does not stop the hand-off."""
        desk = self._workspace
        try:
            await self._assign(reply, "admin" if desk.teammate else "team", desk.teammate or desk.team, http)
        except Rejected as error:
            if error.code != "assignee_not_found":
                raise
            log.error(
                "Intercom has no such teammate or team to hand off to; the conversation is left unassigned: "
                "check INTERCOM_HANDOFF_ADMIN_ID and INTERCOM_HANDOFF_TEAM_ID"
            )
            await self._assign(reply, "admin", "0", http)

    async def _add_tag(self, reply: Reply, http: httpx.AsyncClient) -> None:
        """Tag the conversation; a deleted tag does not stop the hand-off."""
        url = f"{self._base}/{reply.address.theirs}/tags"
        try:
            await self._call(url, {"id": self._workspace.tag, "admin_id": self._workspace.admin}, http)
        except Rejected as error:
            log.error("adding the hand-off tag failed: %s; check INTERCOM_HANDOFF_TAG_ID", error.code)

    async def _close(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Close the conversation at a flow's end, unless an agent works in it."""
        if not self._is_finished(await self._get_conversation(reply, http), reply):
            await self._post(reply, "parts", {"message_type": "close"}, http)
        return _sent_conversation(reply)

    def _is_finished(self, conversation: Json, reply: Reply) -> bool:
        return get_text(conversation, "state", 20) == "closed" or self._has_agent_activity(
            conversation, reply
        )

    async def _assign(self, reply: Reply, kind: str, assignee: str, http: httpx.AsyncClient) -> None:
        body = {"message_type": "assignment", "type": kind, "assignee_id": assignee}
        await self._post(reply, "parts", body, http)

    def _has_agent_activity(self, conversation: Json, reply: Reply) -> bool:
        """Return whether an agent has written, or was assigned, since the message that is answered.

        A reply that answers none, such as a reminder, is compared with the newest message.
        """
        assignee, parts = self._workspace.classify_assignee(conversation), _get_parts(conversation)
        newest = max(
            (
                _part_sort_key(part)[0]
                for part in parts
                if self._workspace.classify_author(part) is Author.CONTACT
                and identify_speaker(conversation, part) is not Speaker.PARTICIPANT
            ),
            default=0,
        )
        turn = reply.key.rpartition(".")[0]
        since = 0 if turn.startswith("source:") else int(turn) if turn.isdecimal() else newest
        for part in parts:
            author, kind = self._workspace.classify_author(part), get_text(part, "part_type", 60)
            if _part_sort_key(part)[0] <= since or author is Author.BOT:
                continue
            if kind in ASSIGNMENT_PART_TYPES and assignee is Assignee.OTHER:
                return True
            if author is Author.AGENT and kind not in ("note", "close") and has_content(part):
                return kind not in ASSIGNMENT_PART_TYPES or assignee is not Assignee.BOT
        return False

    def _has_note(self, conversation: Json, note: str) -> bool:
        """Return whether the bot's latest action, apart from comments, is this note."""
        for part in sorted(_get_parts(conversation), key=_part_sort_key, reverse=True):
            kind = get_text(part, "part_type", 60)
            if self._workspace.classify_author(part) is Author.BOT and kind in ("note", "assignment"):
                return kind == "note" and _normalized_text(part) == normalize_for_comparison(
                    parse_body(note, "html").text
                )
        return False

    async def _post(self, reply: Reply, what: str, body: Json, http: httpx.AsyncClient) -> Json:
        payload = {"type": "admin", "admin_id": self._workspace.admin, **body}
        return await self._call(f"{self._base}/{reply.address.theirs}/{what}", payload, http)

    async def _call(self, url: str, body: Json, http: httpx.AsyncClient) -> Json:
        response = await post(http, NAME, url, json=body, auth=self._auth)
        if not response.is_success:
            raise build_delivery_error(response)
        return parse_json_body(response)

    async def _get_conversation(self, reply: Reply, http: httpx.AsyncClient) -> Json:
        url = f"{self._base}/{reply.address.theirs}"
        response = await get(http, NAME, url, params=None, auth=self._auth)
        body = parse_json_body(response)
        if response.is_success and body:
            return body
        error = (
            Unknown("intercom: malformed response") if response.is_success else build_delivery_error(response)
        )
        raise without_effect(error)


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response (Intercom, "Error codes").

    A 429 was not processed; a 5xx may have been. After a conflict the conversation is read again before a
    retry.
    """
    status = response.status_code
    error = next(iter(get_object_list(parse_json_body(response), "errors")), {})
    code = get_identifier(error, "code", 60) or str(status)
    reason = f"intercom {status} {code}: {describe_error(get_text(error, 'message', 300))}"
    if status == 429:
        return Throttled(reason, code=code, retry_after=_seconds_until_window_end(response))
    if status == 409 or may_have_taken_effect(status):
        return Unknown(reason, code=code, retry_after=parse_retry_after(response))
    if is_foreign(response):
        return build_foreign_error("intercom", response, "INTERCOM_API_URL, which differs by region")
    return Rejected(
        reason, code=code, failure=FailureKind.ACCOUNT if status in (401, 402, 403) else FailureKind.PERMANENT
    )


def _seconds_until_window_end(response: httpx.Response) -> float:
    """Return the seconds until the rate limit's ten-second window ends (Intercom, "Rate limiting")."""
    if (after := parse_retry_after(response)) is not None:
        return after
    reset = response.headers.get("x-ratelimit-reset", "")
    seconds = float(reset) - time.time() if reset.isascii() and reset.isdigit() else _RATE_WINDOW_SECONDS
    return min(max(seconds, 1.0), 60.0)


def _get_parts(conversation: Json) -> list[JsonObject]:
    return get_object_list(get_object(conversation, "conversation_parts"), "conversation_parts")


def _part_sort_key(part: JsonObject) -> tuple[int, str]:
    identifier = get_identifier(part, "id")
    return int(identifier) if identifier.isdecimal() else 0, identifier


def _matches_reply(part: JsonObject, reply: Reply) -> bool:
    if reply.choices:
        options = get_object_list(get_object(part, "metadata"), "quick_reply_options")
        return any(get_text(option, "uuid") == build_option_id(reply, 0) for option in options)
    if get_text(part, "part_type", 60) not in ("comment", "open"):
        return False
    return _normalized_text(part) == normalize_for_comparison(
        parse_body(render_comment_html(reply), "html").text
    )


def _normalized_text(part: JsonObject) -> str:
    return normalize_for_comparison(parse_body(get_text(part, "body", MAX_BODY_LENGTH), "auto").text)


def _get_tag_ids(conversation: Json) -> list[str]:
    return [get_identifier(tag, "id") for tag in get_object_list(get_object(conversation, "tags"), "tags")]


def _sent_conversation(reply: Reply) -> SentMessage:
    return SentMessage(provider_id=f"{reply.address.theirs}.{reply.key}")
