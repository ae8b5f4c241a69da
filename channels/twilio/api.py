"""What we send to Twilio: rendered, sent, and looked up when the outcome of a send is unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from channels._kit.outbound.error_kinds import Failure
from channels._kit.outbound.http import answered, get, post, retry_after
from channels._kit.rendering.markdown import ASTERISKS, PLAIN, render
from channels._kit.rendering.message_parts import listed, with_captions
from channels._kit.rendering.sms_segments import segments, thrifty
from channels._kit.rendering.text_splitter import split
from channels._kit.text import fold, without_numbers
from channels.twilio.capabilities import (
    CAPABILITIES,
    NAME,
    failure,
    is_whatsapp,
)
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model.message import Message, Part, Reply, SentMessage
from core.model.turn import Address, Attachment

_LATER_SECONDS: Final = 600.0
_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = 5
_CLOCK_SLACK: Final = timedelta(seconds=2)
_TRIAL_PREFIX: Final = "Sent from your Twilio trial account - "


class Api:
    """Twilio's Messages resource. There is no idempotency key: an unknown outcome has to be looked up."""

    def __init__(
        self, *, account: str, token: str, url: str, messaging_service: str, status_callback: str
    ) -> None:
        self._auth = (account, token)
        self._url = url
        self._messages = f"{url}/2010-04-01/Accounts/{account}/Messages.json"
        self._messaging_service = messaging_service
        self._status_callback = status_callback

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Create one message. Raises `Rejected`, `Unavailable` or `Unknown`."""
        response = await post(http, NAME, self._messages, data=self._form(reply), auth=self._auth)
        if not response.is_success:
            raise refusal(response)
        sid = answered(response).get("sid")
        if not isinstance(sid, str) or not sid:
            raise Unknown("twilio: accepted, but the answer has no sid")
        return SentMessage(provider_id=sid)

    def _form(self, reply: Reply) -> dict[str, str | Sequence[str]]:
        form: dict[str, str | Sequence[str]] = {
            "To": reply.address.theirs,
            "From": reply.address.ours,
            "StatusCallback": self._status_callback,
        }
        if self._messaging_service:
            form["MessagingServiceSid"] = self._messaging_service
        if reply.body:
            form["Body"] = reply.body
        if reply.media:
            form["MediaUrl"] = [medium.url for medium in reply.media]
        if not is_whatsapp(reply.address.theirs):
            # one typographic quote makes every part of an SMS two or three times as dear
            form["SmartEncoded"] = "true"
        return form

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """The oldest message like `reply` that Twilio created at or after `since` and that is not `known`.

        Raises `Unavailable` when Twilio cannot say, `Rejected` when it refuses the question. The list comes
        newest first; it is not filtered by DateSent, which a message in the queue does not have yet.
        """
        earliest = since.astimezone(UTC) - _CLOCK_SLACK
        wanted = {"To": reply.address.theirs, "PageSize": str(_PAGE_SIZE)}
        if not self._messaging_service:
            wanted["From"] = reply.address.ours
        params: dict[str, str] | None = wanted
        url, found = self._messages, None
        for _ in range(_MOST_PAGES):
            page = await self._page(http, url, params)
            for entry in _entries(page):
                created = _created(entry)
                if created is not None and created < earliest:
                    return found
                if entry.get("sid") not in known and _is_same(entry, reply):
                    found = SentMessage(provider_id=str(entry["sid"]))
            following = page.get("next_page_uri")
            if not isinstance(following, str) or not following.startswith("/"):
                return found
            url, params = f"{self._url}{following}", None
        if found is None:
            raise Unavailable("twilio: too many messages since then to look through")
        return found

    async def _page(
        self, http: httpx.AsyncClient, url: str, params: Mapping[str, str] | None
    ) -> dict[str, Any]:
        response = await get(http, NAME, url, params=params, auth=self._auth)
        if response.is_success and isinstance((page := answered(response)).get("messages"), list):
            return page
        error = Unknown("twilio: a list that cannot be read") if response.is_success else refusal(response)
        raise Unavailable(error.reason, code=error.code) if isinstance(error, Unknown) else error


def refusal(response: httpx.Response) -> DeliveryError:
    """The delivery error behind an answer that is not a success (Twilio, "Error and warning dictionary").

    A 429 was not processed; a 5xx may have been.
    """
    body = answered(response)
    code = str(body.get("code") or response.status_code)
    reason = f"twilio {code}: {without_numbers(str(body.get('message') or body.get('detail') or ''))}"
    status, kind = response.status_code, failure(code)
    if status == 429 or code == "20429":
        return Unavailable(reason, code=code, retry_after=retry_after(response))
    if status >= 500:
        return Unknown(reason, code=code)
    if kind in (Failure.LATER, Failure.RETRY):
        return Unavailable(reason, code=code, retry_after=retry_after(response) or _LATER_SECONDS)
    if status < 400:
        return Unavailable(f"{reason} is no answer of Twilio's; check TWILIO_API_URL", code=code)
    return Rejected(
        reason,
        code=code,
        opted_out=kind is Failure.OPTED_OUT,
        account_wide=kind is Failure.ACCOUNT or (kind is Failure.UNKNOWN and status in (401, 403)),
    )


def parts(message: Message, address: Address) -> list[Part]:
    """Cut a message to Twilio's limits, in the dialect of its address.

    Choices become a numbered list: buttons would need a template that Twilio has approved.
    """
    on_whatsapp = is_whatsapp(address.theirs)
    text = render(message.text, ASTERISKS if on_whatsapp else PLAIN)
    text = listed(text, message.choices)
    if not on_whatsapp:
        text = thrifty(text)
    bodies = split(text, CAPABILITIES.text_length)
    if on_whatsapp:
        return with_captions(bodies, message.media, CAPABILITIES)
    return [_counted(part) for part in _with_media(bodies, message.media)]


def _counted(part: Part) -> Part:
    """A part with what it costs, unless it is an MMS, which is one message however long its text is."""
    return part if part.media else part.model_copy(update={"segments": str(segments(part.body))})


def _with_media(bodies: list[str], media: Sequence[Attachment]) -> list[Part]:
    """MMS: media go with the first text, ten at most in one message."""
    files, size = tuple(media), CAPABILITIES.media
    more = [Part(body="", media=files[at : at + size]) for at in range(size, len(files), size)]
    if not bodies:
        return [Part(body="", media=files[:size]), *more] if files else []
    first, *rest = bodies
    return [Part(body=first, media=files[:size]), *more, *(Part(body=body) for body in rest)]


def _entries(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in page["messages"] if isinstance(entry, dict)]


def _created(entry: dict[str, Any]) -> datetime | None:
    try:
        created = parsedate_to_datetime(str(entry.get("date_created")))
    except ValueError:
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _is_same(entry: dict[str, Any], reply: Reply) -> bool:
    body = str(entry.get("body") or "").removeprefix(_TRIAL_PREFIX)
    return (
        str(entry.get("direction", "")).startswith("outbound")
        and entry.get("from") in (reply.address.ours, None, "")
        and str(entry.get("num_media") or "0") == str(len(reply.media))
        and fold(body) == fold(reply.body)
    )
