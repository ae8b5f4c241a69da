"""Message template of a node: its variables, its language, and the text for other channels."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.model import Address, Message, Template, Turn
from flows import DialogMachine, Flow
from tests.channels.intercom import builders as intercom
from tests.channels.twilio import builders as twilio
from tests.channels.whatsapp import builders as whatsapp
from tests.flows.conversation import document, edge, node

ADDRESS = Address(channel="whatsapp", account="a", ours="1", theirs="2")
ORDER = {"name": "order_update", "variables": {"1": "{{ message.text }}", "2": "12 {{ shop }}"}}


def build_machine(template: dict[str, Any], **more: Any) -> DialogMachine:
    flow = document(
        node("a", "Your order has left.", template=template, edges=[edge("on", "b", keywords=["on"])]),
        node("b", "Thank you", edges=[edge("back", "a", keywords=["back"])]),
    )
    return DialogMachine(
        Flow.model_validate({**flow, "environment_variables": {"shop": "Shop"}, **more}), "rules"
    )


async def say(dialog: DialogMachine, text: str, state: Any = None) -> Any:
    turn = Turn(id="wamid.1", session="s", address=ADDRESS, text=text)
    return await dialog.answer(turn, state)


async def test_a_nodes_template_has_its_values_on_one_line_and_the_text_beside_it() -> None:
    outcome = await say(build_machine(ORDER), "two\nlines\t &    *more*")

    [message] = outcome.messages
    assert message.text == "Your order has left."
    assert message.template == Template(
        name="order_update", language="en", variables={"1": "two lines & *more*", "2": "12 Shop"}
    )


async def test_the_language_is_the_conversations_or_the_nodes() -> None:
    german = (await say(build_machine(ORDER, agent_language="de"), "hallo")).messages[-1].template
    stated = (await say(build_machine({**ORDER, "language": "en_GB"}), "hi")).messages[-1].template

    assert german is not None
    assert stated is not None
    assert (german.language, stated.language) == ("de", "en_GB")


async def test_a_question_that_is_asked_again_is_a_text() -> None:
    made = build_machine(ORDER)
    first = await say(made, "hello")
    again = await say(made, "something else", first.state)

    assert again.messages
    assert all(message.template is None for message in again.messages)


def test_a_malformed_value_is_refused_by_its_place() -> None:
    with pytest.raises(ValidationError, match=r"nodes\[0\]\.template\.variables"):
        build_machine({"name": "x", "variables": {"1": "{{ name"}})


def test_channels_without_templates_show_the_text() -> None:
    template = Template(name="order_update", language="en", variables={"1": "Ada", "2": "12"})
    message = Message(text="Your order has left.", template=template)
    address = ADDRESS.model_copy(update={"theirs": "whatsapp:+15550111"})

    assert [part.body for part in intercom.build_channel().render(message, ADDRESS)] == [
        "Your order has left."
    ]
    assert [(part.body, part.template) for part in whatsapp.build_channel().render(message, ADDRESS)] == [
        ("", template)
    ]
    [part] = twilio.build_channel().render(message, address)
    assert (part.body, part.template) == ("Your order has left.", template)
