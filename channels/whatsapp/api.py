"""Calls of Meta's Cloud API, and what its answers mean."""

from __future__ import annotations

from typing import Final

import httpx

from channels._kit.inbound.json import child, children, name_of, word
from channels._kit.outbound.error_kinds import Failure
from channels._kit.outbound.http import Bearer, answered, change, post, retry_after
from channels._kit.text import without_numbers
from channels.whatsapp.capabilities import NAME, PAIR_LIMIT, failure
from channels.whatsapp.rendering import Json, request
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model.message import Reply, SentMessage
from core.model.turn import Attachment

_LATER_SECONDS: Final = 600.0
_RETRY_SECONDS: Final = 5.0
_PAIR_SECONDS: Final = 30.0
"""One message in six seconds to a person; after a burst the debt lasts minutes (Meta, "Pair rate limits")."""


class Api:
    """The messages endpoint. There is no idempotency key and no look-up: statuses tell our key back."""

    def __init__(self, *, token: str, url: str, version: str) -> None:
        self._auth = Bearer(token)
        self._base = f"{url}/{version}"

    @property
    def media_url(self) -> str:
        """What stands before the id of a medium."""
        return self._base

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send one part. Raises `Rejected`, `Unavailable` or `Unknown`."""
        answer = await self._post(reply.address.ours, request(reply, self._base), http)
        messages = children(answered(answer), "messages")
        wamid = name_of(messages[0], "id") if messages else ""
        if not wamid:
            raise Unknown("whatsapp: accepted, but the answer has no message id")
        return SentMessage(provider_id=wamid)

    async def upload(self, ours: str, body: bytes, medium: Attachment, http: httpx.AsyncClient) -> Attachment:
        """Give Meta a file: the same by its id there. Raises `Rejected` or `Unavailable`.

        Nobody sees an upload that is not sent, so one whose outcome is unknown is simply made again.
        """
        kind = medium.content_type.partition(";")[0].strip()
        try:
            answer = await change(
                http,
                NAME,
                "POST",
                f"{self._base}/{ours}/media",
                data={"messaging_product": "whatsapp", "type": kind},
                files={"file": (medium.name or "file", body, kind)},
                auth=self._auth,
            )
            number = name_of(answered(answer), "id", 100)
            if not answer.is_success or not number:
                raise refusal(answer)
        except Unknown as error:
            raise Unavailable(error.reason, code=error.code) from error
        return medium.model_copy(update={"url": f"{self._base}/{number}"})

    async def attend(self, ours: str, turn_id: str, http: httpx.AsyncClient) -> None:
        """Mark a message as read and show that an answer is being written, for 25 s at most.

        Only to be called when an answer will come (Meta, "Typing indicators"). Raises a `DeliveryError`.
        """
        body: Json = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": turn_id,
            "typing_indicator": {"type": "text"},
        }
        await self._post(ours, body, http)

    async def _post(self, ours: str, body: Json, http: httpx.AsyncClient) -> httpx.Response:
        answer = await post(http, NAME, f"{self._base}/{ours}/messages", json=body, auth=self._auth)
        if not answer.is_success:
            raise refusal(answer)
        return answer


def refusal(response: httpx.Response) -> DeliveryError:
    """The delivery error behind an answer that is not a success: decided by Meta's code before the status.

    A limit was not processed, whatever its status; any other 5xx may have been.
    """
    error = child(answered(response), "error")
    status = response.status_code
    code = name_of(error, "code", 20) or str(status)
    told = word(child(error, "error_data"), "details", 300) or word(error, "message", 300)
    reason = f"whatsapp {code}: {without_numbers(told)}"
    kind = failure(code) if error else Failure.UNKNOWN
    if kind is Failure.LATER or status == 429:
        default = _PAIR_SECONDS if code == PAIR_LIMIT else _LATER_SECONDS
        return Unavailable(reason, code=code, retry_after=retry_after(response) or default)
    if status >= 500:
        return Unknown(reason, code=code)
    if kind is Failure.RETRY or error.get("is_transient") is True:
        return Unavailable(reason, code=code, retry_after=retry_after(response) or _RETRY_SECONDS)
    if status < 400:
        return Unavailable(f"{reason} is no answer of Meta's; check WHATSAPP_API_URL", code=code)
    return Rejected(
        reason,
        code=code,
        account_wide=kind is Failure.ACCOUNT or (kind is Failure.UNKNOWN and status in (401, 403)),
    )
