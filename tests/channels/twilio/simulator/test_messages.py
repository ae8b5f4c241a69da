"""Twilio simulator: API rules, and compatibility with the channel."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import pytest

from channels._kit.simulator import (
    FetchedFile,
    SimulatorRequest,
    UserMessage,
    WebhookDelivery,
)
from channels.twilio import capabilities
from channels.twilio.simulator.server import DEFAULT_SERVICE, TwilioSimulator
from core.model import ControlAction, ControlReceived, DeliveryStatus, StatusChanged, TurnReceived
from core.ports import Webhook
from tests.channels.twilio.builders import ACCOUNT, SEEN, TOKEN, URL, build_channel
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


def read_resource(simulator: TwilioSimulator, path: str, now: float = NOON) -> dict[str, object]:
    answer, _ = simulator.handle(SimulatorRequest("GET", path, BASIC), now)
    found: dict[str, object] = json.loads(answer.body)
    return found


def build_webhook(delivery: WebhookDelivery) -> Webhook:
    return Webhook(delivery.method, SEEN, delivery.headers, delivery.body)


@pytest.mark.parametrize(
    "said",
    [
        UserMessage("sms", ADA, "Hi + é 😀\n"),
        UserMessage("sms", ADA, media=("https://files.example.com/1.jpg",)),
        UserMessage("whatsapp", ADA, "Yes", button="confirm:42", name="Ada"),
        UserMessage("whatsapp", f"whatsapp:{ADA}", place=(0.0, 19.04)),
        UserMessage("whatsapp", "whatsapp:US.10000000000000000001", "Hi"),
    ],
)
def test_a_user_message_is_verified_and_parsed_by_the_channel(said: UserMessage) -> None:
    sid, [delivery] = make_simulator("#rc=3&rp=all").send_user_message(said, NOON)

    build_channel().verify(build_webhook(delivery))
    [event] = build_channel().parse(build_webhook(delivery))
    assert isinstance(event, TurnReceived)
    assert event.turn.id == sid
    assert event.turn.text == (said.text or said.button)
    assert event.turn.payload == said.button
    assert delivery.url == URL


def test_a_message_is_accepted_listed_and_reported_by_callbacks() -> None:
    played = make_simulator()
    answer, callbacks = create_message(played)
    sid = json.loads(answer.body)["sid"]

    assert answer.status == 201
    assert read_statuses(callbacks) == ["sent", "delivered"]
    assert all(NOON < callback.at < NOON + 1 for callback in callbacks)
    assert read_resource(played, f"{BASE}/Messages/{sid}.json")["status"] == "queued"
    assert read_resource(played, f"{BASE}/Messages/{sid}.json", NOON + 1)["status"] == "delivered"
    for callback in callbacks:
        build_channel().verify(build_webhook(callback))
    last = build_channel().parse(build_webhook(callbacks[-1]))
    assert last == [StatusChanged(channel="twilio", provider_id=sid, status=DeliveryStatus.DELIVERED)]


def test_whatsapp_reports_reads_and_fails_outside_the_service_window() -> None:
    played = make_simulator()
    played.send_user_message(UserMessage("whatsapp", ADA, "Hi"), NOON)
    to = {"To": f"whatsapp:{ADA}", "From": WHATSAPP}

    assert read_statuses(create_message(played, to, now=NOON + 86_000)[1]) == ["sent", "delivered", "read"]
    answer, [late] = create_message(played, to, now=NOON + 86_500)
    assert answer.status == 201
    [event] = build_channel().parse(build_webhook(late))
    assert isinstance(event, StatusChanged)
    assert (event.status, event.error_code) == (DeliveryStatus.FAILED, "63016")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"To": ""}, 21604),
        ({"To": "12"}, 21211),
        ({"To": "whatsapp:12"}, 21211),
        ({"From": ""}, 21603),
        ({"From": WHATSAPP}, 63007),
        ({"From": ADA}, 21266),
        ({"To": WHATSAPP, "From": WHATSAPP}, 63031),
        ({"From": "hello"}, 21212),
        ({"From": "+12025550199"}, 21659),
        ({"MessagingServiceSid": "MGnope"}, 21701),
        ({"From": "", "MessagingServiceSid": "MGnope"}, 21701),
        ({"MessagingServiceSid": DEFAULT_SERVICE, "MediaUrl": "notaurl"}, 21620),
        ({"StatusCallback": "notaurl"}, 21609),
        ({"StatusCallback": "http://127.0.0.1:9/x"}, 21609),
        ({"MediaUrl": "http://192.168.1.2/a.png"}, 21620),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"Body": "😀" * 801}, 21617),
    ],
)
def test_an_invalid_message_is_refused_as_documented(fields: dict[str, str], expected: int) -> None:
    assert read_error_code(create_message(make_simulator(), fields)[0]) == (400, expected)


def test_a_message_of_maximum_length_is_accepted() -> None:
    assert create_message(make_simulator(), {"Body": "x" * 1600})[0].status == 201


@pytest.mark.parametrize("authorization", ["", "Basic eDp5", "Bearer x", "é"])
def test_wrong_credentials_are_refused(authorization: str) -> None:
    assert read_error_code(create_message(make_simulator(), headers={"authorization": authorization})[0]) == (
        401,
        20003,
    )


def test_stop_blocks_the_pair_until_start_and_twilio_confirms_both() -> None:
    played = make_simulator()
    _, [delivery] = played.send_user_message(UserMessage("sms", ADA, " stop "), NOON)
    [event] = build_channel().parse(build_webhook(delivery))

    assert isinstance(event, ControlReceived)
    assert event.act is ControlAction.OPT_OUT
    assert read_error_code(create_message(played)[0]) == (400, 21610)
    assert create_message(played, {"To": "+12025550179"})[0].status == 201
    played.send_user_message(UserMessage("sms", ADA, "START"), NOON)
    assert create_message(played)[0].status == 201
    own = [
        line.text[:20] for line in played.list_messages(NOON, person=ADA) if line.text.startswith("You have")
    ]
    assert own == ["You have successfull"] * 2


def test_the_transcript_has_both_directions_in_order() -> None:
    played = make_simulator()
    played.send_user_message(UserMessage("sms", ADA, "one"), NOON)
    create_message(played, {"Body": "two"})
    played.send_user_message(UserMessage("sms", "+12025550179", "elsewhere"), NOON)
    lines = played.list_messages(NOON, person=ADA)

    assert [(line.direction, line.text) for line in lines] == [("in", "one"), ("out", "two")]
    assert played.list_messages(NOON, person=ADA, after=lines[-1].number) == []
    assert len(played.list_messages(NOON)) == 3


def test_the_oldest_messages_are_dropped_beyond_the_limit() -> None:
    played = make_simulator(max_messages=3)
    for number in range(5):
        create_message(played, {"Body": str(number), "To": f"+1202555017{number}"})

    assert [line.text for line in played.list_messages(NOON)] == ["2", "3", "4"]
    assert played.list_messages(NOON, person="+12025550170") == []


def test_the_list_is_newest_first_filtered_and_in_pages() -> None:
    played = make_simulator()
    for number in range(5):
        create_message(played, {"Body": str(number)}, now=NOON + number)
    create_message(played, {"To": "+12025550179"})

    bodies: list[str] = []
    path: object = f"{BASE}/Messages.json?{urlencode({'To': ADA, 'From': SMS, 'PageSize': '2'})}"
    while isinstance(path, str):
        found = read_resource(played, path)
        messages = found["messages"]
        assert isinstance(messages, list)
        bodies += [message["body"] for message in messages]
        path = found["next_page_uri"]
    assert bodies == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"DateSent>": "2026-09-21"}, 1),
        ({"DateSent>": "2026-09-22"}, 0),
        ({"DateSent<": "2026-09-20"}, 0),
        ({"DateSent": "2026-09-21"}, 1),
        ({"To": "+12025550179"}, 0),
        ({"From": ADA}, 0),
        ({"PageSize": "x", "Page": "-1"}, 1),
    ],
)
def test_the_filters_of_the_list(query: dict[str, str], count: int) -> None:
    played = make_simulator()
    create_message(played)
    found = read_resource(played, f"{BASE}/Messages.json?{urlencode(query)}")

    assert isinstance(found["messages"], list)
    assert len(found["messages"]) == count


def test_an_unknown_resource_is_404() -> None:
    for path in (f"{BASE}/Messages/SM1.json", "/2010-04-01/Accounts/AC9/Messages.json", "/"):
        assert read_error_code(make_simulator().handle(SimulatorRequest("GET", path, BASIC), NOON)[0]) == (
            404,
            20404,
        )


def test_the_same_seed_gives_the_same_ids_and_another_seed_others() -> None:
    first, same, other = (
        make_simulator(seed=seed).send_user_message(UserMessage("sms", ADA, "Hi"), NOON)[0]
        for seed in (1, 1, 2)
    )

    assert first == same != other
    assert len(first) == 34


def test_the_simulator_and_the_channel_agree_on_the_limits_without_sharing_them() -> None:
    limit = capabilities.CAPABILITIES.text_length

    assert create_message(make_simulator(), {"Body": "x" * limit})[0].status == 201
    assert create_message(make_simulator(), {"Body": "x" * (limit + 1)})[0].status == 400


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (FetchedFile("image/png", 1000), "delivered"),
        (FetchedFile("image/png", 6 * 1024 * 1024), "undelivered"),
        (FetchedFile("application/zip", 600 * 1024), "undelivered"),
        (None, "undelivered"),
    ],
)
def test_files_are_fetched_and_checked(file: FetchedFile | None, expected: str) -> None:
    played = make_simulator()
    _, [fetch] = create_message(played, {"MediaUrl": "https://shop.example/a.png"})

    assert (fetch.method, fetch.url, fetch.fetches_file) == ("GET", "https://shop.example/a.png", True)
    assert read_statuses(played.handle_fetched_file(fetch, file, NOON))[-1] == expected


def test_a_sender_outside_the_services_pool_is_refused() -> None:
    played = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1, services={"MG1": {"+15550199"}}
    )

    assert read_error_code(create_message(played, {"MessagingServiceSid": "MG1"})[0]) == (400, 21712)


def test_segments_are_counted() -> None:
    for body, segments in (("x" * 160, "1"), ("x" * 320, "3"), ("😀" * 800, "25")):
        assert (
            json.loads(create_message(make_simulator(), {"Body": body})[0].body)["num_segments"] == segments
        )


@pytest.mark.parametrize("words_", ["STOP", "opt out", " Revoke "])
def test_opt_outs_are_reported_by_type_with_advanced_opt_out(words_: str) -> None:
    played = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1, advanced_opt_out=True
    )
    _, [stop] = played.send_user_message(UserMessage("sms", ADA, words_), NOON)
    assert dict(parse_qsl(stop.body.decode()))["OptOutType"] == "STOP"
    assert read_error_code(create_message(played)[0]) == (400, 21610)
    _, [start] = played.send_user_message(UserMessage("sms", ADA, "yes"), NOON)
    assert dict(parse_qsl(start.body.decode()))["OptOutType"] == "START"
    assert create_message(played)[0].status == 201
    _, [yes] = played.send_user_message(UserMessage("sms", ADA, "yes"), NOON)
    assert "OptOutType" not in dict(parse_qsl(yes.body.decode()))


def test_a_long_sms_arrives_as_several_messages() -> None:
    _, deliveries = make_simulator().send_user_message(UserMessage("sms", ADA, "x" * 5000), NOON)

    assert [len(dict(parse_qsl(each.body.decode()))["Body"]) for each in deliveries] == [
        1600,
        1600,
        1600,
        200,
    ]


def test_a_message_can_be_redacted_and_deleted() -> None:
    played = make_simulator()
    sid = json.loads(create_message(played)[0].body)["sid"]
    path = f"{BASE}/Messages/{sid}.json"

    assert played.handle(SimulatorRequest("POST", path, BASIC, b"Body=new"), NOON)[0].status == 400
    assert (
        json.loads(played.handle(SimulatorRequest("POST", path, BASIC, b"Body="), NOON)[0].body)["body"] == ""
    )
    assert played.handle(SimulatorRequest("DELETE", path, BASIC), NOON)[0].status == 204
    assert played.handle(SimulatorRequest("GET", path, BASIC), NOON)[0].status == 404


def test_typing_needs_a_message_that_was_received() -> None:
    played = make_simulator()
    sid, _ = played.send_user_message(UserMessage("whatsapp", ADA, "Hi"), NOON)
    for fields, status in (
        (f"messageId={sid}&channel=whatsapp", 200),
        ("messageId=SM1&channel=whatsapp", 400),
    ):
        request = SimulatorRequest("POST", "/v2/Indicators/Typing.json", BASIC, fields.encode())
        assert played.handle(request, NOON)[0].status == status
