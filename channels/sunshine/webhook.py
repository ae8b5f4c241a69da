"""What Zendesk messaging sends us: proven to be its own, then every event of it read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from channels._kit.inbound.json import Object, child, children, name_of, read_object, word
from channels._kit.inbound.signatures import same
from channels._kit.text import without_numbers
from channels.sunshine.capabilities import CAPABILITIES, KEY, NAME
from channels.sunshine.message_content import Content, content_of
from channels.sunshine.switchboard import Switchboard, active_of
from core.errors import BadSignature, MalformedWebhook, WebhookTooLarge
from core.model.event import ControlReceived, DeliveryStatus, Event, Ignored, StatusChanged, TurnReceived
from core.model.owner import Act
from core.model.turn import Address, Turn
from core.ports.channel import Webhook

log = logging.getLogger("turngate.sunshine")

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DELIVERY: Final = "conversation:message:delivery:"
_STATUSES: Final = {
    "channel": DeliveryStatus.SENT,
    "user": DeliveryStatus.DELIVERED,
    "failure": DeliveryStatus.FAILED,
}
_SILENT: Final = frozenset(
    {
        "conversation:create",
        "conversation:join",
        "conversation:leave",
        "conversation:read",
        "conversation:referral",
        "conversation:typing",
        "user:merge",
        "user:remove",
        "user:update",
    }
)


class Verifier:
    """Compares the shared secret. Every secret of a rotation is good."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def verify(self, webhook: Webhook) -> None:
        """Pass what carries the webhook's secret. Raises `Refused` otherwise, never anything else."""
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(f"{len(webhook.body)} bytes")
        given = webhook.headers.get("x-api-key", "")
        if not any([same(secret, given) for secret in self._secrets]):  # noqa: C419 # all of them, always
            raise BadSignature(
                "X-API-Key is missing or wrong; SUNSHINE_WEBHOOK_SECRET is the integration's webhook secret"
            )
        if webhook.method != "POST":
            raise MalformedWebhook("Zendesk sends POST only")


def parse(webhook: Webhook, app: str, switchboard: Switchboard) -> list[Event]:
    """Every event of a verified POST; they may be of several people, and a bad one harms no other."""
    batch = read_object(webhook.body)
    if batch is None:
        raise MalformedWebhook("not a JSON object")
    if word(child(batch, "webhook"), "version") != "v2":
        raise MalformedWebhook("only webhooks of version v2 are understood; create the integration with v2")
    if name_of(child(batch, "app"), "id") != app:
        return [Ignored(reason="other app")]
    return [
        found for each in children(batch, "events") for found in _Reader(each, app, switchboard).events()
    ] or [Ignored(reason="no events")]


