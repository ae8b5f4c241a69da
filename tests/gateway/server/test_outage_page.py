"""Outage of Redis: a browser gets a page that describes it, a program gets JSON."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gateway.app import create
from gateway.local.http_server import serve
from gateway.redis.server.embedded_server import EmbeddedRedis
from tests.gateway.server.test_operator_auth import OPS, build_bearer

BROWSER = {**build_bearer(OPS), "Accept": "text/html,application/xhtml+xml"}


@pytest.mark.usefixtures("environment")
async def test_the_console_says_what_happens_without_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedRedis(tmp_path, durable=False)
    server.start()
    monkeypatch.setenv("REDIS_URL", server.url)
    app = create()
    async with (
        app.router.lifespan_context(app),
        serve(app, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        assert (await http.get("/console", headers=BROWSER)).status_code == 200
        server.kill()
        page = await http.get("/console/failures?a=1", headers=BROWSER)
        program = await http.get("/console/failures", headers=build_bearer(OPS))
        elsewhere = await http.get("/messages/x", headers=BROWSER)

    assert page.status_code == program.status_code == elsewhere.status_code == 503
    assert page.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "most providers send them again" in page.text
    assert 'href="/console/failures">Try again' in page.text
    assert program.json()["error"]["code"] == elsewhere.json()["error"]["code"] == "unavailable"
    server.stop()
