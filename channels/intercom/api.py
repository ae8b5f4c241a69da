"""Intercom API client."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Generator
from datetime import datetime
from typing import Any, Final

import httpx

from channels._kit.inbound import get_identifier, get_object, get_text
from channels._kit.outbound import (
    BearerAuth,
    build_read_error,
    get,
    is_refused,
    parse_json_body,
    post,
    without_effect,
)
from channels._kit.time_zones import find_number_zone, find_place_zone
from channels.intercom.capabilities import API_VERSION, NAME
from channels.intercom.conversations.assignment import Assignee, Workspace
from channels.intercom.conversations.conversation import Conversation
from channels.intercom.errors import build_delivery_error
from channels.intercom.first_messages import FirstMessageClient, is_new_contact
from channels.intercom.rendering import build_comment, render_note_html
from core.errors import Rejected, Unknown
from core.model import Reply, SentMessage

log = logging.getLogger("turngate.intercom")

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

    def __init__(self, *, url: str, token: str, workspace: Workspace) -> None:
        self._url = url
        self._base = f"{url}/conversations"
        self._auth = IntercomAuth(token)
        self._workspace = workspace
        self._first_messages = FirstMessageClient(self._post_json, workspace)

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
        if reply.voice == "bot" and (await self._get_conversation(reply, http)).has_agent_activity(reply):
            raise Rejected(
                "intercom: the conversation is assigned to an agent now", code="person", taken_over=True
            )
        body = await self._post(reply, "reply", build_comment(reply), http)
        comment = Conversation(body, self._workspace).find_newest_sent()
        if comment is None:
            raise Unknown(
                "intercom: accepted, but the comment is not in the response", is_accepted=bool(body)
            )
        return SentMessage(provider_id=comment)

    async def find_thread_names(self, reply: Reply, http: httpx.AsyncClient) -> tuple[str, ...]:
        """Return the names by which webhooks identify a conversation that a first message starts."""
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
            is_handed_off = conversation.assignee in (Assignee.HAND_OFF_TARGET, Assignee.OTHER)
            return _sent_conversation(reply) if is_handed_off else None
        if reply.act == "close":
            return _sent_conversation(reply) if conversation.is_finished(reply) else None
        copy = conversation.find_copy(reply, earliest=since.timestamp() - _CLOCK_SLACK, known=known)
        return None if copy is None else SentMessage(provider_id=copy)

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
        workspace, conversation = self._workspace, await self._get_conversation(reply, http)
        assignee = conversation.assignee
        note = render_note_html(reply)
        if not conversation.has_note(note):
            await self._post(reply, "reply", {"message_type": "note", "body": note}, http)
        if workspace.tag and not conversation.has_tag(workspace.tag):
            await self._add_tag(reply, http)
        if assignee in (Assignee.OTHER, Assignee.HAND_OFF_TARGET):
            return _sent_conversation(reply)  # never taken from an agent
        if assignee is Assignee.BOT and not workspace.teammate:
            await self._assign(
                reply, "admin", "0", http
            )  # unassign the bot; a team may stay assigned beside a teammate
        if workspace.teammate or workspace.team:
            await self._assign_target(reply, http)
        return _sent_conversation(reply)

    async def _assign_target(self, reply: Reply, http: httpx.AsyncClient) -> None:
        """Assign to the configured teammate or team; one that was deleted does not stop the hand-off."""
        workspace = self._workspace
        try:
            await self._assign(
                reply, "admin" if workspace.teammate else "team", workspace.teammate or workspace.team, http
            )
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
        if not (await self._get_conversation(reply, http)).is_finished(reply):
            await self._post(reply, "parts", {"message_type": "close"}, http)
        return _sent_conversation(reply)

    async def _assign(self, reply: Reply, kind: str, assignee: str, http: httpx.AsyncClient) -> None:
        body = {"message_type": "assignment", "type": kind, "assignee_id": assignee}
        await self._post(reply, "parts", body, http)

    async def _post(self, reply: Reply, what: str, body: Json, http: httpx.AsyncClient) -> Json:
        payload = {"type": "admin", "admin_id": self._workspace.admin, **body}
        return await self._call(f"{self._base}/{reply.address.theirs}/{what}", payload, http)

    async def _call(self, url: str, body: Json, http: httpx.AsyncClient) -> Json:
        response = await post(http, NAME, url, json=body, auth=self._auth)
        if is_refused(response, "id"):
            raise build_delivery_error(response)
        return parse_json_body(response)

    async def _get_conversation(self, reply: Reply, http: httpx.AsyncClient) -> Conversation:
        url = f"{self._base}/{reply.address.theirs}"
        response = await get(http, NAME, url, params=None, auth=self._auth)
        body = parse_json_body(response)
        if response.is_success and get_identifier(body, "id"):
            return Conversation(body, self._workspace)
        raise without_effect(build_read_error(response, build_delivery_error, NAME))


def _sent_conversation(reply: Reply) -> SentMessage:
    return SentMessage(provider_id=f"{reply.address.theirs}.{reply.key}")
