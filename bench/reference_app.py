"""The reference's own session worker behind a route, in its own venv; nothing of ours is imported here."""

from __future__ import annotations

import importlib
import json
import logging
import os
from typing import Any

from reference import Client  # type: ignore[import-not-found]
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def create() -> Starlette:
    """`POST /turn` over its SessionWorker, with a model that answers at once."""
    logging.disable(logging.CRITICAL)
    superdialog: Any = importlib.import_module("superdialog")
    sessions: Any = importlib.import_module("superdialog.session.worker")
    adapter = importlib.import_module("superdialog.machine.adapters.toolcall_adapter")
    client = Client()
    client.function = "__stay_on_node__"
    vars(adapter)["_make_openai_client"] = lambda: client
    flow = superdialog.Flow.model_validate(json.loads(os.environ["BENCH_FLOW"]))
    worker = sessions.SessionWorker(
        agent_factory=lambda: superdialog.DialogMachine(flow=flow, llm="openai/none"), max_sessions=10_000
    )

    async def turn(request: Request) -> JSONResponse:
        asked = await request.json()
        async with worker.acquire(asked["session_id"]) as handle:
            reply = await handle.turn(asked["text"])
        return JSONResponse({"reply": getattr(reply, "text", str(reply))})

    return Starlette(routes=[Route("/turn", turn, methods=["POST"])])
