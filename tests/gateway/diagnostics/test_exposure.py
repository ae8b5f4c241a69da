"""`turngate doctor` on operator access: the keys that are set, and pages that PUBLIC_URL exposes."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.access.generated_key import load_or_create_key, new_secret
from gateway.config.settings import Settings
from gateway.diagnostics.checks import run_checks
from gateway.local.http_server import serve

ORIGIN = {"TURNGATE_WEB_ORIGINS": "https://www.example.com"}


async def run_doctor(**settings: str) -> tuple[str, str]:
    results = [each async for each in run_checks(Settings.model_validate(settings))]
    return (
        "\n".join(each.message for each in results if each.passed),
        "\n".join(each.message for each in results if not each.passed),
    )


def build_page(content: Response) -> Starlette:
    async def show(request: Request) -> Response:
        return content

    return Starlette(routes=[Route("/{path:path}", show)])


@pytest.mark.long
@pytest.mark.parametrize(
    ("content", "path"),
    [
        (HTMLResponse("<title>Console · Turngate</title>"), "/console"),
        (JSONResponse({"sessions": []}), "/console/desk/sessions"),
        (PlainTextResponse("turngate_queued_drains 0"), "/metrics"),
    ],
)
async def test_an_open_public_address_is_shouted_about(content: Response, path: str) -> None:
    async with serve(build_page(content)) as url:
        _, unwell = await run_doctor(PUBLIC_URL=url, TURNGATE_API_KEY=new_secret(), **ORIGIN)

    assert f"OPEN TO EVERYBODY: {url}{path} is shown without a key" in unwell


@pytest.mark.parametrize(
    "content",
    [
        JSONResponse({"error": {}}, 401),
        RedirectResponse("/console/sign-in", 303),
        HTMLResponse("another website"),
        PlainTextResponse("turngate_x", 404),
    ],
)
async def test_a_closed_public_address_passes(content: Response) -> None:
    async with serve(build_page(content)) as url:
        passed, unwell = await run_doctor(PUBLIC_URL=url, TURNGATE_API_KEY=new_secret(), **ORIGIN)

    assert f"{url}/console shows nothing without a key" in passed
    assert unwell == ""


async def test_an_address_that_is_not_reached_is_left_to_the_operator() -> None:
    passed, unwell = await run_doctor(PUBLIC_URL="http://127.0.0.1:1", **ORIGIN)

    assert "http://127.0.0.1:1/console was not reached from here (ConnectError)" in passed
    assert unwell == ""


@pytest.mark.long
async def test_the_keys_are_named_and_never_shown(tmp_path: Path) -> None:
    secret = new_secret()
    named, _ = await run_doctor(TURNGATE_API_KEYS=f"anna:agent:{secret}", TURNGATE_API_KEY=new_secret())
    assert "Operator keys: operator (operator), anna (agent)" in named
    assert secret not in named

    before, _ = await run_doctor(TURNGATE_DATA_DIR=str(tmp_path), **ORIGIN)
    assert "one is generated at the next start, because TURNGATE_WEB_ORIGINS has" in before
    key = load_or_create_key(tmp_path)
    after, _ = await run_doctor(TURNGATE_DATA_DIR=str(tmp_path), **ORIGIN)
    assert f"generated, kept in {key.path}" in after
    assert key.secret not in after

    key.path.chmod(0o644)
    _, unwell = await run_doctor(TURNGATE_DATA_DIR=str(tmp_path), **ORIGIN)
    assert "may be read by other users" in unwell

    assert "No operator key is needed" in (await run_doctor())[0]
