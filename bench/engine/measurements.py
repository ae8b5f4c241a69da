"""Measurements of the dialog engine; prints one JSON object, as superdialog_engine.py does."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, Self

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from bench.programs.tool_call_chunks import call_arguments, call_deltas
from bench.programs.turn_timing import measure_conversations, measure_over_http, read_resident_bytes
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm.openai.model import OpenAIModel


class FakeOpenAIClient:
    """Calls `function` in every routing request; reply text comes as `tokens`, `pause` seconds apart.

    Any other request is for a summary.
    """

    def __init__(self, tokens: int, pause: float) -> None:
        self.function = ""
        self.tokens = tokens
        self.pause = pause
        self._cached_streams: dict[str, ChatCompletion] = {}
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self.create))

    async def create(self, *, stream: bool = False, **request: Any) -> Any:
        name = self.function if "tools" in request["extra_body"] else ""
        if stream:
            return FakeStream(self, name)
        if name not in self._cached_streams:
            self._cached_streams[name] = _completion(name)
        return self._cached_streams[name]

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class FakeStream:
    """A stream of the protocol: a function call, or text token by token."""

    def __init__(self, client: FakeOpenAIClient, name: str) -> None:
        self._client = client
        self._name = name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing: there is no connection."""

    async def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        if self._name:
            for delta in call_deltas(self._name):
                yield _chunk(delta)
        else:
            for number in range(self._client.tokens):
                await asyncio.sleep(self._client.pause)
                yield _chunk({"content": f"word{number} "})
        yield _chunk({}, "stop")


_SUMMARY = {"role": "assistant", "content": "They have been talking of tea and of coffee."}
_HEAD = {"id": "c", "created": 1, "model": "none", "usage": None}


def _completion(name: str) -> ChatCompletion:
    call = {"id": "c", "type": "function", "function": {"name": name, "arguments": call_arguments(name)}}
    message = {"role": "assistant", "tool_calls": [call]} if name else _SUMMARY
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return ChatCompletion.model_validate({**_HEAD, "object": "chat.completion", "choices": [choice]})


def _chunk(delta: dict[str, Any], finish: str | None = None) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return ChatCompletionChunk.model_validate(
        {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}
    )


async def _measure(plan: dict[str, Any]) -> dict[str, float]:
    client = FakeOpenAIClient(plan["tokens"], plan["pause"])
    model = OpenAIModel("none", api_key="none")
    inner = model._client
    inner._client, inner._loop = client, asyncio.get_running_loop()  # type: ignore[assignment]
    small, large, generated = (Flow.model_validate(plan[name]) for name in ("small", "large", "spoken"))

    async def start_machine(flow: Flow) -> DialogMachine:
        machine = DialogMachine(flow, model)
        await machine.start()
        return machine

    figures = await _measure_over_http(small, plan)
    figures |= await measure_conversations(plan, lambda: start_machine(small), client)
    DialogMachine(large, model)  # compiled once per process
    began = time.process_time()
    for _ in range(plan["builds"]):
        DialogMachine(large, model)
    figures["build"] = (time.process_time() - began) / plan["builds"]
    before = read_resident_bytes()
    retained = [await start_machine(small) for _ in range(plan["sessions"])]
    figures["memory"] = read_resident_bytes() - before
    del retained
    machine = await start_machine(generated)
    client.function = "to_b"
    began = time.perf_counter()
    async for _ in await machine.turn("go on", stream=True):
        figures["first"] = time.perf_counter() - began
        break
    return figures


async def _measure_over_http(flow: Flow, plan: dict[str, Any]) -> dict[str, float]:
    """Measure the same through the real client, against a server on this machine."""
    figures = {}
    for name, calls in plan["wire"].items():
        machine = DialogMachine(flow, OpenAIModel("none", aiohttp=True))  # as in the worker
        await machine.start()
        figures[name] = await measure_over_http(machine, calls, plan["wire_turns"])
        await machine.aclose()
    return figures


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(json.loads(sys.stdin.read())))))
