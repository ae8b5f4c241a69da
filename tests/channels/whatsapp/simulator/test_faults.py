"""Faults, retries and limits of the simulated Cloud API."""

from __future__ import annotations

import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    SimulatorRequest,
    WebhookResult,
)
from core.model import (
    Message,
    StatusChanged,
)
from tests.channels.whatsapp.builders import OURS, TOKEN
from tests.channels.whatsapp.simulator.simulated import (
    HELLO,
    NOW,
    make_simulator,
    parse_deliveries,
    read_error_code,
    send,
    upload,
)


def test_statuses_are_delayed_repeated_and_shuffled_by_the_fault_settings() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    simulator.set_faults(FaultSettings(statuses_twice=1.0, statuses_late=30.0, statuses_shuffled=10.0))
    _, deliveries = send(simulator, Message(text="Hello"))

    assert len(deliveries) == 6
    assert all(delivery.at >= NOW + 30 for delivery in deliveries)


def test_the_pair_rate_limit_applies_to_one_contact_only() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    answers = [send(simulator, Message(text="x"))[0] for _ in range(46)]

    assert [answer.status for answer in answers[:45]] == [200] * 45
    assert read_error_code(answers[45]) == 131056
    assert send(simulator, Message(text="x"), "12025550181")[0].status == 200
    assert send(simulator, Message(text="x"), now=NOW + 6)[0].status == 200


def test_the_throughput_limit_is_eighty_per_second() -> None:
    simulator = make_simulator()
    answers = [send(simulator, Message(text="x"), f"1202555{number:04}")[0] for number in range(81)]

    assert read_error_code(answers[80]) == 130429
    assert send(simulator, Message(text="x"), "12025559999", NOW + 1)[0].status == 200


@pytest.mark.parametrize(
    ("status", "again"), [(200, False), (204, True), (401, True), (503, True), (None, True)]
)
def test_any_status_but_200_is_retried(status: int | None, again: bool) -> None:
    simulator = make_simulator()
    _, [delivery] = simulator.send_user_message(HELLO, NOW)

    assert bool(simulator.handle_delivery_result(delivery, WebhookResult(status), NOW)) is again


def test_a_webhook_is_retried_with_backoff_for_seven_days() -> None:
    simulator, now, gaps = make_simulator(), NOW, []
    _, deliveries = simulator.send_user_message(HELLO, NOW)
    while deliveries:
        [delivery] = deliveries
        gaps.append(delivery.at - now)
        now = delivery.at
        deliveries = simulator.handle_delivery_result(delivery, WebhookResult(503), now)

    assert gaps[:4] == [0, 0, 5, 10]
    assert max(gaps) == 6 * 3600
    assert 6.5 * 24 * 3600 < now - NOW <= 7 * 24 * 3600


@pytest.mark.parametrize(
    ("fault", "status", "taken"),
    [
        (Fault.TOO_MANY, 400, 0),
        (Fault.SERVER_ERROR, 500, 0),
        (Fault.ERROR_AFTER, 500, 1),
        (Fault.DROP_AFTER, 200, 1),
    ],
)
def test_faults_are_injected(fault: Fault, status: int, taken: int) -> None:
    simulator = make_simulator()
    simulator.set_faults(FaultSettings(next=(fault,)))
    answer, _ = send(simulator, Message(text="x"))

    assert (answer.status, len(simulator.list_messages(NOW))) == (status, taken)


def test_an_unexpected_path_version_or_body_is_the_providers_400() -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    for url, body in (
        (f"/v26.0/{OURS}/messages", b"{"),
        (f"/v26.0/{OURS}/messages", b"[]"),
        (f"/v26.0/{OURS}/media", b"no form"),
        (f"/nonsense/{OURS}/messages", b"{}"),
        ("/v26.0", b"{}"),
    ):
        assert make_simulator().handle(SimulatorRequest("POST", url, headers, body), NOW)[0].status == 400


@pytest.mark.parametrize("chosen", ["", "131026"])
def test_an_accepted_message_can_fail_later(chosen: str) -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    codes = (chosen,) if chosen else ()
    simulator.set_faults(FaultSettings(late_failures=1.0, late_codes=codes))
    answer, deliveries = send(simulator, Message(text="Hello"))
    [event] = parse_deliveries(deliveries)

    assert answer.status == 200
    assert isinstance(event, StatusChanged)
    assert event.error_code in (codes or ("131026", "131049"))


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.UPLOAD])
def test_downloads_and_uploads_can_fail_too(operation: Operation) -> None:
    simulator = make_simulator()
    simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))

    assert send(simulator, Message(text="x"))[0].status == 200
    if operation is Operation.UPLOAD:
        assert upload(simulator, "image/png", 10).status == 503
    else:
        request = SimulatorRequest("GET", f"/v26.0/{OURS}", {"authorization": f"Bearer {TOKEN}"})
        assert simulator.handle(request, NOW)[0].status == 503
