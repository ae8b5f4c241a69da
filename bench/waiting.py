"""Gives the offline model a time to think. `TURNGATE_TOOLS` has each worker load this, forked ones too."""

from __future__ import annotations

import asyncio
import os

from flows.llm import TransitionDecision, TransitionRequest
from flows.llm.rules import RulesModel
from flows.tools import tool

SECONDS_VARIABLE = "BENCH_MODEL_SECONDS"

_original_decide = RulesModel.decide


async def _delayed_decide(self: RulesModel, question: TransitionRequest) -> TransitionDecision:
    await asyncio.sleep(float(os.environ[SECONDS_VARIABLE]))
    return await _original_decide(self, question)


@tool(reads_only=True)
def no_op_tool() -> str:
    """Nothing that a flow calls: whoever loads tools expects one."""
    return os.environ[SECONDS_VARIABLE]


RulesModel.decide = _delayed_decide  # type: ignore[method-assign]
