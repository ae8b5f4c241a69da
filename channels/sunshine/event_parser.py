"""Parses one event of Zendesk messaging (Sunshine Conversations v2, "Webhooks")."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_object,
    get_text,
)
from channels.sunshine.capabilities import NAME, REPLY_KEY_METADATA
from channels.sunshine.contact_numbers import NumberedIntegrations, find_number, is_phone_source
from channels.sunshine.delivery_statuses import build_status
from channels.sunshine.message_content import MessageContent, is_business_kind, parse_content, parse_quoted
from channels.sunshine.switchboard import Switchboard, get_active_integration, is_from_agent
from core.model import (
    UNSUPPORTED_KIND,
    Activity,
    ActivityReceived,
    Address,
    ContactMoved,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    QuotedMessage,
    Turn,
    TurnReceived,
)

log = logging.getLogger("turngate.sunshine")

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DELIVERY_EVENT_PREFIX: Final = "conversation:message:delivery:"
_IGNORED_EVENTS: Final = frozenset(
    {
        "conversation:create",
        "conversation:join",
        "conversation:leave",
        "conversation:read",
        "conversation:referral",
        "conversation:typing",
        "user:remove",
        "user:update",
    }
)
_HOLDING_ACTIONS: Final = (ControlAction.TAKE_OVER, ControlAction.HAND_OFF, ControlAction.PASSED_ON)


class EventParser:
    """Parses one event."""

    def __init__(self, event: JsonObject, numbers: NumberedIntegrations, switchboard: Switchboard) -> None:
        app, self._numbers = numbers.app, numbers
        self._type, self._payload = get_text(event, "type", 80), get_object(event, "payload")
        message_id = get_identifier(get_object(self._payload, "message"), "id")
        self._id = get_identifier(event, "id", 200) or message_id
        self._switchboard = switchboard
        self._conversation_json = get_object(self._payload, "conversation")
        self._active = get_active_integration(self._conversation_json)
        self._at = _parse_time(get_text(event, "createdAt", 40))
        identifier = get_identifier(self._conversation_json, "id")
        self._conversation = identifier if _ID.fullmatch(identifier) else ""
        self._session = f"{NAME}:{app}:{self._conversation}"
        self._address = Address(channel=NAME, account=app, ours=app, theirs=self._conversation)

    @property
    def _is_passed_on(self) -> bool:
        """True if another integration than the bot's has control."""
        return bool(self._active) and not self._switchboard.is_bot_active(self._active)

    def parse(self) -> Iterator[Event]:
        if self._type.startswith(_DELIVERY_EVENT_PREFIX):
            yield build_status(
                self._type.removeprefix(_DELIVERY_EVENT_PREFIX),
                get_identifier(get_object(self._payload, "message"), "id"),
                get_object(self._payload, "error"),
                get_object(self._payload, "destination"),
                is_final=self._payload.get("isFinalEvent") is not False,
            )
        elif self._type in _IGNORED_EVENTS:
            yield Ignored(reason=self._type)
        elif self._type in ("user:merge", "conversation:merge"):
            yield self._parse_merged_users(get_object(self._payload, "mergedUsers"))
            yield from self._parse_merged_conversations(get_object(self._payload, "mergedConversations"))
        elif not self._id or not self._conversation:
            yield Ignored(reason="no id")
        else:
            yield from self._parse_payload()

    def _parse_payload(self) -> Iterator[Event]:
        is_bot_active = self._switchboard.is_bot_active(self._active)
        match self._type:
            case "conversation:message":
                yield from self._parse_message(get_object(self._payload, "message"))
            case "conversation:postback":
                yield from self._parse_postback(get_object(self._payload, "postback"))
            case "switchboard:passControl" | "switchboard:acceptControl":
                yield self._parse_passed_control(get_object(self._payload, "metadata"))
            case "switchboard:offerControl":
                is_offered = self._switchboard.is_offered_to_bot(self._conversation_json)
                yield (
                    self._build_control_event(ControlAction.GIVE_BACK)
                    if is_offered
                    else Ignored(reason=self._type)
                )
            case "switchboard:releaseControl" | "conversation:remove":
                yield self._build_control_event(ControlAction.CLOSE)
            case "switchboard:passControl:failure":
                code = get_identifier(get_object(self._payload, "error"), "code", 60)
                log.error("passing control of the conversation failed: %s; check SUNSHINE_HANDOFF_TO", code)
                yield (
                    self._build_control_event(ControlAction.GIVE_BACK)
                    if is_bot_active
                    else Ignored(reason="failure")
                )
            case _:
                yield Ignored(reason="unknown event")

    def _parse_passed_control(self, metadata: JsonObject) -> Event:
        """Parse a change of control. If the bot passed it on, no agent may be there to take it yet."""
        if self._active and self._switchboard.is_bot_active(self._active):
            return self._build_control_event(ControlAction.GIVE_BACK)
        action = ControlAction.PASSED_ON if REPLY_KEY_METADATA in metadata else ControlAction.TAKE_OVER
        return self._build_control_event(action)

    def _parse_merged_users(self, merged: JsonObject) -> Event:
        """Parse a merge of two users: the surviving one stands for both."""
        old, new = (get_identifier(get_object(merged, name), "id") for name in ("discarded", "surviving"))
        names = [build_author_name(self._address.account, each) for each in (old, new)]
        return Ignored(reason=self._type, aliases=tuple(names) if old and new else ())

    def _parse_merged_conversations(self, merged: JsonObject) -> Iterator[Event]:
        """Parse a merge of two conversations: waiting and later messages go to the surviving one."""
        old, new = (get_identifier(get_object(merged, name), "id") for name in ("discarded", "surviving"))
        if self._id and old != new and _ID.fullmatch(old) and _ID.fullmatch(new):
            sessions = [f"{NAME}:{self._address.account}:{each}" for each in (old, new)]
            yield ContactMoved(
                id=self._id,
                session=sessions[1],
                address=self._address.model_copy(update={"theirs": new}),
                at=self._at,
                aliases=tuple(sessions),
                absorbed=sessions[0],
            )

    def _build_control_event(self, action: ControlAction, actor: str = "") -> ControlReceived:
        return ControlReceived(
            id=f"{self._id}.{action}",
            session=self._session,
            address=self._address,
            act=action,
            actor=actor or get_text(self._active, "name", 100),
            at=self._at,
            by_transfer=self._is_passed_on and action in _HOLDING_ACTIONS,
        )

    def _parse_message(self, message: JsonObject) -> Iterator[Event]:
        author, metadata = get_object(message, "author"), get_object(message, "metadata")
        if get_text(author, "type") == "business":
            if REPLY_KEY_METADATA not in metadata and is_from_agent(message):
                yield self._build_control_event(ControlAction.TAKE_OVER, "agent")
            else:
                yield Ignored(reason="message of the business")
            return
        content, number = parse_content(get_object(message, "content")), get_identifier(message, "id")
        if get_text(author, "type") != "user":
            yield Ignored(reason="no author")
        elif not number:
            yield Ignored(reason="no message id")
        elif message.get("deleted") is True:
            yield ActivityReceived(
                id=f"{number}.deleted",
                session=self._session,
                activity=Activity.DELETED,
                message_id=number,
            )
        elif content == MessageContent() or is_business_kind(get_object(message, "content")):
            yield Ignored(reason="empty message")
        else:
            yield from self._build_turn_events(
                number, content, author, get_object(message, "source"), parse_quoted(message)
            )

    def _parse_postback(self, postback: JsonObject) -> Iterator[Event]:
        """Parse a tapped button; it has no message, so the event's id is the turn's."""
        payload = get_text(postback, "payload", 1000)
        if not payload:
            yield Ignored(reason="empty message")
            return
        yield from self._build_turn_events(
            self._id,
            MessageContent(payload=payload),
            {"user": get_object(self._payload, "user")},
            get_object(self._payload, "source"),
        )

    def _build_turn_events(
        self,
        number: str,
        content: MessageContent | None,
        author: JsonObject,
        source: JsonObject,
        quoted: QuotedMessage | None = None,
    ) -> Iterator[Event]:
        """Return the turn, followed by a hand-off event if somebody else holds the conversation.

        Without `content` the message is of a kind that is not supported.

        Whether an agent is active is decided by the agent's own messages. The hand-off comes second, because
        a message reopens a closed session.
        """
        is_bot_active = self._switchboard.is_bot_active(self._active) or self._switchboard.is_offered_to_bot(
            self._conversation_json
        )
        if not is_bot_active and not self._active:
            yield Ignored(reason="nobody has control")
            return
        user = get_object(author, "user")
        details = {
            "user_id": get_identifier(author, "userId") or get_identifier(user, "id"),
            "external_id": get_text(user, "externalId"),
            "profile_name": get_text(author, "displayName") or _build_name(get_object(user, "profile")),
            "email": get_text(get_object(user, "profile"), "email"),
            "locale": get_text(get_object(user, "profile"), "locale", 20),
            "phone": find_number(source),
        }
        turn = Turn(
            id=number,
            session=self._session,
            address=self._address,
            text=content.text if content else "",
            payload=content.payload if content else "",
            attachments=content.attachments if content else (),
            location=content.location if content else None,
            kind="" if content else UNSUPPORTED_KIND,
            quoted=quoted,
            form=content.form if content else None,
            profile_name=details["profile_name"],
            details={name: value for name, value in details.items() if value},
            at=self._at,
        )
        yield TurnReceived(
            turn=turn,
            author=build_author_name(self._address.account, details["user_id"]),
            control_is_ours=bool(self._active) and is_bot_active,
            aliases=self._numbers.join_names(self._conversation, self._numbers.name_author(source)),
            by_phone=is_phone_source(source),
            consent_names=self._numbers.name_consent(source),
        )
        if not is_bot_active:
            yield self._build_control_event(ControlAction.HAND_OFF)


def _build_name(profile: JsonObject) -> str:
    """Return the name in a profile, which comes with the webhook's option `includeFullUser`."""
    return " ".join(filter(None, (get_text(profile, "givenName", 128), get_text(profile, "surname", 128))))


def build_author_name(app: str, user: str) -> str:
    """Return the name of a user that is unique over all channels; it is never empty."""
    return f"{NAME}:{app}:user:{user or 'unknown'}"


def _parse_time(text: str) -> float:
    """Return seconds since the epoch, in UTC without a zone; 0 if it is no time."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0
