"""Ticket events with missing or unusual fields: nothing that a requester writes is lost."""

from __future__ import annotations

import pytest

from core.model import ControlReceived, Event, Ignored, ParticipantMessage, TurnReceived
from tests.channels.zendesk.builders import (
    ADA,
    AGENT,
    Json,
    build_channel,
    build_comment_event,
    build_webhook,
)


def parse_event(envelope: Json) -> Event:
    channel, hook = build_channel(), build_webhook(envelope)
    channel.verify(hook)
    [event] = channel.parse(hook)
    return event


def build_changed(**comment: object) -> Json:
    """Return a comment's event with some fields replaced; `None` removes a field."""
    made = build_comment_event()
    merged = {**made["event"]["comment"], **comment}
    made["event"]["comment"] = {name: value for name, value in merged.items() if value is not None}
    return made


@pytest.mark.parametrize("number", [None, "", "9" * 40])
def test_a_comment_without_an_id_is_known_by_its_event(number: str | None) -> None:
    event = parse_event(build_changed(id=number))

    assert isinstance(event, TurnReceived)
    assert (event.turn.id, event.turn.text) == ("e-98765432101", "Hello? Any news?")


@pytest.mark.parametrize("author", [None, {}, {"name": "Ada", "is_staff": False}])
def test_a_comment_without_an_author_is_the_actors(author: object) -> None:
    event = parse_event(build_changed(author=author))

    assert isinstance(event, TurnReceived)
    assert (event.author.endswith(f":user:{ADA}"), event.author_is_contact) == (True, True)


def test_a_comment_without_an_author_by_another_actor_is_a_participants() -> None:
    made = build_changed(author=None)
    made["detail"]["actor_id"] = "8447000000099"

    assert isinstance(parse_event(made), ParticipantMessage)


def test_an_event_without_a_comment_is_ignored() -> None:
    made = build_comment_event()
    made["event"] = {}

    assert parse_event(made) == Ignored(reason="no author")


@pytest.mark.parametrize("public", [False, "false", "False "])
def test_an_internal_note_is_one_also_if_its_mark_is_text(public: object) -> None:
    author = {"id": AGENT, "is_staff": True, "name": "Grace"}

    assert parse_event(build_changed(author=author, is_public=public)) == Ignored(reason="internal note")


@pytest.mark.parametrize("via", [{"channel": "native_messaging"}, "native_messaging", "WhatsApp"])
def test_a_messaging_ticket_is_known_in_either_form(via: object) -> None:
    assert parse_event(build_comment_event(via=via)) == Ignored(reason="a messaging ticket")


@pytest.mark.parametrize(
    "time", ["2026-11-23T10:00:00.123456789Z", "2026-11-23T12:00:00+02:00", "2026-11-23T10:00:00"]
)
def test_a_time_may_have_any_zone(time: str) -> None:
    event = parse_event({**build_comment_event(), "time": time})

    assert isinstance(event, TurnReceived)
    assert event.turn.at == 1_795_428_000.0


def test_a_staff_comment_without_an_id_takes_over() -> None:
    author = {"id": AGENT, "is_staff": True, "name": "Grace"}

    assert isinstance(parse_event(build_changed(id=None, author=author)), ControlReceived)
