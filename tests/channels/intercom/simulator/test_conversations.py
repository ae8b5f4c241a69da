"""Intercom simulator: API rules, agents' actions, and compatibility with the channel."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from channels._kit.simulator import (
    SimulatorRequest,
    UserMessage,
    WebhookDelivery,
)
from channels.intercom.rendering import build_comment, render_parts
from channels.intercom.simulator.server import IntercomSimulator
from core.model import (
    Address,
    Choice,
    ControlAction,
    ControlReceived,
    Message,
    Reply,
)
from core.ports import Webhook
from tests.channels.intercom.builders import APP, TEAM, build_channel
from tests.channels.intercom.simulator.simulated import (
    NOW,
    PERSON,
    call,
    make_simulator,
    parse_actions,
    parse_deliveries,
    parse_turns,
    read_error_code,
    send_user_message,
)

YES = Choice(label="Yes", payload="confirmed")


def build_reply(simulator: IntercomSimulator, **fields: Any) -> Reply:
    address = Address(
        channel="intercom", account=APP, ours=APP, theirs=simulator.get_desk_status(PERSON).thread
    )
    return Reply(key="turn.1", address=address, **fields)


@pytest.mark.parametrize("plain", [False, True])
def test_a_conversation_is_created_and_continued(plain: bool) -> None:
    simulator = make_simulator(plain=plain)
    [first], [second] = send_user_message(simulator), send_user_message(simulator, "more\n3 < 5")

    assert (first.text, second.text) == ("Hi & é", "more\n3 < 5")
    assert first.session == second.session
    assert first.id.startswith("source:")


def test_files_are_delivered_with_the_message() -> None:
    [turn] = send_user_message(make_simulator(), "", media=("https://files.intercomcdn.com/a.jpg",))

    assert [each.content_type for each in turn.attachments] == ["image/jpeg"]


def test_the_bots_replies_are_accepted_echoed_and_ignored() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    for part in render_parts(
        Message(text="Is **that** right?", choices=(YES, Choice(label="No", payload="no")))
    ):
        answer, deliveries = call(simulator, "/reply", build_comment(build_reply(simulator, **dict(part))))
        assert answer.status == 200
        assert parse_actions(deliveries) == []
        assert parse_turns(deliveries) == []
    question, options = [
        line for line in simulator.list_messages(NOW, person=PERSON) if line.direction == "out"
    ]

    assert (question.text, [label for _, label in options.choices]) == ("Is that right?", ["Yes", "No"])
    [tapped] = send_user_message(simulator, "Yes", button=options.choices[0][0])
    assert tapped.text == "Yes"


@pytest.mark.parametrize(
    ("move", "text", "expected"),
    [
        ("reply", "I am on it.", [ControlAction.TAKE_OVER]),
        ("reply_and_assign", "I am on it.", [ControlAction.TAKE_OVER]),
        ("take", "", [ControlAction.TAKE_OVER]),
        ("pass_on", "", [ControlAction.TAKE_OVER]),
        ("give_back", "", [ControlAction.GIVE_BACK]),
        ("unassign", "", [ControlAction.GIVE_BACK]),
        ("close", "", [ControlAction.CLOSE]),
        ("reply_and_close", "Bye.", [ControlAction.CLOSE]),
        ("note", "The customer is kind.", []),
        ("note", "/bot on", [ControlAction.GIVE_BACK]),
        ("note", "/end", [ControlAction.CLOSE]),
        ("snooze", "", []),
        ("redact", "", []),
        ("delete", "", [ControlAction.CLOSE]),
    ],
)
def test_agent_actions_change_the_owner(move: str, text: str, expected: list[ControlAction]) -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    send_user_message(simulator, "more")

    deliveries = simulator.run_agent_action(PERSON, move, text, NOW)
    assert parse_actions(deliveries) == expected
    assert parse_turns(deliveries) == []


def test_every_agent_action_is_possible_and_no_other() -> None:
    for move in IntercomSimulator.agent_actions:
        simulator = make_simulator()
        send_user_message(simulator)
        send_user_message(simulator)
        assert simulator.run_agent_action(PERSON, move.name, "words" if move.speaks else "", NOW)
    for wrong in ("", "dance", "reply"):
        with pytest.raises(KeyError):
            simulator.run_agent_action(PERSON, wrong, "", NOW)
    with pytest.raises(KeyError):
        make_simulator().run_agent_action(PERSON, "take", "", NOW)


def test_a_message_in_an_assigned_conversation_repeats_the_known_take_over() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    first = {
        each.id
        for each in parse_deliveries(simulator.run_agent_action(PERSON, "take", "", NOW))
        if isinstance(each, ControlReceived)
    }
    events = parse_deliveries(simulator.send_user_message(UserMessage("intercom", PERSON, "hello?"), NOW)[1])

    assert {each.id for each in events if isinstance(each, ControlReceived)} <= first


def test_a_closed_conversation_is_reopened_and_a_deleted_one_replaced() -> None:
    simulator = make_simulator()
    [before] = send_user_message(simulator)
    simulator.run_agent_action(PERSON, "close", "", NOW)
    assert simulator.get_desk_status(PERSON).words == "closed, assigned to nobody"
    [again] = send_user_message(simulator)
    simulator.run_agent_action(PERSON, "delete", "", NOW)
    [anew] = send_user_message(simulator)

    assert before.session == again.session != anew.session


def test_the_bot_tags_and_closes_and_a_message_reopens() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    assert read_error_code(call(simulator, "/tags", {"id": "99"})[0]) == (404, "not_found")
    assert call(simulator, "/tags", {"id": "86"})[0].status == 200
    assert simulator.get_desk_status(PERSON).words == "open, assigned to nobody, tagged"
    answer, deliveries = call(simulator, "/parts", {"message_type": "close"})

    assert (answer.status, parse_actions(deliveries)) == (200, [ControlAction.CLOSE])
    assert simulator.get_desk_status(PERSON).words == "closed, assigned to nobody, tagged"
    assert [turn.text for turn in send_user_message(simulator, "One more thing")] == ["One more thing"]


def test_the_bots_hand_off_assigns_to_the_team() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    _, noted = call(simulator, "/reply", {"message_type": "note", "body": "<p>Wants a person</p>"})
    body = {"message_type": "assignment", "type": "team", "assignee_id": TEAM}
    _, assigned = call(simulator, "/parts", body)

    assert (parse_actions(noted), parse_actions(assigned)) == ([], [ControlAction.PASSED_ON])
    assert simulator.get_desk_status(PERSON).words == "open, assigned to a team and nobody"
    assert parse_actions(simulator.send_user_message(UserMessage("intercom", PERSON, "hello?"), NOW)[1]) == []
    assert parse_actions(simulator.run_agent_action(PERSON, "take", "", NOW)) == [ControlAction.TAKE_OVER]


async def test_a_card_question_becomes_the_contacts_message() -> None:
    simulator, our = make_simulator(), build_channel()
    pressed = simulator.press_card_button(PERSON, "ask", NOW, question="Where is my parcel?")
    hook = Webhook(pressed.method, pressed.url, pressed.headers, pressed.body)
    our.verify(hook)
    told: list[WebhookDelivery] = []

    def intercom(request: httpx.Request) -> httpx.Response:
        call = SimulatorRequest(request.method, request.url.path, request.headers, request.content)
        answer, deliveries = simulator.handle(call, NOW)
        told.extend(deliveries)
        return httpx.Response(answer.status, content=answer.body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(intercom)) as http:
        shown = await our.handle_interaction(hook, http)

    assert shown is not None
    assert b"Thank you" in shown.body
    assert [turn.text for turn in parse_turns(told)] == ["Where is my parcel?"]


def test_the_same_seed_gives_the_same_results() -> None:
    stories = [
        make_simulator().send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW) for _ in range(2)
    ]

    assert stories[0] == stories[1]


def test_an_unknown_surface_is_refused() -> None:
    with pytest.raises(KeyError):
        make_simulator().send_user_message(UserMessage("sms", PERSON, "Hi"), NOW)


@pytest.mark.parametrize(
    "settings",
    [
        {"INTERCOM_HANDOFF_TEAM_ID": "7"},
        {"INTERCOM_HANDOFF_TEAM_ID": "", "INTERCOM_HANDOFF_ADMIN_ID": "9608777"},
    ],
)
async def test_a_hand_off_to_a_missing_agent_reaches_the_unassigned_inbox(settings: dict[str, str]) -> None:
    simulator, our = make_simulator(), build_channel(**settings)
    send_user_message(simulator)

    def intercom(request: httpx.Request) -> httpx.Response:
        call = SimulatorRequest(request.method, request.url.path, request.headers, request.content)
        answer, _ = simulator.handle(call, NOW)
        return httpx.Response(answer.status, content=answer.body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(intercom)) as http:
        await our.send(build_reply(simulator, act="hand_off", body="wants a person"), http)

    assert simulator.get_desk_status(PERSON).words == "open, assigned to nobody"
    assert simulator.list_messages(NOW)[-1].text == "wants a person"
