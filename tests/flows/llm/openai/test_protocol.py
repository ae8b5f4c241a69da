"""Responses that deviate from the OpenAI protocol."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response, StreamingResponse

from flows.engine import DialogMachine
from flows.llm import STAY_FUNCTION_NAME, ModelError, ReplyRequest, ScriptedModel, SummaryRequest
from flows.llm.fallback import FallbackModel
from flows.llm.functions import BRIEF_RESPONSE_KEY
from flows.llm.openai.model import OpenAIModel
from flows.llm.parsing import ModelOutput
from flows.locales import ENGLISH
from flows.text import replace_surrogates
from tests.flows.conversation import edge, flow, input_schema, machine, node, say
from tests.flows.openai_server import OpenAIServer, build_call, build_completion, build_text_answer

MADE = flow(
    node("a", "Hello!", edges=[edge("given", "b", input_schema=input_schema(name={"type": "string"}))]),
    node("b", "Hi {{ name }}.", edges=[edge("go", "a")]),
)


@pytest.fixture(params=[False, True], ids=["httpx2", "aiohttp"])
async def model(server: OpenAIServer, request: pytest.FixtureRequest) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel("small", api_key="k", base_url=server.url, retries=0, aiohttp=request.param)
    yield model
    await model.aclose()


@pytest.fixture
def dialog(model: OpenAIModel) -> DialogMachine:
    return machine(MADE, model)


async def endless_body() -> AsyncIterator[bytes]:
    """Yield far more than a client reads; this server does not notice a disconnected client."""
    yield b'{"choices": [{"message": {"content": "'
    for _ in range(40):
        yield b"a" * 1_000_000


def build_answer(**parts: object) -> Response:
    return JSONResponse({"choices": [{"message": parts}]})


NO_ANSWERS = [
    Response("<html>"),
    Response("null", media_type="application/json"),
    JSONResponse([]),
    JSONResponse({}),
    JSONResponse({"error": {"message": "upstream", "code": 502}}),
    JSONResponse({"choices": []}),
    JSONResponse({"choices": None}),
    JSONResponse({"choices": 7}),
    JSONResponse({"choices": "x"}),
    JSONResponse({"choices": [{}]}),
    JSONResponse({"choices": {"0": {}}}),
    build_answer(content=5),
    build_answer(content={"text": "a"}),
    build_answer(content=[7]),
    build_answer(content=[{"type": "text"}]),
    build_answer(refusal=5),
    build_answer(tool_calls={"a": 1}),
    build_answer(tool_calls=[{"function": {"name": ["given"], "arguments": "{}"}}]),
    build_answer(tool_calls=[{"function": {"name": None, "arguments": "{}"}}]),
    Response("[" * 100_000, media_type="application/json"),
    Response('{"a":' * 100_000, media_type="application/json"),
]


@pytest.mark.parametrize("answer", NO_ANSWERS)
async def test_an_invalid_response_leads_to_an_apology(
    server: OpenAIServer, dialog: DialogMachine, answer: Response
) -> None:
    server.answers = [answer]
    result = await say(dialog, "hi", "Ada")
    assert (result.outcome, result.text) == ("error", ENGLISH.apology)
    assert len(server.requests) == 1


async def test_an_incomplete_answer_counts_as_none(server: OpenAIServer, dialog: DialogMachine) -> None:
    server.answers = [StreamingResponse(endless_body(), media_type="application/json")]
    assert (await say(dialog, "hi", "Ada")).outcome == "error"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b'{"choices": "' + bytes(40_000_000) + b'"}', 1), "gzip"),
        (b"{}", "gzip"),
        (b"{}", "br"),
    ],
    ids=["bomb", "no gzip", "not asked for"],
)
async def test_a_compressed_answer_that_cannot_be_read_counts_as_none(
    server: OpenAIServer, dialog: DialogMachine, body: bytes, encoding: str
) -> None:
    server.answers = [Response(body, headers={"content-encoding": encoding})]
    assert (await say(dialog, "hi", "Ada")).outcome == "error"


async def test_a_compressed_answer_is_unpacked(server: OpenAIServer, model: OpenAIModel) -> None:
    body = gzip.compress(json.dumps({"choices": [{"message": {"content": "Hello!"}}]}).encode())
    server.answers = [Response(body, headers={"content-encoding": "gzip"}, media_type="application/json")]

    assert (await model.generate_reply(ReplyRequest("Greet."))).text == "Hello!"


async def test_another_model_is_asked_where_one_gives_no_answer(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.answers = [JSONResponse({"error": {"message": "overloaded"}})]
    both = FallbackModel([model, ScriptedModel(speeches=[ModelError("down")])])
    with pytest.raises(ModelError, match="protocol; down"):
        await both.generate_reply(ReplyRequest("Greet."))


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ('{"total_tokens": 7}', 7),
        ('{"prompt_tokens": 900, "completion_tokens": 100}', 1_000),
        ('{"total_tokens": 0, "prompt_tokens": 3, "completion_tokens": null}', 3),
        ('{"total_tokens": "abc"}', 0),
        ('{"total_tokens": -7}', 0),
        ('{"total_tokens": 1e999}', 0),
        ('{"total_tokens": NaN}', 0),
        ("[1]", 0),
        ("null", 0),
    ],
)
async def test_an_answer_is_good_whatever_is_said_of_its_cost(
    server: OpenAIServer, dialog: DialogMachine, usage: str, tokens: int
) -> None:
    body = f'{{"choices": [{{"message": {{"content": "Which name?"}}}}], "usage": {usage}}}'
    server.answers = [Response(body, media_type="application/json")]
    answer = await say(dialog, "hi", "hm")
    assert (answer.text, answer.tokens) == ("Which name?", tokens)


async def test_a_text_may_come_in_parts(server: OpenAIServer, dialog: DialogMachine) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    parts = [thought, {"type": "text", "text": "Which "}, {"type": "text", "text": "name?"}]
    server.answers = [build_text_answer(parts)]
    assert (await say(dialog, "hi", "hm")).text == "Which name?"


async def test_half_a_character_harms_no_conversation(server: OpenAIServer, dialog: DialogMachine) -> None:
    server.answers = [
        build_text_answer("Hello \ud83d bye \ud83d\ude00"),
        build_call(STAY_FUNCTION_NAME, '{"brief_response": "Well \\ud83d."}'),
        build_call(
            STAY_FUNCTION_NAME, json.dumps({BRIEF_RESPONSE_KEY: "Well \\ud83d\\ude00."}).replace("\\\\", "\\")
        ),
        build_call("given", '{"name": "Ada \ud83d"}'),
    ]
    answers = [await say(dialog, text) for text in ("hi", "hm", "hm", "hm", "Ada")]
    assert [answer.text for answer in answers[1:]] == [
        "Hello � bye 😀",
        "Well �.",
        "Well 😀.",
        "Hi Ada �.",
    ]
    assert json.dumps(dialog.state, ensure_ascii=False).encode()


async def test_half_a_character_that_a_tool_has_brought_keeps_no_question_from_being_asked(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.answers = [build_text_answer("Hello.")]
    assert (
        await model.generate_reply(ReplyRequest("Greet.", values={"found": "a \ud83d b"}))
    ).text == "Hello."
    assert "a � b" in server.requests[0]["messages"][0]["content"]


async def test_a_key_that_no_header_takes_costs_an_apology(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="ключ", base_url=server.url)
    with pytest.raises(ModelError, match="UnicodeEncodeError"):
        await model.generate_reply(ReplyRequest("Greet."))
    await model.aclose()


async def test_no_lone_surrogate_is_stored_in_a_summary(server: OpenAIServer, model: OpenAIModel) -> None:
    server.answers = [build_text_answer("They said \ud83d.")]
    assert (await model.summarize(SummaryRequest("", ()))).text == "They said �."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("This sentence ends. And this one is cut in the mid", "This sentence ends."),
        ("This one is cut in the mid", "This one is cut in the…"),
        ("This sentence ends.", "This sentence ends."),
    ],
)
async def test_what_had_to_stop_is_said_to_the_end_of_its_last_sentence(
    server: OpenAIServer, dialog: DialogMachine, content: str, said: str
) -> None:
    server.answers = [build_text_answer(content, finish="length")]
    answer = await say(dialog, "hi", "hm")
    assert (answer.text, answer.issue) == (said, "cut")


async def test_a_call_that_had_to_stop_says_what_it_came_to_and_gives_no_values(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [
        build_call(STAY_FUNCTION_NAME, '{"brief_response": "It is free. And it', finish="length"),
        build_call("given", '{"name": "Ad', finish="length"),
    ]
    first, second = await say(dialog, "hi", "hm"), await say(dialog, "Ada")
    assert (first.text, first.issue) == ("It is free.", "cut")
    assert (second.outcome, second.issue) == ("stay", "malformed")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            400,
            {
                "code": "content_filter",
                "message": "The response was filtered due to the prompt triggering "
                "Azure OpenAI's content management policy.",
            },
        ),
        (403, {"code": 403, "message": "Your chosen model requires moderation and your input was flagged"}),
    ],
)
async def test_a_prompt_that_is_filtered_is_a_refusal(
    server: OpenAIServer, dialog: DialogMachine, status: int, error: dict[str, object]
) -> None:
    server.answers = [JSONResponse({"error": error}, status)]
    answer = await say(dialog, "hi", "something bad")
    assert (answer.outcome, answer.issue) == ("refused", "refused")


async def test_an_answer_may_have_no_reason_for_its_end(server: OpenAIServer, dialog: DialogMachine) -> None:
    server.answers = [build_completion({"role": "assistant", "content": "Which name?"}, usage=None)]
    assert (await say(dialog, "hi", "hm")).text == "Which name?"


@given(st.text(st.characters(categories=("L", "Cs", "So"))))
def test_lone_surrogates_are_replaced_in_any_text(text: str) -> None:
    made = replace_surrogates(text)
    assert made.encode().decode() == made
    assert replace_surrogates(made) == made
    assert ModelOutput(text).to_reply("m").text.encode() is not None
