"""Fallbacks that a flow defines for messages outside the service window and for undelivered ones."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.model import Address, Route, Template, TimerKind, Turn
from flows import DialogMachine, Flow
from flows.document.model.ways import Way
from tests.flows.conversation import document, edge, node

ADDRESS = Address(channel="whatsapp", account="a", ours="1", theirs="2")
TEMPLATE = {"template": {"name": "order_update", "variables": {"1": "{{ shop }}"}}}
ORDER = Route(template=Template(name="order_update", language="en", variables={"1": "Shop"}))
SMS = {"channel": "twilio", "from": "+15550100"}


def build_machine(first: dict[str, Any], **more: Any) -> DialogMachine:
    flow = document(
        node("a", "Your order has left.", edges=[edge("on", "b", keywords=["on"])], **first),
        node("b", "Thank you", edges=[edge("back", "a", keywords=["back"])]),
    )
    return DialogMachine(
        Flow.model_validate({**flow, "environment_variables": {"shop": "Shop"}, **more}), "rules"
    )


async def say(dialog: DialogMachine, text: str, state: Any = None) -> Any:
    return await dialog.answer(Turn(id="M1", session="s", address=ADDRESS, text=text), state)


async def test_every_message_takes_the_flows_way_and_a_node_has_its_own() -> None:
    made = build_machine({"outside_window": SMS}, outside_window=TEMPLATE)
    first = await say(made, "hello")
    second = await say(made, "on", first.state)

    assert first.messages[-1].fallback == Route(channel="twilio", sender="+15550100")
    assert second.messages[-1].fallback == ORDER
    assert (await say(build_machine({}), "hello")).messages[-1].fallback is None


@pytest.mark.parametrize(
    ("failure", "route"),
    [
        ("window", ORDER),
        ("landline", Route(channel="zendesk", to="ada@example.com")),
        ("unreachable", Route(channel="twilio", sender="+15550100")),  # it is permanent
        ("account", None),
    ],
)
async def test_a_message_that_was_not_delivered_takes_the_way_of_its_failure(
    failure: str, route: Route | None
) -> None:
    instead = {
        "window": TEMPLATE,
        "landline": {"ticket": True, "to": "{{ mail }}"},
        "permanent": SMS,
    }
    made = build_machine(
        {"on_undelivered": {"edge": "on", "instead": instead}},
        environment_variables={"shop": "Shop", "mail": "ada@example.com"},
    )
    first = await say(made, "hello")
    step = await made.handle_timeout({**first.state, "undelivered": failure}, ADDRESS, TimerKind.UNDELIVERED)

    sent = [(message.text, message.route) for message in step.messages]
    expected = [("Your order has left.", route)] if route else []
    assert sent == [*expected, ("Thank you", None)]


async def test_say_replaces_the_text_on_the_other_way() -> None:
    made = build_machine({"on_undelivered": {"say": "By SMS: it has left.", "instead": {"window": SMS}}})
    first = await say(made, "hello")
    step = await made.handle_timeout({**first.state, "undelivered": "window"}, ADDRESS, TimerKind.UNDELIVERED)
    assert [message.text for message in step.messages] == ["By SMS: it has left."]
    assert step.messages[0].route is not None


@pytest.mark.parametrize(
    "way",
    [{}, {"channel": "twilio", "wait": True}, {"ticket": True}, {"template": {"name": ""}}, {"chanel": "x"}],
)
def test_an_empty_fallback_is_refused(way: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Way.model_validate(way)


def test_an_unknown_class_and_a_broken_template_are_refused() -> None:
    with pytest.raises(ValidationError):
        build_machine({"on_undelivered": {"instead": {"widow": SMS}}})
    with pytest.raises(ValidationError, match="outside_window"):
        build_machine({"outside_window": {"channel": "twilio", "to": "{{ mail"}})


def test_a_flow_with_ways_survives_saving(tmp_path: Any) -> None:
    flow = build_machine({"outside_window": SMS}, outside_window=TEMPLATE).flow
    flow.save(tmp_path / "flow.json")
    assert Flow.load(tmp_path / "flow.json") == flow
