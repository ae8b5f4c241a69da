"""Parameters that a server rejects are omitted for a while; all others are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.responses import JSONResponse, Response

from flows.llm.openai.model import OpenAIModel
from flows.llm.openai.unsupported import (
    FUNCTION_SCHEMA,
    REMEMBER_SECONDS,
    UnsupportedParameters,
    find_unsupported_parameter,
)
from tests.flows.conversation import edge, flow, input_schema, machine, node, say
from tests.flows.openai_server import (
    Json,
    OpenAIServer,
    StreamedAnswer,
    build_call,
    build_no_tools_error,
    build_streamed_call,
    build_text_answer,
)

FOUR = input_schema(last_four={"type": "string"})
MADE = flow(
    node("a", "Hello! Which digits?", edges=[edge("given", "end", input_schema=FOUR)]),
    node("end", "The end.", is_final=True),
)
SAID = '{"last_four": "4321"}'
IN_JSON = f'{{"function": "given", "arguments": {SAID}}}'


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel("small", api_key="k", base_url=server.url, temperature=0.2)
    yield model
    await model.aclose()


def build_error(message: str, status: int = 400, **more: str) -> Response:
    return JSONResponse({"error": {"message": message, **more}}, status)


async def run_two_conversations(server: OpenAIServer, model: OpenAIModel, *answers: Response) -> list[Json]:
    """The requests of two conversations that both come to their end."""
    server.answers = list(answers)
    for _ in range(2):
        assert (await say(machine(MADE, model), "hi", "it is 4321")).outcome == "final"
    return server.requests


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("temperature", "Unsupported value: 'temperature' does not support 0.2 with this model."),
        ("tool_choice", "tool_choice 'required' is not supported by this model; use auto"),
        ("tool_choice", "No endpoints found that support the provided 'tool_choice' value"),
    ],
)
async def test_a_parameter_that_a_server_refuses_is_left_out_from_then_on(
    server: OpenAIServer, model: OpenAIModel, parameter: str, message: str
) -> None:
    first, *others = await run_two_conversations(
        server, model, build_error(message), build_call("given", SAID), build_call("given", SAID)
    )
    assert parameter in first
    assert [set(first) - set(request) for request in others] == [{parameter}] * 2


async def test_a_server_that_takes_neither_choice_of_a_tool_is_asked_for_json(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    neither = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
    required = build_error('tool_choice = "required" is not supported!')
    requests = await run_two_conversations(
        server, model, required, build_error(neither), build_text_answer(IN_JSON), build_text_answer(IN_JSON)
    )
    assert ["tools" in request for request in requests] == [True, True, False, False]


async def test_a_server_that_has_neither_tools_nor_schemas_is_asked_in_words(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    unknown = build_error("This response_format type is unavailable now")
    requests = await run_two_conversations(
        server, model, build_no_tools_error(), unknown, build_text_answer(IN_JSON), build_text_answer(IN_JSON)
    )
    assert ["response_format" in request for request in requests] == [False, True, False, False]


async def test_a_function_that_is_refused_for_its_schema_costs_the_others_nothing(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    wrong = build_error(
        "Invalid schema for function 'given': In context=(), 'x' is not permitted.",
        param="tools[0].function.parameters",
    )
    requests = await run_two_conversations(
        server, model, wrong, build_text_answer(IN_JSON), build_call("given", SAID)
    )
    assert ["tools" in request for request in requests] == [True, False, True]


async def test_a_server_that_does_not_count_a_stream_is_not_asked_to(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.answers = [
        build_error("Unrecognized request argument supplied: stream_options"),
        *[StreamedAnswer(*build_streamed_call("given", SAID).deltas, usage=None)] * 2,
    ]
    for _ in range(2):
        dialog = machine(MADE, model)
        await dialog.turn("hi")
        stream = await dialog.turn("4321", stream=True)
        assert [chunk.text async for chunk in stream] == ["The end."]
        assert stream.result.tokens > 100  # estimated: a flow's budget counts on it
    assert ["stream_options" in request for request in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("status", "said", "parameter"),
    [
        (400, "registry.ollama.ai/library/gemma:latest does not support tools", "tools"),
        (404, "No endpoints found that support tool use", "tools"),
        (400, "`tool calling` is not supported with this model", "tools"),
        (400, "deepseek-reasoner does not support Function Calling", "tools"),
        (500, "tools param requires --jinja flag", "tools"),
        (422, "{'type': 'extra_forbidden', 'loc': ['body', 'tools'], 'msg': 'not permitted'}", "tools"),
        (400, "Invalid schema for function 'given': 'x' is not supported", FUNCTION_SCHEMA),
        (400, "no more", ""),
        (404, "The model `function-caller` does not exist", ""),
        (400, "Invalid value for 'tools': it must not be empty", ""),
        (401, "tools are not supported without a key", ""),
        (503, "the tools are not available", ""),
    ],
)
def test_what_a_server_says_is_about_one_parameter_or_none(status: int, said: str, parameter: str) -> None:
    assert find_unsupported_parameter(status, said, ("tools", "messages")) == parameter


def test_what_was_refused_is_tried_again_after_a_while() -> None:
    now = [0.0]
    refusals = UnsupportedParameters(clock=lambda: now[0])
    refusals.add("temperature")
    request = {"temperature": 1, "messages": []}
    now[0] = REMEMBER_SECONDS - 1
    assert refusals.without_unsupported(request) == {"messages": []}
    now[0] = REMEMBER_SECONDS + 1
    assert refusals.without_unsupported(request) == request
