"""Intercom simulator: API rules, agents' actions, and compatibility with the channel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.intercom.rendering import build_comment, render_parts
from channels.intercom.simulator.server import IntercomSimulator
from core.model import (
    Address,
    Choice,
    ControlAction,
    ControlReceived,
    Event,
    Message,
    Reply,
    Turn,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.intercom.builders import APP, BOT, SECRET, TEAM, TOKEN, channel

PERSON, NOW = "+15550180", 1_790_000_000.0
YES = Choice(label="Yes", payload="confirmed")


def made(**more: Any) -> IntercomSimulator:
    url = "https://bots.example.com/webhooks/intercom"
    return IntercomSimulator(client_secret=SECRET, access_token=TOKEN, webhook_url=url, seed=1, **more)


def heard(deliveries: list[WebhookDelivery]) -> list[Event]:
    """Return the events that the channel parses from the webhooks."""
    events = []
    for delivery in deliveries:
        hook = Webhook(delivery.method, delivery.url, delivery.headers, delivery.body)
        channel().verify(hook)
        events += channel().parse(hook)
    return events


def acts(deliveries: list[WebhookDelivery]) -> list[ControlAction]:
    """Return the control actions of the webhooks, deduplicated by ID."""
    found = {each.id: each.act for each in heard(deliveries) if isinstance(each, ControlReceived)}
    return list(dict.fromkeys(found.values()))


def turns(deliveries: list[WebhookDelivery]) -> list[Turn]:
    return [each.turn for each in heard(deliveries) if isinstance(each, TurnReceived)]


def said(simulator: IntercomSimulator, text: str = "Hi & é", now: float = NOW, **more: Any) -> list[Turn]:
    return turns(simulator.send_user_message(UserMessage("intercom", PERSON, text, **more), now)[1])


def call(
    simulator: IntercomSimulator,
    what: str,
    body: dict[str, Any] | None = None,
    now: float = NOW,
    **headers: str,
) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
    """Call the API about the contact's conversation; without a body it is a GET."""
    url = f"/conversations/{simulator.get_desk_status(PERSON).thread}{what}"
    made = {"authorization": f"Bearer {TOKEN}", "intercom-version": headers.pop("version", "2.14"), **headers}
    raw = json.dumps({"type": "admin", "admin_id": BOT, **body}).encode() if body is not None else b""
    return simulator.handle(SimulatorRequest("GET" if body is None else "POST", url, made, raw), now)


def code(answer: SimulatorResponse) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["errors"][0]["code"]


def reply_to(simulator: IntercomSimulator, **fields: Any) -> Reply:
    address = Address(
        channel="intercom", account=APP, ours=APP, theirs=simulator.get_desk_status(PERSON).thread
    )
    return Reply(key="turn.1", address=address, **fields)


@pytest.mark.parametrize("plain", [False, True])
def test_a_conversation_is_created_and_continued(plain: bool) -> None:
    simulator = made(plain=plain)
    [first], [second] = said(simulator), said(simulator, "more\n3 < 5")

    assert (first.text, second.text) == ("Hi & é", "more\n3 < 5")
    assert first.session == second.session
    assert first.id.startswith("source:")


def test_files_are_delivered_with_the_message() -> None:
    [turn] = said(made(), "", media=("https://files.intercomcdn.com/a.jpg",))

    assert [each.content_type for each in turn.attachments] == ["image/jpeg"]


def test_the_bots_replies_are_accepted_echoed_and_ignored() -> None:
    simulator = made()
    said(simulator)
    for part in render_parts(
        Message(text="Is **that** right?", choices=(YES, Choice(label="No", payload="no")))
    ):
        answer, deliveries = call(simulator, "/reply", build_comment(reply_to(simulator, **dict(part))))
        assert answer.status == 200
        assert acts(deliveries) == []
        assert turns(deliveries) == []
    question, options = [
        line for line in simulator.list_messages(NOW, person=PERSON) if line.direction == "out"
    ]

    assert (question.text, [label for _, label in options.choices]) == ("Is that right?", ["Yes", "No"])
    [tapped] = said(simulator, "Yes", button=options.choices[0][0])
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
    simulator = made()
    said(simulator)
    said(simulator, "more")

    deliveries = simulator.run_agent_action(PERSON, move, text, NOW)
    assert acts(deliveries) == expected
    assert turns(deliveries) == []


