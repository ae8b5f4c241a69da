"""Direct client: its requests on the wire equal those of httpx's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.http.clients import provider_client
from gateway.http.direct_client import DirectClient
from gateway.local.http_server import serve


class _Challenge(httpx.Auth):
    """Credentials that answer a challenge of the server."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = response.headers["www-authenticate"]
            yield request


class _Timeouts(httpx.AsyncBaseTransport):
    """Answers with the time that a request has for its answer."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=str(request.extensions["timeout"]["read"]))


class _Token(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = "Bearer abc"
        yield request


async def answer_echo(request: Request) -> Response:
    head = sorted((name, value) for name, value in request.headers.items() if name != "host")
    body = (await request.body()).decode("latin-1")
    return JSONResponse([request.method, str(request.url.path), str(request.url.query), head, body])


async def answer_challenge(request: Request) -> Response:
    token = request.headers.get("authorization")
    return Response(token, 200 if token else 401, {"www-authenticate": "Secret 42"})


async def answer_redirect(request: Request) -> Response:
    return Response(status_code=302, headers={"location": "/elsewhere", "set-cookie": "a=b"})


APP = Starlette(
    routes=[
        Route("/challenge", answer_challenge),
        Route("/redirect", answer_redirect),
        Route("/{path:path}", answer_echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
)

_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/a", {}),
    ("GET", "/a?x=1", {}),
    ("GET", "/a?x=1", {"params": {"to": "+1 555 0100", "tag": ["b", "ü"]}}),
    ("DELETE", "/a/ü%20b", {"auth": ("name", "sécret")}),
    ("POST", "/form", {"data": {"To": "+15550100", "Body": "Grüße & =", "Tag": ["a", "b"]}}),
    ("POST", "/form", {"data": {}, "auth": ("", "")}),
    ("POST", "/form", {"data": {"a": True, "b": None, "c": 1.5, "d": ["x", 2]}}),
    ("POST", "/form", {"data": {"a": ("x", "y"), "b": []}}),
    ("DELETE", "/json", {"json": 0, "headers": {"content-type": "application/merge-patch+json"}}),
    ("POST", "/json", {"json": {"text": "“so”", "number": 1.5}, "auth": _Token()}),
    ("PUT", "/bytes", {"content": b"\x00\xff", "headers": {"Content-Type": "image/png", "X-A": "1"}}),
    ("PATCH", "/form", {"data": None, "json": [], "headers": None, "auth": None, "timeout": 3.0}),
    (
        "POST",
        "/file",
        {
            "files": {"f": ("ü.txt", b"text", "text/plain")},
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
    ),
]


@pytest.mark.parametrize(("method", "path", "options"), _CALLS)
async def test_a_request_is_the_one_that_httpx_sends(method: str, path: str, options: dict[str, Any]) -> None:
    headers = {"User-Agent": "Turngate/test"}
    async with (
        serve(APP) as url,
        httpx.AsyncClient(transport=AiohttpTransport(), headers=headers) as plain,
        DirectClient(AiohttpTransport(), headers=headers) as direct,
    ):
        expected = (await plain.request(method, url + path, **options)).json()
        response = await direct.request(method, url + path, **options)

    assert response.json() == expected
    assert response.request.url == url + path or options.get("params")


async def test_an_answer_of_the_server_is_answered_by_the_credentials() -> None:
    async with serve(APP) as url, provider_client() as http:
        response = await http.get(url + "/challenge", auth=_Challenge())

    assert response.text == "Secret 42"


def sign_request(request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = "Signed"
    return request


async def test_credentials_may_be_a_function() -> None:
    async with serve(APP) as url, provider_client() as http:
        assert (await http.get(url + "/challenge", auth=sign_request)).text == "Signed"


@pytest.mark.parametrize(
    ("options", "seconds"),
    [({}, 15.0), ({"timeout": httpx.USE_CLIENT_DEFAULT}, 15.0), ({"timeout": None}, None)],
)
async def test_no_timeout_is_another_than_the_usual_one(
    options: dict[str, Any], seconds: float | None
) -> None:
    async with DirectClient(_Timeouts(), timeout=15.0) as http:
        assert (await http.get("http://127.0.0.1/", **options)).text == f"{seconds}"


async def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    async with serve(APP) as url, provider_client() as http:
        response = await http.get(url + "/redirect")
        _, _, _, head, _ = (await http.get(url + "/a")).json()

    assert response.status_code == 302
    assert "cookie" not in dict(head)


async def test_hooks_and_redirects_go_through_httpx() -> None:
    seen = []

    async def record(request: httpx.Request) -> None:
        seen.append(request.url.path)

    async with serve(APP) as url, provider_client() as http:
        http.event_hooks["request"].append(record)
        response = await http.get(url + "/redirect", follow_redirects=True)

    assert response.status_code == 200
    assert seen == ["/redirect", "/elsewhere"]


async def test_a_closed_client_refuses_and_an_error_is_of_httpx() -> None:
    async with provider_client() as http:
        with pytest.raises(httpx.ConnectTimeout) as refused:  # the transport's error for a refused connection
            await http.post("http://127.0.0.1:1/", data={"a": "b"})
        assert refused.value.request.url == "http://127.0.0.1:1/"
        with pytest.raises(httpx.UnsupportedProtocol):
            await http.get("ftp://127.0.0.1/")

    with pytest.raises(RuntimeError, match="closed"):
        await http.get("http://127.0.0.1:1/")


async def test_a_cancelled_request_gives_its_connection_back() -> None:
    begun, answer = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> Response:
        begun.set()
        await answer.wait()
        return Response("late")

    async with serve(Starlette(routes=[Route("/", wait)])) as url, provider_client() as http:
        task = asyncio.create_task(http.get(url))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answer.set()
        assert (await http.get(url)).text == "late"
