"""Sunshine Conversations API client."""

from __future__ import annotations

from typing import Final

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import (
    ErrorKind,
    build_foreign_error,
    build_read_error,
    describe_error,
    get,
    is_denied,
    is_foreign,
    is_refused,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
    post,
    send_request,
    without_effect,
)
from channels.sunshine.capabilities import NAME, REPLY_KEY_METADATA
from channels.sunshine.delivery_statuses import classify_own_code
from channels.sunshine.rendering import TEMPLATE_SCHEMA, Json, build_content, build_template_content
from channels.sunshine.switchboard import Switchboard, get_active_integration
from core.errors import DeliveryError, Rejected, Throttled, Unknown
from core.model import Attachment, FailureKind, Reply, SentMessage

_MAX_NOTE_LENGTH: Final = 1000


class SunshineClient:
    """Client of one app's conversations. No idempotency key: metadata carry the reply's key for look-up."""

    def __init__(
        self, *, url: str, app: str, key: tuple[str, str], desk: str, switchboard: Switchboard
    ) -> None:
        self._base = f"{url}/v2/apps/{app}/conversations"
        self._attachments = f"{url}/v2/apps/{app}/attachments"
        self._auth = key
        self._desk = desk
        self._switchboard = switchboard

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one message while the bot holds control, or pass control to the desk.

        Zendesk accepts a message without control, too, so the holder is checked right before. Raises
        `Rejected` if it is not the bot, `Unavailable` or `Unknown`.
        """
        body = await self._get(reply.address.theirs, "conversation", http)
        conversation = get_object(body, "conversation")
        if reply.act == "hand_off":
            return await self._pass_control(reply, conversation, http)
        if self._switchboard.is_offered_to_bot(conversation):
            await self._post(
                reply.address.theirs,
                "acceptControl",
                {"metadata": {REPLY_KEY_METADATA: reply.plain_key}},
                http,
            )
        elif not self._switchboard.is_bot_active(get_active_integration(conversation)):
            raise Rejected(
                "another integration has control of the conversation", code="not_in_control", taken_over=True
            )
        message: Json = {"author": {"type": "business"}, "metadata": {REPLY_KEY_METADATA: reply.plain_key}}
        if reply.template is None:
            message |= {"content": build_content(reply)}
        else:
            message |= {"schema": TEMPLATE_SCHEMA, "content": build_template_content(reply.template)}
        response = await self._post(reply.address.theirs, "messages", message, http)
        accepted = parse_json_body(response)
        messages = get_object_list(accepted, "messages")
        number = get_identifier(messages[0], "id") if messages else ""
        if not number:
            raise Unknown(
                "sunshine: accepted, but the response has no message ID", is_accepted=bool(accepted)
            )
        return SentMessage(provider_id=number)

    async def upload(
        self, conversation: str, body: bytes, medium: Attachment, http: httpx.AsyncClient
    ) -> Attachment:
        """Upload a file for a conversation (Sunshine Conversations, "Upload attachment").

        An upload that is not sent is invisible, so one with unknown outcome is repeated. Raises `Rejected` or
        `Unavailable`.
        """
        kind = medium.content_type.partition(";")[0].strip()
        upload_url = f"{self._attachments}?access=public&for=message&conversationId={conversation}"
        try:
            response = await send_request(
                http,
                NAME,
                "POST",
                upload_url,
                files={"source": (medium.name or "file", body, kind)},
                auth=self._auth,
            )
            url = get_text(get_object(parse_json_body(response), "attachment"), "mediaUrl", 2000)
            if not response.is_success or not url:
                raise build_delivery_error(response)
        except Unknown as error:
            raise without_effect(error) from error
        return medium.model_copy(update={"url": url})

    async def _pass_control(
        self, reply: Reply, conversation: JsonObject, http: httpx.AsyncClient
    ) -> SentMessage:
        """Pass control to the desk, unless the bot does not hold it any more."""
        active = get_active_integration(conversation)
        if self._switchboard.is_bot_active(active) or not active:
            metadata = {REPLY_KEY_METADATA: reply.plain_key, "note": reply.body[:_MAX_NOTE_LENGTH]}
            body = {"switchboardIntegration": self._desk, "metadata": metadata}
            await self._post(reply.address.theirs, "passControl", body, http)
        return SentMessage(provider_id=f"passControl.{reply.key}")

    async def show_typing(self, conversation: str, http: httpx.AsyncClient) -> None:
        """Show typing. Raises a `DeliveryError`."""
        await self._post(
            conversation, "activity", {"author": {"type": "business"}, "type": "typing:start"}, http
        )

    async def find_sent(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage | None:
        """Return the message that carries the reply's key; for a hand-off, whether control has passed on."""
        if reply.act == "hand_off":
            body = await self._get(reply.address.theirs, "conversation", http)
            active = get_active_integration(get_object(body, "conversation"))
            has_passed = active and not self._switchboard.is_bot_active(active)
            return SentMessage(provider_id=f"passControl.{reply.key}") if has_passed else None
        page = await self._get(reply.address.theirs, "messages", http)
        for message in get_object_list(page, "messages"):
            if get_text(
                get_object(message, "metadata"), REPLY_KEY_METADATA, 500
            ) == reply.plain_key and get_identifier(message, "id"):
                return SentMessage(provider_id=get_identifier(message, "id"))
        return None

    async def _post(
        self, conversation: str, what: str, body: Json, http: httpx.AsyncClient
    ) -> httpx.Response:
        response = await post(http, NAME, f"{self._base}/{conversation}/{what}", json=body, auth=self._auth)
        if is_refused(response, "messages"):
            raise build_delivery_error(response)
        return response

    async def _get(self, conversation: str, name: str, http: httpx.AsyncClient) -> JsonObject:
        """Read the `conversation`, or its newest `messages`. Raises `Rejected` or `Unavailable`."""
        is_list = name == "messages"
        url = f"{self._base}/{conversation}{'/messages' if is_list else ''}"
        params = {"page[size]": "100"} if is_list else {}
        response = await get(http, NAME, url, params=params, auth=self._auth)
        body = parse_json_body(response)
        if response.is_success and isinstance(body.get(name), list if is_list else dict):
            return body
        raise without_effect(build_read_error(response, build_delivery_error, NAME))


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response of either version of the API.

    A 429 was not processed; a 5xx may have been.
    """
    status = response.status_code
    body = parse_json_body(response)
    error = next(iter(get_object_list(body, "errors")), get_object(body, "error"))
    code = get_identifier(error, "code", 60) or str(status)
    text = get_text(error, "title", 300) or get_text(error, "description", 300)
    reason = f"sunshine {status} {code}: {describe_error(text)}"
    after = parse_retry_after(response)
    if status == 429:
        return Throttled(reason, code=code, retry_after=after)
    if may_have_taken_effect(status):
        return Unknown(reason, code=code, retry_after=after)
    if is_foreign(response):
        return build_foreign_error("sunshine", response, "SUNSHINE_API_URL")
    if status == 423:
        reason = f"{reason}; the conversation is full (30,000 messages); the contact must start a new one"
    kind = classify_own_code(code)
    is_account = kind is ErrorKind.UNKNOWN and is_denied(response)
    return Rejected(reason, code=code, failure=FailureKind.ACCOUNT if is_account else kind.failure)
