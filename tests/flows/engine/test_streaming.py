"""Streaming of a turn's text, through the real client from a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from flows.engine import DialogMachine
from flows.llm import STAY_FUNCTION_NAME, ScriptedModel, TransitionDecision
from flows.llm.openai.model import OpenAIModel
from flows.locales import ENGLISH
from tests.flows.conversation import edge, flow, machine, node
from tests.flows.openai_server import (
    CUT,
    OpenAIServer,
    StreamedAnswer,
    build_call,
    build_no_tools_error,
    build_streamed_call,
    build_text_answer,
)

MADE = flow(
    node("a", "Hello!", edges=[edge("go", "b")]),
    node("b", instruction="Ask the name.", edges=[edge("x", "end")]),
    node("end", "The end.", is_final=True),
)


@pytest.fixture(params=[False, True], ids=["httpx2", "aiohttp"])
async def dialog(server: OpenAIServer, request: pytest.FixtureRequest) -> AsyncIterator[DialogMachine]:
    model = OpenAIModel(
        "small", api_key="k", base_url=server.url, timeout=5, retries=0, aiohttp=request.param
    )
    made = machine(MADE, model)
    await made.start()
    yield made
    await made.aclose()


async def read_chunks(dialog: DialogMachine, text: str) -> list[str]:
    return [chunk.text async for chunk in await dialog.turn(text, stream=True)]


async def test_the_first_words_are_there_while_the_rest_is_still_being_written(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    go_on = asyncio.Event()
    server.answers = [build_streamed_call("go", "{", "}"), StreamedAnswer("Who ", "are", go_on, " you?")]
    stream = await dialog.turn("go", stream=True)
    chunks = aiter(stream)
    first = [(await anext(chunks)).text, (await anext(chunks)).text]
    assert not go_on.is_set()
    go_on.set()
    rest = [chunk.text async for chunk in chunks]
    assert (first, rest) == (["Who", " are"], [" you?"])
    assert (stream.result.text, stream.result.outcome, stream.result.tokens) == (
        "Who are you?",
        "advance",
        84,
    )


def build_delta(arguments: str = "", **more: object) -> dict[str, object]:
    """One delta of a call; `name`, `index` and `id` where the server gives them."""
    name = more.pop("name", None)
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    return {"tool_calls": [{"type": "function", "function": function, **more}]}


@pytest.mark.parametrize(
    "deltas",
    [
        [build_delta("{}", name="go", index=0, id="1")],
        [build_delta("{", name="go", index=0, id="1"), build_delta("}", name="go", index=0, id="1")],
        [build_delta(name="g", index=0, id="1"), build_delta(name="o", index=0), build_delta("{}", index=0)],
        [build_delta("{", name="go", index=0, id="1"), build_delta("}", index=0, id="2")],
        [build_delta("{", index=0, id="1"), build_delta("}", name="go", index=0)],
        [build_delta("{}", name="go")],
        [build_delta("{", name="go", id="1"), build_delta("}")],
        [
            build_delta("{}", name="go", index=0, id="1"),
            build_delta("{}", name=STAY_FUNCTION_NAME, index=1, id="2"),
        ],
        [
            build_delta("{}", name="go", index=0, id="1"),
            build_delta("{}", name=STAY_FUNCTION_NAME, index=0, id="2"),
        ],
        [build_delta("{}", name="go"), build_delta("{}", name=STAY_FUNCTION_NAME)],
    ],
    ids=[
        "whole",
        "named in every piece",
        "named bit by bit",
        "another id in every piece",
        "named last",
        "without number and id",
        "without number",
        "two, numbered",
        "two, both of number 0",
        "two, without numbers",
    ],
)
async def test_a_call_is_put_together_as_its_server_means_it(
    server: OpenAIServer, dialog: DialogMachine, deltas: list[dict[str, object]]
) -> None:
    server.answers = [StreamedAnswer(*deltas, finish="tool_calls"), StreamedAnswer("Who are you?")]
    stream = await dialog.turn("go", stream=True)
    assert [chunk.text async for chunk in stream]
    assert (stream.result.edge, stream.result.text) == ("go", "Who are you?")


@pytest.mark.long
@pytest.mark.slow
async def test_a_call_that_never_ends_is_one_that_cannot_be_read(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    never = asyncio.Event()
    server.answers = [build_streamed_call("go", '{"a": "', *["on and on "] * 7_000, never)]
    stream = await dialog.turn("go", stream=True)
    assert [chunk.text async for chunk in stream]
    assert (stream.result.outcome, stream.result.issue) == ("stay", "malformed")


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        (["<th", "ink>", "They ", "go.</th", "ink>", "\n\n", "Who ", "are you?"], "Who are you?"),
        (["<think>They go.</think>Who", " are you?"], "Who are you?"),
        (["\n", "[TH", "INK]Hm[/THINK", "]Who are you?"], "Who are you?"),
        (
            ["<think>", "a </thin", "king> b", "</think>", "<think>", "c</think>", "Who are you?"],
            "Who are you?",
        ),
        (["<think>" + "on and on " * 3_000, "</think>", "Who are you?"], "Who are you?"),
        (["<", "3 Who are you?"], "<3 Who are you?"),
        (["Who", " <think>"], "Who <think>"),
        (["<th"], "<th"),
    ],
)
async def test_reasoning_is_not_streamed(
    server: OpenAIServer, dialog: DialogMachine, pieces: list[str], told: str
) -> None:
    server.answers = [build_streamed_call("go", "{}"), StreamedAnswer(*pieces)]
    stream = await dialog.turn("go", stream=True)
    chunks = [chunk.text async for chunk in stream]
    assert "".join(chunks) == stream.result.text == told


async def test_a_reply_that_stays_is_streamed_from_the_calls_arguments(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    pieces = ['{"brief', '_response": "It is ', "bl", "ue \\u", "d83d", "\\ude00 \\", '"so\\"."', "}"]
    server.answers = [build_streamed_call(STAY_FUNCTION_NAME, *pieces)]
    stream = await dialog.turn("which?", stream=True)
    told = [chunk.text async for chunk in stream]
    assert "".join(told) == stream.result.text == 'It is blue 😀 "so".'
    assert len(told) > 2


async def test_a_reply_without_a_call_is_streamed(server: OpenAIServer, dialog: DialogMachine) -> None:
    go_on = asyncio.Event()
    server.answers = [StreamedAnswer("It is", " blue", go_on, ".")]
    stream = await dialog.turn("which?", stream=True)
    assert [(await anext(stream)).text, (await anext(stream)).text] == ["It is", " blue"]
    go_on.set()
    assert [chunk.text async for chunk in stream] == ["."]
    assert stream.result.text == "It is blue."


async def test_text_besides_a_call_is_streamed_once_per_server_at_most(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    called = {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "go", "arguments": "{}"}}]}
    for is_known in (False, True):
        server.answers = [StreamedAnswer("They go. ", called), StreamedAnswer("Who are you?")]
        stream = await dialog.turn("go", stream=True)
        chunks = [chunk async for chunk in stream]
        assert stream.result.text == "Who are you?"
        assert any(chunk.is_restart for chunk in chunks) is not is_known
        await dialog.start()


@pytest.mark.parametrize(
    "pieces",
    [
        ["Sure. ", "<tool", "_call>", '{"name": "go"', ', "arguments": {}}', "</tool_call>"],
        ["Sure. ", "[TOOL", "_CALLS]", '[{"name": "go", "arguments": {}}]'],
        ["Sure. ", "g", "o(", ")"],
    ],
)
async def test_a_call_written_as_text_is_not_streamed(
    server: OpenAIServer, dialog: DialogMachine, pieces: list[str]
) -> None:
    server.answers = [StreamedAnswer(*pieces), StreamedAnswer("Who are you?")]
    stream = await dialog.turn("go", stream=True)
    *before, last = [chunk async for chunk in stream]
    assert (stream.result.edge, last.text, last.is_restart) == ("go", "Who are you?", True)
    assert before[0].text == "Sure."
    assert not any("<" in chunk.text or "[" in chunk.text or "(" in chunk.text for chunk in before)


async def test_a_call_in_place_of_a_message_is_not_streamed(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [build_streamed_call("go", "{}"), StreamedAnswer('{"name": "x",', ' "arguments": {}}')]
    stream = await dialog.turn("go", stream=True)
    assert [chunk.text async for chunk in stream] == ["I'm listening. Please tell me more."]
    assert stream.result.issue == "malformed"


async def test_surrogate_halves_are_joined_and_a_lone_one_is_replaced(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [
        build_streamed_call("go", "{}"),
        StreamedAnswer("Hello \ud83d", "\ude00 and \ud83d", " bye"),
    ]
    stream = await dialog.turn("go", stream=True)
    told = [chunk.text async for chunk in stream]
    assert "".join(told) == stream.result.text == "Hello 😀 and � bye"
    assert len(told) == 3
    server.answers = [
        build_streamed_call(STAY_FUNCTION_NAME, '{"brief_response": "Hi \\ud83d you \ud83d', '\ude00."}')
    ]
    stream = await dialog.turn("hm", stream=True)
    told = [chunk.text async for chunk in stream]
    assert "".join(told) == stream.result.text == "Hi � you 😀."


async def test_a_truncated_stream_ends_with_a_sentence(server: OpenAIServer, dialog: DialogMachine) -> None:
    for answer in (
        StreamedAnswer("It is blue. And it", finish="length"),
        StreamedAnswer(
            *build_streamed_call(STAY_FUNCTION_NAME, '{"brief_response": "It is blue. And it').deltas,
            finish="length",
        ),
    ):
        server.answers = [answer]
        stream = await dialog.turn("which?", stream=True)
        assert [chunk async for chunk in stream][-1] == ("It is blue.", True)
        assert stream.result.issue == "cut"


@pytest.mark.long
async def test_a_stream_that_is_given_up_is_counted_all_the_same(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [build_streamed_call("go", "{}"), StreamedAnswer(*["on and on "] * 4_000)]
    stream = await dialog.turn("go", stream=True)
    assert [chunk async for chunk in stream]
    assert stream.result.tokens > 42 + 16_000 / 4


async def test_a_stream_is_an_iterator_that_ends_once(server: OpenAIServer, dialog: DialogMachine) -> None:
    server.answers = [StreamedAnswer("It is", " blue.")]
    stream = await dialog.turn("which?", stream=True)
    assert (await anext(stream)).text == "It is"
    assert [chunk.text async for chunk in stream] == [" blue."]
    assert [chunk async for chunk in stream] == []
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert stream.result.text == "It is blue."


async def test_closing_a_stream_ends_the_turn_for_all_consumers(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    before = dialog.state
    server.answers = [StreamedAnswer("It is", asyncio.Event()), StreamedAnswer("It is blue.")]
    stream = await dialog.turn("which?", stream=True)
    assert (await anext(stream)).text == "It is"
    others = [asyncio.create_task(stream.__anext__()) for _ in range(2)]
    await asyncio.sleep(0)
    await stream.aclose()
    ends = await asyncio.gather(*others, return_exceptions=True)
    assert [type(end) for end in ends] == [StopAsyncIteration] * 2
    assert [chunk async for chunk in stream] == []
    assert dialog.state == before
    assert (await dialog.turn("which?")).text


async def test_a_text_of_the_flow_is_a_chunk_of_its_own(dialog: DialogMachine) -> None:
    dialog.reset()
    assert await read_chunks(dialog, "hi") == ["Hello!"]


async def test_a_model_that_is_cut_off_is_replaced_by_an_apology(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [build_streamed_call("go", "{}"), StreamedAnswer("Who are", CUT)]
    stream = await dialog.turn("go", stream=True)
    chunks = [chunk async for chunk in stream]
    assert chunks[0].text == "Who are"
    assert (chunks[-1].text, chunks[-1].is_restart) == (ENGLISH.apology, True)
    assert (stream.result.outcome, stream.result.text) == ("error", ENGLISH.apology)


async def test_a_stream_that_ends_too_early_is_not_an_answer(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [StreamedAnswer({"content": ""}, CUT)]
    stream = await dialog.turn("go", stream=True)
    assert [chunk.text async for chunk in stream] == [ENGLISH.apology]


async def test_leaving_a_stream_cancels_the_turn_which_changes_nothing(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    before = dialog.state
    server.answers = [build_streamed_call("go", "{}"), StreamedAnswer("Who ", "are", asyncio.Event())]
    stream = await dialog.turn("go", stream=True)
    chunks = aiter(stream)
    await anext(chunks)
    await chunks.aclose()
    server.answers = [build_call("go"), StreamedAnswer("Who?")]
    assert dialog.state == before


async def test_a_model_without_tools_answers_in_json_and_streams_too(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    reply = json.dumps({"function": STAY_FUNCTION_NAME, "reply": "It is blue."})
    server.answers = [build_no_tools_error(), StreamedAnswer(reply[:45], reply[45:50], reply[50:])]
    stream = await dialog.turn("which?", stream=True)
    told = [chunk.text async for chunk in stream]
    assert "".join(told) == stream.result.text == "It is blue."
    first, second = server.requests
    assert "tools" in first
    assert "tools" not in second
    assert second["response_format"]["type"] == "json_schema"
    schema = second["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["function"]["enum"] == ["go", STAY_FUNCTION_NAME]
    server.answers = [StreamedAnswer('{"function": "go", "arguments": {}}'), StreamedAnswer("Who?")]
    assert "".join(await read_chunks(dialog, "go")) == "Who?"


async def test_a_json_answer_may_take_an_edge(server: OpenAIServer, dialog: DialogMachine) -> None:
    server.answers = [
        build_no_tools_error("function calling"),
        build_text_answer('```json\n{"function": "go"}\n```'),
        build_text_answer("Who?"),
    ]
    answer = await dialog.turn("go")
    assert (answer.node, answer.text) == ("b", "Who?")


async def test_a_request_that_is_wrong_otherwise_is_not_taken_for_one_without_tools(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    assert (await dialog.turn("go")).outcome == "error"  # “no more”
    assert len(server.requests) == 1


async def test_a_scripted_reply_is_streamed_as_it_is() -> None:
    dialog = machine(MADE, ScriptedModel([TransitionDecision(reply="It is blue.")]))
    await dialog.start()
    assert await read_chunks(dialog, "which?") == ["It is blue."]
