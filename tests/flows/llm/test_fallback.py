"""Fallback models, and replies when a model fails or its output is unusable."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse, Response

from flows.llm import STAY_FUNCTION_NAME, ModelError, ScriptedModel, TransitionDecision, create_model
from flows.llm.fallback import FallbackModel
from flows.llm.parsing import MAX_REPLY_LENGTH
from flows.llm.parsing.decision import shorten_reply
from flows.locales import ENGLISH
from tests.flows.conversation import edge, flow, machine, node, say
from tests.flows.openai_server import (
    CUT,
    OpenAIServer,
    StreamedAnswer,
    build_busy_error,
    build_call,
    build_completion,
    build_text_answer,
)

END = node("end", "The end.", is_final=True)
MADE = flow(node("a", "Hello! Which digits?", edges=[edge("go", "end", keywords=["go"])]), END)


async def test_the_second_model_answers_when_the_first_does_not(server: OpenAIServer) -> None:
    server.answers = [JSONResponse({"error": {}}, 401), build_call("go")]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    answer = await say(machine(MADE, model), "hi", "go")
    assert (answer.outcome, answer.model) == ("final", "openai/small")
    assert [request["model"] for request in server.requests] == ["big", "small"]
    await model.aclose()


@pytest.mark.long
async def test_rules_may_be_the_last_resort() -> None:
    model = create_model("openai/big,rules", api_key="k", base_url="http://127.0.0.1:9/v1")
    answer = await say(machine(MADE, model), "hi", "go")
    assert (answer.outcome, answer.model) == ("final", "rules")
    await model.aclose()


async def test_a_model_that_just_failed_is_tried_last() -> None:
    now = [0.0]
    first = ScriptedModel([ModelError("slow"), TransitionDecision(edge_id="go")])
    second = ScriptedModel([TransitionDecision(reply="One."), TransitionDecision(reply="Two.")])
    dialog = machine(MADE, FallbackModel([first, second], rest_seconds=10, clock=lambda: now[0]))
    assert [(await dialog.turn(text)).text for text in ("hi", "x", "y")][1:] == ["One.", "Two."]
    assert len(first.transition_requests) == 1
    now[0] = 11.0
    assert (await dialog.turn("go")).outcome == "final"


async def test_no_model_at_all_costs_an_apology_and_never_the_same_twice() -> None:
    failing = [ScriptedModel([ModelError("a")] * 3), ScriptedModel([ModelError("b")] * 3)]
    dialog = machine(MADE, FallbackModel(failing))
    answers = [await dialog.turn(text) for text in ("hi", "x", "y", "z")][1:]
    assert [answer.outcome for answer in answers] == ["error"] * 3
    assert len({answer.text for answer in answers}) == 3
    assert answers[0].text == ENGLISH.apology


async def test_a_rate_limit_is_retried_before_the_fallback_model(server: OpenAIServer) -> None:
    server.answers = [build_busy_error(), build_call("go")]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    assert (await say(machine(MADE, model), "hi", "go")).model == "openai/big"
    await model.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome", "trouble", "text"),
    [
        (
            build_completion({"role": "assistant", "refusal": "I must not."}),
            "refused",
            "refused",
            f"{ENGLISH.refusal} Hello! Which digits?",
        ),
        (build_text_answer(""), "stay", "empty", "Sorry, I didn't get that. Hello! Which digits?"),
        (build_call("go", "{"), "stay", "malformed", "Sorry, I didn't get that. Hello! Which digits?"),
        (
            build_call(STAY_FUNCTION_NAME, {"brief_response": "Word. " * 3000}),
            "stay",
            "cut",
            "Word. " * 2665 + "Word.",
        ),
        (JSONResponse({"error": {}}, 404), "error", "", ENGLISH.apology),
    ],
    ids=["refusal", "empty", "malformed", "too-long", "none"],
)
async def test_whatever_a_model_gives_has_a_sentence_and_an_outcome(
    server: OpenAIServer, answer: Response, outcome: str, trouble: str, text: str
) -> None:
    server.answers = [answer]
    model = create_model("openai/small", api_key="k", base_url=server.url)
    result = await say(machine(MADE, model), "hi", "hm")
    assert (result.outcome, result.issue, result.text) == (outcome, trouble, text)
    await model.aclose()


UNUSABLE = {
    "empty": build_text_answer(""),
    "null": build_text_answer(None),
    "whitespace": build_text_answer(" \n "),
    "thoughts": build_text_answer("<think>They want to go.</think>"),
    "open thoughts": build_text_answer("<think>They want"),
    "stay without words": build_call(STAY_FUNCTION_NAME),
    "unknown function": build_call("no_such"),
    "malformed arguments": build_call("go", "{"),
    "unreadable text": build_text_answer("<tool_call>{"),
    "length, nothing": build_completion({"role": "assistant", "content": ""}, finish="length"),
    "length, half a sentence": build_completion(
        {"role": "assistant", "content": "You could"}, finish="length"
    ),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("second", ["openai/small", "rules"])
async def test_an_unusable_answer_counts_as_none(
    server: OpenAIServer, caplog: pytest.LogCaptureFixture, answer: Response, second: str
) -> None:
    server.answers = [answer, build_call("go")]
    model = create_model(f"openai/big,{second}", api_key="k", base_url=server.url)
    result = await say(machine(MADE, model), "hi", "go")
    assert (result.outcome, result.model) == ("final", second)
    (failure,) = result.failures
    assert failure.startswith("openai/big:")
    assert f"model openai/big gave no answer: {failure.removeprefix('openai/big:')}" in caplog.text
    await model.aclose()


async def test_a_cut_answer_is_better_than_none(server: OpenAIServer) -> None:
    server.answers = [
        build_completion({"role": "assistant", "content": "We close at six. And"}, finish="length"),
        build_text_answer(""),
    ]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    result = await say(machine(MADE, model), "hi", "when?")
    assert (result.text, result.issue) == ("We close at six.", "cut")
    assert result.failures == ("openai/big:cut", "openai/small:empty")
    await model.aclose()


async def test_nothing_to_say_in_answer_to_a_greeting_is_an_answer(server: OpenAIServer) -> None:
    server.answers = [build_call(STAY_FUNCTION_NAME)]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    result = await machine(MADE, model).turn("good evening to everybody there")
    assert (result.text, result.failures, len(server.requests)) == ("Hello! Which digits?", (), 1)
    await model.aclose()


@pytest.mark.long
async def test_each_model_may_have_its_own_server_and_key(server: OpenAIServer) -> None:
    async with OpenAIServer().running() as other:
        host = other.url.removeprefix("http://").removesuffix("/v1")
        server.answers, other.answers = (
            [JSONResponse({"error": {}}, 401)] * 2,
            [build_call("go"), build_call("go")],
        )
        for keys, sent in (({host: "own"}, "Bearer own"), ({}, "Bearer none")):
            spec = f"openai/big,openai/org/small@http://{host}"
            model = create_model(spec, api_key="sk-first", base_url=server.url, keys=keys)
            result = await say(machine(MADE, model), "hi", "go")
            assert (result.outcome, result.model) == ("final", f"openai/org/small@{host}")
            assert (server.keys[-1], other.keys[-1]) == ("Bearer sk-first", sent)
            assert other.requests[-1]["model"] == "org/small"
            await model.aclose()


async def test_a_streamed_answer_that_fails_is_replaced_by_the_next_models(server: OpenAIServer) -> None:
    server.answers = [StreamedAnswer("It is", CUT), build_text_answer("Which one?")]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    dialog = machine(MADE, model)
    await dialog.turn("hi")
    chunks = [chunk async for chunk in await dialog.turn("hm", stream=True)]
    assert [chunk.text for chunk in chunks] == ["It is", "Which one?"]
    assert chunks[-1].is_restart
    await model.aclose()


async def test_a_filtered_completion_is_a_refusal(server: OpenAIServer) -> None:
    choices = [{"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant"}}]
    server.answers = [build_completion({}, choices=choices)]
    model = create_model("openai/small", api_key="k", base_url=server.url)
    assert (await say(machine(MADE, model), "hi", "hm")).outcome == "refused"
    await model.aclose()


def test_a_text_without_an_end_is_cut_between_words() -> None:
    text, trouble = shorten_reply("word " * 4000)
    assert (len(text) <= MAX_REPLY_LENGTH, text[-5:], trouble) == (True, "word…", "cut")
    assert len(shorten_reply("x" * 17_000)[0]) == MAX_REPLY_LENGTH
