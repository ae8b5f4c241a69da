"""Events of Zendesk messaging with missing or unusual fields: nothing that a user sends is lost."""

from __future__ import annotations

from time import tzset

import pytest

from core.model import (
    UNSUPPORTED_KIND,
    ControlAction,
    ControlReceived,
    Event,
    FailureKind,
    Ignored,
    StatusChanged,
    Turn,
    TurnReceived,
)
from tests.channels.sunshine.builders import (
    DESK,
    Json,
    build_channel,
    build_event,
    build_message_event,
    build_webhook,
)

TEXT = {"type": "text", "text": "Hello"}


def parse_events(*events: Json) -> list[Event]:
    channel, hook = build_channel(), build_webhook(*events)
    channel.verify(hook)
    return channel.parse(hook)


def parse_turn(content: Json) -> Turn:
    [event] = parse_events(build_message_event(content))
    assert isinstance(event, TurnReceived)
    return event.turn


def without_id(event: Json) -> Json:
    return {name: value for name, value in event.items() if name != "id"}


def test_a_message_in_an_event_without_an_id_is_known_by_its_own() -> None:
    events = parse_events(
        *(without_id(build_message_event(TEXT, number=number)) for number in ("m1", "m2")),
        without_id(build_event("switchboard:passControl", DESK)),
    )

    assert [event.turn.id for event in events if isinstance(event, TurnReceived)] == ["m1", "m2"]
    assert events[2:] == [Ignored(reason="no id")]


def test_a_text_without_a_type_is_a_text() -> None:
    assert parse_turn({"text": "Hello"}).text == "Hello"


@pytest.mark.parametrize(
    "content",
    [
        {"type": "image"},
        {"type": "file", "mediaUrl": "ftp://files.example/a.pdf"},
        {"type": "location"},
        {"type": "location", "coordinates": {"lat": 91, "long": 0}},
        {"type": "formResponse", "fields": []},
        {"type": "formResponse", "fields": {"name": "size", "text": "M"}},
    ],
)
def test_content_that_cannot_be_read_is_answered_as_unsupported(content: Json) -> None:
    found = parse_turn(content)

    assert (found.kind, found.has_content) == (UNSUPPORTED_KIND, False)


def test_a_place_without_coordinates_is_text() -> None:
    found = parse_turn({"type": "location", "location": {"name": "Park", "address": "1 Quay Street"}})

    assert found.text == "Park, 1 Quay Street"


def test_answers_of_any_type_of_field_are_read() -> None:
    fields: list[Json] = [
        {"type": "number", "name": "pieces", "label": "Pieces", "number": 3},
        {"type": "date", "name": "day", "label": "Day", "date": "2026-12-03"},
        {"type": "select", "name": "color", "label": "Color", "select": ["Red", {"name": "blue"}]},
        {"type": "email", "name": "mail", "label": "E-mail", "email": "ada@held.example"},
    ]
    found = parse_turn({"type": "formResponse", "fields": fields})

    assert found.form == {
        "pieces": "3",
        "day": "2026-12-03",
        "color": ["Red", "blue"],
        "mail": "ada@held.example",
    }
    assert found.text == "Pieces: 3\nDay: 2026-12-03\nColor: Red, blue\nE-mail: ada@held.example"


def test_an_agent_is_known_by_the_subtype_of_the_author() -> None:
    author = {"type": "business", "subtypes": ["agent"]}
    [event] = parse_events(build_message_event(TEXT, author=author))

    assert isinstance(event, ControlReceived)
    assert event.act is ControlAction.TAKE_OVER


@pytest.mark.parametrize("subtypes", [["bot"], ["AI"], "agent", None])
def test_other_authors_of_the_business_take_nothing_over(subtypes: object) -> None:
    author = {"type": "business", "subtypes": subtypes}

    assert parse_events(build_message_event(TEXT, author=author)) == [
        Ignored(reason="message of the business")
    ]


@pytest.mark.parametrize("final", [{}, {"isFinalEvent": True}])
def test_a_final_failure_is_one(final: Json) -> None:
    error = {"code": "uncategorized_error", "underlyingError": {"code": 30003}}
    failure = {"message": {"id": "m1"}, "error": error, "destination": {"type": "twilio"}, **final}
    [event] = parse_events(build_event("conversation:message:delivery:failure", **failure))

    assert isinstance(event, StatusChanged)
    assert event.failure is FailureKind.TEMPORARY


def test_a_failure_that_is_not_final_leads_to_no_second_message() -> None:
    error = {"code": "uncategorized_error", "underlyingError": {"code": 30003}}
    failure: Json = {"message": {"id": "m1"}, "error": error, "destination": {"type": "twilio"}}
    made = build_event("conversation:message:delivery:failure", isFinalEvent=False, **failure)

    assert parse_events(made) == [Ignored(reason="a failure that is not final")]


@pytest.mark.parametrize(
    "time", ["2026-11-23T10:00:00.000Z", "2026-11-23T12:00:00+02:00", "2026-11-23T10:00"]
)
def test_a_time_is_in_utc_wherever_this_machine_is(monkeypatch: pytest.MonkeyPatch, time: str) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    tzset()
    try:
        [event] = parse_events({**build_message_event(TEXT), "createdAt": time})
    finally:
        monkeypatch.undo()
        tzset()

    assert isinstance(event, TurnReceived)
    assert event.turn.at == 1_795_428_000.0
