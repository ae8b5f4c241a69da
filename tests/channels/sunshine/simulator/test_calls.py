"""Calls of the simulated API: refusals, accepted calls, pages, files and failures."""

from __future__ import annotations

import json

import httpx
import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    UserMessage,
    WebhookResult,
)
from core.errors import Rejected, Throttled, Unknown
from core.model import (
    DeliveryStatus,
    StatusChanged,
)
from tests.channels.sunshine.builders import APP
from tests.channels.sunshine.simulator.simulated import ADA, Simulation


@pytest.mark.parametrize(("sends_retry_after", "expected"), [(True, 1.0), (False, None)])
async def test_requests_over_the_rate_limit_are_refused_and_not_processed(
    sends_retry_after: bool, expected: float | None
) -> None:
    app = Simulation(max_requests_per_second=3, sends_retry_after=sends_retry_after)
    app.say()
    await app.send()  # reads the conversation, and posts
    with pytest.raises(Throttled) as error:
        await app.send()

    assert (error.value.retry_after, error.value.one_number) == (expected, False)
    assert len(app.list_texts()) == 1
    app.now += 1
    await app.send()
    assert len(app.list_texts()) == 2


async def test_a_full_conversation_is_locked() -> None:
    app = Simulation(max_messages=2)
    app.say()
    await app.send()
    with pytest.raises(Rejected, match="full"):
        await app.send()


@pytest.mark.parametrize(
    "fault", [Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.SERVER_ERROR, Fault.DROP_BEFORE]
)
async def test_an_unknown_outcome_is_looked_up(fault: Fault) -> None:
    app = Simulation()
    app.say()
    app.simulator.set_faults(FaultSettings(next=(fault,)))
    made = app.reply()
    with pytest.raises(Unknown):
        await app.channel.send(made, app.http)
    found = await app.channel.find_sent(made, app.http, since=None, known=())  # type: ignore[arg-type]

    assert bool(found) is (fault in (Fault.ERROR_AFTER, Fault.DROP_AFTER)) is bool(app.list_texts())


def test_a_webhook_is_retried_up_to_five_times_except_for_some_statuses() -> None:
    app = Simulation()
    _, [delivery] = app.simulator.send_user_message(UserMessage("sunshine", ADA, "Hello"), app.now)

    def tries(status: int | None) -> int:
        queue = [delivery]
        for each in queue:
            queue += app.simulator.handle_delivery_result(each, WebhookResult(status), app.now)
        assert queue[-1].at - delivery.at <= 900
        return len(queue)

    assert [tries(each) for each in (200, 401, 400, 500, 503, None)] == [1, 1, 1, 5, 5, 5]


TEXT = {"type": "text", "text": "Hi"}


ACTION = {"type": "reply", "text": "Yes", "payload": "y"}


