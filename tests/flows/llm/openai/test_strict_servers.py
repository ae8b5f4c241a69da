"""Servers with strict chat templates, without working function calling, or with their own limits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.responses import JSONResponse, Response

from flows.llm import ModelError, Picture, ReplyRequest
from flows.llm.openai.model import OpenAIModel
from flows.llm.openai.roles import fit_roles
from flows.state import HistoryLine
from tests.flows.conversation import edge, flow, input_schema, machine, node, say
from tests.flows.openai_server import Json, OpenAIServer, build_call, build_completion, build_text_answer

FOUR = input_schema(last_four={"type": "string"})
MADE = flow(
    node("a", "Hello! Which digits?", edges=[edge("given", "end", input_schema=FOUR)]),
    node("end", "The end.", is_final=True),
)
GIVEN = {"last_four": "4321"}
IN_JSON = '{"function": "given", "arguments": {"last_four": "4321"}}'


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel("small", api_key="k", base_url=server.url, retries=0)
    yield model
    await model.aclose()


def build_error(message: str, status: int = 400) -> Response:
    return JSONResponse({"error": {"message": message}}, status)


def read_roles(request: Json) -> list[str]:
    return [line["role"] for line in request["messages"]]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("Conversation roles must alternate user/assistant/user/assistant/...", 400),
        ("After the optional system message, conversation roles must alternate user/assistant/user/...", 400),
        ("Conversation roles must alternate user/assistant/user/assistant/... at row 5, column 5", 500),
    ],
)
async def test_a_template_that_wants_alternating_roles_is_served(
    server: OpenAIServer, model: OpenAIModel, message: str, status: int
) -> None:
    server.answers = [build_error(message, status), build_call("given", GIVEN), build_call("given", GIVEN)]
    for _ in range(2):
        assert (await say(machine(MADE, model), "hi", "4321")).outcome == "final"
    assert [read_roles(request) for request in server.requests] == [
        ["system", "assistant", "user", "user"],
        ["system", "user", "assistant", "user"],
        ["system", "user", "assistant", "user"],
    ]
    assert server.requests[1]["messages"][-1]["content"] == "hi\n\n4321"


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Only user and assistant roles are supported!",
        "Developer instruction is not enabled for models/gemma-3-1b-it",
        "This model does not support the system role",
    ],
)
async def test_a_template_without_a_system_role_is_served(
    server: OpenAIServer, model: OpenAIModel, message: str
) -> None:
    server.answers = [build_error(message), build_call("given", GIVEN)]
    assert (await say(machine(MADE, model), "hi", "4321")).outcome == "final"
    assert read_roles(server.requests[1]) == ["user", "assistant", "user"]
    assert "You are kind." in server.requests[1]["messages"][0]["content"]


async def test_a_template_may_say_one_thing_after_the_other(server: OpenAIServer, model: OpenAIModel) -> None:
    alternate = "Conversation roles must alternate user/assistant"
    server.answers = [build_error(alternate), build_error(alternate), build_call("given", GIVEN)]
    assert (await say(machine(MADE, model), "hi", "4321")).outcome == "final"
    server.answers = [build_error(alternate)] * 9
    server.requests.clear()
    assert (await say(machine(MADE, model), "hi", "4321")).outcome == "error"
    assert len(server.requests) == 1


def test_notes_and_pictures_are_kept() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:"}}
    lines: list[Json] = [
        {"role": "system", "content": "Rules."},
        {"role": "user", "content": "a"},
        {"role": "system", "content": "Note."},
        {"role": "user", "content": [{"type": "text", "text": "b"}, picture]},
    ]
    (system, user) = fit_roles(lines, has_system_role=True)
    assert system["content"] == "Rules.\n\nNote."
    assert user["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, picture]
    (only,) = fit_roles(lines, has_system_role=False)
    assert only["content"][0]["text"] == "Rules.\n\nNote."


async def test_the_length_of_an_answer_is_bounded(server: OpenAIServer, model: OpenAIModel) -> None:
    server.answers = [build_call("given", GIVEN), build_text_answer("Hello.")]
    await say(machine(MADE, model), "hi", "4321")
    await model.generate_reply(ReplyRequest("Greet."))
    assert [request["max_tokens"] for request in server.requests] == [1_000, 1_000]


@pytest.mark.parametrize(
    ("messages", "sent"),
    [
        (
            [
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead."
            ],
            {"max_completion_tokens": 1_000},
        ),
        (["Unrecognized argument: max_tokens", "Unrecognized argument: max_completion_tokens"], {}),
        (
            [
                "This model's maximum context length is 2048 tokens. However, you requested "
                "2300 tokens (300 in the "
                "messages, 2000 in the completion). Please reduce the length of the messages or completion."
            ],
            {"max_tokens": 400},
        ),
    ],
    ids=["newer name", "no bound", "small context"],
)
async def test_the_bound_is_sent_as_the_server_takes_it(
    server: OpenAIServer, model: OpenAIModel, messages: list[str], sent: Json
) -> None:
    server.answers = [*map(build_error, messages), build_call("given", GIVEN), build_call("given", GIVEN)]
    for _ in range(2):
        assert (await say(machine(MADE, model), "hi", "4321")).outcome == "final"
    for request in server.requests[-2:]:
        assert {name: value for name, value in request.items() if name.startswith("max_")} == sent


async def test_a_model_that_needs_all_of_it_for_its_thoughts_gets_more(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.answers = [
        build_completion({"role": "assistant", "content": "<think>Well"}, finish="length"),
        build_text_answer("Hello."),
    ]
    assert (await say(machine(MADE, model), "hi", "4321")).issue == "empty"
    await model.generate_reply(ReplyRequest("Greet."))
    assert server.requests[1]["max_tokens"] == 16_000


async def test_prose_where_a_call_is_required_switches_to_json(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.answers = [build_text_answer("How nice!"), build_text_answer(IN_JSON), build_text_answer(IN_JSON)]
    dialog = machine(MADE, model)
    assert (await say(dialog, "hi", "hm")).text == "How nice!"
    assert (await dialog.turn("4321")).outcome == "final"
    assert (await say(machine(MADE, model), "hi", "4321")).outcome == "final"
    assert ["response_format" in request for request in server.requests] == [False, True, True]


async def test_a_server_that_cannot_require_a_call_may_answer_in_prose(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.answers = [
        build_error("tool_choice is not supported"),
        build_text_answer("How nice!"),
        build_call("given", GIVEN),
    ]
    dialog = machine(MADE, model)
    assert (await say(dialog, "hi", "hm")).text == "How nice!"
    assert (await dialog.turn("4321")).outcome == "final"
    assert "tools" in server.requests[-1]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (build_error("no", 401), "status_401"),
        (build_text_answer([{"type": 7}]), "protocol"),
        (None, "timeout"),
    ],
    ids=["refused", "protocol", "timeout"],
)
async def test_an_error_has_a_reason(server: OpenAIServer, answer: Response | None, reason: str) -> None:
    model = OpenAIModel("small", api_key="k", base_url=server.url, timeout=0.3, retries=0)
    server.answers = [build_text_answer(7) if reason == "protocol" else answer]
    with pytest.raises(ModelError) as failed:
        await model.generate_reply(ReplyRequest("Greet."))
    assert failed.value.reason == reason
    await model.aclose()


async def test_pictures_are_sent_to_a_strict_server(server: OpenAIServer, model: OpenAIModel) -> None:
    history: tuple[HistoryLine, ...] = (
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "this"},
    )
    server.answers = [build_error("Conversation roles must alternate"), build_text_answer("A cup.")]
    request = ReplyRequest("Say what it is.", history=history, pictures=(Picture(b"x", "image/png"),))
    assert (await model.generate_reply(request)).text == "A cup."
    assert server.requests[1]["messages"][-1]["content"][1]["type"] == "image_url"
