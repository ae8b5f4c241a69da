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
    part,
    talk,
)
from tests.channels.intercom.parsed_events import REPLIED, acts, parsed

EVE = {"type": "user", "id": "ffffffffffffffffffffffff", "name": "Eve"}


def only_contact(identifier: str) -> Json:
    return {"contacts": [{"type": "contact", "id": identifier}]}


def test_another_user_in_the_conversation_is_a_participant() -> None:
    [event] = parsed(REPLIED, talk(part("<p>yes</p>", EVE)))

    assert isinstance(event, ParticipantMessage)
    assert (event.turn.text, event.author) == ("yes", f"intercom:{APP}:user:{EVE['id']}")


def test_a_lead_that_became_a_user_stays_the_contact() -> None:
    [event] = parsed(REPLIED, talk(part("<p>yes</p>", EVE), contacts=only_contact(EVE["id"])))

    assert isinstance(event, TurnReceived)


def test_a_user_who_took_a_users_place_is_a_participant() -> None:
    source = {**talk()["source"], "author": {**ADA, "type": "user"}}
    item = talk(part("<p>yes</p>", EVE), contacts=only_contact(EVE["id"]), source=source)

    assert isinstance(parsed(REPLIED, item)[0], ParticipantMessage)


def test_a_participant_who_reopens_a_conversation_does_not_return_it_to_the_bot() -> None:
    item = talk(part("<p>yes</p>", EVE, part_type="open"), admin=GRACE)

    assert acts(REPLIED, item) == [ControlAction.TAKE_OVER]


def test_merged_contacts_are_one_person() -> None:
    item = {"type": "contact", "id": "new", "merged_from": {"type": "contact", "id": "old"}}
    names = (f"intercom:{APP}:user:old", f"intercom:{APP}:user:new")

    assert parsed("contact.merged", item) == [Ignored(reason="contact.merged", aliases=names)]
