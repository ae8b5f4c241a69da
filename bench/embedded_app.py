"""Our session worker behind our route, with the same model that answers at once."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from bench.flows import Client
from flows.models.openai import OpenAIModel
from flows.models.prompts import STAY
from gateway import DialogMachine, DialogRouter, Flow, SessionWorker


def create() -> Starlette:
    """`POST /turn` over `SessionWorker`."""
    model = OpenAIModel("none", api_key="none")
    flow = Flow.model_validate(json.loads(os.environ["BENCH_FLOW"]))
    worker = SessionWorker(agent_factory=lambda: DialogMachine(flow=flow, llm=model), max_sessions=10_000)
    return Starlette(routes=[Mount("/", DialogRouter(worker))], lifespan=lambda app: _instant(model))


@asynccontextmanager
async def _instant(model: OpenAIModel) -> AsyncIterator[None]:
    """The model's client is replaced by one that answers at once."""
    client = Client(tokens=10, pause=0)
    client.function = STAY
    inner = model._client
    inner._client, inner._loop = client, asyncio.get_running_loop()  # type: ignore[assignment]
    yield
