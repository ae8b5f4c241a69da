"""The web channel over real HTTP, with a real web process and a real worker."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from gateway.local.http_server import serve
from gateway.local.loopback import find_free_port, wait_until_ready
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from gateway.webchat.api import routes
from gateway.webchat.api.routes import WebApi
from gateway.webchat.conversations import WebConversations
from gateway.webchat.sessions.session_tokens import SessionTokens
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.environments.stack import API_KEY, KEY, Stack, running_stack

SECRET = "0123456789abcdef0123456789abcdef"
PAGE = "https://www.example.com"


@asynccontextmanager
async def running_web(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    port = find_free_port()
    stack.add_settings(
        REDIS_URL=stack.url,
        PORT=str(port),
        TURNGATE_API_KEY=API_KEY,
        TURNGATE_WEB_TOKEN_SECRET=SECRET,
        TURNGATE_WEB_ORIGINS=PAGE,
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "web"), env=stack._environ
    )
    await stack.start_async_worker()
    url = f"http://127.0.0.1:{port}"
    try:
        await wait_until_ready(url)
        async with httpx.AsyncClient(base_url=url, timeout=30, headers=KEY) as http:
            yield http
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with running_stack() as stack, running_web(stack) as client:
        yield client


async def ask(http: httpx.AsyncClient, text: str, session_id: str = "ada", **more: str) -> httpx.Response:
    return await http.post("/turn", json={"text": text, "session_id": session_id, **more})


async def test_a_conversation_over_http(http: httpx.AsyncClient) -> None:
    first = (await ask(http, "hi")).json()
    second = (await ask(http, "4321")).json()
    last = (await ask(http, "1 April 1990")).json()
    other = (await ask(http, "hi", "grace")).json()

    assert "last four digits" in first["reply"]
    assert "date of birth" in second["reply"]
    assert [choice["label"] for choice in last["messages"][-1]["choices"]][:2] == ["Yes", "No"]
    assert other["reply"] == first["reply"]

    confirmed = await http.post("/turn", json={"payload": "confirmed", "session_id": "ada"})
    assert confirmed.json()["outcome"] == "final"

    history = (await http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    assert [message["from"] for message in history[:4]] == ["person", "bot", "person", "bot"]

    answer = (await http.post("/reset", json={"session_id": "ada"})).json()
    assert (answer["reset"], "dialog state" in answer["deleted"], "log" in answer["kept"]) == (
        "ada",
        True,
        True,
    )
    assert (await ask(http, "hi")).json()["reply"] == first["reply"]


@pytest.mark.long
async def test_a_message_with_the_same_id_is_deduplicated(http: httpx.AsyncClient) -> None:
    await ask(http, "hi")
    copies = await asyncio.gather(*(ask(http, "4321", message_id="m-1") for _ in range(5)))
    again = await http.post(
        "/turn", json={"text": "4321", "session_id": "ada"}, headers={"Idempotency-Key": "m-1"}
    )

    other = [
        await http.post(path, json={"text": "1 April 1990", "session_id": "ada", "message_id": "m-1"})
        for path in ("/turn", "/stream")
    ]

    assert {copy.json()["reply"] for copy in (*copies, again)} == {copies[0].json()["reply"]}
    assert [(each.status_code, each.json()["error"]["code"]) for each in other] == [(409, "id_used")] * 2
    history = (await http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    assert sum(message["from"] == "person" for message in history) == 2


@pytest.mark.long
async def test_streams_as_text_and_as_events(http: httpx.AsyncClient) -> None:
    request = {"text": "hi", "session_id": "ada"}
    plain = await http.post("/stream", json=request)
    assert plain.headers["content-type"].startswith("text/plain")
    assert "last four digits" in plain.text

    headers = {"Accept": "text/event-stream", "Idempotency-Key": "m-2"}
    request = {"text": "4321", "session_id": "ada"}
    events = await http.post("/stream", json=request, headers=headers)
    blocks = [block for block in events.text.split("\n\n") if "event:" in block]
    done = json.loads(blocks[-1].split("data: ", 1)[1])
    assert "event: done" in blocks[-1]
    assert "date of birth" in done["reply"]

    names = [line[4:] for block in blocks for line in block.splitlines() if line.startswith("id: ")]
    resumed = await http.post("/stream", json=request, headers={**headers, "Last-Event-ID": names[-1]})
    assert not [line for line in resumed.text.splitlines() if line.startswith("id: ")]
    assert "event: done" in resumed.text


@pytest.mark.long
async def test_a_proactive_message_is_sent_once(http: httpx.AsyncClient) -> None:
    await ask(http, "hi")
    sent = {"session": "web:ada", "text": "Your parcel is here.", "message_id": "p-1"}
    for _ in range(2):
        posted = await http.post("/messages", json=sent)
        assert posted.status_code == 202, posted.text
    await ask(http, "4321")

    history = (await http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    assert sum(message["text"] == "Your parcel is here." for message in history) == 1
    unknown = await http.post("/messages", json={"session": "web:nobody", "text": "hello?"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_session")


@pytest.mark.long
async def test_a_session_id_is_never_a_credential(http: httpx.AsyncClient) -> None:
    nobody = {"Authorization": ""}
    assert (
        await http.post("/turn", json={"text": "hi", "session_id": "a"}, headers=nobody)
    ).status_code == 401
    assert (await http.post("/messages", json={}, headers=nobody)).status_code == 401
    assert (await http.post("/web/session", headers=nobody)).status_code == 403

    page = {"Authorization": "", "Origin": PAGE}
    headers = (await http.post("/web/session", headers=page)).json()
    own_session = {**page, "Authorization": f"Bearer {headers['token']}"}
    token = await http.post("/turn", json={"text": "hi"}, headers=own_session)
    assert token.json()["session_id"] == headers["session_id"]
    assert token.headers["access-control-allow-origin"] == PAGE
    foreign = await http.post("/turn", json={"text": "hi", "session_id": "ada"}, headers=own_session)
    assert foreign.status_code == 403
    forged = {"Authorization": f"Bearer {headers['token'][:-2]}xx"}
    assert (await http.post("/turn", json={"text": "hi"}, headers=forged)).status_code == 401


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b'{"text": 7, "session_id": "a"}', 400),
        (b'{"text": "", "session_id": "a"}', 400),
        (b'{"text": "hi"}', 400),
        (b'{"text": "' + b"x" * 1_000_000 + b'", "session_id": "a"}', 413),
        (b'{"text": "\\ud800", "session_id": "a"}', 400),
        (b'{"text": "hi", "session_id": "a", "locale": "German, please"}', 400),
    ],
)
async def test_bad_requests_have_the_same_shape(http: httpx.AsyncClient, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    for path in ("/turn", "/stream"):
        answer = await http.post(path, content=body, headers=headers)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.long
async def test_messages_during_a_turn_wait_in_the_mailbox(http: httpx.AsyncClient) -> None:
    await ask(http, "hi")
    answers = await asyncio.gather(*(ask(http, "what?", message_id=f"m-{number}") for number in range(3)))

    assert {answer.status_code for answer in answers} == {200}
    history = (await http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    assert [message["from"] for message in history].count("bot") == 4
    assert len({answer.json()["reply"] for answer in answers}) == 3  # never the same sentence twice


@pytest.mark.long
async def test_a_session_may_have_any_name_and_gets_only_its_own_notifications(
    http: httpx.AsyncClient,
) -> None:
    names = ["ada", 'ada\ncommitted {"turns":["m"],"replies":0}', "7 web:ada", "\x00", "ä\u2028ö" * 30]
    first = await asyncio.gather(*(ask(http, "hi", name, message_id="m") for name in names))
    again = await asyncio.gather(*(ask(http, "4321", name) for name in names))

    assert [answer.json()["session_id"] for answer in first] == names
    assert all("last four digits" in answer.json()["reply"] for answer in first)
    assert all("date of birth" in answer.json()["reply"] for answer in again)


@pytest.mark.long
async def test_an_answer_without_a_notification_is_read_from_the_log() -> None:
    async with running_stack() as stack, running_web(stack) as http:
        await ask(http, "hi")
        for number in range(5):
            request = asyncio.create_task(ask(http, "hi", f"person {number}"))
            while not request.done():
                await stack.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
                await asyncio.wait({request}, timeout=0.02)

            assert "last four digits" in request.result().json()["reply"]


@pytest.mark.long
async def test_an_unknown_session_has_no_history(http: httpx.AsyncClient) -> None:
    assert (await http.get("/web/history", params={"session_id": "nobody"})).json() == {
        "messages": [],
        "cursor": "",
    }
    assert (await http.get("/web/history", params={"session_id": "n" * 201})).status_code == 400
    unknown = await http.get("/turn/no-such-message", params={"session_id": "nobody"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_message")
    wrong = {"Origin": "https://evil.example.com", "Authorization": ""}
    assert (await http.post("/web/session", headers=wrong)).status_code == 403
    bad = {"Accept": "text/event-stream", "Last-Event-ID": "x y"}
    refused = await http.post("/stream", json={"text": "hi", "session_id": "ada"}, headers=bad)
    assert refused.status_code == 400


@pytest.mark.long
@pytest.mark.parametrize("after", ["²", "9" * 50, "1-", "-1", "1-2-3"])
async def test_a_malformed_stream_position_is_refused_before_anything_is_stored(
    http: httpx.AsyncClient, after: str
) -> None:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": after.encode("latin-1")}
    body = {"text": "hi", "session_id": "ada", "message_id": "one"}
    refused = await http.post("/stream", json=body, headers=headers)  # type: ignore[arg-type]
    stored = await http.get("/turn/one", params={"session_id": "ada"})
    log = await http.get("/console/desk/log", params={"session": "web:ada", "after": after})

    assert (refused.status_code, stored.status_code, log.status_code) == (400, 404, 400)


@pytest.mark.long
async def test_an_idempotency_key_that_is_too_long_is_refused(http: httpx.AsyncClient) -> None:
    refused = await http.post(
        "/turn", json={"text": "hi", "session_id": "ada"}, headers={"Idempotency-Key": "k" * 201}
    )

    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.json()["error"]["message"]


@pytest.mark.parametrize("name", ["👍", "a\r\nX-Injected: 1", "a\n", "a/b?c#d e", "/", "%2F", "ü"])
async def test_the_location_of_a_pending_answer_leads_to_it(
    redis: Redis, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "WAIT_SECONDS", 0.0)  # no worker runs here
    api = WebApi(
        conversations=WebConversations(redis, RedisInbox(redis)),
        redis=redis,
        inbox=RedisInbox(redis),
        sender=ProactiveSender(redis, {}, ProtocolLimits()),
        operator=build_operator_auth(redis, API_KEY),
        tokens=SessionTokens([]),
    )
    async with (
        serve(Starlette(routes=api.routes())) as url,
        httpx.AsyncClient(base_url=url, headers=KEY, trust_env=False) as http,
    ):
        first = await ask(http, "hi", "a b&c", message_id=name)
        pending = await http.get(first.headers["location"])
    await api.conversations.aclose()

    assert (first.status_code, pending.status_code) == (202, 202)
    assert "x-injected" not in first.headers
    assert pending.json() == {"status": "pending", "message_id": name, "session_id": "a b&c"}


@pytest.mark.long
async def test_the_console_shows_why_a_webhook_was_refused(http: httpx.AsyncClient) -> None:
    forged = await http.post(
        "/webhooks/twilio", data={"Body": "<b>my secret</b>"}, headers={"Authorization": ""}
    )
    assert forged.status_code == 401
    async with asyncio.timeout(10):
        while "Nothing was refused" in (page := (await http.get("/console/quarantine")).text):
            continue

    assert "X-Twilio-Signature is missing" in page
    assert "my secret" not in page
    assert (await http.get("/console/quarantine", headers={"Authorization": ""})).status_code == 401


@pytest.mark.long
async def test_an_operator_opts_a_contact_out_and_in(http: httpx.AsyncClient) -> None:
    await ask(http, "hi")
    path = "/contacts/web%3Aada/opt-out"

    marketing = await http.post(path, json={"scope": "marketing"})
    assert marketing.json() == {"opted_out": True, "scope": "marketing", "sessions": ["web:ada"]}
    refused = await http.post("/messages", json={"session": "web:ada", "text": "Sale!"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "opted_out")
    assert (await ask(http, "hello")).json()["messages"]

    assert (await http.post(path, json={})).json()["scope"] == "all"
    assert (await ask(http, "hello?")).json()["outcome"] == "silent_opted_out"
    assert (await http.delete(path)).json()["opted_out"] is False
    assert (await http.post("/messages", json={"session": "web:ada", "text": "Hi!"})).status_code == 202

    assert (await http.post("/contacts/nobody/opt-out", json={})).status_code == 404
    assert (await http.post(path, json={"scope": "some"})).status_code == 400
    assert (await http.post(path, json={}, headers={"Authorization": "Bearer x"})).status_code == 401


@pytest.mark.long
async def test_an_operator_exports_and_erases_a_contact(http: httpx.AsyncClient) -> None:
    await ask(http, "my secret")
    path = "/contacts/web%3Aada"

    exported = await http.get(f"{path}/export")
    assert "my secret" in exported.text
    assert exported.json()["sessions"][0]["id"] == "web:ada"
    assert (await http.delete(path)).json()["sessions"] == 1
    assert (await http.delete(path)).status_code == 404
    assert (await http.get(f"{path}/export")).status_code == 404
    assert (await http.delete("/contacts/abc")).status_code == 400
    stranger = {"Authorization": "Bearer x"}
    assert (await http.delete(path, headers=stranger)).status_code == 401
    assert (await http.get(f"{path}/export", headers=stranger)).status_code == 401


@pytest.mark.long
async def test_on_the_web_an_opt_out_is_confirmed(http: httpx.AsyncClient) -> None:
    await ask(http, "hi")
    answer = (await ask(http, "Unsubscribe.")).json()
    assert (answer["outcome"], len(answer["messages"])) == ("opt_out", 1)
    assert "no more messages" in answer["reply"]
    assert not (await ask(http, "hello")).json()["messages"]

    assert (await ask(http, "start")).json()["outcome"] == "opt_in"
    assert (await ask(http, "hello")).json()["messages"]
