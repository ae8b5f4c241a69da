"""Our session worker behind our route, with the same model that answers at once."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from bench.flows import Client
from flows.models.openai import OpenAIModel
from flows.models.prompts import STAY
from gateway import DialogMachine, DialogRouter, Flow, SessionWorker, collect_rarely


class _Taking(Client):
    """Takes the first function that it is offered, or stays, by what the user says."""

    async def create(self, *, stream: bool = False, **request: Any) -> Any:
        body = request["extra_body"]
        says = body["messages"][-1]["content"]
        self.function = STAY if "think" in says else body["tools"][0]["function"]["name"]
        return await super().create(stream=stream, **request)


def create() -> Starlette:
    """`POST /turn` over `SessionWorker`."""
    model = OpenAIModel("none", api_key="none")
    flow = Flow.model_validate(json.loads(os.environ["BENCH_FLOW"]))
    worker = SessionWorker(agent_factory=lambda: DialogMachine(flow=flow, llm=model), max_sessions=10_000)
    return Starlette(routes=[Mount("/", DialogRouter(worker))], lifespan=lambda app: _instant(model))


@asynccontextmanager
async def _instant(model: OpenAIModel) -> AsyncIterator[None]:
    """The model's client is replaced by one that answers at once; set up as docs/embedding.md says."""
    collect_rarely()
    client = _Taking(tokens=10, pause=0)
    inner = model._client
    inner._client, inner._loop = client, asyncio.get_running_loop()  # type: ignore[assignment]
    yield
