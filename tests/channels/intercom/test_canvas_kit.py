"""Messenger card: signature, canvases, and questions that start a conversation."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
import respx

from core.errors import InvalidSignature, MalformedWebhook
from core.model import Ignored
from core.ports import Webhook
from flows.locales import LANGUAGES
from tests.channels.intercom.builders import (
    ADA,
    APP,
    BASE,
    CONVERSATION,
    SECRET,
    Json,
    build_channel,
    build_conversation,
    build_part,
    build_webhook,
    sign_webhook,
)

API = "https://api.intercom.io/conversations"


def build_press(component: str = "ask", question: str = "Where is my parcel?", **more: Any) -> Json:
    return {
        "workspace_id": APP,
        "context": {"location": "home", "locale": "en"},
        "contact": {"type": "contact", "role": "lead", "id": ADA["id"]},
        "component_id": component,
        "input_values": {"question": question},
        **more,
    }


def build_card_webhook(request: object, secret: str = SECRET) -> Webhook:
    body = json.dumps(request).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    url = "http://10.0.0.7:8000/webhooks/intercom/canvas"
    return Webhook("POST", url, {"x-body-signature": digest}, body)


async def read_card(request: object, **changed: str) -> dict[str, Json]:
    """Return the card's components after a request, by their IDs."""
    made = build_channel(**changed)
    made.verify(build_card_webhook(request))
    async with httpx.AsyncClient() as http:
        answer = await made.handle_interaction(build_card_webhook(request), http)
    assert answer is not None
    assert (answer.status, answer.content_type) == (200, "application/json")
    components = json.loads(answer.body)["canvas"]["content"]["components"]
    return {each["id"]: each for each in components}


def test_card_requests_have_their_own_signature() -> None:
    made = build_card_webhook(build_press())
    build_channel(INTERCOM_CLIENT_SECRET=f"new,{SECRET}").verify(made)

    for wrong in (build_card_webhook(build_press(), "other"), Webhook("POST", made.url, {}, made.body)):
        with pytest.raises(InvalidSignature):
            build_channel().verify(wrong)


def test_each_signature_is_refused_at_the_other_path() -> None:
    card, notification = build_card_webhook(build_press()), sign_webhook(json.dumps(build_press()).encode())

    for method, url, headers in (
        ("POST", notification.url, card.headers),
        ("POST", card.url, notification.headers),
    ):
        with pytest.raises(InvalidSignature):
            build_channel().verify(Webhook(method, url, headers, card.body))


async def test_the_initial_card_has_a_field_and_a_button() -> None:
    components = await read_card({"workspace_id": APP, "context": {"location": "home"}, "admin": {"id": "1"}})

    assert [each["type"] for each in components.values()] == ["text", "input", "button"]
    assert components["title"]["text"] == "How can we help?"
    assert components["ask"]["action"] == {"type": "submit"}


async def test_the_card_speaks_every_language_that_has_a_pack() -> None:
    cards = [await read_card({"context": {"locale": code}}) for code in LANGUAGES]

    assert len({str(card) for card in cards}) == len(LANGUAGES)


async def test_the_card_has_the_configured_title_and_the_users_language() -> None:
    german = await read_card({"context": {"locale": "de-AT"}})
    ours = await read_card({"context": {"locale": "xx"}}, INTERCOM_CARD_TITLE="Ask Harbour Lane")

    assert german["ask"]["label"] == "Fragen"
    assert (ours["title"]["text"], ours["ask"]["label"]) == ("Ask Harbour Lane", "Ask")


@pytest.mark.parametrize(
    ("person", "role"),
    [
        ({"contact": {"type": "contact", "role": "lead", "id": ADA["id"]}}, "lead"),
        ({"contact": {}, "user": {"type": "user", "id": ADA["id"]}}, "user"),
        ({"contact": {"type": "visitor", "id": ADA["id"]}}, "contact"),
    ],
)
async def test_a_question_starts_a_conversation_as_the_contact(person: Json, role: str) -> None:
    with respx.mock as router:
        route = router.post(API).respond(json={"type": "user_message", "conversation_id": CONVERSATION})
        components = await read_card(build_press(**person))
        sent = json.loads(route.calls.last.request.content)

    assert sent == {"from": {"type": role, "id": ADA["id"]}, "body": "Where is my parcel?"}
    assert set(components) == {"thanks", "again"}


async def test_a_question_inside_a_conversation_is_a_reply() -> None:
    with respx.mock as router:
        route = router.post(f"{BASE}/reply").respond(json=build_conversation(build_part()))
        await read_card(
            build_press(context={"location": "conversation", "conversation_id": int(CONVERSATION)})
        )
        sent = json.loads(route.calls.last.request.content)

    assert sent == {
        "message_type": "comment",
        "type": "user",
        "intercom_user_id": ADA["id"],
        "body": "Where is my parcel?",
    }


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.Response(404), httpx.ConnectError("x")])
async def test_a_failed_question_is_reported_and_can_be_resubmitted(failure: Any) -> None:
    with respx.mock as router:
        router.post(API).mock(side_effect=[failure])
        components = await read_card(build_press())

    assert "try again" in components["said"]["text"]
    assert components["question"]["value"] == "Where is my parcel?"


@pytest.mark.parametrize(
    "request_",
    [
        build_press(question=" "),
        build_press(contact={}),
        build_press(input_values=7),
        build_press(contact=None),
    ],
)
async def test_without_a_question_or_a_contact_nothing_is_sent(request_: Json) -> None:
    with respx.mock:
        components = await read_card(request_)

    assert "said" in components


async def test_the_ask_again_button_returns_the_card() -> None:
    assert set(await read_card(build_press("again"))) == {"title", "question", "ask"}


async def test_other_requests_are_not_handled_as_card_requests() -> None:
    async with httpx.AsyncClient() as http:
        assert await build_channel().handle_interaction(build_webhook("ping", {}), http) is None
        with pytest.raises(MalformedWebhook):
            await build_channel().handle_interaction(build_card_webhook([]), http)
    assert build_channel().parse(build_card_webhook(build_press())) == [Ignored(reason="card")]
