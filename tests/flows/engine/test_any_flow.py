"""Property test: for any valid flow, message and model output a turn ends with a defined outcome."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from core.ports import FetchError, HttpRequest, HttpResponse, State
from flows.document import Flow
from flows.engine import DialogMachine, NodeVisit
from flows.engine.action_runner import MAX_CALLS_PER_TURN
from flows.engine.transitions.transition_executor import MAX_TRANSITIONS_PER_TURN
from flows.llm import (
    GeneratedReply,
    ModelError,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)
from flows.state.dialog_state import MAX_STATE_LENGTH
from flows.tools import ToolCallRequest
from tests.effort import example_count
from tests.flows.conversation import Json, document, turn

NAMES = ("a", "b", "c", "d", "e")
OUTCOMES = {"stay", "advance", "final", "hand_off", "error", "refused", "rounds", "hops"}
SLOTS = ("name", "day", "count")
KINDS: dict[str, Json] = {
    "name": {"type": "string"},
    "day": {"type": "string", "format": "date"},
    "count": {"type": "integer"},
}

texts = st.sampled_from(
    ["Hello {{ name }}.", "{{ found.data }}", "Really?", "{% if day %}x{% endif %}", "A."]
)
conditions = st.sampled_from(["always", "name == 'x'", "found.success is true", "count is not empty", "yes"])
guards = st.sampled_from([None, "name", "found.status == 404", "not count", "1 / 0"])
triggers = st.fixed_dictionaries(
    {"trigger": st.sampled_from(["on_enter", "on_exit"]), "action_id": st.sampled_from(["get", "post"])}
)


@st.composite
def draw_edges(draw: st.DrawFn, source: str) -> list[Json]:
    made = []
    for number in range(draw(st.integers(0, 3))):
        learnt = draw(st.lists(st.sampled_from(SLOTS), unique=True, max_size=2))
        made.append(
            {
                "id": f"{source}{number}",
                "condition": draw(conditions),
                "target_node_id": draw(st.sampled_from((*NAMES, None))),
                "guard": draw(guards),
                "is_fallback": draw(st.booleans()),
                "keywords": draw(st.lists(st.sampled_from(["yes", "no", "x"]), max_size=2)),
                "actions": draw(st.lists(triggers, max_size=1)),
                "input_schema": {
                    "type": "object",
                    "properties": {name: KINDS[name] for name in learnt},
                    "required": learnt[:1],
                },
            }
        )
    return made


@st.composite
def draw_nodes(draw: st.DrawFn, name: str) -> Json:
    own = draw(draw_edges(name))
    failing = [*(item["id"] for item in own if item["target_node_id"]), "help", None]
    return {
        "id": name,
        "name": name,
        "static_text": draw(st.one_of(st.none(), texts)),
        "instruction": draw(st.one_of(st.none(), texts)),
        "node_type": draw(st.sampled_from([None, None, "router", "static"])),
        "is_final": draw(st.sampled_from([False, False, False, True])),
        "hand_off": draw(st.sampled_from([False, False, False, True])),
        "auto_proceed": draw(st.booleans()),
        "interruptible": draw(st.booleans()),
        "max_turns": draw(st.sampled_from([None, 0, 1])),
        "allow_skip": draw(st.booleans()),
        "completion_criteria": draw(st.sampled_from([None, [{"key": "name"}]])),
        "choices": draw(st.lists(st.sampled_from(["Yes", "No"]), unique=True, max_size=2)),
        "edges": own,
        "actions": [
            {**each, "on_failure": draw(st.sampled_from(failing))}
            for each in draw(st.lists(triggers, max_size=2))
        ],
    }


@st.composite
def draw_flows(draw: st.DrawFn) -> Flow:
    calls: list[Json] = [
        {"id": "get", "name": "g", "method": "GET", "url": "https://x.example/{{ name }}"},
        {
            "id": "post",
            "name": "p",
            "method": "POST",
            "url": "https://x.example",
            "body": {"n": "{{ name }}"},
        },
    ]
    helped = {"id": "help", "condition": "help", "target_node_id": draw(st.sampled_from(NAMES))}
    made = document(
        *(draw(draw_nodes(name)) for name in NAMES),
        actions=[{**each, "name": "x", "store_response_as": "found", "retries": 0} for each in calls],
        global_edges=[helped],
        after_final=draw(st.sampled_from(["restart", "closed", "hand_off"])),
    )
    return Flow.from_json(json.dumps(made))


junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
edge_ids = st.one_of(
    st.sampled_from([f"{name}{number}" for name in NAMES for number in range(3)]),
    st.sampled_from([*NAMES, "help", "", "get"]),
    st.text(max_size=5),
)
tool_calls = st.builds(
    ToolCallRequest, st.sampled_from(["tool", "nope"]), st.dictionaries(st.text(max_size=3), junk)
)
decisions = st.builds(
    TransitionDecision,
    edge_id=edge_ids,
    slots=st.dictionaries(st.sampled_from([*SLOTS, "found", "secrets", "env"]), junk, max_size=3),
    reply=st.one_of(st.just(""), st.text(max_size=50)),
    error_message=st.sampled_from(["", "", "Why."]),
    calls=st.lists(tool_calls, max_size=2).map(tuple),
    issue=st.sampled_from(["", "", "", "refused", "malformed"]),
)
gone = st.just(ModelError("gone"))
answers = st.one_of(decisions, decisions, gone)
speeches = st.one_of(st.builds(GeneratedReply, text=st.text(max_size=20)), gone)
messages = st.one_of(st.sampled_from(["hi", "yes", "1", "x", "4 May 2027"]), st.text(max_size=30))
fetches = st.sampled_from(
    [
        HttpResponse(status=200, body=b'{"a": [1]}'),
        HttpResponse(status=404, body=b"\xff"),
        FetchError("no", sent=True),
    ]
)


class World:
    """A model and an outside world that answer with whatever comes next, over and over."""

    name = "any"

    def __init__(self, decided: list[Any], spoken: list[Any], fetched: list[Any]) -> None:
        self._decided, self._spoken, self._fetched = decided, spoken, fetched
        self.calls = 0

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        decision = self._next(self._decided)
        assert isinstance(decision, TransitionDecision)
        return decision

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        speech = self._next(self._spoken)
        assert isinstance(speech, GeneratedReply)
        return speech

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        return await self.generate_reply(ReplyRequest(""))

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        fetched = self._next(self._fetched)
        assert isinstance(fetched, HttpResponse)
        return fetched

    async def aclose(self) -> None:
        pass

    def _next(self, script: list[Any]) -> object:
        item = script[0]
        script.append(script.pop(0))
        if isinstance(item, Exception):
            raise item
        return item


def tool(n: int = 0) -> int:
    """It counts."""
    return n


@pytest.mark.long
@pytest.mark.slow
@settings(max_examples=example_count(120), suppress_health_check=[HealthCheck.too_slow])  # whole flows
@given(
    flow=draw_flows(),
    said=st.lists(messages, min_size=1, max_size=4),
    decided=st.lists(answers, min_size=1, max_size=4),
    spoken=st.lists(speeches, min_size=1, max_size=2),
    fetched=st.lists(fetches, min_size=1, max_size=2),
    lines=st.sampled_from([0, 0, 37, 38, 40]),
)
def test_a_turn_has_a_defined_outcome_and_says_something_within_its_bounds(
    flow: Flow, said: list[str], decided: list[Any], spoken: list[Any], fetched: list[Any], lines: int
) -> None:
    history: list[JsonValue] = [{"role": "user", "content": f"Line {number}."} for number in range(lines)]
    begun: State | None = {"node": flow.initial_node, "history": history} if lines else None
    world = World(decided, spoken, fetched)
    hops: list[NodeVisit] = []
    machine = DialogMachine(flow, world, [tool], fetch=world, watch=hops.append)

    async def dialog() -> None:
        state: State | None = begun
        for text in said:
            hops.clear()
            world.calls = 0
            step = await machine.answer(turn(text), state)
            assert step.outcome in OUTCOMES
            assert step.messages
            assert all(message.text.strip() for message in step.messages)
            assert step.hand_off == (step.outcome == "hand_off")
            assert len(hops) <= 2 * MAX_TRANSITIONS_PER_TURN
            assert world.calls <= MAX_CALLS_PER_TURN
            without = {key: step.state[key] for key in step.state if key not in ("history", "summary")}
            assert len(json.dumps(without, ensure_ascii=False)) <= MAX_STATE_LENGTH
            assert json.loads(json.dumps(step.state, allow_nan=False)) == step.state
            state = step.state

    asyncio.run(dialog())
