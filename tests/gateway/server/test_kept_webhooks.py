"""Webhooks kept as providers sent them: off by default, encrypted, without secrets, replayed on demand."""

from __future__ import annotations

import asyncio
import html
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import process_time
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from core.errors import ConfigurationError
from core.ports import Webhook
from gateway.app import create
from gateway.cli import app as command
from gateway.config.settings import Settings
from gateway.local.http_server import serve
from gateway.middleware.inbox.webhook_recorder import redact
from gateway.middleware.redaction.secret_names import REDACTED
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.operators.kept_webhooks import MAX_BYTES, REJECTED, KeptWebhooks
from gateway.redis.records.operators.quarantine import Quarantine
from tests.channels.twilio.builders import FORM, URL, build_payload, compute_signature
from tests.gateway.server.test_operator_auth import OPS, build_bearer

NUMBER, TEXT, OTHER_TOKEN = "+15550142", "my dog is called Bello", "fedcba9876543210fedcba9876543210"
PAGES = {**build_bearer(OPS), "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def retention(environment: None, monkeypatch: pytest.MonkeyPatch, redis: Redis) -> Redis:
    """Turn encryption and the retention of webhooks on, and return a client that can read them."""
    key = generate_master_key()
    monkeypatch.setenv("TURNGATE_ENCRYPTION_KEYS", key)
    monkeypatch.setenv("TURNGATE_WEBHOOK_HOURS", "2")
    use_cipher(redis, parse_encryption_keys(key))
    return redis


@asynccontextmanager
async def running_gateway() -> AsyncIterator[httpx.AsyncClient]:
    composed = create()
    async with (
        composed.router.lifespan_context(composed),
        serve(composed, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, trust_env=False, follow_redirects=True) as http,
    ):
        yield http


async def deliver_webhook(
    http: httpx.AsyncClient, token: str = "", text: str = TEXT, number: int = 7
) -> httpx.Response:
    fields = build_payload("sms", Body=text, From=NUMBER, MessageSid="SM" + "7" * 31 + str(number))
    signed = compute_signature(URL, fields, **({"token": token} if token else {}))
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signed}
    return await http.post("/webhooks/twilio", content=urlencode(fields), headers=headers)


async def read_conversation(http: httpx.AsyncClient) -> str:
    """Return the page of the only conversation."""
    listed = (await http.get("/console/conversations", headers=PAGES)).text
    path = "/console/conversations/" + listed.partition('href="/console/conversations/')[2].partition('"')[0]
    return html.unescape((await http.get(path, headers=PAGES)).text)


async def test_the_original_of_a_message_is_shown_without_its_signature(retention: Redis) -> None:
    async with running_gateway() as http:
        answer = await deliver_webhook(http)
        page = await read_conversation(http)

    assert answer.status_code == 200
    assert "POST /webhooks/twilio" in page
    assert f"Body={TEXT.replace(' ', '+')}" in page
    assert f"x-twilio-signature: {REDACTED}" in page
    [key] = [each async for each in retention.scan_iter("*:webhooks")]
    assert b"Bello" not in (await retention.dump(key) or b"")
    assert 0 < await retention.pttl(key) <= 2 * 3_600_000


@pytest.mark.usefixtures("environment")
async def test_nothing_is_kept_by_default(redis: Redis) -> None:
    async with running_gateway() as http:
        await deliver_webhook(http)
        await deliver_webhook(http, OTHER_TOKEN)
        page = await read_conversation(http)
        rejected = (await http.get("/console/quarantine", headers=PAGES)).text

    assert "Webhook as it was received" not in page
    assert "Replay" not in rejected
    assert "Request bodies are not stored" in rejected
    assert [each async for each in redis.scan_iter("*webhooks*")] == []


