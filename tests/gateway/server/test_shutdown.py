"""Shutdown of the composed web application."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
from redis.asyncio import Redis
from starlette.applications import Starlette

from gateway.local.http_server import serve
from tests.gateway.server.test_operator_auth import OPS, build_bearer


async def test_the_listener_for_answers_ends_before_its_connections(app: Starlette, redis: Redis) -> None:
    """It would take their end for an outage, and warn of it at each stop."""
    before = asyncio.all_tasks()
    async with (
        app.router.lifespan_context(app),
        serve(app, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, trust_env=False, headers=build_bearer(OPS)) as client,
    ):
        turn = asyncio.create_task(client.post("/turn", json={"text": "hi", "session_id": "ada"}))
        async with asyncio.timeout(20):
            while not dict(await redis.pubsub_numsub("tg:told"))[b"tg:told"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # the server offers no event
        turn.cancel()
        with suppress(asyncio.CancelledError):
            await turn

    left = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - before}  # type: ignore[union-attr]
    assert "run_forever" not in left
