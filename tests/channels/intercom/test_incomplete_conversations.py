"""Intercom conversations with missing or unusual fields: nothing that a contact writes is lost."""

from __future__ import annotations

from typing import Any

import pytest

from channels.intercom.conversations.assignment import Workspace
from channels.intercom.conversations.conversation import Conversation
from core.model import (
    UNSUPPORTED_KIND,
    Address,
    ControlAction,
    ControlReceived,
    Event,
    ParticipantMessage,
    Reply,
    Turn,
    TurnReceived,
)
from tests.channels.intercom.builders import (
    ADA,
    APP,
    BOT,
    CONVERSATION,
    FIN,
    PERSON,
    Json,
    build_channel,
    build_conversation,
    build_part,
    build_webhook,
)

CREATED, REPLIED = "conversation.user.created", "conversation.user.replied"


def parse_events(topic: str, item: Json, **settings: str) -> list[Event]:
    hook, channel = build_webhook(topic, item), build_channel(**settings)
    channel.verify(hook)
    return channel.parse(hook)


def parse_turns(topic: str, item: Json) -> list[Turn]:
    return [event.turn for event in parse_events(topic, item) if isinstance(event, TurnReceived)]


def without(name: str, values: Json) -> Json:
    return {key: value for key, value in values.items() if key != name}


def test_parts_without_ids_are_known_by_their_notification() -> None:
    parts = [without("id", build_part(f"<p>{word}</p>", number=at)) for at, word in enumerate(("one", "two"))]
    turns = parse_turns(REPLIED, build_conversation(*parts))

    assert [(turn.id, turn.text) for turn in turns] == [("notif_1.0", "one"), ("notif_1.1", "two")]


def test_a_first_message_without_an_id_is_known_by_its_conversation() -> None:
    made = build_conversation()
    made["source"] = without("id", made["source"])

    assert [turn.id for turn in parse_turns(CREATED, made)] == [f"source:{CONVERSATION}"]


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (None, {"attachments": [{"type": "upload", "name": "a.pdf"}]}),
        (None, {"attachments": [{"type": "upload", "url": "http://files.example/a.pdf"}]}),
        ('<p><img src="http://files.example/1.png"></p>', {}),
        ('<img src="data:image/png;base64,AAAA">', {}),
        ('<iframe src="https://video.example/1"></iframe>', {}),
    ],
)
def test_content_that_cannot_be_read_is_answered_as_unsupported(body: str | None, more: Json) -> None:
    [found] = parse_turns(REPLIED, build_conversation(build_part(body, **more)))

    assert (found.kind, found.has_content) == (UNSUPPORTED_KIND, False)


@pytest.mark.parametrize(
    "body", ["<b> is the tag that I mean", "<i>", "<p>unclosed", "<strong>", "<a> and <b>", "<u>hm"]
)
def test_an_opening_tag_in_prose_is_no_html(body: str) -> None:
    [found] = parse_turns(REPLIED, build_conversation(build_part(body)))

    assert found.text == body


@pytest.mark.parametrize(
    ("body", "text"),
    [("<br>hello", "hello"), ("<p>one</p>", "one"), ("<hr>two", "two"), ("<b>three</b> four", "three four")],
)
def test_html_is_recognized_by_a_tag_that_ends(body: str, text: str) -> None:
    [found] = parse_turns(REPLIED, build_conversation(build_part(body)))

    assert found.text == text


def test_a_part_without_its_authors_id_is_the_only_contacts() -> None:
    [event] = parse_events(REPLIED, build_conversation(build_part(author=without("id", ADA))))

    assert isinstance(event, TurnReceived)


def test_a_part_without_its_authors_id_is_nobodys_among_several() -> None:
    contacts = {"contacts": [{"id": ADA["id"]}, {"id": "f" * 24}]}
    made = build_conversation(build_part(author=without("id", ADA)), contacts=contacts)
    [event] = parse_events(REPLIED, made)

    assert isinstance(event, ParticipantMessage)


def test_who_is_the_contact_is_left_to_the_session_where_the_starter_has_no_id() -> None:
    made = build_conversation(build_part())
    made["source"]["author"] = without("id", ADA)
    [event] = parse_events(REPLIED, made)

    assert isinstance(event, TurnReceived)
    assert event.author.endswith(f":user:{ADA['id']}")


@pytest.mark.parametrize("kind", ["assign_and_unsnooze", "default_assignment", "away_mode_assignment"])
@pytest.mark.parametrize("author", [PERSON, FIN])
def test_every_type_of_assignment_takes_over(kind: str, author: dict[str, Any]) -> None:
    part = build_part(None, author, part_type=kind)
    events = parse_events("conversation.admin.assigned", build_conversation(part, admin=9608001))

    assert [event.act for event in events if isinstance(event, ControlReceived)] == [
        ControlAction.TAKE_OVER,
        ControlAction.TAKE_OVER,
    ]


@pytest.mark.parametrize("number", ["a-uuid", None])
@pytest.mark.parametrize(("seconds", "is_active"), [(60, True), (-60, False)])
def test_an_agents_part_without_a_number_is_compared_by_its_time(
    number: str | None, seconds: int, *, is_active: bool
) -> None:
    asked = build_part()
    agents = {**build_part(author=PERSON), "id": number, "created_at": asked["created_at"] + seconds}
    address = Address(channel="intercom", account=APP, ours=APP, theirs=CONVERSATION)
    reply = Reply(key=f"{asked['id']}.1", address=address, body="Hello")
    conversation = Conversation(build_conversation(asked, agents), Workspace(admin=BOT))

    assert conversation.has_agent_activity(reply) is is_active
