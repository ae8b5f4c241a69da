"""The dialog engine against `superdialog` from the package index, each in a separate process.

Measured twice: through the real client of the OpenAI protocol to a server that answers at once, and with the
client replaced by one that answers at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from bench.programs.instant_model_server import running_model_server
from flows.llm import STAY_FUNCTION_NAME

VENV = Path(__file__).parents[2] / ".venv" / "reference"
RATIOS = {
    "wire_stay": 0.5,
    "wire_move": 0.5,
    "stay": 1.5,
    "move": 1.5,
    "long": 1.5,
    "build": 0.01,
    "memory": 0.1,
}
"""Goals: upper limits as a share of the reference's figure."""

_NAMES = {
    "wire_stay": "CPU of a turn that stays, with the client of the protocol, µs",
    "wire_move": "CPU of a turn that moves on, with the client of the protocol, µs",
    "stay": "CPU of a turn that stays, the client's left out, in conversations of 15 turns, µs",
    "move": "CPU of a turn that moves on, the client's left out, in conversations of 15 turns, µs",
    "long": "CPU of a turn that stays, the client's left out, in one of 1,000 turns with summaries, µs",
    "build": "building a session of a 60-node flow, µs",
    "memory": "10,000 live sessions, MB",
    "first": "first streamed words, ms after the turn began",
}
_UNITS = {
    "wire_stay": 1e6,
    "wire_move": 1e6,
    "stay": 1e6,
    "move": 1e6,
    "long": 1e6,
    "build": 1e6,
    "memory": 1e-6,
    "first": 1e3,
}


def build_plan() -> dict[str, Any]:
    """Return the workload of both engines."""
    return {
        "small": _build_flow("Tea or coffee?", 3),
        "large": _build_flow("Tea or coffee?", 60),
        "spoken": _build_flow("", 3),
        "conversations": {
            "stay": ([STAY_FUNCTION_NAME] * 16, 70),
            "move": ((["to_b", "to_c", "to_a"] * 6)[:16], 70),
            "long": ([STAY_FUNCTION_NAME] * 1_001, 1),
        },
        "rounds": 5,
        "wire": {"wire_stay": [STAY_FUNCTION_NAME], "wire_move": ["to_b", "to_c", "to_a"]},
        "wire_turns": 100,
        "builds": 50,
        "sessions": 10_000,
        "tokens": 10,
        "pause": 0.02,
    }


def measure() -> list[str]:
    """Measure both and return the table's rows."""
    with running_model_server() as url:
        turngate = _run_engine([sys.executable, "-m", "bench.engine.measurements"], url)
        reference = _run_engine(
            [str(install_reference()), "-m", "bench.programs.superdialog_engine"],
            url,
        )
    return [_render_row(name, turngate[name], reference[name]) for name in _NAMES]


def render_section() -> str:
    """Measure, and render the page's section on the dialog engine."""
    rows = "\n".join(measure())
    return f"""
## The dialog engine

Compared with the released package `superdialog` in a separate venv, with the same flow and a model that takes
no time. The first two rows use the real client and a server on this machine (superdialog creates a client for
each request). The next three rows exclude the client: they measure the engine, its prompt and the parsing of
the answer. superdialog always streams the answer, here token by token as OpenAI's servers do; our engine only
streams if a client reads the stream. In a long conversation every fourteenth of our turns has a second
request to the model, for the summary of older messages; superdialog has no summary. Our engine also searches
the message for quotations of the bot, and the answer for links, private instructions and promises that no
function fulfils. Each of the three is the best of five rounds.

| what | ours | superdialog | share | goal |
|---|---|---|---|---|
{rows}

Streamed: a model that writes ten words, 20 ms apart.
"""


def _render_row(name: str, turngate: float, reference: float) -> str:
    goal = f"≤ {RATIOS[name]:.0%}" if name in RATIOS else ""
    if name in RATIOS and turngate > RATIOS[name] * reference:
        goal += ", missed"
    unit = _UNITS.get(name, 1e6)
    figures = f"{turngate * unit:,.1f} | {reference * unit:,.1f} | {turngate / reference:.1%}"
    return f"| {_NAMES[name]} | {figures} | {goal} |"


def _run_engine(command: list[str], url: str) -> dict[str, float]:
    keys = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": url, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environ = {**os.environ, **keys}
    run = subprocess.run(
        command, input=json.dumps(build_plan()), capture_output=True, text=True, check=True, env=environ
    )
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    print(f"· {' '.join(command[:1])}: {figures}", flush=True)
    return figures


def install_reference() -> Path:
    """Return the Python that has `superdialog` and a server; its venv is created at the first run."""
    python = VENV / "bin" / "python"
    if not (VENV / "bin" / "fastapi").exists():
        venv.create(VENV, with_pip=True)
        requirements = ("superdialog[fastapi]", "uvloop", "httptools")
        subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
    return python


def _build_flow(text: str, count: int) -> dict[str, Any]:
    """Build a ring of nodes, each with three edges; without `text` a model phrases all but the first."""
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
