"""The dialog inside other applications: routes, errors, and two processes on one store."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway import DialogMachine, DialogRouter
from gateway.local.loopback import find_free_port
from tests.gateway.environments import application

PATHS = ("starlette", "fastapi")


@pytest.fixture(params=PATHS)
async def http(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    app: Any = application.build_fastapi()
    if request.param == "starlette":
        app = Starlette(routes=[Mount("/dialog", DialogRouter(DialogMachine(flow=application.FLOW)))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        yield client


async def ask(http: httpx.AsyncClient, text: str, session_id: str, path: str = "turn") -> httpx.Response:
    return await http.post(f"/dialog/{path}", json={"text": text, "session_id": session_id})


async def test_each_session_id_has_its_own_conversation(http: httpx.AsyncClient) -> None:
    await ask(http, "hi", "ada")
    second = await ask(http, "4321", "ada")
    other = await ask(http, "hi", "grace")

    assert "date of birth" in second.json()["reply"]
    assert "last four digits" in other.json()["reply"]


async def test_a_stream_is_plain_text_and_advances_the_conversation(http: httpx.AsyncClient) -> None:
    streamed = await ask(http, "hi", "ada", "stream")
    second = await ask(http, "4321", "ada")

    assert streamed.headers["content-type"].startswith("text/plain")
    assert "last four digits" in streamed.text
    assert "date of birth" in second.json()["reply"]


async def test_a_reset_restarts_the_conversation(http: httpx.AsyncClient) -> None:
    await ask(http, "hi", "ada")
    await ask(http, "4321", "ada")

    assert (await http.post("/dialog/reset", json={"session_id": "ada"})).json() == {"reset": "ada"}
    assert "last four digits" in (await ask(http, "hi", "ada")).json()["reply"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"not json", 400, "bad_request"),
        (b"", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b'{"text": 7, "session_id": "a"}', 400, "bad_request"),
        (b'{"text": "", "session_id": "a"}', 400, "bad_request"),
        (b'{"text": "hi"}', 400, "bad_request"),
        (b'{"text": "hi", "session_id": "' + b"a" * 201 + b'"}', 400, "bad_request"),
        (b'{"text": "' + b"x" * 20_000 + b'", "session_id": "a"}', 400, "bad_request"),
        (b'{"text": "' + b"x" * 1_000_000 + b'", "session_id": "a"}', 413, "too_large"),
        (b'{"text": "\\ud800", "session_id": "a"}', 400, "bad_request"),
        (b"[" * 50_000, 400, "bad_request"),
    ],
)
@pytest.mark.parametrize("path", ["turn", "stream"])
async def test_a_bad_request_is_one_clear_error(
    http: httpx.AsyncClient, path: str, body: bytes, status: int, code: str
) -> None:
    answer = await http.post(f"/dialog/{path}", content=body)

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert "x" * 50 not in answer.text


async def test_a_nul_character_is_accepted(http: httpx.AsyncClient) -> None:
    assert (await ask(http, "hi\x00there", "ada\x00")).status_code == 200


async def test_fastapi_documents_the_routes() -> None:
    paths = application.build_fastapi().openapi()["paths"]

    assert set(paths) == {"/dialog/turn", "/dialog/stream", "/dialog/reset"}
    parameters = paths["/dialog/turn"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(parameters["properties"]) == {"text", "session_id"}


@asynccontextmanager
async def serve_application(redis_url: str) -> AsyncIterator[str]:
    """Serve the application in a separate process."""
    port = find_free_port()
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            "tests.gateway.environments.application:build_starlette",
        ),
        *("--port", str(port), "--log-level", "warning"),
        env={**os.environ, "REDIS_URL": redis_url},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _wait_until_ready(url)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _wait_until_ready(url: str) -> None:
    async with asyncio.timeout(30), httpx.AsyncClient() as http:
        while True:
            try:
                await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.mark.long
async def test_two_processes_take_a_thousand_interleaved_turns_as_one_would(
    redis: Redis, redis_url: str
) -> None:
    """Each contact sends one message after another to alternating processes, and is answered in order."""
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(serve_application(redis_url)) for _ in range(2)]
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))

        async def run_conversation(contact: int) -> list[str]:
            messages = ["hi", "4321", "what?", "hm", "1 April 1990"] * 5
            return [
                (
                    await http.post(
                        f"{urls[(contact + number) % 2]}/dialog/turn",
                        json={"text": text, "session_id": f"person {contact}"},
                    )
                ).json()["reply"]
                for number, text in enumerate(messages)
            ]

        conversations = await asyncio.gather(*(run_conversation(contact) for contact in range(40)))

    alone = DialogMachine(flow=application.FLOW)
    expected = [(await alone.turn(text)).text for text in ["hi", "4321"]]
    assert sum(len(each) for each in conversations) == 1_000
    assert all(each[:2] == expected for each in conversations)
    assert len({tuple(each) for each in conversations}) == 1


@pytest.mark.long
async def test_concurrent_turns_of_one_session_in_two_processes_lose_nothing(
    redis: Redis, redis_url: str
) -> None:
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(serve_application(redis_url)) for _ in range(2)]
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        parameters = [
            http.post(f"{urls[number % 2]}/dialog/turn", json={"text": "what?", "session_id": "ada"})
            for number in range(40)
        ]
        answers = await asyncio.gather(*parameters)

    assert {answer.status_code for answer in answers} == {200}
    alone = DialogMachine(flow=application.FLOW)
    for _ in range(40):
        await alone.turn("what?")
    stored = json.loads(await cast("Any", redis.hget("tg:own:{ada}", "state")))["state"]
    assert stored == alone.state
