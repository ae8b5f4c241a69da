"""Tool calls that a model writes as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from flows.compiled import compile_flow
from flows.llm import STAY_FUNCTION_NAME, ReplyRequest, SummaryRequest, TransitionRequest
from flows.llm.functions import BRIEF_RESPONSE_KEY
from flows.llm.openai.model import OpenAIModel
from flows.llm.parsing import ModelOutput, ReplyStreamer, strip_reasoning
from flows.tools import ToolDefinition
from tests.flows.conversation import edge, flow, machine, node, say
from tests.flows.openai_server import OpenAIServer, build_call, build_text_answer

MADE = compile_flow(flow(node("a", "Hi!", edges=[edge("given", "a"), edge("last_four", "a")])))
QUESTION = TransitionRequest(
    MADE.nodes["a"],
    MADE.nodes["a"].edges,
    ("The user gives it.", "The last four."),
    "4321",
    tools=(ToolDefinition("look_up", "Look it up.", {}),),
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
        f"analysisThey gave it.assistantcommentary to=functions.given json{GIVEN}",
        f"given\n{GIVEN}",
        f"given {GIVEN}",
        f"I will do that.\n\n**given**\n{GIVEN}",
        f"Action: given\nAction Input: {GIVEN}",
        f"Thought: They gave it.\nAction: given\nAction Input: {GIVEN}\nObservation:",
        f"tool_call: given {GIVEN}",
        f"Calling given with {GIVEN}",
        f"Calling the function `given`: {GIVEN}",
        '<｜DSML｜invoke name="given"><｜DSML｜parameter name="x" string="true">4321'
        "</｜DSML｜parameter></｜DSML｜invoke>",
        f"given({GIVEN})<|im_end|>",
        f'<|im_start|>assistant\n{{"name": "given", "arguments": {GIVEN}}}<|im_end|>',
    ],
)
def test_a_call_that_is_written_as_text_is_a_call(content: str) -> None:
    decision = ModelOutput(content).to_decision("m", QUESTION)
    assert (decision.edge_id, decision.slots, decision.issue) == ("given", {"x": "4321"}, "")


ANSWER = "Which one?"


@pytest.mark.parametrize(
    "content",
    [
        f"{ANSWER}<|im_end|>",
        f"{ANSWER}</s>",
        f"{ANSWER}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThe first.",
        f"<|im_start|>assistant\n{ANSWER}",
        f"<|channel|>analysis<|message|>They are "
        f"lost.<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
        f"analysisThey are lost.assistantfinal{ANSWER}",
        f"◁think▷They are lost.◁/think▷{ANSWER}",
        f"<reflection>They are lost.</reflection>{ANSWER}",
        f"Thought: They are lost.\nFinal Answer: {ANSWER}",
        f"Bot: {ANSWER}",
        f"Assistant: {ANSWER}\nUser: the first\nAssistant: Fine.",
    ],
)
def test_what_a_server_should_have_removed_is_not_sent(content: str) -> None:
    made = ModelOutput(strip_reasoning(content))
    assert made.to_decision("m", QUESTION).reply == ANSWER
    assert ModelOutput(strip_reasoning(content)).to_reply("m").text == ANSWER


@pytest.mark.parametrize(
    "content", ["Thought: They are lost.", "<|channel|>analysis<|message|>They are", "<think>Hm", "</s>"]
)
def test_thoughts_alone_are_not_an_answer(content: str) -> None:
    decision = ModelOutput(strip_reasoning(content)).to_decision("m", QUESTION)
    assert (decision.reply, decision.issue) == ("", "empty")


@pytest.mark.parametrize("content", ["given()", "<function=given>\n</function>", '{"function": "given"}'])
def test_a_call_may_have_no_arguments(content: str) -> None:
    decision = ModelOutput(content).to_decision("m", QUESTION)
    assert (decision.edge_id, decision.slots) == ("given", {})


def test_a_tool_may_be_called_in_text_too() -> None:
    (wanted,) = ModelOutput('look_up(name="Ada")').to_decision("m", QUESTION).calls
    assert (wanted.name, wanted.arguments) == ("look_up", {"name": "Ada"})


@pytest.mark.parametrize(
    "content",
    [
        f'{STAY_FUNCTION_NAME}({BRIEF_RESPONSE_KEY}="Which one?")',
        f'{{"{BRIEF_RESPONSE_KEY}": "Which one?"}}',
        '{"reply": "Which one?"}',
        f'{{"function": "{STAY_FUNCTION_NAME}", "reply": "Which one?"}}',
        f'{{"name": "{STAY_FUNCTION_NAME}", "arguments": {{"{BRIEF_RESPONSE_KEY}": "Which one?"}}}}',
    ],
)
def test_a_reply_may_be_written_as_a_call_to_stay(content: str) -> None:
    decision = ModelOutput(content).to_decision("m", QUESTION)
    assert (decision.edge_id, decision.reply) == ("", "Which one?")


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
    f"{BRIEF_RESPONSE_KEY}: Which one?",
]


@pytest.mark.parametrize(
    "content", [*UNREADABLE, "given(4321)", 'given(x="half', "given(x=" + "[" * 50_000 + ")"]
)
def test_an_unreadable_call_is_not_sent(content: str) -> None:
    decision = ModelOutput(content).to_decision("m", QUESTION)
    assert (decision.edge_id, decision.reply, decision.issue) == ("", "", "malformed")


@pytest.mark.parametrize("content", UNREADABLE)
def test_no_call_is_sent_as_a_message(content: str) -> None:
    speech = ModelOutput(content).to_reply("m")
    assert (speech.text, speech.issue) == ("", "malformed")
    reply = ModelOutput(calls=[(STAY_FUNCTION_NAME, json.dumps({BRIEF_RESPONSE_KEY: content}))]).to_decision(
        "m", QUESTION
    )
    assert (reply.reply, reply.issue) == ("", "malformed")


def test_the_name_of_the_function_to_stay_is_not_sent() -> None:
    assert ModelOutput(STAY_FUNCTION_NAME).to_decision("m", QUESTION).reply == ""


@pytest.mark.parametrize(
    "content",
    [
        "I have given (as agreed) all of it.",
        "Your order(s) are on their way: f(x) {smile}.",
        "I <3 [links](https://x.example), [1] and <b>bold</b>.",
        "It is forgiven() and the last_four are {1, 2}.",
        "Thought for the day: action counts. Note: we are calling you at 9.",
        "The total is: {4}. Please answer: yes or no?",
        "Action: please confirm your e-mail.",
        "Analysis paralysis is no issue; the assistant final check follows.",
    ],
)
def test_what_only_looks_like_a_call_is_sent(content: str) -> None:
    assert ModelOutput(content).to_decision("m", QUESTION).reply == content
    assert ModelOutput(content).to_reply("m").text == content


async def test_a_model_that_writes_a_call_for_a_speech_has_said_nothing(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="k", base_url=server.url)
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b")]), node("b", instruction="Ask.", edges=[edge("x", "a")])
    )
    server.answers = [
        build_call("go"),
        build_text_answer('<tool_call>{"name": "x", "arguments": {}}</tool_call>'),
    ]
    answer = await say(machine(made, model), "hi", "go")
    assert (answer.node, answer.text, answer.issue) == (
        "b",
        "I'm listening. Please tell me more.",
        "malformed",
    )
    server.answers = [build_text_answer("{}"), build_text_answer("[TOOL_CALLS][]")]
    assert (await model.generate_reply(ReplyRequest("Ask."))).text == ""
    assert (await model.summarize(SummaryRequest("", ()))).text == ""
    await model.aclose()


PIECES = ["Sure", ". ", "given", "(", ")", "x=", "{", '"name"', ":", "<tool", "_call>", "[TOOL", "_CALLS]"]
TEXTS = st.lists(st.sampled_from([*PIECES, "__stay_on", "_node__", "```", "json", "\ud83d", "\ude00", " "]))


@whatever(TEXTS)
def test_the_streamed_text_is_the_sent_text_up_to_a_call(pieces: list[str]) -> None:
    told: list[str] = []
    telling = ReplyStreamer(told.append, ("given",))
    for piece in pieces:
        telling.write(piece)
    question = QUESTION._replace(available_edges=QUESTION.available_edges[:1], tools=())
    said = ModelOutput("".join(pieces)).to_decision("m", question).reply
    assert all(piece.encode() for piece in told)
    if said:
        assert said.startswith("".join(told).strip())


@whatever(st.text() | TEXTS.map("".join))
def test_any_text_comes_to_a_decision(text: str) -> None:
    decision = ModelOutput(text).to_decision("m", QUESTION)
    assert "<tool_call>" not in decision.reply
    assert decision.reply.encode() is not None
    assert decision.edge_id or decision.calls or decision.reply or decision.issue
