"""A counter as a Restate virtual object, in its own venv; imports nothing of this project.

One object per session, whose handler reads its state, adds one and writes it: the least that a durable turn
does. Served by hypercorn, as the SDK's documentation shows.
"""

from __future__ import annotations

import importlib
from typing import Any

restate: Any = importlib.import_module("restate")
session = restate.VirtualObject("Session")


@session.handler()  # type: ignore[untyped-decorator]
async def turn(context: Any, text: str) -> dict[str, Any]:
    """Count a turn."""
    count = (await context.get("count") or 0) + 1
    context.set("count", count)
    return {"reply": f"{count}: {text}"}


app = restate.app([session])
