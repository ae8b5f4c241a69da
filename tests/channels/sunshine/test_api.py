"""Sunshine API client: requests and error responses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from core.errors import ConfigurationError, Rejected, Throttled
from core.model import Address, Attachment, Choice, Message, Reply, Template
from tests.channels.sunshine.builders import (
    APP,
    BASE,
    BOT,
    CONVERSATION,
    DESK,
    OURS,
    build_channel,
    build_conversation,
)

ADDRESS = Address(channel="sunshine", account=APP, ours=APP, theirs=CONVERSATION)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def build_reply(**fields: Any) -> Reply:
    return Reply(key="turn.1", address=ADDRESS, **{"body": "Hello", **fields})


async def read_sent(reply: Reply, path: str = "messages") -> dict[str, Any]:
    with respx.mock as router:
        router.get(BASE).respond(json=build_conversation())
        route = router.post(f"{BASE}/{path}").respond(201, json={"messages": [{"id": "sent1"}]})
        async with httpx.AsyncClient() as http:
            await build_channel().send(reply, http)
        found = json.loads(route.calls.last.request.content)
    assert isinstance(found, dict)
    return found


async def test_choices_are_quick_replies_or_links() -> None:
    message = Message(text="Which?", choices=(Choice(label="This", payload="1"),))
    [part] = build_channel().render(message, ADDRESS)
    body = await read_sent(build_reply(**part.model_dump()))

    assert body["content"]["actions"] == [{"type": "reply", "text": "This", "payload": "1"}]
    assert body["metadata"] == {"turngate": "turn.1"}
    link = Choice(label="Page", payload="", url="https://example.com")
    body = await read_sent(build_reply(choices=(link,)))
    assert body["content"]["actions"] == [{"type": "link", "text": "Page", "uri": "https://example.com"}]


async def test_a_template_is_sent_in_the_form_of_whatsapp_where_there_is_no_text() -> None:
    template = Template(name="parcel", language="en")
    [part] = build_channel().render(Message(text="", template=template), ADDRESS)
    body = await read_sent(build_reply(**part.model_dump()))

    assert body["schema"] == "whatsapp"
    assert body["content"] == {
        "type": "template",
        "template": {"name": "parcel", "language": {"code": "en", "policy": "deterministic"}},
    }
    [shown] = build_channel().render(Message(text="Your parcel is here.", template=template), ADDRESS)
    assert (shown.body, shown.template) == ("Your parcel is here.", None)


@pytest.mark.parametrize(("kind", "expected"), [("image/png", "image"), ("application/pdf", "file")])
async def test_a_file_is_a_separate_message(kind: str, expected: str) -> None:
    file = Attachment(url="https://files.example.com/1", content_type=kind)

    assert (await read_sent(build_reply(body="", media=(file,))))["content"] == {
        "type": expected,
        "mediaUrl": file.url,
    }
    named = file.model_copy(update={"name": "Receipt"})
    assert (await read_sent(build_reply(body="", media=(named,))))["content"]["altText"] == "Receipt"
    long = file.model_copy(update={"name": "n" * 150})
    assert (await read_sent(build_reply(body="", media=(long,))))["content"]["altText"] == "n" * 127 + "…"


@pytest.mark.parametrize(("active", "integration"), [(DESK, OURS), (None, OURS), (DESK, "")])
async def test_without_control_a_reply_is_rejected(active: dict[str, str] | None, integration: str) -> None:
    with respx.mock as router:
        router.get(BASE).respond(json=build_conversation(active))
        async with httpx.AsyncClient() as http:
            with pytest.raises(Rejected, match="control") as refused:
                await build_channel(SUNSHINE_INTEGRATION_ID=integration).send(build_reply(), http)
            assert refused.value.taken_over


async def test_offered_control_is_accepted_first() -> None:
    with respx.mock as router:
        router.get(BASE).respond(json=build_conversation(None, pendingSwitchboardIntegration=BOT))
        accepted = router.post(f"{BASE}/acceptControl").respond(200, json={})
        posted = router.post(f"{BASE}/messages").respond(201, json={"messages": [{"id": "sent1"}]})
        async with httpx.AsyncClient() as http:
            await build_channel().send(build_reply(), http)
    assert (accepted.call_count, posted.call_count) == (1, 1)


async def test_control_held_by_the_desk_is_not_passed_again() -> None:
    with respx.mock as router:
        router.get(BASE).respond(json=build_conversation(DESK))
        async with httpx.AsyncClient() as http:
            assert await build_channel().send(build_reply(act="hand_off"), http)


async def test_a_hand_off_passes_control_to_the_desk() -> None:
    body = await read_sent(build_reply(act="hand_off", body="wants a person"), "passControl")

    assert body["switchboardIntegration"] == "zd-agentWorkspace"
    assert body["metadata"] == {"turngate": "turn.1", "note": "wants a person"}


async def test_typing_is_shown() -> None:
    with respx.mock as router:
        route = router.post(f"{BASE}/activity").respond(200, json={})
        async with httpx.AsyncClient() as http:
            await build_channel().show_typing(ADDRESS, "m1", http)
        assert json.loads(route.calls.last.request.content)["type"] == "typing:start"


@pytest.mark.parametrize(("key", "expected"), [("turn.1", "sent1"), ("turn.0", None)])
async def test_a_message_is_looked_up_by_the_reply_key(key: str, expected: str | None) -> None:
    with respx.mock as router:
        page = {"messages": [{"id": "x"}, {"id": "sent1", "metadata": {"turngate": key}}]}
        router.get(f"{BASE}/messages").respond(json=page)
        async with httpx.AsyncClient() as http:
            found = await build_channel().find_sent(build_reply(), http, since=NOW, known=())
    assert (found.provider_id if found else None) == expected


@pytest.mark.parametrize(("active", "passed"), [(BOT, False), (DESK, True)])
async def test_a_hand_off_is_looked_up_by_the_holder_of_control(active: dict[str, str], passed: bool) -> None:
    with respx.mock as router:
        router.get(BASE).respond(
            json={"conversation": {"id": CONVERSATION, "activeSwitchboardIntegration": active}}
        )
        async with httpx.AsyncClient() as http:
            found = await build_channel().find_sent(build_reply(act="hand_off"), http, since=NOW, known=())
    assert bool(found) is passed


async def test_a_full_conversation_is_rejected_and_a_rate_limit_is_unavailable() -> None:
    with respx.mock as router:
        router.get(BASE).respond(json=build_conversation())
        router.post(f"{BASE}/messages").mock(side_effect=[httpx.Response(423), httpx.Response(429)])
        async with httpx.AsyncClient() as http:
            with pytest.raises(Rejected, match="full"):
                await build_channel().send(build_reply(), http)
            with pytest.raises(Throttled) as error:
                await build_channel().send(build_reply(), http)
    assert error.value.retry_after is None


def test_the_url_of_zendesk_needs_the_path_of_this_api() -> None:
    with pytest.raises(ConfigurationError, match="SUNSHINE_API_URL must end with /sc"):
        build_channel(SUNSHINE_API_URL="https://example.zendesk.com/")
