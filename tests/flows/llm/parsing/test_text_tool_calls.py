"""Calls that a model writes as text: read where they can be read, and never said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from flows.compiled.flow import compiled
from flows.llm.model import Condense, Decide, Speak
from flows.llm.openai.model import OpenAIModel
from flows.llm.parsing.decision import Answer
from flows.llm.parsing.reply_stream import Telling
from flows.llm.prompts import BRIEF, STAY
from flows.tools.types import Function
from tests.flows.conversation import edge, flow, machine, node, say
from tests.flows.openai_server import OpenAIServer, call, words

MADE = compiled(flow(node("a", "Hi!", edges=[edge("given", "a"), edge("last_four", "a")])))
QUESTION = Decide(
    MADE.nodes["a"],
    MADE.nodes["a"].edges,
    ("The user gives it.", "The last four."),
    "4321",
    tools=(Function("look_up", "Look it up.", {}),),
)
GIVEN = '{"x": "4321"}'


@pytest.mark.parametrize(
    "content",
    [
        f'{{"name": "given", "arguments": {GIVEN}}}',
        f'{{"name": "given", "parameters": {GIVEN}}}',
        f'{{"type": "function", "function": {{"name": "given", "arguments": {GIVEN}}}}}',
        f'[{{"name": "given", "arguments": {GIVEN}}}]',
        f'<tool_call>\n{{"name": "given", "arguments": {GIVEN}}}\n</tool_call>',
        f'Here you are.\n```json\n{{"name": "given", "arguments": {GIVEN}}}\n```',
        f'Okay!\n{{"name": "given", "arguments": {GIVEN}}}',
        f'{{"name": "given", "arguments": {GIVEN}}}\n{{"name": "why", "arguments": {{}}}}',
        f'[TOOL_CALLS][{{"name": "given", "arguments": {GIVEN}}}]',
        f"[TOOL_CALLS]given{GIVEN}",
        f"[TOOL_CALLS]given[ARGS]{GIVEN}",
        f"<function=given>{GIVEN}</function>",
        "<tool_call>\n<function=given>\n<parameter=x>\n4321\n</parameter>\n</function>\n</tool_call>",
        '<invoke name="given"><parameter name="x">4321</parameter></invoke>',
        f'<|python_tag|>{{"name": "given", "parameters": {GIVEN}}}',
        '<|python_tag|>given.call(x="4321")',
        "given(x='4321')",
        '[given(x="4321")]',
        f"Sure. functions.given({GIVEN})",
        "given({'x': '4321'})",
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>given\n```json\n{GIVEN}\n```",
        f"<|tool_call_begin|>functions.given:0<|tool_call_argument_begin|>{GIVEN}<|tool_call_end|>",
        f"<|channel|>commentary to=functions.given <|constrain|>json<|message|>{GIVEN}<|call|>",
    ],
)
def test_a_call_that_is_written_as_text_is_a_call(content: str) -> None:
    decision = Answer(content).decision("m", QUESTION)
    assert (decision.edge, decision.slots, decision.trouble) == ("given", {"x": "4321"}, "")


@pytest.mark.parametrize("content", ["given()", "<function=given>\n</function>", '{"function": "given"}'])
def test_a_call_may_have_no_arguments(content: str) -> None:
    decision = Answer(content).decision("m", QUESTION)
    assert (decision.edge, decision.slots) == ("given", {})


def test_a_tool_may_be_called_in_text_too() -> None:
    (wanted,) = Answer('look_up(name="Ada")').decision("m", QUESTION).calls
    assert (wanted.name, wanted.arguments) == ("look_up", {"name": "Ada"})


@pytest.mark.parametrize(
    "content",
    [
        f'{STAY}({BRIEF}="Which one?")',
        f'{{"{BRIEF}": "Which one?"}}',
        '{"reply": "Which one?"}',
        f'{{"function": "{STAY}", "reply": "Which one?"}}',
        f'{{"name": "{STAY}", "arguments": {{"{BRIEF}": "Which one?"}}}}',
    ],
)
def test_a_reply_may_be_written_as_a_call_to_stay(content: str) -> None:
    decision = Answer(content).decision("m", QUESTION)
    assert (decision.edge, decision.reply) == ("", "Which one?")


UNREADABLE = [
    '{"name": "given", "arg',
    '{"a": 1}',
    '{"name": 7}',
    '{"function": {}}',
    "<tool_call>{",
    "Sure. <tool_call>{bad json</tool_call>",
    "[TOOL_CALLS]",
    '```json\n{"function": "given"',
    '{"a":' * 50_000,
    "<function=given>" + "<parameter=x>" * 50_000,
    f"{BRIEF}: Which one?",
]


@pytest.mark.parametrize(
    "content", [*UNREADABLE, "given(4321)", 'given(x="half', "given(x=" + "[" * 50_000 + ")"]
)
def test_a_call_that_cannot_be_read_is_not_said(content: str) -> None:
    decision = Answer(content).decision("m", QUESTION)
    assert (decision.edge, decision.reply, decision.trouble) == ("", "", "malformed")


@pytest.mark.parametrize("content", UNREADABLE)
def test_no_call_is_said_in_place_of_a_speech_or_a_reply(content: str) -> None:
    speech = Answer(content).speech("m")
    assert (speech.text, speech.trouble) == ("", "malformed")
    reply = Answer(calls=[(STAY, json.dumps({BRIEF: content}))]).decision("m", QUESTION)
    assert (reply.reply, reply.trouble) == ("", "malformed")


def test_the_name_of_the_function_to_stay_is_not_said() -> None:
    assert Answer(STAY).decision("m", QUESTION).reply == ""


@pytest.mark.parametrize(
    "content",
    [
        "I have given (as agreed) all of it.",
        "Your order(s) are on their way: f(x) {smile}.",
        "I <3 [links](https://x.example), [1] and <b>bold</b>.",
        "It is forgiven() and the last_four are {1, 2}.",
    ],
)
def test_what_only_looks_like_a_call_is_said(content: str) -> None:
    assert Answer(content).decision("m", QUESTION).reply == content
    assert Answer(content).speech("m").text == content


async def test_a_model_that_writes_a_call_for_a_speech_has_said_nothing(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="k", base_url=server.url)
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b")]), node("b", instruction="Ask.", edges=[edge("x", "a")])
    )
    server.answers = [call("go"), words('<tool_call>{"name": "x", "arguments": {}}</tool_call>')]
    answer = await say(machine(made, model), "hi", "go")
    assert (answer.node, answer.text, answer.trouble) == (
        "b",
        "I'm listening. Please tell me more.",
        "malformed",
    )
    server.answers = [words("{}"), words("[TOOL_CALLS][]")]
    assert (await model.speak(Speak("Ask."))).text == ""
    assert (await model.condense(Condense("", ()))).text == ""
    await model.aclose()


PIECES = ["Sure", ". ", "given", "(", ")", "x=", "{", '"name"', ":", "<tool", "_call>", "[TOOL", "_CALLS]"]
TEXTS = st.lists(st.sampled_from([*PIECES, "__stay_on", "_node__", "```", "json", "\ud83d", "\ude00", " "]))


@whatever(TEXTS)
def test_what_is_told_meanwhile_is_what_is_said_up_to_a_call(pieces: list[str]) -> None:
    told: list[str] = []
    telling = Telling(told.append, ("given",))
    for piece in pieces:
        telling.write(piece)
    question = QUESTION._replace(offered=QUESTION.offered[:1], tools=())
    said = Answer("".join(pieces)).decision("m", question).reply
    assert all(piece.encode() for piece in told)
    if said:
        assert said.startswith("".join(told).strip())


@whatever(st.text() | TEXTS.map("".join))
def test_any_text_comes_to_a_decision(text: str) -> None:
    decision = Answer(text).decision("m", QUESTION)
    assert "<tool_call>" not in decision.reply
    assert decision.reply.encode() is not None
    assert decision.edge or decision.calls or decision.reply or decision.trouble
