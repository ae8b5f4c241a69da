"""The dialog engine against `superdialog` from the package index, each in a process of its own.

Measured twice: through the real client of the OpenAI protocol to a server that answers at once, and with the
client replaced by one that answers at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from bench.model_server import serving
from flows.document import Flow
from flows.machine import DialogMachine
from flows.models.openai import OpenAIModel
from flows.models.prompts import STAY

VENV = Path(__file__).parent.parent / ".venv" / "reference"
RATIOS = {"wire_stay": 0.5, "wire_move": 0.5, "stay": 0.5, "move": 0.5, "build": 0.01, "memory": 0.1}
"""What is to be reached at most, as a share of the reference's figure."""

_NAMES = {
    "wire_stay": "CPU of a turn that stays, with the client of the protocol, µs",
    "wire_move": "CPU of a turn that moves on, with the client of the protocol, µs",
    "stay": "CPU of a turn that stays, the client's left out, µs",
    "move": "CPU of a turn that moves on, the client's left out, µs",
    "build": "building a session of a 60-node flow, µs",
    "memory": "10,000 live sessions, MB",
    "first": "first streamed words, ms after the turn began",
}
_UNITS = {
    "wire_stay": 1e6,
    "wire_move": 1e6,
    "stay": 1e6,
    "move": 1e6,
    "build": 1e6,
    "memory": 1e-6,
    "first": 1e3,
}


def plan() -> dict[str, Any]:
    """What both have to do."""
    return {
        "small": _flow("Tea or coffee?", 3),
        "large": _flow("Tea or coffee?", 60),
        "spoken": _flow("", 3),
        "turns": 1_000,
        "rounds": 5,
        "wire_turns": 100,
        "builds": 50,
        "sessions": 10_000,
        "tokens": 10,
        "pause": 0.02,
    }


def measure() -> list[str]:
    """The table's rows; ours and the reference's."""
    with serving() as url:
        ours = _run([sys.executable, "-m", "bench.flows"], url)
        theirs = _run([str(reference()), str(Path(__file__).with_name("reference.py"))], url)
    return [_row(name, ours[name], theirs[name]) for name in _NAMES]


def section() -> str:
    """The page's section on the dialog engine, measured now."""
    rows = "\n".join(measure())
    return f"""
## The dialog engine

Beside `superdialog` as the package index has it, in its own venv; the same flow, a model that takes no time.
The first two rows go through the real client to a server on this machine (superdialog makes a client for
each request), the next two leave the client out: what is left is the engine and how it puts its question and
reads the answer, for us with a summary in every fourteenth turn. Each of these is the best of five rounds.

| what | ours | superdialog | share | goal |
|---|---|---|---|---|
{rows}

Streamed: a model that writes ten words, 20 ms apart.
"""


def _row(name: str, ours: float, theirs: float) -> str:
    goal = f"≤ {RATIOS[name]:.0%}" if name in RATIOS else ""
    if name in RATIOS and ours > RATIOS[name] * theirs:
        goal += ", missed"
    unit = _UNITS.get(name, 1e6)
    return f"| {_NAMES[name]} | {ours * unit:,.1f} | {theirs * unit:,.1f} | {ours / theirs:.1%} | {goal} |"


def _run(command: list[str], url: str) -> dict[str, float]:
    keys = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": url, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environ = {**os.environ, **keys}
    run = subprocess.run(
        command, input=json.dumps(plan()), capture_output=True, text=True, check=True, env=environ
    )
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    print(f"· {' '.join(command[:1])}: {figures}", flush=True)
    return figures


def reference() -> Path:
    """The Python that has `superdialog` and a server; its venv is made at the first run."""
    python = VENV / "bin" / "python"
    if not (VENV / "bin" / "fastapi").exists():
        venv.create(VENV, with_pip=True)
        wanted = ("superdialog[fastapi]", "uvloop", "httptools")
        subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted], check=True)
    return python


def _flow(text: str, count: int) -> dict[str, Any]:
    """Nodes in a ring, each with three edges; without `text` a model puts all but the first into words."""
    names = ["a", "b", "c", *(f"n{number}" for number in range(count - 3))]
    nodes: list[dict[str, Any]] = []
    for name, after in zip(names, [*names[1:], names[0]], strict=True):
        others = [item for item in names if item != name][:2]
        edges = [{"id": f"to_{after}", "condition": "the user wants to go on", "target_node_id": after}]
        edges += [
            {"id": f"jump_{name}_{other}", "condition": f"the user asks for {other}", "target_node_id": other}
            for other in others
        ]
        node = {"id": name, "name": name, "edges": edges, "static_text": text or None}
        if not text:
            node |= {"static_text": "Hello!"} if name == "a" else {"instruction": "Talk about the weather."}
        nodes.append({key: value for key, value in node.items() if value is not None})
    return {"system_prompt": "You are a kind host.", "initial_node": "a", "nodes": nodes}


