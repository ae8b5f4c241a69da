"""Zendesk messaging webhooks: verification, turns, statuses and control events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest
import respx

from channels.sunshine import SunshineChannel
from channels.sunshine.delivery_statuses import classify_failure
from channels.twilio.capabilities import ERROR_KINDS as TWILIO_KINDS
from channels.whatsapp.capabilities import ERROR_KINDS as META_KINDS
from core.errors import MalformedWebhook
from core.model import (
    Activity,
    ActivityReceived,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    QuotedMessage,
    StatusChanged,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.sunshine.builders import (
    BASE,
    BOT,
    DESK,
    SECRET,
    Json,
    build_all_webhooks,
    build_channel,
    build_conversation,
    build_event,
    build_message_event,
    build_webhook,
)

TEXT = {"type": "text", "text": "Hello"}


def parse_events(*events: Json) -> list[Event]:
    return build_channel().parse(build_webhook(*events))


def parse_actions(*events: Json) -> list[ControlAction]:
    return [found.act for found in parse_events(*events) if isinstance(found, ControlReceived)]


class TestSunshine(ChannelCases):
    send_url = f"{BASE}/messages"
    accepted: ClassVar[httpx.Response] = httpx.Response(201, json={"messages": [{"id": "sent1"}]})

    def channel(self) -> SunshineChannel:
        return build_channel()

    @pytest.fixture
    def api(self) -> Iterator[respx.MockRouter]:
        with respx.mock(assert_all_called=False) as router:
            router.get(BASE).respond(json=build_conversation())
            yield router

    def build_genuine_webhook(self) -> Webhook:
        return build_webhook(build_message_event(TEXT))

    def build_samples(self) -> list[Webhook]:
        return build_all_webhooks()

    def test_a_modified_body_is_refused(self) -> None:
        """Not detectable: the provider signs nothing, as the verification table states."""
        changed = self.build_genuine_webhook()

        assert self.verification().signed == ()
        self.channel().verify(replace(changed, body=changed.body.replace(b"0", b"1", 1)))


def test_every_secret_of_a_rotation_is_accepted() -> None:
    build_channel(SUNSHINE_WEBHOOK_SECRET=f"new,{SECRET}").verify(build_webhook(build_message_event(TEXT)))


def test_one_request_may_have_several_contacts_and_a_malformed_event_is_skipped() -> None:
    first, bad, second = parse_events(
        build_message_event(TEXT, conversation_id="a"),
        {"type": 7},
        build_message_event(TEXT, conversation_id="b", number="m2"),
    )

    assert isinstance(bad, Ignored)
    assert [each.turn.address.theirs for each in (first, second) if isinstance(each, TurnReceived)] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"type": "text", "text": "The latest", "payload": "latest"}, ("The latest", "latest")),
        ({"type": "formResponse", "textFallback": "Name: Ada"}, ("Name: Ada", "")),
        ({"type": "location", "text": "a map"}, ("a map", "")),
    ],
)
def test_text_and_buttons_are_turns(content: Json, expected: tuple[str, str]) -> None:
    [found] = parse_events(build_message_event(content))

    assert isinstance(found, TurnReceived)
    assert (found.turn.text, found.turn.payload) == expected


def test_files_and_locations_are_parsed() -> None:
    file = {"type": "file", "mediaUrl": "https://files.example.com/1", "mediaType": "audio/ogg"}
    place = {"type": "location", "coordinates": {"lat": 0, "long": 9.5}, "location": {"name": "Home"}}
    sent, shared = parse_events(build_message_event(file), build_message_event(place, number="m2"))

    assert isinstance(sent, TurnReceived)
    assert isinstance(shared, TurnReceived)
    assert [each.content_type for each in sent.turn.attachments] == ["audio/ogg"]
    assert shared.turn.location is not None
    assert (shared.turn.location.latitude, shared.turn.location.label) == (0, "Home")


def test_a_postbacks_turn_has_the_events_id() -> None:
    [found] = parse_events(
        build_event("conversation:postback", postback={"payload": "yes"}, user={"id": "u1"})
    )

    assert isinstance(found, TurnReceived)
    assert (found.turn.id, found.turn.payload, found.turn.details["user_id"]) == ("e1", "yes", "u1")


@pytest.mark.parametrize("content", [{"type": "text", "text": ""}, {"type": "carousel"}, {}])
def test_an_empty_message_is_not_a_turn(content: Json) -> None:
    assert isinstance(parse_events(build_message_event(content))[0], Ignored)


def test_a_deleted_message_is_recorded_and_is_not_a_turn() -> None:
    [found] = parse_events(build_message_event(TEXT, deleted=True))

    assert isinstance(found, ActivityReceived)
    assert (found.activity, bool(found.message_id)) == (Activity.DELETED, True)


def test_a_kind_that_is_not_supported_is_a_turn_without_content() -> None:
    [found] = parse_events(build_message_event({"type": "hologram"}))

    assert isinstance(found, TurnReceived)
    assert (found.turn.kind, found.turn.has_content) == ("unsupported", False)


FIELDS = [
    {"type": "text", "name": "name", "label": "Your name", "text": "Ada"},
    {"type": "email", "name": "mail", "label": "E-mail", "email": "ada@shop.example"},
    {"type": "select", "name": "size", "label": "Size", "select": [{"label": "Large", "name": "l"}]},
]


def test_a_form_is_data_and_text() -> None:
    [found] = parse_events(build_message_event({"type": "formResponse", "fields": FIELDS}))

    assert isinstance(found, TurnReceived)
    assert found.turn.form == {"name": "Ada", "mail": "ada@shop.example", "size": "Large"}
    assert found.turn.text == "Your name: Ada\nE-mail: ada@shop.example\nSize: Large"


def test_the_quoted_message_is_kept() -> None:
    quoted = {"type": "message", "message": {"id": "m0", "content": {"type": "text", "text": "Which one?"}}}
    [found] = parse_events(build_message_event(TEXT, quotedMessage=quoted))

    assert isinstance(found, TurnReceived)
    assert found.turn.quoted == QuotedMessage(id="m0", text="Which one?")


def test_a_failure_is_reported_in_the_words_of_the_channel_behind() -> None:
    error = {"code": "uncategorized_error", "underlyingError": {"message": "Recipient not reachable"}}
    [found] = parse_events(
        build_event("conversation:message:delivery:failure", message={"id": "m1"}, error=error)
    )

    assert isinstance(found, StatusChanged)
    assert found.error_text == "Recipient not reachable"


@pytest.mark.parametrize(
    ("destination", "error", "failure"),
    [
        ("whatsapp", {"underlyingError": {"errors": [{"code": 470, "title": "24 hours"}]}}, "window"),
        ("whatsapp", {"underlyingError": {"code": "131047"}}, "window"),
        ("whatsapp", {"underlyingError": {"error": {"code": 131026}}}, "unreachable"),
        ("whatsapp", {"underlyingError": {"code": 131050}}, "opted_out_of_marketing"),
        ("whatsapp", {"underlyingError": {"code": 131042}}, "account"),
        ("twilio", {"underlyingError": {"code": 21610}}, "opted_out"),
        ("twilio", {"underlyingError": {"code": 30006}}, "landline"),
        ("twilio", {"underlyingError": {"code": 30003}}, "temporary"),
        ("twilio", {"underlyingError": {"code": 131047}}, "permanent"),
        ("messenger", {"underlyingError": {"code": 10, "error_subcode": 2018278}}, "window"),
        ("line", {"code": "unauthorized", "underlyingError": {"message": "invalid token"}}, "account"),
        ("web", {"code": "user_unreachable"}, "unreachable"),
        ("web", {"code": "too_many_requests"}, "temporary"),
        ("twilio", {"message": "Unsupported message type `form`"}, "permanent"),
        ("whatsapp", {"underlyingError": [470]}, "permanent"),
    ],
)
def test_a_failure_is_classified_by_the_code_of_the_channel_behind(
    destination: str, error: Json, failure: str
) -> None:
    given = {"code": "uncategorized_error", **error}
    kind = "conversation:message:delivery:failure"
    [found] = parse_events(
        build_event(kind, message={"id": "m1"}, destination={"type": destination}, error=given)
    )

    assert isinstance(found, StatusChanged)
    assert found.failure == failure
    assert (found.retry_after > 0) == (failure == "temporary")


def test_codes_of_the_channel_behind_mean_what_they_mean_to_that_channel() -> None:
    """Zendesk passes on the codes of Meta and of Twilio; those of Meta's older API are its own."""
    meta = {code: kind for code, kind in META_KINDS.items() if len(code) == 6}
    sms = {code: kind for code, kind in TWILIO_KINDS.items() if code.startswith(("2", "30"))}
    for destination, kinds in (("whatsapp", meta), ("twilio", sms)):
        found = {
            code: classify_failure({"underlyingError": {"code": code}}, destination).kind for code in kinds
        }
        assert found == kinds


