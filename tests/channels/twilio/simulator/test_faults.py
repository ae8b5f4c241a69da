"""Faults, retries and limits of the simulated Twilio."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    SimulatorRequest,
    UserMessage,
    WebhookResult,
)
from channels.twilio.simulator.server import TwilioSimulator
from core.model import TurnReceived
from core.ports import Webhook
from tests.channels.twilio.builders import ACCOUNT, PUBLIC, SEEN, TOKEN, URL, build_channel
from tests.channels.twilio.simulator.simulated import (
    ADA,
    BASE,
    BASIC,
    NOON,
    SMS,
    WHATSAPP,
    create_message,
    make_simulator,
    read_error_code,
    read_statuses,
)
from tests.effort import example_count


@pytest.mark.parametrize(
    ("fault", "status", "taken", "dropped"),
    [
        (Fault.TOO_MANY, 429, 0, False),
        (Fault.SERVER_ERROR, 500, 0, False),
        (Fault.UNAVAILABLE, 503, 0, False),
        (Fault.DROP_BEFORE, 0, 0, True),
        (Fault.DROP_AFTER, 201, 1, True),
        (Fault.ERROR_AFTER, 500, 1, False),
        (Fault.TIMEOUT_AFTER, 201, 1, False),
    ],
)
def test_a_fault_applies_once_before_or_after_acceptance(
    fault: Fault, status: int, taken: int, dropped: bool
) -> None:
    played = make_simulator()
    played.set_faults(FaultSettings(next=(fault,)))
    answer, _ = create_message(played)

    assert (answer.status, answer.drop, len(played.list_messages(NOON))) == (status, dropped, taken)
    assert (answer.delay > 30) == (fault is Fault.TIMEOUT_AFTER)
    again, _ = create_message(played)
    assert (again.status, again.drop, again.delay) == (201, False, 0)


def test_random_faults_have_the_set_probability_and_are_reproducible() -> None:
    def play(seed: int) -> list[int]:
        played = make_simulator(seed=seed)
        played.set_faults(FaultSettings(chance=0.3, kinds=(Fault.TOO_MANY, Fault.UNAVAILABLE)))
        return [create_message(played)[0].status for _ in range(300)]

    statuses = play(7)
    assert 60 <= sum(status != 201 for status in statuses) <= 120
    assert play(7) == statuses
    assert play(8) != statuses


def test_webhooks_are_repeated_and_shuffled_by_the_fault_settings() -> None:
    played = make_simulator()
    played.set_faults(
        FaultSettings(webhooks_twice=1.0, webhooks_shuffled=5.0, statuses_twice=1.0, statuses_late=9.0)
    )
    _, deliveries = played.send_user_message(UserMessage("sms", ADA, "Hi"), NOON)
    _, callbacks = create_message(played)

    assert len(deliveries) == 2
    assert deliveries[0].body == deliveries[1].body
    assert sorted(read_statuses(callbacks)) == ["delivered", "delivered", "sent", "sent"]
    assert all(callback.at >= NOON + 9 for callback in callbacks)


@pytest.mark.parametrize(
    ("fragment", "status", "timed_out", "retries"),
    [
        ("", None, False, 1),
        ("", 500, False, 0),
        ("", None, True, 0),
        ("#rc=3&rp=all", 503, False, 3),
        ("#rc=3&rp=all", 404, False, 3),
        ("#rc=3&rp=5xx,ct", 404, False, 0),
        ("#rc=9&rp=rt", None, True, 0),
        ("#rc=9&rp=rt&rt=500", None, True, 4),
        ("#rc=3&rp=all&tt=1000", 503, False, 1),
        ("#rc=0", None, False, 0),
        ("#rc=x", None, False, 1),
        ("#rc=3&rp=all", 200, False, 0),
        ("#rc=3&rp=all", 204, False, 0),
    ],
)
def test_a_webhook_is_retried_by_its_connection_overrides(
    fragment: str, status: int | None, timed_out: bool, retries: int
) -> None:
    played = make_simulator(fragment)
    _, queue = played.send_user_message(UserMessage("sms", ADA, "Hi"), NOON)
    tries = 0
    while queue:
        tries += 1
        queue = played.handle_delivery_result(queue.pop(), WebhookResult(status, timed_out=timed_out), NOON)

    assert tries == 1 + retries


def test_the_read_timeout_override_is_applied() -> None:
    assert (
        make_simulator("#rt=2000").send_user_message(UserMessage("sms", ADA, "Hi"), NOON)[1][0].timeout == 2.0
    )


def test_an_undelivered_message_goes_to_the_fallback_url_once() -> None:
    played = make_simulator(fallback_url=f"{PUBLIC}/webhooks/twilio/fallback")
    sid, [delivery] = played.send_user_message(UserMessage("sms", ADA, "Hi"), NOON)
    [fallback] = played.handle_delivery_result(delivery, WebhookResult(500), NOON)

    assert fallback.url.endswith("/fallback")
    hook = Webhook("POST", f"{SEEN}/fallback", fallback.headers, fallback.body)
    build_channel().verify(hook)
    [event] = build_channel().parse(hook)
    assert isinstance(event, TurnReceived)
    assert event.turn.id == sid
    assert played.handle_delivery_result(fallback, WebhookResult(500), NOON) == []


def test_an_undelivered_status_has_no_fallback() -> None:
    played = make_simulator(fallback_url=f"{PUBLIC}/fallback")
    _, callbacks = create_message(played)

    assert played.handle_delivery_result(callbacks[0], WebhookResult(500), NOON) == []


@settings(max_examples=example_count(100))
@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=st.sampled_from(
        [f"{BASE}/Messages.json", f"{BASE}/Messages/x.json", "/", "/v2/Indicators/Typing.json"]
    ),
    query=st.text(alphabet="To=From&PageSize=Date>0-%+", max_size=40),
    body=st.binary(max_size=60),
)
def test_no_request_breaks_the_simulator(method: str, path: str, query: str, body: bytes) -> None:
    answer, _ = make_simulator().handle(SimulatorRequest(method, f"{path}?{query}", BASIC, body), NOON)

    assert answer.status in (200, 400, 404)


@pytest.mark.parametrize(("to", "status"), [(ADA, "undelivered"), (f"whatsapp:{ADA}", "failed")])
def test_an_accepted_message_can_fail_later(to: str, status: str) -> None:
    played = make_simulator()
    on_whatsapp = to.startswith("whatsapp:")
    played.send_user_message(UserMessage("whatsapp" if on_whatsapp else "sms", ADA, "Hi"), NOON)
    played.set_faults(FaultSettings(late_failures=1.0))
    _, deliveries = create_message(played, {"To": to, "From": WHATSAPP if on_whatsapp else SMS})
    fields = dict(parse_qsl(deliveries[-1].body.decode()))

    assert read_statuses(deliveries) == ["sent", status]
    assert fields["ErrorCode"] in ("30003", "30005", "30006", "30007", "30008", "30034", "63024")
    assert fields["ErrorMessage"]


def test_the_list_can_fail_too() -> None:
    played = make_simulator()
    played.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(Operation.LOOK_UP,)))

    assert create_message(played)[0].status == 201
    request = SimulatorRequest("GET", f"{BASE}/Messages.json", BASIC)
    assert [played.handle(request, NOON)[0].status for _ in range(2)] == [503, 200]


def test_more_concurrent_requests_than_the_limit_are_refused_and_not_processed() -> None:
    played = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1, max_concurrent_requests=2
    )
    answers = [create_message(played)[0] for _ in range(3)]
    in_progress = [answer.headers["twilio-concurrent-requests"] for answer in answers]

    assert ([answer.status for answer in answers], in_progress) == ([201, 201, 429], ["1", "2", "2"])
    assert read_error_code(answers[2]) == (429, 20429)
    assert len(played.list_messages(NOON)) == 2
    request = SimulatorRequest("GET", f"{BASE}/Messages.json", BASIC)
    assert played.handle(request, NOON)[0].status == 429
    assert played.handle(request, NOON + 1)[0].status == 200


def test_a_request_counts_until_its_response() -> None:
    played = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1, max_concurrent_requests=1
    )
    played.set_faults(FaultSettings(answer_delay=5.0))

    assert [create_message(played, now=NOON + after)[0].status for after in (0, 5, 6)] == [201, 429, 201]


def test_a_number_queues_what_it_sends_in_four_hours() -> None:
    played = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1, segments_per_second=1 / 3600
    )
    two_segments = {"Body": "x" * 161}
    answers = [create_message(played, two_segments)[0] for _ in range(3)]

    assert [answer.status for answer in answers] == [201, 201, 429]
    assert read_error_code(answers[2]) == (429, 21611)
    assert create_message(played, {"From": WHATSAPP, "To": f"whatsapp:{ADA}"})[0].status == 201
    assert create_message(played, now=NOON + 3590)[0].status == 429
    assert create_message(played, now=NOON + 3610)[0].status == 201
