"""Ownership of a conversation, derived from agents, assignments and states that Intercom reports."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import (
    ControlAction,
    ControlReceived,
    TurnReceived,
)
from tests.channels.intercom.builders import (
    APP,
    BOT,
    CONVERSATION,
    FIN,
    GRACE,
    PERSON,
    TEAM,
    US,
    Json,
    build_conversation,
    build_part,
)
from tests.channels.intercom.parsed_events import (
    ASSIGNED,
    CREATED,
    REPLIED,
    parse_actions,
    parse_events,
    parse_reasons,
    parse_turns,
)


@pytest.mark.parametrize("admin", [None, 0, "0", int(BOT), BOT])
def test_the_bot_answers_unless_somebody_else_is_assigned(admin: object) -> None:
    assert parse_actions(REPLIED, build_conversation(build_part(), admin=admin)) == []


@pytest.mark.parametrize(("admin", "team"), [(int(GRACE), None), (GRACE, TEAM), (None, 5017002)])
def test_a_message_in_an_assigned_conversation_is_preceded_by_a_take_over(
    admin: object, team: object
) -> None:
    control, turn = parse_events(REPLIED, build_conversation(build_part(), admin=admin, team=team))

    assert isinstance(control, ControlReceived)
    assert control.act is ControlAction.TAKE_OVER
    assert isinstance(turn, TurnReceived)


def test_an_assignment_is_reported_once_so_that_bot_on_stays_in_effect() -> None:
    assigned = build_part(None, PERSON, 2, part_type="assignment")
    first = parse_events(ASSIGNED, build_conversation(assigned, admin=GRACE))
    then = parse_events(REPLIED, build_conversation(build_part(number=3), admin=GRACE))

    assert {each.id for each in then if isinstance(each, ControlReceived)} <= {
        each.id for each in first if isinstance(each, ControlReceived)
    }


def test_a_message_after_the_bots_hand_off_is_not_a_take_over() -> None:
    assert parse_actions(REPLIED, build_conversation(build_part(), team=TEAM)) == []
    assert parse_actions(CREATED, build_conversation(team=TEAM)) == [ControlAction.TAKE_OVER]


def test_a_reopened_conversation_is_answered_by_the_bot() -> None:
    close = build_part(None, PERSON, 2, part_type="close")
    closed = parse_events("conversation.admin.closed", build_conversation(close, admin=GRACE))

    assert isinstance(closed[-1], ControlReceived)
    assert closed[-1].act is ControlAction.CLOSE
    assert (
        parse_actions(REPLIED, build_conversation(build_part(number=3, part_type="open"), admin=GRACE)) == []
    )
    later = parse_events(REPLIED, build_conversation(build_part(number=4), admin=GRACE))
    known = {each.id for each in closed if isinstance(each, ControlReceived)}
    assert {each.id for each in later if isinstance(each, ControlReceived)} <= known


@pytest.mark.parametrize(
    ("topic", "kind", "body"),
    [
        ("conversation.admin.replied", "comment", "<p>I am on it.</p>"),
        ("conversation.admin.replied", "comment", None),
        (ASSIGNED, "assignment", "I am on it."),
        (ASSIGNED, "comment", "I am on it."),
        ("conversation.admin.open.assigned", "assign_and_reopen", "I am on it."),
        ("conversation.admin.snoozed", "snoozed", "Later."),
        ("conversation.admin.opened", "open", "Again."),
        ("conversation.operator.replied", "comment", "Me, really."),
        (REPLIED, "comment", "Hidden among the customer's."),
        ("conversation.admin.replied", "something_new", "New."),
    ],
)
def test_an_agents_text_is_a_take_over_for_any_part_type(topic: str, kind: str, body: str | None) -> None:
    assert parse_actions(topic, build_conversation(build_part(body, PERSON, part_type=kind))) == [
        ControlAction.TAKE_OVER
    ]


@pytest.mark.parametrize(
    "topic", ["conversation.admin.replied", ASSIGNED, REPLIED, "conversation.admin.opened"]
)
@pytest.mark.parametrize("kind", ["comment", "assignment", "quick_reply", "note", "open"])
@pytest.mark.parametrize("admin", [None, BOT, GRACE])
def test_the_bots_own_parts_change_no_owner(topic: str, kind: str, admin: str | None) -> None:
    item = build_conversation(build_part("<p>/bot off</p>", US, part_type=kind), admin=admin, team=TEAM)
    is_hand_off = kind == "assignment" and admin != BOT

    assert parse_actions(topic, item) == ([ControlAction.PASSED_ON] if is_hand_off else [])


@pytest.mark.parametrize(
    "author",
    [
        FIN,
        {"type": "bot", "id": "1", "email": "operator+wk7h2xqz@intercom.io"},
        {"type": "admin", "id": "7", "name": "Operator", "email": "operator+wk7h2xqz@intercom.io"},
        {"type": "admin", "id": "7", "is_ai_answer": True},
    ],
)
def test_intercoms_automation_is_not_an_agent(author: Json) -> None:
    assert (
        parse_actions(
            "conversation.operator.replied", build_conversation(build_part("We reply in an hour.", author))
        )
        == []
    )
    assert (
        parse_actions(
            "conversation.admin.replied", build_conversation(build_part("We reply in an hour.", author))
        )
        == []
    )


@pytest.mark.parametrize(
    ("author", "more", "expected"),
    [
        (PERSON, {"admin": GRACE}, ControlAction.TAKE_OVER),
        (FIN, {"admin": GRACE}, ControlAction.TAKE_OVER),
        (PERSON, {"team": 5017002}, ControlAction.TAKE_OVER),
        (PERSON, {"admin": BOT}, ControlAction.GIVE_BACK),
        (PERSON, {"admin": BOT, "team": TEAM}, ControlAction.GIVE_BACK),
        (FIN, {"admin": BOT}, ControlAction.GIVE_BACK),
        (PERSON, {"admin": 0}, ControlAction.GIVE_BACK),
        (PERSON, {}, ControlAction.GIVE_BACK),
    ],
)
def test_an_assignment_decides_the_owner(author: Json, more: dict[str, Any], expected: ControlAction) -> None:
    assigned = build_part(None, author, part_type="assignment", assigned_to={"type": "admin", "id": "1"})

    assert set(parse_actions(ASSIGNED, build_conversation(assigned, **more))) == {expected}


def test_text_with_an_assignment_to_the_bot_gives_back() -> None:
    assert parse_actions(
        ASSIGNED,
        build_conversation(build_part("The bot goes on.", PERSON, part_type="assignment"), admin=BOT),
    ) == [ControlAction.GIVE_BACK]


def test_a_part_under_two_topics_is_one_event() -> None:
    both = build_part("I am on it.", PERSON, part_type="assignment")
    [first] = parse_events("conversation.admin.replied", build_conversation(both))
    [second] = parse_events(ASSIGNED, build_conversation(both))

    assert isinstance(first, ControlReceived)
    assert first == second


def test_a_control_event_has_the_time_of_the_action() -> None:
    found = [
        *parse_events("conversation.admin.replied", build_conversation(build_part("I am on it.", PERSON, 7))),
        *parse_events(REPLIED, build_conversation(build_part(number=7), admin=GRACE)),
    ]

    assert [each.at for each in found if isinstance(each, ControlReceived)] == [1_790_000_107.0] * 2


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("<p>/bot on</p>", [ControlAction.GIVE_BACK]),
        ("<p>/BOT  off</p>", [ControlAction.TAKE_OVER]),
        ("/end", [ControlAction.CLOSE]),
        ("<p>please /end this</p>", []),
        ("<p>the customer is angry</p>", []),
    ],
)
def test_a_note_can_be_a_command(note: str, expected: list[ControlAction]) -> None:
    topic = "conversation.admin.noted"

    assert (
        parse_actions(topic, build_conversation(build_part(note, PERSON, part_type="note"), admin=GRACE))
        == expected
    )
    assert parse_turns(topic, build_conversation(build_part(note, PERSON, part_type="note"))) == []


@pytest.mark.parametrize("author", [PERSON, US, FIN])
def test_a_close_by_anybody_closes_the_session(author: Json) -> None:
    item = build_conversation(build_part("Goodbye.", author, part_type="close"), state="closed")

    assert parse_actions("conversation.admin.closed", item) == [ControlAction.CLOSE]


def test_an_agent_who_reopens_an_assigned_conversation_takes_over() -> None:
    opened = build_part(None, PERSON, part_type="open")

    assert parse_actions("conversation.admin.opened", build_conversation(opened, admin=GRACE)) == [
        ControlAction.TAKE_OVER
    ]
    assert parse_actions("conversation.admin.opened", build_conversation(opened, admin=BOT)) == []


@pytest.mark.parametrize("topic", ["conversation.admin.snoozed", "conversation.admin.unsnoozed"])
def test_snoozing_changes_nothing(topic: str) -> None:
    kind = topic.rpartition(".")[2]

    assert parse_reasons(topic, build_conversation(build_part(None, PERSON, part_type=kind))) == [kind]


def test_a_deleted_conversation_closes_the_session() -> None:
    [found] = parse_events("conversation.deleted", {"type": "conversation", "conversation_id": CONVERSATION})

    assert isinstance(found, ControlReceived)
    assert (found.act, found.session) == (ControlAction.CLOSE, f"intercom:{APP}:{CONVERSATION}")


def test_a_conversation_started_by_an_agent_belongs_to_the_agent() -> None:
    topic, item = "conversation.admin.single.created", build_conversation()
    item["source"]["author"] = PERSON

    assert parse_actions(topic, item) == [ControlAction.TAKE_OVER]
    assert parse_actions(topic, {**item, "admin_assignee_id": BOT}) == []
    item["source"]["author"] = US
    assert parse_actions(topic, item) == []