def test_while_the_desk_has_control_the_session_is_waiting() -> None:
    """A hand-off, not a take-over: no agent may have joined. The turn before it reopens the session."""
    turn, control = parse_events(build_message_event(TEXT, active=DESK))

    assert isinstance(turn, TurnReceived)
    assert isinstance(control, ControlReceived)
    assert control.act is ControlAction.HAND_OFF


def test_the_bots_own_hand_off_is_not_a_take_over() -> None:
    passed_on = build_event("switchboard:passControl", DESK, metadata={"turngate": "turn.hand_off"})

    assert parse_actions(passed_on) == [ControlAction.PASSED_ON]
    assert parse_actions(
        build_event("switchboard:passControl", BOT, metadata={"turngate": "turn.hand_off"})
    ) == [ControlAction.GIVE_BACK]


def test_control_offered_to_the_bot_gives_back() -> None:
    offer = build_event("switchboard:offerControl", None)
    offer["payload"]["conversation"]["pendingSwitchboardIntegration"] = BOT
    message = build_message_event(TEXT, active=None)
    message["payload"]["conversation"]["pendingSwitchboardIntegration"] = BOT

    assert parse_actions(offer) == [ControlAction.GIVE_BACK]
    assert parse_actions(build_event("switchboard:offerControl", DESK)) == []
    assert [type(found) for found in parse_events(message)] == [TurnReceived]


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"displayName": "Ada"}, "Ada"),
        ({"user": {"profile": {"givenName": "Ada", "surname": "Byron"}}}, "Ada Byron"),
        ({"user": {"profile": {"surname": "Byron"}}}, "Byron"),
        ({}, ""),
    ],
)
def test_the_name_is_shown_or_in_the_profile(author: dict[str, Any], name: str) -> None:
    message = build_message_event(
        {"type": "text", "text": "hi"}, author={"type": "user", "userId": "u1", **author}
    )
    [event] = build_channel().parse(build_webhook(message))

    assert isinstance(event, TurnReceived)
    assert event.turn.profile_name == name


