"""Client of Meta's Cloud API."""

from __future__ import annotations

from typing import Final

import httpx

from channels._kit.inbound import get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import (
    BearerAuth,
    ErrorKind,
    build_foreign_error,
    describe_error,
    is_foreign,
    is_refused,
    may_have_taken_effect,
    normalize_content_type,
    parse_json_body,
    parse_retry_after,
    post,
    send_request,
    without_effect,
)
from channels.whatsapp.capabilities import (
    CONTACT_LIMIT_CODES,
    NAME,
    NUMBER_LIMIT_CODES,
    classify_error_code,
    default_retry_seconds,
)
from channels.whatsapp.rendering import Json, build_request
from core.errors import DeliveryError, Rejected, Throttled, Unavailable, Unknown
from core.model import Attachment, FailureKind, Reply, SentMessage, file_name

_RETRY_SECONDS: Final = 5.0


class WhatsAppClient:
    """Client of the messages endpoint. No idempotency key and no look-up: statuses return the reply's key."""

    def __init__(self, *, token: str, url: str, version: str) -> None:
        self._auth = BearerAuth(token)
        self._base = f"{url}/{version}"

    @property
    def media_url(self) -> str:
        """URL prefix of a media id."""
        return self._base

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send one part. Raises `Rejected`, `Unavailable` or `Unknown`."""
        response = await self._post(reply.address.ours, build_request(reply, self._base), http)
        accepted = parse_json_body(response)
        messages = get_object_list(accepted, "messages")
        wamid = get_identifier(messages[0], "id") if messages else ""
        if not wamid:
            raise Unknown(
                "whatsapp: accepted, but the response has no message ID", is_accepted=bool(accepted)
            )
        return SentMessage(provider_id=wamid)

    async def upload(
        self, phone_number_id: str, body: bytes, medium: Attachment, http: httpx.AsyncClient
    ) -> Attachment:
        """Upload a file to Meta and return it by its media id. Raises `Rejected` or `Unavailable`.

        An upload that is not sent is invisible, so one with unknown outcome is repeated.
        """
        kind = normalize_content_type(medium.content_type)
        name = file_name(medium.url, medium.name)
        try:
            response = await send_request(
                http,
                NAME,
                "POST",
                f"{self._base}/{phone_number_id}/media",
                data={"messaging_product": "whatsapp", "type": kind},
                files={"file": (name or "file", body, kind)},
                auth=self._auth,
            )
            number = get_identifier(parse_json_body(response), "id", 100)
            if not response.is_success or not number:
                raise build_delivery_error(response)
        except Unknown as error:
            raise without_effect(error) from error
        return medium.model_copy(update={"url": f"{self._base}/{number}", "name": name})

    async def show_typing(self, phone_number_id: str, turn_id: str, http: httpx.AsyncClient) -> None:
        """Mark a message as read and show typing, for at most 25 s.

        To be called only if a reply will follow (Meta, "Typing indicators"). Raises a `DeliveryError`.
        """
        body: Json = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": turn_id,
            "typing_indicator": {"type": "text"},
        }
        await self._post(phone_number_id, body, http)

    async def _post(self, phone_number_id: str, body: Json, http: httpx.AsyncClient) -> httpx.Response:
        response = await post(
            http, NAME, f"{self._base}/{phone_number_id}/messages", json=body, auth=self._auth
        )
        if is_refused(response, "messages"):
            raise build_delivery_error(response)
        return response


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response, decided by Meta's code before the HTTP status.

    A rate-limited request was not processed, whatever its status; any other 5xx may have been.
    """
    error = get_object(parse_json_body(response), "error")
    status = response.status_code
    code = get_identifier(error, "code", 20) or str(status)
    message = get_text(get_object(error, "error_data"), "details", 300) or get_text(error, "message", 300)
    reason = f"whatsapp {code}: {describe_error(message)}"
    kind = classify_error_code(code) if error else ErrorKind.UNKNOWN
    if kind is ErrorKind.LATER or status == 429:
        after = parse_retry_after(response) or default_retry_seconds(code) or _RETRY_SECONDS
        if code in CONTACT_LIMIT_CODES:
            return Unavailable(reason, code=code, retry_after=after, one_contact=True)
        return Throttled(reason, code=code, retry_after=after, one_number=code in NUMBER_LIMIT_CODES)
    if may_have_taken_effect(status):
        return Unknown(reason, code=code, retry_after=parse_retry_after(response))
    if kind is ErrorKind.RETRY or error.get("is_transient") is True:
        return Unavailable(reason, code=code, retry_after=parse_retry_after(response) or _RETRY_SECONDS)
    if is_foreign(response):
        return build_foreign_error("whatsapp", response, "WHATSAPP_API_URL")
    is_denied = kind is ErrorKind.UNKNOWN and status in (401, 403)
    return Rejected(reason, code=code, failure=FailureKind.ACCOUNT if is_denied else kind.failure)
