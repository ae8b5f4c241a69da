"""A conversation in which the model calls functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from flows.tools import ToolCallRequest
from tests.flows.conversation import edge, flow, node, turn

END = node("end", "The end.", is_final=True)


MADE = flow(node("a", "Hello!", edges=[edge("go", "end")]), END)


def price(item: Annotated[str, Field(description="what is asked for")], count: int = 1) -> float:
    """The price of an item in euros."""
    return 2.5 * count


def script_calls(*calls: ToolCallRequest, then: str = "It is 5 euros.") -> ScriptedModel:
    return ScriptedModel(
        [*(TransitionDecision(calls=(each,)) for each in calls), TransitionDecision(reply=then)]
    )


async def start_conversation(
    model: ScriptedModel, *tools: Callable[..., Any], flow: Any = MADE, **more: Any
) -> tuple[DialogMachine, Any]:
    machine = DialogMachine(flow, model, tools, **more)
    await machine.start()
    return machine, await machine.turn(turn("how much?"))