def test_every_agent_action_is_possible_and_no_other() -> None:
    for move in IntercomSimulator.agent_actions:
        simulator = made()
        said(simulator)
        said(simulator)
        assert simulator.run_agent_action(PERSON, move.name, "words" if move.speaks else "", NOW)
    for wrong in ("", "dance", "reply"):
        with pytest.raises(KeyError):
            simulator.run_agent_action(PERSON, wrong, "", NOW)
    with pytest.raises(KeyError):
        made().run_agent_action(PERSON, "take", "", NOW)


def test_a_message_in_an_assigned_conversation_repeats_the_known_take_over() -> None:
    simulator = made()
    said(simulator)
    first = {
        each.id
        for each in heard(simulator.run_agent_action(PERSON, "take", "", NOW))
        if isinstance(each, ControlReceived)
    }
    events = heard(simulator.send_user_message(UserMessage("intercom", PERSON, "hello?"), NOW)[1])

    assert {each.id for each in events if isinstance(each, ControlReceived)} <= first


def test_a_closed_conversation_is_reopened_and_a_deleted_one_replaced() -> None:
    simulator = made()
    [before] = said(simulator)
    simulator.run_agent_action(PERSON, "close", "", NOW)
    assert simulator.get_desk_status(PERSON).words == "closed, assigned to nobody"
    [again] = said(simulator)
    simulator.run_agent_action(PERSON, "delete", "", NOW)
    [anew] = said(simulator)

    assert before.session == again.session != anew.session


def test_the_bot_tags_and_closes_and_a_message_reopens() -> None:
    simulator = made()
    said(simulator)
    assert code(call(simulator, "/tags", {"id": "99"})[0]) == (404, "not_found")
    assert call(simulator, "/tags", {"id": "86"})[0].status == 200
    assert simulator.get_desk_status(PERSON).words == "open, assigned to nobody, tagged"
    answer, deliveries = call(simulator, "/parts", {"message_type": "close"})

    assert (answer.status, acts(deliveries)) == (200, [ControlAction.CLOSE])
    assert simulator.get_desk_status(PERSON).words == "closed, assigned to nobody, tagged"
    assert [turn.text for turn in said(simulator, "One more thing")] == ["One more thing"]


def test_the_bots_hand_off_assigns_to_the_team() -> None:
    simulator = made()
    said(simulator)
    _, noted = call(simulator, "/reply", {"message_type": "note", "body": "<p>Wants a person</p>"})
    body = {"message_type": "assignment", "type": "team", "assignee_id": TEAM}
    _, assigned = call(simulator, "/parts", body)

    assert (acts(noted), acts(assigned)) == ([], [ControlAction.PASSED_ON])
    assert simulator.get_desk_status(PERSON).words == "open, assigned to a team and nobody"
    assert acts(simulator.send_user_message(UserMessage("intercom", PERSON, "hello?"), NOW)[1]) == []
    assert acts(simulator.run_agent_action(PERSON, "take", "", NOW)) == [ControlAction.TAKE_OVER]


@pytest.mark.parametrize(
    ("what", "body", "expected"),
    [
        ("/reply", {"message_type": "comment", "body": ""}, (400, "parameter_invalid")),
        ("/reply", {"message_type": "comment", "body": "x", "admin_id": "1"}, (404, "admin_not_found")),
        (
            "/reply",
            {"message_type": "comment", "body": "x", "attachment_urls": ["u"] * 11},
            (400, "parameter_invalid"),
        ),
        ("/reply", {"message_type": "quick_reply", "reply_options": []}, (400, "parameter_invalid")),
        (
            "/reply",
            {"message_type": "quick_reply", "reply_options": [{"text": "a", "uuid": "1"}]},
            (400, "parameter_invalid"),
        ),
        ("/reply", {"message_type": "shout", "body": "x"}, (400, "parameter_invalid")),
        ("/reply", {"message_type": "comment", "body": "x" * 70_000}, (413, "payload_too_large")),
        (
            "/parts",
            {"message_type": "assignment", "type": "team", "assignee_id": "7"},
            (404, "assignee_not_found"),
        ),
        ("/parts", {"message_type": "dance"}, (400, "parameter_invalid")),
        ("/dance", {}, (404, "not_found")),
    ],
)
def test_invalid_requests_are_refused(what: str, body: dict[str, Any], expected: tuple[int, str]) -> None:
    simulator = made()
    said(simulator)
    answer, deliveries = call(simulator, what, body)

    assert code(answer) == expected
    assert deliveries == []


