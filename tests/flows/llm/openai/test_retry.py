"""Retries and the delays between them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response

from flows.llm import ModelError, ReplyRequest
from flows.llm.fallback import FallbackModel
from flows.llm.openai.model import OpenAIModel
from flows.llm.openai.retry import retry_after_header, retry_delay
from tests.flows.conversation import edge, flow, machine, node, say
from tests.flows.openai_server import (
    CUT,
    OpenAIServer,
    StreamedAnswer,
    build_busy_error,
    build_call,
    build_text_answer,
)

MADE = flow(node("a", "Hello!", edges=[edge("go", "end")]), node("end", "The end.", is_final=True))


class ServerError(Exception):
    """Server response that is an error."""

    def __init__(self, status: int, code: str = "", **headers: str) -> None:
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        self.response = httpx2.Response(status, headers=names)
        self.code = code


async def test_a_server_that_wants_more_time_than_there_is_is_given_up_at_once(server: OpenAIServer) -> None:
    first = OpenAIModel("first", api_key="k", base_url=server.url, patience=15)
    second = OpenAIModel("second", api_key="k", base_url=server.url)
    server.answers = [build_busy_error(30), build_call("go")]
    async with asyncio.timeout(14):  # less than the patience
        answer = await say(machine(MADE, FallbackModel([first, second])), "hi", "go")
    assert (answer.outcome, answer.model) == ("final", "openai/second")
    await first.aclose()
    await second.aclose()


@pytest.mark.parametrize("aiohttp", [False, True])
@pytest.mark.parametrize(
    "failure",
    [StreamedAnswer({"content": ""}, CUT), StreamedAnswer(b'data: {"error": {"message": "overloaded"}}\n\n')],
    ids=["cut", "overloaded"],
)
async def test_a_stream_that_ends_before_anything_was_said_is_begun_again(
    server: OpenAIServer, failure: Response, *, aiohttp: bool
) -> None:
    model = OpenAIModel("small", api_key="k", base_url=server.url, aiohttp=aiohttp)
    server.answers = [failure, StreamedAnswer("Who ", "are you?")]
    told: list[str] = []
    assert (await model.generate_reply(ReplyRequest("Ask.", write=told.append))).text == "Who are you?"
    assert "".join(told) == "Who are you?"
    await model.aclose()


async def test_a_stream_is_not_restarted_once_something_was_streamed(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="k", base_url=server.url)
    server.answers = [StreamedAnswer("Who ", CUT), StreamedAnswer("Who are you?")]
    told: list[str] = []
    with pytest.raises(ModelError, match="broke off"):
        await model.generate_reply(ReplyRequest("Ask.", write=told.append))
    assert ("".join(told), len(server.requests)) == ("Who ", 1)
    await model.aclose()


async def test_insufficient_quota_is_not_retried(server: OpenAIServer) -> None:
    model = OpenAIModel("small", api_key="k", base_url=server.url)
    unpaid = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
    server.answers = [JSONResponse({"error": unpaid}, 429), build_text_answer("Hello.")]
    with pytest.raises(ModelError, match="429"):
        await model.generate_reply(ReplyRequest("Greet."))
    await model.aclose()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_what_may_pass_is_tried_again_later_and_later(status: int) -> None:
    waits = [retry_delay(ServerError(status), number) or 0 for number in range(9)]
    assert all(shorter < longer for shorter, longer in pairwise(waits[:5]))
    assert waits[0] >= 0.5
    assert max(waits) <= 10


@pytest.mark.parametrize(
    "error",
    [
        ServerError(400),
        ServerError(401),
        ServerError(404),
        ServerError(429, "insufficient_quota"),
        ServerError(500, x_should_retry="false"),
    ],
)
def test_what_cannot_pass_is_not_tried_again(error: ServerError) -> None:
    assert retry_delay(error, 0) is None


def test_retry_after_is_honoured_with_jitter() -> None:
    waits = {retry_delay(ServerError(429, retry_after="4"), 0) or 0 for _ in range(50)}
    assert all(4 <= wait <= 5 for wait in waits)
    assert len(waits) > 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "300", "retry-after": "7"}, 0.3),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_in_seconds_or_milliseconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_header(headers) == seconds


def test_retry_after_may_be_a_date() -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    assert 3_500 < (retry_after_header({"retry-after": format_datetime(end, usegmt=True)}) or 0) <= 3_600


@pytest.mark.slow
@given(st.text(), st.text())
def test_whatever_a_header_holds_is_a_wait_or_none(text: str, milliseconds: str) -> None:
    told = retry_after_header({"retry-after": text, "retry-after-ms": milliseconds})
    assert told is None or told > 0
