"""`/messages` over real HTTP: a proactive message is queued or refused with its reason; it has an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from core.model import ControlAction, ControlReceived
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.webchat.channel import build_address
from tests.gateway.environments.stack import ACCOUNT, BUSINESS_NUMBER, PERSON, Stack, running_stack
from tests.gateway.webchat.api.test_routes import ask, running_web

SESSION = "web:ada"
NAMES = [
    *("rem-1", "a/b", "a//b/", "?x=1#y", "50%", "%2F", "line\r\nbreak\n", "👋🏽", " ", ".", "..", "../x"),
    *("\x00", "own-1", "x" * 200, "é", "a.2"),
]


class Gateway(NamedTuple):
    """The web process, and the environment that it runs in."""

    http: httpx.AsyncClient
    stack: Stack

    async def send(self, **body: Any) -> httpx.Response:
        return await self.http.post("/messages", json={"session": SESSION, **body})

    async def outcome(self, path: str) -> dict[str, Any]:
        response = await self.http.get(path)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def wait_for_outcome(self, path: str, outcome: str) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while (answer := await self.outcome(path))["outcome"] != outcome:
                await self.stack.redis.xread({f"tg:{{{answer['session']}}}:log": "$"}, block=500)
        return answer

    async def act(self, act: ControlAction, name: str) -> None:
        address = build_address("ada")
        event = ControlReceived(id=name, session=SESSION, address=address, act=act, actor="test")
        await self.stack.inbox.accept([event])


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_stack() as stack, running_web(stack) as http:
        await ask(http, "hi")
        yield Gateway(http, stack)


def read_error(response: httpx.Response) -> tuple[int, str]:
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message"}
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.long
async def test_a_refused_message_is_reported_with_its_reason_and_can_be_sent_later(gateway: Gateway) -> None:
    message = {"text": "Your parcel is here.", "message_id": "rem-1"}
    cases = [
        (ControlAction.OPT_OUT, ControlAction.OPT_IN, "opted_out"),
        (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK, "person"),
        (ControlAction.CLOSE, ControlAction.GIVE_BACK, "closed"),
    ]
    for act, undo, code in cases:
        await gateway.act(act, f"{code}-1")
        refused = await gateway.send(**message)
        assert read_error(refused) == (409, code)
        assert "not sent" in refused.json()["error"]["message"]
        told = await gateway.outcome("/messages/rem-1")
        assert (told["outcome"], told["code"], told["session"]) == ("refused", code, SESSION)
        await gateway.act(undo, f"{code}-2")
    assert read_error(await gateway.send(**message | {"text": " \n "})) == (422, "empty")
    assert read_error(await gateway.send(**message | {"text": ""})) == (422, "empty")

    accepted = await gateway.send(**message)
    assert (accepted.status_code, accepted.json()["outcome"]) == (202, "queued")
    await gateway.wait_for_outcome(accepted.headers["location"], "sent")


@pytest.mark.long
async def test_a_repetition_gets_the_outcome_of_the_first_and_another_text_a_conflict(
    gateway: Gateway,
) -> None:
    message = {"text": "Your parcel is here.", "message_id": "rem-1"}
    first = await gateway.send(**message)
    told = await gateway.wait_for_outcome("/messages/rem-1", "sent")
    again = await gateway.send(**message)

    assert [part["outcome"] for part in told["parts"]] == ["sent"]
    assert (again.status_code, again.json()) == (202, first.json() | {"outcome": "sent"})
    other = await gateway.send(text="Your parcel is lost.", message_id="rem-1")
    assert read_error(other) == (409, "id_used")
    choices = [{"label": "Yes", "payload": "yes"}]
    assert read_error(await gateway.send(**message, choices=choices)) == (409, "id_used")
    history = (await gateway.http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    assert [each["text"] for each in history].count("Your parcel is here.") == 1


@pytest.mark.long
async def test_an_id_may_have_any_characters(gateway: Gateway) -> None:
    for name in NAMES:
        accepted = await gateway.send(text=f"to {name}", message_id=name)
        assert (accepted.status_code, accepted.json()["message_id"]) == (202, name)
        by_location = await gateway.outcome(accepted.headers["location"])
        assert by_location["message_id"] == name
        if name.strip("."):  # clients resolve dots themselves; the key has none in front
            assert (await gateway.outcome(f"/messages/{quote(name, safe='')}"))["message_id"] == name
        assert (await gateway.outcome(f"/messages/{quote(f'own-{name}', safe='')}"))["key"] == f"own-{name}"


@pytest.mark.long
async def test_a_message_without_an_id_has_an_outcome_too(gateway: Gateway) -> None:
    accepted = (await gateway.send(text="Hello.")).json()

    assert accepted["key"] == f"own-{accepted['message_id']}"
    await gateway.wait_for_outcome(f"/messages/{accepted['message_id']}", "sent")


@pytest.mark.long
async def test_an_idempotency_key_is_the_id_of_a_message_without_one(gateway: Gateway) -> None:
    body = {"session": SESSION, "text": "Hello."}
    answers = [
        await gateway.http.post("/messages", json={**body, **more}, headers={"Idempotency-Key": key})
        for key, more in (("k1", {}), ("k1", {}), ("k2", {"message_id": "k1"}), ("k" * 201, {}))
    ]

    assert [each.status_code for each in answers] == [202, 202, 202, 400]
    assert {each.json()["message_id"] for each in answers[:3]} == {"k1"}
    await gateway.wait_for_outcome("/messages/k1", "sent")
    history = (await gateway.http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    assert [each["text"] for each in history].count("Hello.") == 1


@pytest.mark.long
async def test_a_message_through_a_providers_api_has_the_providers_id(gateway: Gateway) -> None:
    await gateway.stack.accept_message(1, "hi")
    session = f"twilio:{ACCOUNT}:{BUSINESS_NUMBER}:{PERSON}"
    accepted = await gateway.send(session=session, text="word " * 400, message_id="long")
    told = await gateway.wait_for_outcome(accepted.headers["location"], "sent")

    assert len(told["parts"]) > 1
    assert all(part["provider_id"].startswith("SM") for part in told["parts"])


@pytest.mark.long
async def test_a_channel_without_templates_says_so(gateway: Gateway) -> None:
    template = {"name": "order_update", "language": "en"}
    response = await gateway.send(template=template)

    assert read_error(response) == (422, "template_unknown")
    assert "the channel web has no templates" in response.text


@pytest.mark.long
async def test_an_unknown_message_and_a_missing_key_are_refused(gateway: Gateway) -> None:
    assert read_error(await gateway.http.get("/messages/nothing")) == (404, "unknown_message")
    await gateway.send(text="Hello.", message_id="rem-1")
    elsewhere = await gateway.http.get("/messages/rem-1", params={"session": "web:nobody"})
    assert read_error(elsewhere) == (404, "unknown_message")
    unauthorised = await gateway.http.get("/messages/rem-1", headers={"Authorization": ""})
    assert unauthorised.status_code == 401


@pytest.mark.long
async def test_an_erasure_forgets_the_outcome(gateway: Gateway) -> None:
    await gateway.send(text="Hello.", message_id="rem-1")
    await gateway.http.post("/reset", json={"session_id": "ada"})
    assert (await gateway.http.get("/messages/rem-1")).status_code == 200

    await ContactErasure(gateway.stack.redis).erase(SESSION, 0)
    assert (await gateway.http.get("/messages/rem-1")).status_code == 404


@pytest.mark.long
async def test_a_full_session_takes_no_more_messages(gateway: Gateway) -> None:
    await gateway.send(text="first", message_id="first")
    await gateway.wait_for_outcome("/messages/first", "sent")
    waiting = ["not a reply"] * 1_000
    key = f"tg:{{{SESSION}}}"
    await gateway.stack.redis.hset(key, "lease", str(10**15))  # no worker takes the session meanwhile
    await gateway.stack.redis.rpush(f"{key}:out", *waiting)

    full = await gateway.send(text="second", message_id="second")
    assert read_error(full) == (503, "full")
    assert int(full.headers["retry-after"]) > 0
    assert (await gateway.http.get("/messages/second")).status_code == 404
    assert (await gateway.send(text="first", message_id="first")).json()["outcome"] == "sent"


@pytest.mark.long
async def test_the_desk_gets_the_reason_why_an_agents_message_is_refused(gateway: Gateway) -> None:
    async def say(text: str, name: str) -> httpx.Response:
        body = {"session": SESSION, "text": text, "id": name}
        return await gateway.http.post("/console/desk/say", json=body)

    await gateway.act(ControlAction.OPT_OUT, "out")
    assert read_error(await say("Grace here.", "1")) == (409, "opted_out")
    log = (await gateway.http.get("/console/desk/log", params={"session": SESSION})).json()
    assert (log["owner"], log["entries"][-1]["kind"]) == ("bot", "refused")
    assert (await gateway.outcome("/messages/agent-1"))["code"] == "opted_out"

    await gateway.act(ControlAction.OPT_IN, "in")
    assert read_error(await say("\u200b", "1")) == (422, "empty")
    assert (await say("Grace here.", "1")).json() == {"outcome": "queued"}
    assert read_error(await say("Another text.", "1")) == (409, "id_used")
    told = await gateway.wait_for_outcome("/messages/1", "sent")
    assert (told["key"], told["message_id"]) == ("agent-1", "1")
    assert read_error(await gateway.send(text="Sale!", message_id="sale")) == (409, "person")


@pytest.mark.long
async def test_a_message_is_scheduled_cancelled_and_sent_by_the_workers(gateway: Gateway) -> None:
    message = {"text": "Your parcel comes.", "message_id": "later"}
    year = datetime.now(UTC).year + 1
    at = {"send_at": f"{year}-01-02T09:30", "time_zone": "Europe/Berlin"}
    accepted = await gateway.send(**message, **at)
    path = accepted.headers["location"]
    assert (accepted.status_code, accepted.json()["outcome"]) == (202, "scheduled")
    assert accepted.json()["send_at"] == f"{year}-01-02T08:30:00+00:00"
    told = await gateway.outcome(path)
    assert (told["outcome"], told["send_at"]) == ("scheduled", accepted.json()["send_at"])
    assert (await gateway.send(**message, **at)).json() == accepted.json()
    assert (await gateway.send(**message)).json()["outcome"] == "scheduled"

    cancelled = await gateway.http.delete(path)
    assert (cancelled.status_code, cancelled.json()["outcome"]) == (200, "cancelled")
    assert (await gateway.outcome(path))["outcome"] == "cancelled"

    await gateway.send(**message, **at)
    members: list[Any] = await gateway.stack.redis.zrange("tg:schedule", 0, -1)
    await gateway.stack.redis.zadd("tg:schedule", {members[0]: 1})
    await gateway.wait_for_outcome(path, "sent")
    assert read_error(await gateway.http.delete(path)) == (409, "too_late")
    assert read_error(await gateway.http.delete("/messages/nothing")) == (404, "unknown_message")


WRONG: list[tuple[dict[str, str], int, str]] = [
    ({"send_at": "tomorrow"}, 400, "not a time"),
    ({"send_at": "2026-07-01T09:30"}, 400, "no offset"),
    ({"send_at": "2026-07-01T09:30", "time_zone": "Mars/Base"}, 400, "unknown time zone"),
    ({"time_zone": "Europe/Berlin"}, 400, "without send_at"),
    ({"send_at": "2001-07-01T09:30Z"}, 422, "more than an hour ago"),
    ({"send_at": "9999-07-01T09:30Z"}, 422, "more than a year ahead"),
    ({"channel": "twilio"}, 400, "combined with session"),
    ({"session": "", "channel": "twilio"}, 400, "give either"),
    ({"session": "", "channel": "web", "to": "ada"}, 422, "has to write first"),
    ({"session": "", "channel": "twilio", "to": "12345", "from": "+15550100"}, 422, "no country code"),
]


@pytest.mark.long
async def test_a_wrong_time_or_receiver_is_refused_with_its_reason(gateway: Gateway) -> None:
    for body, status, reason in WRONG:
        refused = await gateway.send(**{"text": "Your parcel comes.", **body})
        assert refused.status_code == status, refused.text
        assert reason in refused.json()["error"]["message"]


@pytest.mark.long
async def test_the_settings_quiet_hours_hold_for_the_api_and_the_workers() -> None:
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(hours=2)
    async with running_stack() as stack:
        stack.add_settings(TURNGATE_QUIET_HOURS=f"marketing={begin:%H:%M}-{end:%H:%M}")
        async with running_web(stack) as http:
            await ask(http, "hi")  # an answer has no quiet hours
            gateway = Gateway(http, stack)
            waiting = await gateway.send(text="Sale!", message_id="sale")
            parcel = await gateway.send(text="Your parcel is here.", message_id="p", category="utility")
            await gateway.wait_for_outcome(parcel.headers["location"], "sent")

    assert waiting.json()["outcome"] == "scheduled"
    assert waiting.json()["reason"] == "quiet hours"
    assert waiting.json()["send_at"].startswith(f"{end:%Y-%m-%dT%H:%M}")
