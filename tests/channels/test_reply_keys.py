"""Reply keys return from providers unchanged, whatever characters a caller's ID has."""

from __future__ import annotations

import json

import httpx
import pytest
import respx

from channels._kit.inbound import get_identifier, get_text
from core.model import Address, Reply, StatusChanged
from tests.channels.sunshine import builders as sunshine
from tests.channels.whatsapp import builders as meta

KEYS = ["own-rem-1", "own-order 5", "own-é", "own-\U0001f44b", "own-a\r\nb\n", "own-\x00", "own-" + "é" * 300]


def build_reply(key: str, ours: str = meta.OURS) -> Reply:
    return Reply(key=key, address=Address(channel="x", account="x", ours=ours, theirs="15550123"), body="hi")


@pytest.mark.parametrize("key", KEYS)
def test_a_plain_key_is_read_back_unchanged(key: str) -> None:
    plain, whole = build_reply(key).plain_key, build_reply(key).global_key

    assert get_identifier({"key": whole}, "key", 512) == whole
    assert get_text({"key": plain}, "key", 500) == plain
    assert len({build_reply(each).plain_key for each in KEYS}) == len(KEYS)


@pytest.mark.parametrize("key", KEYS)
async def test_whatsapp_returns_the_key_in_its_statuses(respx_mock: respx.MockRouter, key: str) -> None:
    answer = {"messages": [{"id": "wamid.X"}]}
    route = respx_mock.post(url__regex=r".*/messages$").respond(json=answer)
    async with httpx.AsyncClient() as http:
        await meta.build_channel().send(build_reply(key), http)
    given = json.loads(route.calls.last.request.content)["biz_opaque_callback_data"]

    status = {"id": "wamid.X", "status": "sent", "timestamp": "1", "biz_opaque_callback_data": given}
    value = meta.build_value() | {"statuses": [status]}
    [event] = meta.build_channel().parse(meta.build_webhook(meta.build_batch(value)))
    assert isinstance(event, StatusChanged)
    assert event.reply_key == build_reply(key).global_key


@pytest.mark.parametrize("key", KEYS)
async def test_zendesk_messaging_finds_a_message_by_its_key(respx_mock: respx.MockRouter, key: str) -> None:
    kept = {"id": "m1", "metadata": {"turngate": build_reply(key).plain_key}}
    respx_mock.get(url__regex=r".*/messages.*").respond(json={"messages": [kept]})
    async with httpx.AsyncClient() as http:
        found = await sunshine.build_channel().find_sent(build_reply(key), http, since=None, known=())  # type: ignore[arg-type]

    assert found is not None
    assert found.provider_id == "m1"
