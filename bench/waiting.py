"""Gives the offline model a time to think. `TURNGATE_TOOLS` has each worker load this, forked ones too."""

from __future__ import annotations

import asyncio
import os

from flows.llm.model import Decide, Decision
from flows.llm.rules.model import RulesModel
from flows.tools.python import tool

SECONDS = "BENCH_MODEL_SECONDS"

_decide = RulesModel.decide


async def _decide_late(self: RulesModel, question: Decide) -> Decision:
    await asyncio.sleep(float(os.environ[SECONDS]))
    return await _decide(self, question)


@tool(reads_only=True)
def patience() -> str:
    """Nothing that a flow calls: whoever loads tools expects one."""
    return os.environ[SECONDS]


RulesModel.decide = _decide_late  # type: ignore[method-assign]