@pytest.mark.parametrize(
    "message",
    [
        {"content": TEXT},
        {"author": {"type": "zzz"}, "content": TEXT},
        {"author": {"type": "user"}, "content": TEXT},
        {"author": {"type": "business"}},
        {"author": {"type": "business"}, "content": {"type": "zzz"}},
        {"author": {"type": "business"}, "content": {"type": "text"}},
        {"author": {"type": "business"}, "content": {"type": "text", "text": "x" * 4097}},
        {"author": {"type": "business"}, "content": {**TEXT, "actions": [{"type": "reply", "text": "a"}]}},
        {"author": {"type": "business"}, "content": {**TEXT, "actions": [{"type": "link", "text": "a"}]}},
        {"author": {"type": "business"}, "content": {**TEXT, "actions": [{"type": "zzz", "text": "a"}]}},
        {
            "author": {"type": "business"},
            "content": {**TEXT, "actions": [ACTION, {"type": "link", "text": "a", "uri": "https://x"}]},
        },
        {"author": {"type": "business"}, "content": {"type": "image", "mediaUrl": "nourl"}},
        {
            "author": {"type": "business"},
            "content": {"type": "image", "mediaUrl": "http://127.0.0.1:9/a.png"},
        },
        {
            "author": {"type": "business"},
            "content": {"type": "file", "mediaUrl": "https://x.example/a", "altText": "x" * 129},
        },
        {"author": {"type": "business"}, "content": TEXT, "metadata": {"a": {"nested": 1}}},
        {"author": {"type": "business"}, "content": TEXT, "metadata": {"a": "x" * 5000}},
        {"author": {"type": "business"}, "content": {"type": "location", "coordinates": {"lat": 1}}},
    ],
)
def test_messages_that_the_api_refuses_are_refused(message: dict[str, object]) -> None:
    app = Simulation()
    app.say()

    assert app.call("POST", "messages", message).status == 400


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "markdownText": "**Hi**"},
        {"type": "text", "actions": [ACTION]},
        {"type": "image", "mediaUrl": "https://x.example/a.png", "text": "Look", "actions": [ACTION]},
        {"type": "location", "coordinates": {"lat": 1.5, "long": 2}},
        {"type": "carousel", "items": [{"title": "A", "actions": [ACTION]}]},
        {"type": "form", "fields": [{"type": "text", "name": "n", "label": "Name"}]},
    ],
)
def test_documented_message_types_are_accepted(content: dict[str, object]) -> None:
    app = Simulation()
    app.say()
    message = {"author": {"type": "business", "subtypes": ["AI"]}, "content": content}

    assert app.call("POST", "messages", message).status == 201


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
@pytest.mark.parametrize("what", ["messages", "activity", "passControl"])
def test_malformed_bodies_are_the_providers_400(what: str, body: bytes) -> None:
    app = Simulation()
    app.say()

    assert app.call("POST", what, body).status == 400


def test_activities_and_passed_control_need_their_fields() -> None:
    app = Simulation()
    app.say()

    assert app.call("POST", "activity", {"type": "typing:start"}).status == 400
    assert app.call("POST", "activity", {"author": {"type": "business"}, "type": "zzz"}).status == 400
    assert app.call("POST", "passControl", {}).status == 400


def test_messages_are_listed_in_pages() -> None:
    app = Simulation()
    for number in range(130):
        app.say(f"message {number}")
    newest = json.loads(app.call("GET", "messages").body)
    first = newest["messages"][0]["id"]
    older = json.loads(app.call("GET", f"messages?page[before]={first}").body)

    assert [each["content"]["text"] for each in newest["messages"]] == [
        f"message {n}" for n in range(30, 130)
    ]
    assert newest["meta"]["hasMore"] is True
    assert len(older["messages"]) == 30
    assert older["meta"]["hasMore"] is False
    assert app.call("GET", "messages?page[before]=zzz").status == 400


async def test_a_message_can_fail_after_it_was_accepted() -> None:
    app = Simulation()
    app.say()
    app.simulator.set_faults(FaultSettings(late_failures=1.0, late_codes=("user_unreachable",)))
    number = await app.send()
    statuses = [each for each in app.events if isinstance(each, StatusChanged)]

    assert [(each.provider_id, each.status) for each in statuses] == [(number, DeliveryStatus.FAILED)]
    assert statuses[0].error_code == "user_unreachable"


def test_an_uploaded_file_is_served() -> None:
    app = Simulation()
    app.say()
    thread = app.simulator.get_desk_status(ADA).thread
    request = httpx.Request("POST", "http://x", files={"source": ("a.png", b"png", "image/png")})
    path = f"/v2/apps/{APP}/attachments?access=public&for=message&conversationId={thread}"
    answer = app.call("POST", path, request.read(), request.headers["content-type"])
    url = json.loads(answer.body)["attachment"]["mediaUrl"]

    assert app.call("GET", url.partition("api.smooch.io")[2]).body == b"png"
    assert app.call("GET", "/files/none").status == 404


@pytest.mark.parametrize(
    ("operation", "what"), [(Operation.LOOK_UP, "messages"), (Operation.CONTROL, "passControl")]
)
def test_look_ups_and_hand_overs_can_fail_too(operation: Operation, what: str) -> None:
    app = Simulation()
    app.say()
    app.simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))
    method, body = (
        ("GET", b"") if operation is Operation.LOOK_UP else ("POST", {"switchboardIntegration": "next"})
    )

    assert app.call(method, what, body).status == 503
    assert app.call(method, what, body).status == 200