async def test_a_rejected_webhook_is_replayed_once_the_token_is_right(
    retention: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptWebhooks(retention, 2)

    async def replay() -> httpx.Response:
        [name] = await kept.rejected_ids()
        async with running_gateway() as http:
            return await http.post("/console/quarantine/replay", headers=PAGES, data={"webhook": name})

    async with running_gateway() as http:
        assert (await deliver_webhook(http, OTHER_TOKEN)).status_code == 401
    async with running_gateway() as http:
        assert ">Replay<" in (await http.get("/console/quarantine", headers=PAGES)).text
    again = await replay()
    assert again.status_code == 409
    assert "Rejected again: " in again.text
    assert await retention.keys("tg:{*}:mail") == []

    monkeypatch.setenv("TWILIO_AUTH_TOKEN", OTHER_TOKEN)
    assert "verified and stored" in (await replay()).text
    assert "verified and stored" in (await replay()).text  # it is the same message
    [mailbox] = [each async for each in retention.scan_iter("tg:{*}:mail")]
    assert await cast("Any", retention.llen(mailbox)) == 1
    acts = [each for each in await AuditLog(retention).latest(9) if each.act == "replay_rejected_webhook"]
    assert [each.target for each in acts] == [*await kept.rejected_ids()] * 3

    [name] = await kept.rejected_ids()
    assert await Quarantine(retention, kept).drop() == 1
    assert await kept.find_rejected(name) is None


async def test_the_command_replays_and_says_why_not(
    retention: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptWebhooks(retention, 2)
    async with running_gateway() as http:
        await deliver_webhook(http, OTHER_TOKEN)
    [name] = await kept.rejected_ids()
    run = CliRunner()

    listed = await asyncio.to_thread(run.invoke, command, ["quarantine", "list"])
    assert f"turngate quarantine replay {name}" in listed.output
    refused = await asyncio.to_thread(run.invoke, command, ["quarantine", "replay", name, "another"])
    assert refused.exit_code == 1
    assert f"{name}: rejected again: " in refused.output
    assert "another: not kept" in refused.output
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", OTHER_TOKEN)
    done = await asyncio.to_thread(run.invoke, command, ["quarantine", "replay", name])
    assert (done.exit_code, done.output) == (0, f"{name}: stored\n")
    assert [each.target for each in await AuditLog(retention).latest(9)] == [name, "another", name]
    assert len(await retention.keys("tg:{*}:mail")) == 1


async def test_replayed_webhooks_are_stored_in_the_order_in_which_they_came(
    retention: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        async with running_gateway() as http:  # what it keeps is written when it ends
            await deliver_webhook(http, OTHER_TOKEN, f"message {number}", number)
    names = await KeptWebhooks(retention, 2).rejected_ids()
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", OTHER_TOKEN)
    newest_first = ["quarantine", "replay", *reversed(names), names[0]]  # as `list` prints them
    done = await asyncio.to_thread(CliRunner().invoke, command, newest_first)

    assert (done.exit_code, done.output) == (0, "".join(f"{name}: stored\n" for name in names))
    [mailbox] = [each async for each in retention.scan_iter("tg:{*}:mail")]
    waiting = await cast("Any", retention.lrange(mailbox, 0, -1))
    assert [json.loads(each)["id"][-1] for each in waiting] == ["1", "2", "3"]


async def test_a_contact_is_exported_and_erased_with_their_originals(retention: Redis) -> None:
    kept = KeptWebhooks(retention, 2)
    async with running_gateway() as http:
        await deliver_webhook(http)
        await deliver_webhook(http, OTHER_TOKEN)

    exported = str(await export_contact(retention, NUMBER))
    assert "raw_webhooks" in exported
    assert "Bello" in exported.partition("raw_webhooks")[2]
    receipt = await ContactErasure(retention).erase(NUMBER)
    assert receipt.removed["rejected webhooks"] == 1
    assert await kept.rejected_ids() == []
    assert [each async for each in retention.scan_iter("*}:webhooks")] == []


@pytest.mark.parametrize(
    ("contact", "query", "body"),
    [
        ("anna+x@example.com", "", b'{"email":"anna+x@example.com"}'),
        ("anna+x@example.com", "", b'{"email":"anna\\u002bx@example.com"}'),
        ("anna+x@example.com", "", b"email=anna%2Bx%40example.com"),
        ("jos\u00e9@example.com", "", b'{"email":"jos\\u00E9@example.com"}'),
        ("+4915222222222", "", b'{"from":"\\u002b4915222222222"}'),
        ("+4915222222222", "?From=%2B4915222222222", b""),
    ],
)
async def test_a_rejected_original_is_found_however_it_spells_the_contact(
    redis: Redis, contact: str, query: str, body: bytes
) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    kept = KeptWebhooks(redis, 2)
    await kept.add_rejected(Webhook("POST", URL + query, {}, body))
    await kept.add_rejected(Webhook("POST", URL, {}, b"somebody@example.com 49152222222223"))

    assert (await ContactErasure(redis).erase(contact)).removed == {"rejected webhooks": 1}
    assert len(await kept.rejected_ids()) == 1


async def test_what_is_kept_is_bounded(retention: Redis) -> None:
    kept = KeptWebhooks(retention, 2)
    webhook = Webhook("POST", URL, {}, b"a")
    for _ in range(220):
        await kept.add_rejected(webhook)
    assert await retention.xlen(REJECTED) == 200
    assert await kept.add_rejected(Webhook("POST", URL, {}, b"a" * (MAX_BYTES + 1))) == ""
    assert len(redact(Webhook("POST", URL, {}, b"a" * 200_000), []).body) == MAX_BYTES


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"From=%2B1&AuthToken=abc&Body=x", f"From=%2B1&AuthToken={REDACTED}&Body=x"),
        (b"token=abc", f"token={REDACTED}"),
        (
            b'{"access_token": "a\\"b", "text": "my token is 7"}',
            f'{{"access_token": "{REDACTED}", "text": "my token is 7"}}',
        ),
        (b'{"secret":12,"a":1}', f'{{"secret":"{REDACTED}","a":1}}'),
        (b'{"api_key": "abc', f'{{"api_key": "{REDACTED}"'),
        (b"\xff{", "\ufffd{"),
        (b'{"a": [{"tokens": ["abc", "def"]}]}', f'{{"a": [{{"tokens": "{REDACTED}"}}]}}'),
        (b'{"\\u0074oken": "abc"}', f'{{"token": "{REDACTED}"}}'),
        (b'{"token": {"v": "abc"}, "token": "x", "a": "\\ud800"}', f'{{"token": "{REDACTED}", "a": "?"}}'),
        (b'{"jwt":"abc"}', f'{{"jwt":"{REDACTED}"}}'),
        (b'{"author": {"name": "Ada"}}', '{"author": {"name": "Ada"}}'),
        (
            b'{"response_json": "{\\"flow_token\\":\\"abc\\",\\"size\\":\\"M\\"}"}',
            f'{{"response_json": "{{\\"flow_token\\":\\"{REDACTED}\\",\\"size\\":\\"M\\"}}"}}',
        ),
        (
            b'{"url": "https://a.example/?x=1&access_token=abc", "text": "y"}',
            f'{{"url": "https://a.example/?x=1&access_token={REDACTED}", "text": "y"}}',
        ),
        (b"to%6ben=abc&x=1", f"to%6ben={REDACTED}&x=1"),
        (b"Data=%7B%22token%22%3A%22abc%22%7D", "Data=%7B%22token%22%3A%22%28redacted%29%22%7D"),
    ],
)
def test_secrets_of_a_body_are_redacted(body: bytes, kept: str) -> None:
    webhook = Webhook("POST", f"{URL}?token=abc", {"authorization": "Basic x", "user-agent": "y"}, body)
    redacted = redact(webhook, ["m1"])
    assert redacted.body == kept
    assert redacted.path == "/webhooks/twilio"
    assert redacted.headers == {"authorization": REDACTED, "user-agent": "y"}


@pytest.mark.parametrize("body", [b"&", b"a=%7B&", b'["{",', b"token&", b'"token', b'{"a":', b"?token"])
def test_a_hostile_body_is_redacted_in_bounded_time(body: bytes) -> None:
    started_at = process_time()
    redact(Webhook("POST", URL, {}, body * (MAX_BYTES // len(body))), [])
    assert process_time() - started_at < 1


def test_without_encryption_the_setting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNGATE_WEBHOOK_HOURS", "1")
    with pytest.raises(ConfigurationError, match="TURNGATE_ENCRYPTION_KEYS"):
        Settings.load()
