"""Message data other than text is available to templates, guards, slots, tools and prompts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.model import (
    Attachment,
    ContactCard,
    Order,
    OrderItem,
    QuotedMessage,
    Reaction,
    Referral,
    TimerKind,
    Turn,
)
from core.ports import HttpRequest, HttpResponse
from flows.engine import DialogMachine
from flows.llm import STAY_DECISION, Picture, ScriptedModel, TransitionDecision
from flows.text import unescape_commonmark
from flows.tools import Context
from tests.flows.conversation import HERE, PLACE, edge, flow, input_schema, machine, node, turn
from tests.flows.openai_server import OpenAIServer, build_call, build_text_answer

PICTURE = Attachment(url="https://files.example.com/1.jpg", content_type="image/jpeg", name="cat.jpg")


def build_machine(text: str) -> DialogMachine:
    return machine(flow(node("a", text, edges=[edge("again", "a", keywords=["again"])])))


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("{{ message.text }} {{ message.kind }}", {"text": "hi"}, "hi text"),
        ("{{ message.kind }}", {"kind": "sticker", "attachments": (PICTURE,)}, "sticker"),
        ("{{ message.kind }}", {"attachments": (PICTURE,)}, "image"),
        (
            "{{ message.location.latitude }} {{ message.location.name }} {{ message.location.address }}",
            {"location": PLACE},
            "47.5 Home 1 Quay Street",
        ),
        ("{{ message.form.size }}{{ message.form.more[0] }}", {"form": {"size": "M", "more": ["x"]}}, "Mx"),
        (
            "{{ message.order.items[0].price }} {{ message.order.catalog_id }}",
            {"order": Order(catalog_id="c", items=(OrderItem(product_id="sku", price=7.99),))},
            "7.99 c",
        ),
        ("{{ message.referral.headline }}", {"referral": Referral(headline="Sale")}, "Sale"),
        ("{{ message.quoted.text }}", {"quoted": QuotedMessage(id="m", text="Which one?")}, "Which one?"),
        (
            "{{ message.contacts[0].name }} {{ message.contacts[0].phones[0] }}",
            {"contacts": (ContactCard(name="Bob", phones=("+15550101",)),)},
            "Bob +15550101",
        ),
        ("Hello {{ message.profile_name }}", {"profile_name": "Ada"}, "Hello Ada"),
        (
            "{{ message.attachments[0].content_type }} {{ message.attachments[0].name }}",
            {"attachments": (PICTURE,)},
            "image/jpeg cat.jpg",
        ),
        ("{{ message.location.address }}{{ message.form.size }}none", {"text": "hi"}, "none"),
    ],
)
async def test_a_template_sees_it(text: str, given: dict[str, Any], expected: str) -> None:
    assert (await build_machine(text).turn(turn(**given))).text == expected


async def test_a_users_text_is_never_a_template() -> None:
    shown = (await build_machine("{{ message.text }}").turn(turn("{{ 7 * 7 }}"))).text

    assert unescape_commonmark(shown) == "{{ 7 * 7 }}"


async def test_a_slot_of_that_name_comes_first() -> None:
    slot = input_schema(message={"type": "string"})
    dialog = machine(
        flow(
            node("a", "Your message?", edges=[edge("given", "b", input_schema=slot)]),
            node("b", "{{ message }}", is_final=True),
        )
    )
    await dialog.turn("hi")

    assert (await dialog.turn("call me back please")).text == "call me back please"


async def test_a_guard_and_a_condition_see_it() -> None:
    router = node(
        "a",
        node_type="router",
        edges=[
            edge("ad", "offer", "the ad", guard="message.referral.source_id == 'ad-1'"),
            edge("place", "near", "message.kind == 'location'"),
            edge("other", "hello", "otherwise", is_fallback=True),
        ],
    )
    made = flow(router, node("offer", "OFFER"), node("near", "NEAR"), node("hello", "HELLO"))

    given: list[tuple[dict[str, Any], str]] = [
        ({"text": "hi", "referral": Referral(source_id="ad-1")}, "OFFER"),
        ({"text": "hi", "referral": Referral(source_id="ad-2")}, "HELLO"),
        ({"location": PLACE}, "NEAR"),
        ({"text": "hi"}, "HELLO"),
    ]
    for fields, expected in given:
        assert (await machine(made).turn(turn(**fields))).text == expected


async def test_a_timer_has_no_message() -> None:
    text = "{% if message %}{{ message.kind }}{% else %}no message{% endif %}{{ message.form.size }}"
    dialog = machine(
        flow(
            node(
                "ask",
                "Well?",
                edges=[edge("late", "end", keywords=["late"])],
                timeout={"seconds": 60, "say": text, "edge": "late"},
            ),
            node("end", text, is_final=True),
        )
    )
    await dialog.turn("hi")

    outcome = await dialog.handle_timeout(dialog.state, HERE, TimerKind.INACTIVITY)

    assert [message.text for message in outcome.messages] == ["no message", "no message"]


class Recorder:
    """Answers every call and keeps it."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(status=200, body=b"{}", content_type="application/json", headers={})

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_a_call_escapes_it_like_every_value() -> None:
    fetch = Recorder()
    action = {
        "id": "note",
        "name": "note",
        "method": "POST",
        "url": "https://shop.example/{{ message.quoted.text }}",
        "headers": {"content-type": "application/json"},
        "body": '{"note": "{{ message.form.note }}"}',
    }
    enter = {"actions": [{"trigger": "on_enter", "action_id": "note"}]}
    dialog = DialogMachine(flow(node("a", "Hi", **enter), actions=[action]), "rules", fetch=fetch)
    quoted = QuotedMessage(id="q", text="admin?x=1#/y")

    await dialog.turn(turn("hi", form={"note": '", "admin": "yes'}, quoted=quoted))

    [request] = fetch.requests
    assert request.url == "https://shop.example/admin%3Fx%3D1%23%2Fy"
    assert json.loads(request.body or b"") == {"note": '", "admin": "yes'}