class Client:
    """Calls `function` in every routing request; speech comes as `tokens`, `pause` seconds apart.

    What is neither is a request for a summary.
    """

    def __init__(self, tokens: int, pause: float) -> None:
        self.function = ""
        self.tokens = tokens
        self.pause = pause
        self._made: dict[str, ChatCompletion] = {}
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self.create))

    async def create(self, *, stream: bool = False, **request: Any) -> Any:
        name = self.function if "tools" in request["extra_body"] else ""
        if not stream and name in self._made:
            return self._made[name]
        arguments = '{"brief_response": "Tea or coffee?"}' if self.function == STAY else "{}"
        call = {"id": "c", "type": "function", "function": {"name": self.function, "arguments": arguments}}
        if stream:
            return Pieces(
                self, {"tool_calls": [{"index": 0, **call}]} if "tools" in request["extra_body"] else None
            )
        message = {"role": "assistant", "tool_calls": [call]} if name else _SUMMARY
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        made = ChatCompletion.model_validate({**_HEAD, "object": "chat.completion", "choices": [choice]})
        self._made[name] = made
        return made

    async def close(self) -> None:
        """There is nothing to close."""


class Pieces:
    """A stream of the protocol, one delta or the words one by one."""

    def __init__(self, client: Client, delta: dict[str, Any] | None) -> None:
        self._client = client
        self._delta = delta

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""

    async def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        if self._delta:
            yield _chunk(self._delta)
        else:
            for number in range(self._client.tokens):
                await asyncio.sleep(self._client.pause)
                yield _chunk({"content": f"word{number} "})
        yield _chunk({}, "stop")


_SUMMARY = {"role": "assistant", "content": "They have been talking of tea and of coffee."}
_HEAD = {"id": "c", "created": 1, "model": "none", "usage": None}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return ChatCompletionChunk.model_validate(
        {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}
    )


async def _ours(plan: dict[str, Any]) -> dict[str, float]:
    client = Client(plan["tokens"], plan["pause"])
    model = OpenAIModel("none", api_key="none")
    inner = model._client
    inner._client, inner._loop = client, asyncio.get_running_loop()  # type: ignore[assignment]
    small, large, spoken = (Flow.model_validate(plan[name]) for name in ("small", "large", "spoken"))

    async def turns(functions: list[str]) -> float:
        machine = DialogMachine(small, model)
        await machine.start()
        client.function = functions[0]
        await machine.turn("hello there")
        began = time.process_time()
        for name in functions:
            client.function = name
            await machine.turn("I would like some tea, please")
        return (time.process_time() - began) / len(functions)

    figures = await _over_the_wire(small, plan["wire_turns"])
    moves = (["to_c", "to_a", "to_b"] * plan["turns"])[: plan["turns"]]
    figures["stay"] = min([await turns([STAY] * plan["turns"]) for _ in range(plan["rounds"])])
    figures["move"] = min([await turns(moves) for _ in range(plan["rounds"])])
    DialogMachine(large, model)  # compiled once a process
    began = time.process_time()
    for _ in range(plan["builds"]):
        DialogMachine(large, model)
    figures["build"] = (time.process_time() - began) / plan["builds"]
    before = _resident()
    kept = []
    for _ in range(plan["sessions"]):
        machine = DialogMachine(small, model)
        await machine.start()
        kept.append(machine)
    figures["memory"] = _resident() - before
    machine = DialogMachine(spoken, model)
    await machine.start()
    client.function = "to_b"
    began = time.perf_counter()
    async for _ in await machine.turn("go on", stream=True):
        figures["first"] = time.perf_counter() - began
        break
    return figures


async def _over_the_wire(flow: Flow, count: int) -> dict[str, float]:
    """The same through the real client, to a server on this machine."""
    figures = {}
    for name, calls in (("wire_stay", [STAY]), ("wire_move", ["to_b", "to_c", "to_a"])):
        machine = DialogMachine(flow, OpenAIModel("none", aiohttp=True))  # as in the worker
        await machine.start()
        await machine.turn(f"call {calls[0]}")
        began = time.process_time()
        for number in range(1, count + 1):
            await machine.turn(f"call {calls[number % len(calls)]}")
        figures[name] = (time.process_time() - began) / count
        await machine.aclose()
    return figures


def _resident() -> int:
    """How much memory this process takes now, in bytes (Linux)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_ours(json.loads(sys.stdin.read())))))