def test_token_and_version_are_checked() -> None:
    simulator = made()
    said(simulator)

    assert code(call(simulator, "", authorization="Bearer other")[0]) == (401, "unauthorized")
    assert code(call(simulator, "", version="9.9")[0]) == (400, "intercom_version_invalid")
    me = simulator.handle(SimulatorRequest("GET", "/me", {"authorization": f"Bearer {TOKEN}"}), NOW)[0]
    assert json.loads(me.body)["app"]["id_code"] == APP


def test_the_rate_limit_has_windows_of_ten_seconds() -> None:
    simulator = made(calls_per_window=2)
    said(simulator)
    answers = [call(simulator, "", now=NOW + seconds)[0] for seconds in (1, 2, 3, 11)]

    assert [answer.status for answer in answers] == [200, 200, 429, 200]
    assert code(answers[2]) == (429, "rate_limit_exceeded")
    assert answers[2].headers["x-ratelimit-reset"] == str(int(NOW) + 10)


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        (Fault.TOO_MANY, False),
        (Fault.SERVER_ERROR, False),
        (Fault.UNAVAILABLE, False),
        (Fault.DROP_BEFORE, False),
        (Fault.ERROR_AFTER, True),
        (Fault.TIMEOUT_AFTER, True),
        (Fault.DROP_AFTER, True),
    ],
)
def test_faults_are_injected(fault: Fault, taken: bool) -> None:
    simulator = made()
    said(simulator)
    simulator.set_faults(FaultSettings(next=(fault,)))
    answer, _ = call(simulator, "/reply", {"message_type": "comment", "body": "<p>x</p>"})

    assert answer.status != 200 or answer.drop or answer.delay > 30
    assert any(line.direction == "out" for line in simulator.list_messages(NOW)) is taken


async def test_a_card_question_becomes_the_contacts_message() -> None:
    simulator, our = made(), channel()
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
    assert [turn.text for turn in turns(told)] == ["Where is my parcel?"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"from": {"type": "user", "id": "nobody"}, "body": "x"}, (404, "not_found")),
        ({"from": {"type": "admin", "id": "1"}, "body": "x"}, (400, "parameter_invalid")),
        ({"body": "x"}, (400, "parameter_invalid")),
    ],
)
def test_messages_as_an_unknown_contact_are_refused(body: dict[str, Any], expected: tuple[int, str]) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    call = SimulatorRequest("POST", "/conversations", headers, json.dumps(body).encode())

    assert code(made().handle(call, NOW)[0]) == expected


def test_a_webhook_is_retried_once_after_a_minute() -> None:
    simulator = made()
    _, [first] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)
    [again] = simulator.handle_delivery_result(first, WebhookResult(503), NOW)

    assert again.at == NOW + 60
    assert heard([first]) == heard([again])
    assert json.loads(again.body)["delivery_attempts"] == 2
    assert simulator.handle_delivery_result(again, WebhookResult(None), NOW) == []
    assert simulator.handle_delivery_result(first, WebhookResult(200), NOW) == []


def test_status_410_ends_the_subscription() -> None:
    simulator = made()
    _, [first] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)

    assert simulator.handle_delivery_result(first, WebhookResult(410), NOW) == []
    assert simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)[1] == []


def test_webhooks_are_repeated_and_delayed_by_the_fault_settings() -> None:
    simulator = made()
    simulator.set_faults(FaultSettings(webhooks_twice=1.0, webhooks_shuffled=5.0))
    _, [first, second] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)

    assert replace(second, at=first.at) == first
    assert NOW <= first.at <= NOW + 5


def test_the_same_seed_gives_the_same_results() -> None:
    stories = [made().send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW) for _ in range(2)]

    assert stories[0] == stories[1]


def test_an_unknown_surface_is_refused() -> None:
    with pytest.raises(KeyError):
        made().send_user_message(UserMessage("sms", PERSON, "Hi"), NOW)


