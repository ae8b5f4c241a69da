"""Access to the console."""

from __future__ import annotations

import base64

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.server.operator_auth import OperatorAuth


async def secret(request: Request) -> Response:
    return PlainTextResponse("inside")


async def ask(
    key: str = "",
    *,
    client: str = "127.0.0.1",
    host: str = "127.0.0.1:8000",
    headers: dict[str, str] | None = None,
    method: str = "GET",
) -> httpx.Response:
    app = Starlette(routes=[Route("/", OperatorAuth(key).require(secret), methods=["GET", "POST"])])
    transport = httpx.ASGITransport(app, client=(client, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        return await http.request(method, "/", headers=raw, content="{}")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
async def test_without_a_key_loopback_requests_are_allowed(host: str) -> None:
    assert (await ask(host=host)).text == "inside"


@pytest.mark.parametrize(
    ("client", "host"),
    [("192.0.2.7", "127.0.0.1"), ("127.0.0.1", "evil.example.com"), ("127.0.0.1", "127.0.0.1.evil.example")],
)
async def test_without_a_key_other_hosts_and_dns_names_for_loopback_are_denied(
    client: str, host: str
) -> None:
    response = await ask(client=client, host=host)

    assert response.status_code == 403
    assert "TURNGATE_API_KEY" in response.json()["error"]["message"]


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_requests_with_the_key_are_allowed(scheme: str) -> None:
    value = base64.b64encode("me:kéy".encode()).decode() if scheme == "Basic" else "kéy"
    headers = {"Authorization": f"{scheme} {value}".encode().decode("latin-1")}
    response = await ask("kéy", client="192.0.2.7", host="bots.example.com", headers=headers)

    assert response.text == "inside"


@pytest.mark.parametrize(
    "headers", ["", "Basic", "Basic !!!", "Basic bWU6bm8=", "Bearer no", "Bearer \xff\xfe"]
)
async def test_requests_with_a_wrong_key_are_denied_even_from_loopback(headers: str) -> None:
    assert (await ask("key", headers={"Authorization": headers})).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "application/json", "Origin": "http://127.0.0.1:8000"}, 200),
        ({"Content-Type": "application/json", "Origin": "https://evil.example.com"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({}, 403),
    ],
)
async def test_only_same_origin_pages_may_post(headers: dict[str, str], status: int) -> None:
    assert (await ask(headers=headers, method="POST")).status_code == status


@pytest.mark.parametrize("host", ["[", "[::1", "a]b"])
async def test_a_malformed_host_or_origin_is_denied(host: str) -> None:
    by_host = await ask(headers={"Host": host})
    by_origin = await ask(
        "key",
        headers={
            "Authorization": "Bearer key",
            "Origin": f"http://{host}",
            "Content-Type": "application/json",
        },
        method="POST",
    )

    assert (by_host.status_code, by_origin.status_code) == (403, 403)
