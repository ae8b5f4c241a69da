"""Calls of Sunshine Conversations, and what its answers mean."""

from __future__ import annotations

from typing import Any, Final

import httpx

from channels._kit.inbound.json import Object, child, children, name_of, word
from channels._kit.outbound.http import answered, change, get, post, retry_after
from channels._kit.rendering.markdown import PLAIN, render
from channels._kit.rendering.message_parts import with_captions, with_choices
from channels._kit.text import without_numbers
from channels.sunshine.capabilities import CAPABILITIES, KEY, NAME
from channels.sunshine.switchboard import Switchboard, active_of
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model.message import Choice, Message, Part, Reply, SentMessage
from core.model.turn import Attachment

_LATER_SECONDS: Final = 30.0
_LONGEST_NOTE: Final = 1000

Json = dict[str, Any]


class Api:
    """The conversations of one app. There is no idempotency key: metadata carry ours, to be looked up."""

    def __init__(
        self, *, url: str, app: str, key: tuple[str, str], desk: str, switchboard: Switchboard
    ) -> None:
        self._base = f"{url}/v2/apps/{app}/conversations"
        self._attachments = f"{url}/v2/apps/{app}/attachments"
        self._auth = key
        self._desk = desk
        self._switchboard = switchboard

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one message while control is ours, or pass control to the desk.

        Zendesk would take a message without control, too; so who has it is asked right before. Raises
        `Rejected` when it is not us, `Unavailable` or `Unknown`.
        """
        conversation = child(await self._get(reply.address.theirs, "", {}, http), "conversation")
        if reply.act == "hand_off":
            return await self._pass_on(reply, conversation, http)
        if self._switchboard.is_offered(conversation):
            await self._post(reply.address.theirs, "acceptControl", {"metadata": {KEY: reply.key}}, http)
        elif not self._switchboard.is_ours(active_of(conversation)):
            raise Rejected("another integration has control of the conversation", code="not_in_control")
        answer = await self._post(
            reply.address.theirs,
            "messages",
            {"author": {"type": "business"}, "content": _content(reply), "metadata": {KEY: reply.key}},
            http,
        )
        messages = children(answered(answer), "messages")
        number = name_of(messages[0], "id") if messages else ""
        if not number:
            raise Unknown("sunshine: accepted, but the answer has no message id")
        return SentMessage(provider_id=number)

    async def upload(
        self, conversation: str, body: bytes, medium: Attachment, http: httpx.AsyncClient
    ) -> Attachment:
        """Give Zendesk a file for a conversation (Sunshine Conversations, "Upload attachment").

        Nobody sees an upload that is not sent, so one whose outcome is unknown is simply made again. Raises
        `Rejected` or `Unavailable`.
        """
        kind = medium.content_type.partition(";")[0].strip()
        place = f"{self._attachments}?access=public&for=message&conversationId={conversation}"
        try:
            answer = await change(
                http,
                NAME,
                "POST",
                place,
                files={"source": (medium.name or "file", body, kind)},
                auth=self._auth,
            )
            url = word(child(answered(answer), "attachment"), "mediaUrl", 2000)
            if not answer.is_success or not url:
                raise refusal(answer)
        except Unknown as error:
            raise Unavailable(error.reason, code=error.code) from error
        return medium.model_copy(update={"url": url})

    async def _pass_on(self, reply: Reply, conversation: Object, http: httpx.AsyncClient) -> SentMessage:
        """Pass control to the desk, unless it has left us already."""
        active = active_of(conversation)
        if self._switchboard.is_ours(active) or not active:
            metadata = {KEY: reply.key, "note": reply.body[:_LONGEST_NOTE]}
            body = {"switchboardIntegration": self._desk, "metadata": metadata}
            await self._post(reply.address.theirs, "passControl", body, http)
        return SentMessage(provider_id=f"passControl.{reply.key}")

    async def attend(self, conversation: str, http: httpx.AsyncClient) -> None:
        """Show typing. Raises a `DeliveryError`."""
        await self._post(
            conversation, "activity", {"author": {"type": "business"}, "type": "typing:start"}, http
        )

    async def find_sent(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage | None:
        """The message that carries our key; for a hand-off, whether control has left us."""
        if reply.act == "hand_off":
            found = await self._get(reply.address.theirs, "", {}, http)
            active = active_of(child(found, "conversation"))
            passed = active and not self._switchboard.is_ours(active)
            return SentMessage(provider_id=f"passControl.{reply.key}") if passed else None
        page = await self._get(reply.address.theirs, "/messages", {"page[size]": "100"}, http)
        for message in children(page, "messages"):
            if word(child(message, "metadata"), KEY, 500) == reply.key and name_of(message, "id"):
                return SentMessage(provider_id=name_of(message, "id"))
        return None

    async def _post(
        self, conversation: str, what: str, body: Json, http: httpx.AsyncClient
    ) -> httpx.Response:
        answer = await post(http, NAME, f"{self._base}/{conversation}/{what}", json=body, auth=self._auth)
        if not answer.is_success:
            raise refusal(answer)
        return answer

    async def _get(
        self, conversation: str, what: str, params: dict[str, str], http: httpx.AsyncClient
    ) -> Json:
        answer = await get(http, NAME, f"{self._base}/{conversation}{what}", params=params, auth=self._auth)
        found = answered(answer)
        if answer.is_success and found:
            return found
        error = Unknown("sunshine: an answer that cannot be read") if answer.is_success else refusal(answer)
        raise Unavailable(error.reason, code=error.code) if isinstance(error, Unknown) else error


def refusal(response: httpx.Response) -> DeliveryError:
    """The delivery error behind a refusal. A 429 was not processed; a 5xx may have been."""
    status = response.status_code
    error = next(iter(children(answered(response), "errors")), {})
    code = name_of(error, "code", 60) or str(status)
    reason = f"sunshine {status} {code}: {without_numbers(word(error, 'title', 300))}"
    if status == 429:
        after = retry_after(response)
        return Unavailable(reason, code=code, retry_after=_LATER_SECONDS if after is None else after)
    if status >= 500:
        return Unknown(reason, code=code)
    if status < 400:
        return Unavailable(f"{reason} is no answer of Zendesk's; check SUNSHINE_API_URL", code=code)
    if status == 423:
        reason = f"{reason}; the conversation is full (30,000 messages), the person has to begin a new one"
    return Rejected(reason, code=code, account_wide=status == 401)


def parts(message: Message) -> list[Part]:
    """Cut a message to the limits; a picture is a message of its own."""
    text = with_choices(render(message.text, PLAIN), message.choices, CAPABILITIES)
    return [*with_captions([], message.media, CAPABILITIES), *text]


def _content(reply: Reply) -> Json:
    if reply.media:
        medium = reply.media[0]
        kind = "image" if medium.content_type.startswith("image/") else "file"
        named = {"altText": medium.name} if medium.name else {}
        return {"type": kind, "mediaUrl": medium.url, **named}
    content: Json = {"type": "text", "text": reply.body}
    if reply.choices:
        content["actions"] = [_action(choice) for choice in reply.choices]
    return content


def _action(choice: Choice) -> Json:
    if choice.url:
        return {"type": "link", "text": choice.label, "uri": choice.url}
    return {"type": "reply", "text": choice.label, "payload": choice.payload}