OPTION = {"text": "Yes", "uuid": "2b1e6c5e-7a86-4b4e-9d2c-0c7a4d1c1e01"}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("/reply", {"message_type": "comment", "body": "<p> </p>"}),
        ("/reply", {"message_type": "comment", "body": "x", "attachment_urls": ["nourl"]}),
        ("/reply", {"message_type": "comment", "body": "x", "attachment_urls": ["http://127.0.0.1:9/a"]}),
        ("/reply", {"message_type": "comment", "body": "x", "attachment_files": [{"name": "a"}]}),
        ("/reply", {"message_type": "quick_reply", "reply_options": [OPTION, OPTION]}),
        ("/reply", {"message_type": "quick_reply", "reply_options": "x"}),
        ("/parts", {"message_type": "snoozed"}),
    ],
)
def test_further_invalid_requests_are_refused(what: str, body: dict[str, Any]) -> None:
    simulator = made()
    said(simulator)

    assert call(simulator, what, body)[0].status == 400


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff"])
def test_malformed_bodies_are_the_providers_400(raw: bytes) -> None:
    simulator = made()
    said(simulator)
    headers = {"authorization": f"Bearer {TOKEN}"}
    thread = simulator.get_desk_status(PERSON).thread
    for path in (
        "/conversations",
        *(f"/conversations/{thread}/{each}" for each in ("reply", "parts", "tags")),
    ):
        assert simulator.handle(SimulatorRequest("POST", path, headers, raw), NOW)[0].status == 400


def test_a_reply_of_another_teammate_is_theirs() -> None:
    simulator = made()
    said(simulator)
    _, deliveries = call(
        simulator, "/reply", {"message_type": "comment", "body": "<p>x</p>", "admin_id": "9608001"}
    )

    assert acts(deliveries) == [ControlAction.TAKE_OVER]
    assert simulator.list_messages(NOW)[-1].direction == "agent"


def test_a_tag_is_applied_once_with_its_name() -> None:
    simulator = made()
    said(simulator)
    for _ in range(2):
        assert json.loads(call(simulator, "/tags", {"id": "86"})[0].body)["name"] == "bot-handoff"
    [tag] = json.loads(call(simulator, "")[0].body)["tags"]["tags"]

    assert (tag["id"], tag["name"], tag["applied_by"]["id"]) == ("86", "bot-handoff", BOT)


def test_version_2_16_has_a_zero_for_nobody() -> None:
    simulator = made()
    said(simulator)

    assert json.loads(call(simulator, "")[0].body)["admin_assignee_id"] is None
    assert json.loads(call(simulator, "", version="2.16")[0].body)["admin_assignee_id"] == 0


def test_files_can_be_attached_by_url_and_as_data() -> None:
    simulator = made()
    said(simulator)
    file = {"content_type": "application/pdf", "name": "a.pdf", "data": "cGRm"}
    urls = ["https://shop.example/a.png"]
    body = {"message_type": "comment", "body": "", "attachment_urls": urls, "attachment_files": [file]}

    assert call(simulator, "/reply", body)[0].status == 200
    assert len(simulator.list_messages(NOW)[-1].media) == 2


def test_a_429_delays_every_notification() -> None:
    simulator = made()
    _, [first] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)
    simulator.handle_delivery_result(first, WebhookResult(429), NOW)
    _, [second] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hello?"), NOW + 1)

    assert second.at == NOW + 60


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.CONTROL])
def test_look_ups_and_tags_can_fail_too(operation: Operation) -> None:
    simulator = made()
    said(simulator)
    simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))
    what, body = ("", None) if operation is Operation.LOOK_UP else ("/tags", {"id": "86"})

    assert call(simulator, what, body)[0].status == 503
    assert call(simulator, what, body)[0].status == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"INTERCOM_HANDOFF_TEAM_ID": "7"},
        {"INTERCOM_HANDOFF_TEAM_ID": "", "INTERCOM_HANDOFF_ADMIN_ID": "9608777"},
    ],
)
async def test_a_hand_off_to_nobody_who_exists_reaches_the_unassigned_inbox(settings: dict[str, str]) -> None:
    simulator, our = made(), channel(**settings)
    said(simulator)

    def intercom(request: httpx.Request) -> httpx.Response:
        call = SimulatorRequest(request.method, request.url.path, request.headers, request.content)
        answer, _ = simulator.handle(call, NOW)
        return httpx.Response(answer.status, content=answer.body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(intercom)) as http:
        await our.send(reply_to(simulator, act="hand_off", body="wants a person"), http)

    assert simulator.get_desk_status(PERSON).words == "open, assigned to nobody"
    assert simulator.list_messages(NOW)[-1].text == "wants a person"
