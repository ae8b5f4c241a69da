"""Application that embeds the dialog, for tests that serve it with a real uvicorn."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

import flows
from gateway import DialogMachine, DialogRouter, FastAPIRouter, Flow, RedisSessionStore, SessionWorker

FLOW = Flow.load(Path(flows.__file__).parent / "library" / "kyc.json")


def build_starlette() -> Starlette:
    """Sessions on Redis, so that several processes can serve them."""
    store = RedisSessionStore(os.environ["REDIS_URL"], seconds=600)
    worker = SessionWorker(agent_factory=lambda: DialogMachine(flow=FLOW, llm="rules"), store=store)
    return Starlette(routes=[Mount("/dialog", DialogRouter(worker))])


def build_fastapi() -> FastAPI:
    """A dialog machine in a FastAPI application."""
    app = FastAPI()
    app.include_router(FastAPIRouter(DialogMachine(flow=FLOW, llm="rules")), prefix="/dialog")
    return app
