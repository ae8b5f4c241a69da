"""Python functions and HTTP tools that a model may call."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import pytest

from core.errors import ConfigurationError
from flows.engine import DialogMachine
from flows.engine.transitions.model_choice import MAX_TOOL_ROUNDS
from flows.llm import ScriptedModel, TransitionDecision
from flows.tools import Context, ToolCallRequest, ToolError, build_python_tools, tool
from flows.tools.thread_pool import MAX_THREADS
from tests.flows.conversation import Json
from tests.flows.tools.called_functions import MADE, price, script_calls, start_conversation

CONTEXT = Context("s", "t", "k", {})


async def test_a_function_is_offered_by_its_signature_and_its_answer_given_back() -> None:
    script = script_calls(ToolCallRequest("price", {"item": "tea", "count": 2}))
    _, answer = await start_conversation(script, price)
    assert (answer.text, answer.tools) == ("It is 5 euros.", ("price",))
    (offer,) = script.transition_requests[0].tools
    assert (offer.name, offer.description) == ("price", "The price of an item in euros.")
    assert offer.parameters["required"] == ["item"]
    assert dict(offer.parameters["properties"])["item"]["description"] == "what is asked for"  # type: ignore[arg-type, call-overload, index]
    assert script.transition_requests[1].exchanges[0].result == {"success": True, "data": 5.0}


async def test_invalid_arguments_are_reported_to_the_model_without_a_call() -> None:
    script = script_calls(ToolCallRequest("price", {"count": "many", "evil": 1}))
    _, answer = await start_conversation(script, price)
    result = script.transition_requests[1].exchanges[0].result
    assert isinstance(result, dict)
    assert result["success"] is False
    assert "item" in str(result["error"])
    assert answer.tools == ("price!",)


async def test_a_sync_function_runs_beside_the_loop_and_an_async_one_on_it() -> None:
    threads: list[str] = []

    def slow() -> None:
        threads.append(threading.current_thread().name)

    async def quick() -> None:
        threads.append(threading.current_thread().name)

    await start_conversation(
        script_calls(ToolCallRequest("slow", {}), ToolCallRequest("quick", {})), slow, quick
    )
    assert threads[0] != threads[1] == threading.main_thread().name


async def test_a_failing_function_reveals_no_internals_to_the_model() -> None:
    def broken() -> None:
        raise RuntimeError("password=hunter2")

    def sold_out() -> None:
        raise ToolError("The tea is sold out.")

    script = script_calls(ToolCallRequest("broken", {}), ToolCallRequest("sold_out", {}))
    await start_conversation(script, broken, sold_out)
    results = [exchange.result for exchange in script.transition_requests[2].exchanges]
    assert "hunter2" not in repr(results)
    assert [dict(result)["error"] for result in results] == ["it failed", "The tea is sold out."]  # type: ignore[arg-type]


async def test_a_function_that_takes_too_long_is_given_up() -> None:
    @tool(timeout=0.05)
    async def forever() -> None:
        await asyncio.Event().wait()

    script = script_calls(ToolCallRequest("forever", {}))
    await start_conversation(script, forever)
    assert "no answer within" in repr(script.transition_requests[1].exchanges[0].result)


async def test_a_function_that_hangs_holds_up_no_other_and_not_the_end() -> None:
    released = threading.Event()

    @tool(timeout=0.1)
    def hanging() -> None:
        released.wait(20)

    @tool(timeout=5)
    def quick() -> str:
        return "done"

    tools = build_python_tools([hanging, quick])
    try:
        results = await asyncio.gather(*(tools["hanging"].run({}, CONTEXT) for _ in range(MAX_THREADS * 2)))
        assert {result["error"] for result in results} == {"no answer within 0.1 seconds"}
        assert await tools["quick"].run({}, CONTEXT) == {"success": True, "data": "done"}
        waiting = [each for each in threading.enumerate() if each.name == "turngate-tool"]
        assert len(waiting) <= MAX_THREADS + 1
        assert all(each.daemon for each in waiting)
    finally:
        released.set()


async def test_more_calls_than_threads_wait_for_their_turn() -> None:
    def count(number: int) -> int:
        return number

    (made,) = build_python_tools([count]).values()
    results = await asyncio.gather(*(made.run({"number": n}, CONTEXT) for n in range(MAX_THREADS * 5)))
    assert [result["data"] for result in results] == list(range(MAX_THREADS * 5))


async def test_a_wrapped_async_function_is_waited_for() -> None:
    async def inner() -> str:
        return "done"

    def wrapped() -> Coroutine[Any, Any, str]:
        return inner()

    (made,) = build_python_tools([wrapped]).values()
    assert await made.run({}, CONTEXT) == {"success": True, "data": "done"}


async def exit_loop() -> None:
    sys.exit(3)


def exit_process() -> None:
    sys.exit(3)


def raise_stop_iteration() -> object:
    return next(iter([]))


def raise_keyboard_interrupt() -> None:
    raise KeyboardInterrupt


async def raise_cancelled() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    "function", [exit_loop, exit_process, raise_stop_iteration, raise_keyboard_interrupt, raise_cancelled]
)
async def test_a_function_can_end_neither_the_process_nor_the_turn(function: Callable[..., Any]) -> None:
    (made,) = build_python_tools([function]).values()
    async with asyncio.timeout(5):
        assert await made.run({}, CONTEXT) == {"success": False, "status": 0, "error": "it failed"}


async def test_a_turn_that_is_called_off_calls_off_its_function() -> None:
    begun = asyncio.Event()

    async def forever() -> None:
        begun.set()
        await asyncio.Event().wait()

    (made,) = build_python_tools([forever]).values()
    task = asyncio.create_task(made.run({}, CONTEXT))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_function_is_tried_again_as_often_as_it_asks_for() -> None:
    tries = []

    @tool(retries=2)
    def flaky() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError
        return "done"

    script = script_calls(ToolCallRequest("flaky", {}))
    await start_conversation(script, flaky)
    assert script.transition_requests[1].exchanges[0].result == {"success": True, "data": "done"}


async def test_a_function_may_request_its_idempotency_key() -> None:
    seen: list[Context] = []

    def order(context: Context, size: Literal["s", "l"]) -> str:
        seen.append(context)
        return size

    script = script_calls(ToolCallRequest("order", {"size": "l"}))
    await start_conversation(script, order)
    assert list(dict(script.transition_requests[0].tools[0].parameters["properties"])) == ["size"]  # type: ignore[arg-type]
    assert len(seen[0].key) == 32


async def test_an_idempotency_key_does_not_depend_on_earlier_calls() -> None:
    keys: list[str] = []

    @tool(reads_only=True)
    def look(item: str) -> str:
        return item

    def order(context: Context, item: str) -> str:
        keys.append(context.key)
        return item

    looking, ordering = ToolCallRequest("look", {"item": "tea"}), ToolCallRequest("order", {"item": "tea"})
    await start_conversation(script_calls(looking, ordering, ordering), look, order)
    await start_conversation(script_calls(ordering, ToolCallRequest("order", {"item": "mug"})), look, order)
    first, second, again, other = keys
    assert first == again
    assert len({first, second, other}) == 3


async def test_no_model_fills_the_context_however_it_is_asked_for() -> None:
    def who(item: str, context: Context | None = None) -> str:
        return context.session if context else ""

    (made,) = build_python_tools([who]).values()
    assert list(dict(made.definition.parameters["properties"])) == ["item"]  # type: ignore[arg-type]
    assert await made.run({"item": "tea"}, CONTEXT) == {"success": True, "data": "s"}
    victim: Json = {"session": "victim", "turn": "", "key": "", "slots": {}}
    assert (await made.run({"item": "tea", "context": victim}, CONTEXT))["success"] is False


async def test_a_parameter_that_begins_with_an_underscore_is_the_functions_own() -> None:
    def remember(item: str, _cache: dict[str, str] = {}) -> str:  # noqa: B006 - as people write it
        return item

    (made,) = build_python_tools([remember]).values()
    assert await made.run({"item": "tea"}, CONTEXT) == {"success": True, "data": "tea"}
    assert (await made.run({"item": "tea", "_cache": {}}, CONTEXT))["success"] is False


async def test_the_rounds_of_one_turn_are_bounded() -> None:
    script = ScriptedModel(
        [TransitionDecision(calls=(ToolCallRequest("price", {"item": "tea"}),))] * (MAX_TOOL_ROUNDS + 1)
    )
    _, answer = await start_conversation(script, price)
    assert (answer.outcome, answer.issue) == ("rounds", "rounds")
    assert answer.text
    assert script.transition_requests[-1].tools == ()


def take_untyped(item) -> None:  # type: ignore[no-untyped-def]
    """It says nothing of its parameter."""


def take_starred(*items: str) -> None:
    """It has no names."""


def take_private(_item: str) -> None:
    """No model could fill it."""


@pytest.mark.parametrize("function", [take_untyped, take_starred, take_private, lambda: 1])
def test_a_function_that_no_model_could_call_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError):
        DialogMachine(MADE, "rules", [function])


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="same name"):
        DialogMachine(MADE, "rules", [price, price])
