"""The embedding session worker behind its route, with an instant model."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

import bench.programs.instant_model  # noqa: F401 - it puts its model in place of the real client
from flows.llm.openai.model import OpenAIModel
from gateway import DialogMachine, DialogRouter, Flow, SessionWorker, collect_rarely


def create() -> Starlette:
    """`POST /turn` over `SessionWorker`."""
    model = OpenAIModel("none", api_key="none")
    flow = Flow.model_validate(json.loads(os.environ["BENCH_FLOW"]))
    worker = SessionWorker(agent_factory=lambda: DialogMachine(flow=flow, llm=model), max_sessions=10_000)
    return Starlette(routes=[Mount("/", DialogRouter(worker))], lifespan=_lifespan)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Lifespan as shown in docs/embedding.md."""
    collect_rarely()
    yield
