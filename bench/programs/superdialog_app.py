"""The reference's session worker behind its own route, in its own venv; imports nothing of the product.

The route is the one that its documentation shows, with the packages of its `fastapi` extra.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
from typing import Any

from bench.programs.superdialog_engine import FakeOpenAIClient


class _FirstFunctionClient(FakeOpenAIClient):
    """Calls the first function that it is offered, or stays, as the user's text says."""

    async def create(self, *, stream: bool = False, **request: Any) -> Any:
        says = request["messages"][-1]["content"]
        tools = request.get("tools") or [{"function": {"name": ""}}]
        self.function = "__stay_on_node__" if "think" in says else tools[0]["function"]["name"]
        return await super().create(stream=stream, **request)


def create() -> Any:
    """`POST /turn` over its SessionWorker, with an instant model."""
    logging.disable(logging.CRITICAL)
    fastapi: Any = importlib.import_module("fastapi")
    superdialog: Any = importlib.import_module("superdialog")
    sessions: Any = importlib.import_module("superdialog.session.worker")
    adapter = importlib.import_module("superdialog.machine.adapters.toolcall_adapter")
    client = _FirstFunctionClient()
    vars(adapter)["_make_openai_client"] = lambda: client
    flow = superdialog.Flow.model_validate(json.loads(os.environ["BENCH_FLOW"]))
    worker = sessions.SessionWorker(
        agent_factory=lambda: superdialog.DialogMachine(flow=flow, llm="openai/none"), max_sessions=10_000
    )
    app = fastapi.FastAPI()

    async def turn(payload: dict[str, str]) -> dict[str, str]:
        async with worker.acquire(payload["session_id"]) as handle:
            reply = await handle.turn(payload["text"])
        return {"reply": getattr(reply, "text", str(reply))}

    app.post("/turn")(turn)
    return app
