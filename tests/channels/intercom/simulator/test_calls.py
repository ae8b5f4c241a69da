"""Calls of the simulated API: refusals, versions, limits, files and failures."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    SimulatorRequest,
    UserMessage,
    WebhookResult,
)
from core.model import ControlAction
from tests.channels.intercom.builders import APP, BOT, TOKEN
from tests.channels.intercom.simulator.simulated import (
    NOW,
    PERSON,
    call,
    make_simulator,
    parse_actions,
    parse_deliveries,
    read_error_code,
    send_user_message,
)


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
    simulator = make_simulator()
    send_user_message(simulator)
    answer, deliveries = call(simulator, what, body)

    assert read_error_code(answer) == expected
    assert deliveries == []


def test_token_and_version_are_checked() -> None:
    simulator = make_simulator()
    send_user_message(simulator)

    assert read_error_code(call(simulator, "", authorization="Bearer other")[0]) == (401, "unauthorized")
    assert read_error_code(call(simulator, "", version="9.9")[0]) == (400, "intercom_version_invalid")
    me = simulator.handle(SimulatorRequest("GET", "/me", {"authorization": f"Bearer {TOKEN}"}), NOW)[0]
    assert json.loads(me.body)["app"]["id_code"] == APP


def test_the_rate_limit_has_windows_of_ten_seconds() -> None:
    simulator = make_simulator(calls_per_window=2)
    send_user_message(simulator)
    answers = [call(simulator, "", now=NOW + seconds)[0] for seconds in (1, 2, 3, 11)]

    assert [answer.status for answer in answers] == [200, 200, 429, 200]
    assert read_error_code(answers[2]) == (429, "rate_limit_exceeded")
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
    simulator = make_simulator()
    send_user_message(simulator)
    simulator.set_faults(FaultSettings(next=(fault,)))
    answer, _ = call(simulator, "/reply", {"message_type": "comment", "body": "<p>x</p>"})

    assert answer.status != 200 or answer.drop or answer.delay > 30
    assert any(line.direction == "out" for line in simulator.list_messages(NOW)) is taken


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

    assert read_error_code(make_simulator().handle(call, NOW)[0]) == expected


def test_a_webhook_is_retried_once_after_a_minute() -> None:
    simulator = make_simulator()
    _, [first] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)
    [again] = simulator.handle_delivery_result(first, WebhookResult(503), NOW)

    assert again.at == NOW + 60
    assert parse_deliveries([first]) == parse_deliveries([again])
    assert json.loads(again.body)["delivery_attempts"] == 2
    assert simulator.handle_delivery_result(again, WebhookResult(None), NOW) == []
    assert simulator.handle_delivery_result(first, WebhookResult(200), NOW) == []


def test_status_410_ends_the_subscription() -> None:
    simulator = make_simulator()
    _, [first] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)

    assert simulator.handle_delivery_result(first, WebhookResult(410), NOW) == []
    assert simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)[1] == []


def test_webhooks_are_repeated_and_delayed_by_the_fault_settings() -> None:
    simulator = make_simulator()
    simulator.set_faults(FaultSettings(webhooks_twice=1.0, webhooks_shuffled=5.0))
    _, [first, second] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)

    assert replace(second, at=first.at) == first
    assert NOW <= first.at <= NOW + 5


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
    simulator = make_simulator()
    send_user_message(simulator)

    assert call(simulator, what, body)[0].status == 400


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff"])
def test_malformed_bodies_are_the_providers_400(raw: bytes) -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    headers = {"authorization": f"Bearer {TOKEN}"}
    thread = simulator.get_desk_status(PERSON).thread
    for path in (
        "/conversations",
        *(f"/conversations/{thread}/{each}" for each in ("reply", "parts", "tags")),
    ):
        assert simulator.handle(SimulatorRequest("POST", path, headers, raw), NOW)[0].status == 400


def test_a_reply_of_another_teammate_is_theirs() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    _, deliveries = call(
        simulator, "/reply", {"message_type": "comment", "body": "<p>x</p>", "admin_id": "9608001"}
    )

    assert parse_actions(deliveries) == [ControlAction.TAKE_OVER]
    assert simulator.list_messages(NOW)[-1].direction == "agent"


def test_a_tag_is_applied_once_with_its_name() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    for _ in range(2):
        assert json.loads(call(simulator, "/tags", {"id": "86"})[0].body)["name"] == "bot-handoff"
    [tag] = json.loads(call(simulator, "")[0].body)["tags"]["tags"]

    assert (tag["id"], tag["name"], tag["applied_by"]["id"]) == ("86", "bot-handoff", BOT)


def test_version_2_16_has_a_zero_for_nobody() -> None:
    simulator = make_simulator()
    send_user_message(simulator)

    assert json.loads(call(simulator, "")[0].body)["admin_assignee_id"] is None
    assert json.loads(call(simulator, "", version="2.16")[0].body)["admin_assignee_id"] == 0


def test_files_can_be_attached_by_url_and_as_data() -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    file = {"content_type": "application/pdf", "name": "a.pdf", "data": "cGRm"}
    urls = ["https://shop.example/a.png"]
    body = {"message_type": "comment", "body": "", "attachment_urls": urls, "attachment_files": [file]}

    assert call(simulator, "/reply", body)[0].status == 200
    assert len(simulator.list_messages(NOW)[-1].media) == 2


def test_a_429_delays_every_notification() -> None:
    simulator = make_simulator()
    _, [first] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hi"), NOW)
    simulator.handle_delivery_result(first, WebhookResult(429), NOW)
    _, [second] = simulator.send_user_message(UserMessage("intercom", PERSON, "Hello?"), NOW + 1)

    assert second.at == NOW + 60


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.CONTROL])
def test_look_ups_and_tags_can_fail_too(operation: Operation) -> None:
    simulator = make_simulator()
    send_user_message(simulator)
    simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))
    what, body = ("", None) if operation is Operation.LOOK_UP else ("/tags", {"id": "86"})

    assert call(simulator, what, body)[0].status == 503
    assert call(simulator, what, body)[0].status == 200
