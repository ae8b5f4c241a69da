"""The same measurements of `superdialog`, run by the Python of its own venv; prints one JSON object.

Imports nothing of the product. Its model client is replaced by one that answers at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from openai.types.chat import ChatCompletionChunk

from bench.programs.tool_call_chunks import call_deltas
from bench.programs.turn_timing import measure_conversations, measure_over_http, read_resident_bytes


class FakeOpenAIClient:
    """Calls `function` in every routing request; reply text takes `pause` seconds."""

    base_url = "http://localhost"

    def __init__(self) -> None:
        self.function = ""
        self.pause = 0.0
        self._cached_streams: dict[str, list[Any]] = {}
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self.create))

    async def create(self, *, stream: bool = False, **request: Any) -> Any:
        if stream:
            return self._stream()
        await asyncio.sleep(self.pause)
        message = SimpleNamespace(content="It is a fine day, is it not?")
        return SimpleNamespace(choices=[SimpleNamespace(message=message)], usage=SimpleNamespace(**_USAGE))

    async def _stream(self) -> AsyncIterator[Any]:
        """Yield the chunks of a call, as the protocol's own types."""
        if self.function not in self._cached_streams:
            self._cached_streams[self.function] = [
                *map(_chunk, call_deltas(self.function)),
                _END_CHUNK,
                _USAGE_CHUNK,
            ]
        for chunk in self._cached_streams[self.function]:
            yield chunk


async def measure(plan: dict[str, Any]) -> dict[str, float]:
    """Measure everything in the plan; times in seconds, memory in bytes."""
    superdialog = importlib.import_module("superdialog")
    adapter = importlib.import_module("superdialog.machine.adapters.toolcall_adapter")
    small = superdialog.Flow.model_validate(plan["small"])
    figures = await _measure_over_http(superdialog, small, plan)
    client = FakeOpenAIClient()
    vars(adapter)["_make_openai_client"] = lambda: client
    large = superdialog.Flow.model_validate(plan["large"])
    generated = superdialog.Flow.model_validate(plan["spoken"])

    async def session(flow: Any) -> Any:
        machine = superdialog.DialogMachine(flow=flow, llm="openai/none")
        await machine._ensure_machine()
        return machine

    async def begun(flow: Any) -> Any:
        machine = await session(flow)
        await machine.start()
        return machine

    figures |= await measure_conversations(plan, lambda: begun(small), client)
    began = time.process_time()
    for _ in range(plan["builds"]):
        await session(large)
    figures["build"] = (time.process_time() - began) / plan["builds"]
    before = read_resident_bytes()
    retained = [await begun(small) for _ in range(plan["sessions"])]
    figures["memory"] = read_resident_bytes() - before
    del retained
    client.function, client.pause = "to_b", plan["tokens"] * plan["pause"]
    machine = await begun(generated)
    began = time.perf_counter()
    async for _ in await machine.turn("go on", stream=True):
        figures["first"] = time.perf_counter() - began
        break
    return figures


async def _measure_over_http(superdialog: Any, flow: Any, plan: dict[str, Any]) -> dict[str, float]:
    """Measure the same through its own client, against a server on this machine."""
    figures = {}
    for name, calls in plan["wire"].items():
        machine = superdialog.DialogMachine(flow=flow, llm="openai/none")
        await machine.start()
        figures[name] = await measure_over_http(machine, calls, plan["wire_turns"])
    return figures


def _chunk(delta: dict[str, Any], finish: str | None = None, usage: dict[str, int] | None = None) -> Any:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if usage is None else []
    head = {"id": "c", "created": 1, "model": "none", "object": "chat.completion.chunk"}
    return ChatCompletionChunk.model_validate({**head, "choices": choices, "usage": usage})


_USAGE = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
_END_CHUNK = _chunk({}, "tool_calls")
_USAGE_CHUNK = _chunk({}, usage=_USAGE)


def main() -> None:
    """Read the plan from standard input and print the figures."""
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        figures = asyncio.run(measure(json.loads(sys.stdin.read())))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
