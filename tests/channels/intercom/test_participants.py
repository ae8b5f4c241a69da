"""Other users in a contact's conversation."""

from __future__ import annotations

from core.model import (
    ControlAction,
    Ignored,
    ParticipantMessage,
    TurnReceived,
)
from tests.channels.intercom.builders import (
    ADA,
    APP,
    GRACE,
    Json,
    build_conversation,
    build_part,
)
from tests.channels.intercom.parsed_events import REPLIED, parse_actions, parse_events

EVE = {"type": "user", "id": "ffffffffffffffffffffffff", "name": "Eve"}


def build_contacts(identifier: str) -> Json:
    return {"contacts": [{"type": "contact", "id": identifier}]}


def test_another_user_in_the_conversation_is_a_participant() -> None:
    [event] = parse_events(REPLIED, build_conversation(build_part("<p>yes</p>", EVE)))

    assert isinstance(event, ParticipantMessage)
    assert (event.turn.text, event.author) == ("yes", f"intercom:{APP}:user:{EVE['id']}")


def test_a_lead_that_became_a_user_stays_the_contact() -> None:
    [event] = parse_events(
        REPLIED, build_conversation(build_part("<p>yes</p>", EVE), contacts=build_contacts(EVE["id"]))
    )

    assert isinstance(event, TurnReceived)


def test_a_user_who_replaced_another_is_a_participant() -> None:
    source = {**build_conversation()["source"], "author": {**ADA, "type": "user"}}
    item = build_conversation(
        build_part("<p>yes</p>", EVE), contacts=build_contacts(EVE["id"]), source=source
    )

    assert isinstance(parse_events(REPLIED, item)[0], ParticipantMessage)


def test_a_participant_who_reopens_a_conversation_does_not_return_it_to_the_bot() -> None:
    item = build_conversation(build_part("<p>yes</p>", EVE, part_type="open"), admin=GRACE)

    assert parse_actions(REPLIED, item) == [ControlAction.TAKE_OVER]


def test_merged_contacts_are_one_person() -> None:
    item = {"type": "contact", "id": "new", "merged_from": {"type": "contact", "id": "old"}}
    names = (f"intercom:{APP}:user:old", f"intercom:{APP}:user:new")

    assert parse_events("contact.merged", item) == [Ignored(reason="contact.merged", aliases=names)]
