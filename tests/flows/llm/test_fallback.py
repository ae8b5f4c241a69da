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
from tests.flows.openai_server import OpenAIServer, busy, call, completion, words

END = node("end", "The end.", is_final=True)
MADE = flow(node("a", "Hello! Which digits?", edges=[edge("go", "end", keywords=["go"])]), END)


async def test_the_second_model_answers_when_the_first_does_not(server: OpenAIServer) -> None:
    server.answers = [JSONResponse({"error": {}}, 401), call("go")]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    answer = await say(machine(MADE, model), "hi", "go")
    assert (answer.outcome, answer.model) == ("final", "openai/small")
    assert [request["model"] for request in server.requests] == ["big", "small"]
    await model.aclose()


async def test_rules_may_be_the_last_resort() -> None:
    model = create_model("openai/big,rules", api_key="k", base_url="http://127.0.0.1:9/v1")
    answer = await say(machine(MADE, model), "hi", "go")
    assert (answer.outcome, answer.model) == ("final", "rules")
    await model.aclose()


async def test_a_model_that_just_failed_is_tried_last() -> None:
    now = [0.0]
    first = ScriptedModel([ModelError("slow"), TransitionDecision(edge_id="go")])
    second = ScriptedModel([TransitionDecision(reply="One."), TransitionDecision(reply="Two.")])
    talk = machine(MADE, FallbackModel([first, second], rest_seconds=10, clock=lambda: now[0]))
    assert [(await talk.turn(text)).text for text in ("hi", "x", "y")][1:] == ["One.", "Two."]
    assert len(first.transition_requests) == 1
    now[0] = 11.0
    assert (await talk.turn("go")).outcome == "final"


async def test_no_model_at_all_costs_an_apology_and_never_the_same_twice() -> None:
    failing = [ScriptedModel([ModelError("a")] * 3), ScriptedModel([ModelError("b")] * 3)]
    talk = machine(MADE, FallbackModel(failing))
    answers = [await talk.turn(text) for text in ("hi", "x", "y", "z")][1:]
    assert [answer.outcome for answer in answers] == ["error"] * 3
    assert len({answer.text for answer in answers}) == 3
    assert answers[0].text == ENGLISH.apology


async def test_a_rate_limit_is_retried_before_the_fallback_model(server: OpenAIServer) -> None:
    server.answers = [busy(), call("go")]
    model = create_model("openai/big,openai/small", api_key="k", base_url=server.url)
    assert (await say(machine(MADE, model), "hi", "go")).model == "openai/big"
    await model.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome", "trouble", "text"),
    [
        (
            completion({"role": "assistant", "refusal": "I must not."}),
            "refused",
            "refused",
            f"{ENGLISH.refusal} Hello! Which digits?",
        ),
        (words(""), "stay", "empty", "Sorry, I didn't get that. Hello! Which digits?"),
        (call("go", "{"), "stay", "malformed", "Sorry, I didn't get that. Hello! Which digits?"),
        (
            call(STAY_FUNCTION_NAME, {"brief_response": "Word. " * 3000}),
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


async def test_a_filtered_completion_is_a_refusal(server: OpenAIServer) -> None:
    choices = [{"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant"}}]
    server.answers = [completion({}, choices=choices)]
    model = create_model("openai/small", api_key="k", base_url=server.url)
    assert (await say(machine(MADE, model), "hi", "hm")).outcome == "refused"
    await model.aclose()


def test_a_text_without_an_end_is_cut_between_words() -> None:
    text, trouble = shorten_reply("word " * 4000)
    assert (len(text) <= MAX_REPLY_LENGTH, text[-5:], trouble) == (True, "word…", "cut")
    assert len(shorten_reply("x" * 17_000)[0]) == MAX_REPLY_LENGTH