class _Reader:
    """One event, on its way to ours."""

    def __init__(self, event: Object, app: str, switchboard: Switchboard) -> None:
        self._id, self._type = name_of(event, "id", 200), word(event, "type", 80)
        self._payload = child(event, "payload")
        self._switchboard = switchboard
        self._talk = child(self._payload, "conversation")
        self._active = active_of(self._talk)
        self._at = _moment(word(event, "createdAt", 40))
        found = name_of(self._talk, "id")
        self._conversation = found if _ID.fullmatch(found) else ""
        self._session = f"{NAME}:{app}:{self._conversation}"
        self._address = Address(channel=NAME, account=app, ours=app, theirs=self._conversation)

    def events(self) -> Iterator[Event]:
        if self._type.startswith(_DELIVERY):
            yield self._status(self._type.removeprefix(_DELIVERY))
        elif self._type in _SILENT:
            yield Ignored(reason=self._type)
        elif not self._id or not self._conversation:
            yield Ignored(reason="no id")
        else:
            yield from self._told()

    def _told(self) -> Iterator[Event]:
        ours = self._switchboard.is_ours(self._active)
        match self._type:
            case "conversation:message":
                yield from self._message(child(self._payload, "message"))
            case "conversation:postback":
                yield from self._postback(child(self._payload, "postback"))
            case "switchboard:passControl" | "switchboard:acceptControl":
                yield self._passed(child(self._payload, "metadata"))
            case "switchboard:offerControl":
                offered = self._switchboard.is_offered(self._talk)
                yield self._control(Act.GIVE_BACK) if offered else Ignored(reason=self._type)
            case "switchboard:releaseControl" | "conversation:remove":
                yield self._control(Act.CLOSE)
            case "switchboard:passControl:failure":
                code = name_of(child(self._payload, "error"), "code", 60)
                log.error("Zendesk did not pass control: %s; check SUNSHINE_HANDOFF_TO", code)
                yield self._control(Act.GIVE_BACK) if ours else Ignored(reason="failure")
            case _:
                yield Ignored(reason="unknown event")

    def _status(self, word_of: str) -> Event:
        message, status = name_of(child(self._payload, "message"), "id"), _STATUSES.get(word_of)
        if not message or status is None:
            return Ignored(reason="unknown status")
        error = child(self._payload, "error")
        failed = status is DeliveryStatus.FAILED
        return StatusChanged(
            channel=NAME,
            provider_id=message,
            status=status,
            error_code=word(error, "code", 60) if failed else "",
            error_text=without_numbers(word(error, "message") or "failed") if failed else "",
        )

    def _passed(self, metadata: Object) -> Event:
        """Control has come to us or gone. Where we passed it on, nobody may be there to take it yet."""
        if self._active and self._switchboard.is_ours(self._active):
            return self._control(Act.GIVE_BACK)
        return Ignored(reason="our own hand-off") if KEY in metadata else self._control(Act.TAKE_OVER)

    def _control(self, act: Act, actor: str = "") -> ControlReceived:
        return ControlReceived(
            id=f"{self._id}.{act}",
            session=self._session,
            address=self._address,
            act=act,
            actor=actor or word(self._active, "name", 100),
            at=self._at,
        )

    def _message(self, message: Object) -> Iterator[Event]:
        author, metadata = child(message, "author"), child(message, "metadata")
        if word(author, "type") == "business":
            source = word(child(message, "source"), "type")
            if KEY not in metadata and (
                source == "zd:agentWorkspace"
                or any(name.startswith("__zendesk_msg.agent") for name in metadata)
            ):
                yield self._control(Act.TAKE_OVER, "agent")
            else:
                yield Ignored(reason="message of the business")
            return
        content, number = content_of(child(message, "content")), name_of(message, "id")
        if message.get("deleted") is True or word(author, "type") != "user":
            yield Ignored(reason="deleted message or no author")
        elif content is None or not number:
            yield Ignored(reason="unknown kind")
        elif content == Content():
            yield Ignored(reason="empty message")
        else:
            yield from self._turn(number, content, author)

    def _postback(self, postback: Object) -> Iterator[Event]:
        """A tapped button; it has no message, so the event's id names the turn."""
        payload = word(postback, "payload", 1000)
        if not payload:
            yield Ignored(reason="empty message")
            return
        yield from self._turn(self._id, Content(payload=payload), {"user": child(self._payload, "user")})

    def _turn(self, number: str, content: Content, author: Object) -> Iterator[Event]:
        """The turn, and after it that the bot waits, when somebody else holds the conversation.

        Whether a person is there is another question, which their words answer. After it, because a message
        opens what was closed.
        """
        ours = self._switchboard.is_ours(self._active) or self._switchboard.is_offered(self._talk)
        if not ours and not self._active:
            yield Ignored(reason="nobody has control")
            return
        user = child(author, "user")
        details = {
            "user_id": name_of(author, "userId") or name_of(user, "id"),
            "external_id": word(user, "externalId"),
            "profile_name": word(author, "displayName"),
            "locale": word(child(user, "profile"), "locale", 20),
        }
        turn = Turn(
            id=number,
            session=self._session,
            address=self._address,
            text=content.text,
            payload=content.payload,
            attachments=content.attachments,
            location=content.location,
            details={name: value for name, value in details.items() if value},
            at=self._at,
        )
        yield TurnReceived(turn=turn)
        if not ours:
            yield self._control(Act.HAND_OFF)


def _moment(text: str) -> float:
    """Seconds since the epoch; 0 for what is no time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