def test_a_turn_has_time_and_locale() -> None:
    control = build_event("switchboard:passControl", DESK)
    control["createdAt"] = "2026-11-23T10:00:00.440Z"
    author = {"type": "user", "userId": "u1", "user": {"id": "u1", "profile": {"locale": "de-DE"}}}
    passed, turn = parse_events(control, build_message_event(TEXT, author=author))

    assert isinstance(passed, ControlReceived)
    assert passed.at == pytest.approx(1795428000.44)
    assert isinstance(turn, TurnReceived)
    assert turn.turn.details["locale"] == "de-DE"


def test_a_conversation_without_control_is_the_bots_only_without_a_switchboard() -> None:
    alone = build_channel(SUNSHINE_INTEGRATION_ID="")

    assert isinstance(parse_events(build_message_event(TEXT, active=None))[0], Ignored)
    assert isinstance(alone.parse(build_webhook(build_message_event(TEXT, active=None)))[0], TurnReceived)
    assert isinstance(alone.parse(build_webhook(build_message_event(TEXT, active=DESK)))[1], ControlReceived)


def test_control_passes_to_agents_and_back() -> None:
    assert parse_actions(build_event("switchboard:passControl", DESK)) == [ControlAction.TAKE_OVER]
    assert parse_actions(build_event("switchboard:passControl", BOT)) == [ControlAction.GIVE_BACK]
    assert parse_actions(build_event("switchboard:releaseControl", None)) == [ControlAction.CLOSE]
    assert parse_actions(build_event("conversation:remove")) == [ControlAction.CLOSE]
    failure = build_event("switchboard:passControl:failure", error={"code": "switchboard_invalid_target"})
    assert parse_actions(failure) == [ControlAction.GIVE_BACK]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"source": {"type": "zd:agentWorkspace"}}, [ControlAction.TAKE_OVER]),
        ({"metadata": {"__zendesk_msg.agent.id": "7"}}, [ControlAction.TAKE_OVER]),
        ({"source": {"type": "api:conversations"}, "metadata": {"turngate": "turn.1"}}, []),
        ({"source": {"type": "api:conversations"}}, []),
    ],
)
def test_an_agents_message_is_a_take_over_and_the_bots_is_not(
    more: Json, expected: list[ControlAction]
) -> None:
    assert parse_actions(build_message_event(TEXT, author={"type": "business"}, **more)) == expected


def test_delivery_events_are_statuses() -> None:
    error = {"code": "window", "message": "call +15550100"}
    kind = "conversation:message:delivery:failure"
    [found] = parse_events(build_event(kind, message={"id": "sent1"}, error=error))

    assert isinstance(found, StatusChanged)
    assert (found.provider_id, found.status) == ("sent1", DeliveryStatus.FAILED)
    assert "5550100" not in found.error_text


def test_an_older_webhook_is_malformed_and_another_app_is_ignored() -> None:
    with pytest.raises(MalformedWebhook, match="v2"):
        build_channel().parse(build_webhook(version="v1"))
    assert build_channel().parse(build_webhook(build_message_event(TEXT), app="other")) == [
        Ignored(reason="other app")
    ]
    assert parse_events() == [Ignored(reason="no events")]
