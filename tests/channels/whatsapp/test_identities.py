"""Identifiers of a contact: number and user ID, and changes of either."""

from __future__ import annotations

import pytest

from core.model import (
    ContactMoved,
    Ignored,
    TurnReceived,
)
from tests.channels.whatsapp.builders import (
    ACCOUNT,
    OURS,
    PHONE,
    USER_ID,
    Json,
    build_batch,
    build_contact,
    build_message,
    build_value,
    parse_events,
    parse_turn,
)


def test_contacts_are_matched_by_id_and_not_by_index() -> None:
    other = {"profile": {"name": "Eve"}, "wa_id": "12025550199"}
    found = parse_turn(build_message(from_user_id=None), contacts=[other, build_contact()])

    assert found.details["profile_name"] == "Ada"
    assert found.session == f"whatsapp:{OURS}:{USER_ID}"


def test_replies_go_to_the_number_or_without_one_to_the_user_id() -> None:
    shown, hidden = (
        parse_turn(build_message()),
        parse_turn(build_message(**{"from": None}), contacts=[build_contact(None)]),
    )

    assert (shown.address.theirs, hidden.address.theirs) == (PHONE, USER_ID)
    assert (shown.address.account, shown.address.ours) == (ACCOUNT, OURS)
    assert shown.session == hidden.session


@pytest.mark.parametrize(
    ("one", "other"),
    [("5511987654321", "551187654321"), ("5215512345678", "525512345678"), ("5491112345678", "541112345678")],
)
def test_two_spellings_of_a_number_are_one_session(one: str, other: str) -> None:
    sessions = {
        parse_turn(build_message(**{"from": each, "from_user_id": None}), contacts=[]).session
        for each in (one, other)
    }

    assert len(sessions) == 1


def test_a_landline_is_not_confused_with_a_similar_mobile_number() -> None:
    pair = ("551132654321", "5511932654321")
    sessions = {
        parse_turn(build_message(**{"from": each, "from_user_id": None}), contacts=[]).session
        for each in pair
    }

    assert len(sessions) == 2


def test_a_turn_has_its_aliases_most_reliable_first() -> None:
    [event] = parse_events(build_batch(build_value(build_message(from_parent_user_id="US.ENT.77"))))

    assert isinstance(event, TurnReceived)
    assert event.aliases == tuple(f"whatsapp:{OURS}:{each}" for each in (USER_ID, "US.ENT.77", f"+{PHONE}"))


@pytest.mark.parametrize(
    "made",
    [
        build_batch(
            build_value(
                build_message(
                    "system", {"type": "user_changed_number", "wa_id": "12025550189"}, from_user_id=None
                )
            )
        ),
        build_batch(
            build_value(
                build_message(
                    "system",
                    {"type": "customer_changed_number", "new_wa_id": "12025550189"},
                    from_user_id=None,
                )
            )
        ),
    ],
)
def test_a_changed_number_leads_to_the_same_session(made: Json) -> None:
    [event] = parse_events(made)

    assert isinstance(event, ContactMoved)
    assert event.aliases == (f"whatsapp:{OURS}:+{PHONE}", f"whatsapp:{OURS}:+12025550189")
    assert event.retired == (f"whatsapp:{OURS}:+{PHONE}",)
    assert event.address.theirs == "12025550189"


def test_a_changed_number_with_a_new_user_id_leads_to_the_same_session() -> None:
    system = {"type": "user_changed_number", "wa_id": "12025550189", "user_id": "US.2"}
    [event] = parse_events(build_batch(build_value(build_message("system", system))))

    assert isinstance(event, ContactMoved)
    names = (USER_ID, f"+{PHONE}", "US.2", "+12025550189")
    assert event.aliases == tuple(f"whatsapp:{OURS}:{name}" for name in names)
    assert event.retired == (f"whatsapp:{OURS}:+{PHONE}",)
    assert event.address.theirs == "12025550189"


@pytest.mark.parametrize("phone", [PHONE, None])
def test_a_number_that_changes_without_the_user_id_leads_to_the_same_session(phone: str | None) -> None:
    system = {"type": "user_changed_number", "wa_id": "12025550189", "user_id": USER_ID}
    made = build_message("system", system, **{"from": phone})
    [event] = parse_events(build_batch(build_value(made, contacts=[])))

    assert isinstance(event, ContactMoved)
    assert (event.session, event.address.theirs) == (f"whatsapp:{OURS}:{USER_ID}", "12025550189")
    assert event.aliases[-1] == f"whatsapp:{OURS}:+12025550189"


def test_a_changed_user_id_leads_to_the_same_session() -> None:
    change = {"user_id": {"previous": USER_ID, "current": "US.2"}}
    [event] = parse_events(build_batch(build_value(user_id_update=[change]), field="user_id_update"))

    assert isinstance(event, ContactMoved)
    assert event.aliases == (f"whatsapp:{OURS}:{USER_ID}", f"whatsapp:{OURS}:US.2")
    assert (event.address.theirs, event.retired) == ("US.2", ())


@pytest.mark.parametrize(
    ("system", "old", "new"),
    [
        ({"type": "user_changed_user_id", "previous_user_id": "US.1", "user_id": "US.2"}, "US.1", "US.2"),
        (
            {
                "type": "user_changed_user_id",
                "body": "User Ada changed from US.1 to US.2",
                "user_id": "US.2",
            },
            "US.1",
            "US.2",
        ),
        (
            {
                "type": "user_changed_number",
                "body": f"User Ada changed from {PHONE} to 12025550189.",
                "wa_id": "12025550189",
            },
            f"+{PHONE}",
            "+12025550189",
        ),
        (
            {"type": "customer_changed_number", "customer": PHONE, "new_wa_id": "12025550189"},
            f"+{PHONE}",
            "+12025550189",
        ),
    ],
)
def test_a_change_that_names_no_sender_leads_to_the_same_session(system: Json, old: str, new: str) -> None:
    made = build_message("system", system, **{"from": None, "from_user_id": None})
    [event] = parse_events(build_batch(build_value(made, contacts=[])))

    assert isinstance(event, ContactMoved)
    assert event.aliases == (f"whatsapp:{OURS}:{old}", f"whatsapp:{OURS}:{new}")
    assert event.address.theirs == new.removeprefix("+")


@pytest.mark.parametrize(
    "body",
    [
        "User x changed from US.9 to US.2 changed from US.1 to US.3",
        "User Ada changed from US.1 to US.2 and more",
        "User Ada changed from nobody to US.2",
        "",
    ],
)
def test_a_name_in_the_sentence_of_a_change_moves_nobody(body: str) -> None:
    system = {"type": "user_changed_user_id", "body": body, "user_id": "US.2"}
    made = build_message("system", system, **{"from": None, "from_user_id": None})

    assert parse_events(build_batch(build_value(made, contacts=[]))) == [Ignored(reason="changed user id")]
