"""Failures of a model's server: retried, given up, or answered with fewer lines."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse

from flows.engine import DialogMachine
from flows.llm import STAY_FUNCTION_NAME, ModelError, ReplyRequest, SummaryRequest
from flows.llm.openai.model import OpenAIModel
from flows.locales import ENGLISH
from flows.state import HistoryLine
from tests.flows.conversation import machine, say
from tests.flows.llm.openai.digits_dialog import MADE, both_clients
from tests.flows.openai_server import OpenAIServer, build_call, build_text_answer


@both_clients
async def test_a_rate_limit_is_retried_after_the_requested_delay(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    busy = JSONResponse({"error": {"message": "slow down"}}, 429, headers={"retry-after": "0.01"})
    server.answers = [busy, build_call("given", {"last_four": "4321"})]
    assert (await say(dialog, "hi", "4321")).outcome == "final"
    assert len(server.requests) == 2


@both_clients
async def test_a_server_that_keeps_failing_leads_to_an_apology(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [JSONResponse({"error": {}}, 429, headers={"retry-after-ms": "1"}) for _ in range(9)]
    await dialog.turn("hi")
    before = dialog.state
    answer = await dialog.turn("4321")
    assert (answer.outcome, answer.text) == ("error", ENGLISH.apology)
    assert dialog.state == {**(before or {}), "apologies": 1}
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_refused_request_is_not_tried_again(
    server: OpenAIServer, dialog: DialogMachine, status: int
) -> None:
    server.answers = [JSONResponse({"error": {"message": "no"}}, status)]
    assert (await say(dialog, "hi", "4321")).outcome == "error"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            400,
            {
                "code": "context_length_exceeded",
                "message": "This model's maximum context length is 4097 tokens. However, you asked for "
                "5000 tokens (4900 in the messages, 100 in the functions).",
            },
        ),
        (400, {"type": "exceed_context_size_error", "message": "the request exceeds the available size"}),
        (500, {"type": "server_error", "message": "Context size has been exceeded."}),
    ],
)
async def test_a_conversation_beyond_the_context_is_sent_with_its_last_lines(
    server: OpenAIServer, status: int, error: dict[str, str]
) -> None:
    model = OpenAIModel("small", api_key="sk-test", base_url=server.url, retries=0)
    server.answers = [
        build_call(STAY_FUNCTION_NAME, {"brief_response": f"Ask {number}."}) for number in range(4)
    ]
    dialog = machine(MADE, model)
    await say(dialog, "hi", "a", "b", "c", "d")
    server.answers = [JSONResponse({"error": error}, status), build_call("given", {"last_four": "4321"})]
    server.requests.clear()
    assert (await dialog.turn("4321")).outcome == "final"
    first, second = (request["messages"] for request in server.requests)
    assert len(first) > len(second) == 5
    assert second == [first[0], *first[-4:]]
    assert "tools" in server.requests[1]
    await model.aclose()


async def test_what_is_too_long_for_the_model_even_so_costs_an_apology(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    error = {"code": "context_length_exceeded", "message": "too long"}
    server.answers = [JSONResponse({"error": error}, 400)] * 9
    assert (await say(dialog, "hi", "4321")).outcome == "error"
    assert len(server.requests) == 1


async def test_an_instruction_is_put_into_words_from_the_last_lines_where_all_are_too_long(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    error = {"code": "context_length_exceeded", "message": "too long"}
    server.answers = [JSONResponse({"error": error}, 400), build_text_answer("Hi! Who are you?")]
    history: tuple[HistoryLine, ...] = tuple(
        [{"role": "user", "content": str(number)} for number in range(9)]
    )
    assert (
        await model.generate_reply(ReplyRequest("Ask the name.", history=history))
    ).text == "Hi! Who are you?"
    assert [line["content"] for line in server.requests[1]["messages"][1:]] == ["5", "6", "7", "8"]


async def test_a_summary_is_made_of_shorter_lines_where_all_are_too_long(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    error = {"code": "context_length_exceeded", "message": "too long"}
    server.answers = [JSONResponse({"error": error}, 400), build_text_answer("They talked.")]
    lines: tuple[HistoryLine, ...] = (
        {"role": "user", "content": "a" * 900},
        {"role": "assistant", "content": "b"},
    )
    assert (await model.summarize(SummaryRequest("", lines))).text == "They talked."
    told = server.requests[1]["messages"][1]["content"]
    assert "Bot: b" in told
    assert 200 <= told.count("a") < 250


async def test_a_server_that_does_not_answer_is_given_up(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="sk-test", base_url=server.url, timeout=0.2, retries=0)
    server.answers = [None]
    assert (await say(machine(MADE, model), "hi", "4321")).outcome == "error"
    await model.aclose()


async def test_the_whole_answer_is_bounded_whatever_the_retries(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="sk-test", base_url=server.url, timeout=60, patience=0.05)
    server.answers = [None]
    with pytest.raises(ModelError, match="TimeoutError"):
        await model.generate_reply(ReplyRequest("Greet."))
    await model.aclose()


async def test_an_unreachable_server_costs_an_apology() -> None:
    model = OpenAIModel("small", api_key="sk-test", base_url="http://127.0.0.1:9/v1", retries=0)
    assert (await say(machine(MADE, model), "hi", "4321")).outcome == "error"
    await model.aclose()
