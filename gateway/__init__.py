"""Public API: what an application imports from Turngate.

Names are resolved on first use, so that importing one part does not load all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.sessions import InMemorySessionStore, NullSessionStore, SessionWorker
    from flows.document import Flow, FlowSet
    from flows.engine import DialogMachine
    from flows.tools import Context, ToolError, tool
    from gateway.config.gc_tuning import collect_rarely
    from gateway.embedding.fastapi import FastAPIRouter
    from gateway.embedding.starlette import DialogRouter
    from gateway.redis.records.sessions.session_store import RedisSessionStore

__all__ = [
    "Context",
    "DialogMachine",
    "DialogRouter",
    "FastAPIRouter",
    "Flow",
    "FlowSet",
    "InMemorySessionStore",
    "NullSessionStore",
    "RedisSessionStore",
    "SessionWorker",
    "ToolError",
    "collect_rarely",
    "tool",
]

_LAZY_IMPORTS = {
    "Context": "flows.tools.python",
    "DialogMachine": "flows.engine.machine",
    "DialogRouter": "gateway.embedding.starlette",
    "FastAPIRouter": "gateway.embedding.fastapi",
    "Flow": "flows.document.flow",
    "FlowSet": "flows.document.flow_set",
    "InMemorySessionStore": "core.sessions.store",
    "NullSessionStore": "core.sessions.store",
    "RedisSessionStore": "gateway.redis.records.sessions.session_store",
    "SessionWorker": "core.sessions.worker",
    "ToolError": "flows.tools.python",
    "collect_rarely": "gateway.config.gc_tuning",
    "tool": "flows.tools.python",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY_IMPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY_IMPORTS[name]), name)