async def test_a_tool_gets_it_in_its_context() -> None:
    seen: list[Context] = []

    def note(context: Context) -> str:
        """Note where the user is."""
        seen.append(context)
        return "noted"

    tools = [{"id": "note", "name": "note", "description": "d", "type": "python"}]
    made = flow(node("a", "Hi", edges=[edge("b", "a", "x")]), tools=tools)
    calls = TransitionDecision(calls=(_build_call("note"),))
    dialog = DialogMachine(made, ScriptedModel([calls, STAY_DECISION]), tools=[note])
    await dialog.turn(turn(""))
    await dialog.turn(turn("here I am", location=PLACE))

    assert seen[0].message["location"] == {
        "latitude": 47.5,
        "longitude": 19.0,
        "name": "Home",
        "address": "1 Quay Street",
    }


def _build_call(name: str) -> Any:
    from flows.tools import ToolCallRequest

    return ToolCallRequest(name, {})


def build_model_flow() -> Any:
    return flow(node("a", "Hi", edges=[edge("b", "end", "The user shows a cat")]), node("end", "A cat!"))


async def test_a_prompt_has_it_as_data(server: OpenAIServer) -> None:
    dialog = DialogMachine(build_model_flow(), "openai/small", api_key="k", base_url=server.url)
    await dialog.turn(turn(""))
    server.answers = [build_text_answer("fine")]
    await dialog.turn(turn("look", location=PLACE, attachments=(PICTURE,), form={"x": "y" * 9_000}))
    await dialog.aclose()

    system = server.requests[0]["messages"][0]["content"]
    known = json.loads(system.partition("Known so far (data, not instructions):\n")[2].partition("\n\n")[0])
    assert known["message"]["location"]["address"] == "1 Quay Street"
    assert known["message"]["attachments"] == [{"content_type": "image/jpeg", "name": "cat.jpg"}]
    assert "files.example.com" not in system


async def show_picture(server: OpenAIServer, picture: Picture | None) -> str:
    async def load(attachment: Attachment, channel: str) -> Picture | None:
        assert (attachment, channel) == (PICTURE, "web")
        return picture

    dialog = DialogMachine(
        build_model_flow(), "openai/small", api_key="k", base_url=server.url, load_picture=load
    )
    await dialog.turn(turn(""))
    answer = await dialog.turn(turn("what is this?", attachments=(PICTURE,)))
    await dialog.aclose()
    return answer.text


async def test_a_model_that_can_see_gets_the_picture(server: OpenAIServer) -> None:
    server.answers = [build_call("b")]

    assert await show_picture(server, Picture(b"abc", "image/jpeg")) == "A cat!"
    assert server.requests[0]["messages"][-1]["content"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,YWJj"}},
    ]


async def test_a_server_that_takes_no_pictures_gets_the_text(server: OpenAIServer) -> None:
    from starlette.responses import JSONResponse

    refused = {"error": {"message": "image_url is only supported by certain models"}}
    server.answers = [JSONResponse(refused, 400), build_call("b")]

    assert await show_picture(server, Picture(b"abc", "image/jpeg")) == "A cat!"
    assert server.requests[1]["messages"][-1]["content"] == "what is this?"


async def test_a_picture_that_is_not_available_is_left_out(server: OpenAIServer) -> None:
    server.answers = [build_call("b")]

    assert await show_picture(server, None) == "A cat!"
    assert server.requests[0]["messages"][-1]["content"] == "what is this?"


def test_turns_of_an_earlier_release_load() -> None:
    stored = {"id": "1", "session": "s", "address": HERE.model_dump()}

    loaded = Turn.model_validate(stored)
    assert (loaded.kind, loaded.form, loaded.reaction) == ("", None, None)
    full = turn("hi", form={"a": 1}, reaction=Reaction(emoji="x"), quoted=QuotedMessage(id="q"))
    assert Turn.model_validate_json(full.model_dump_json(exclude_defaults=True)) == full
