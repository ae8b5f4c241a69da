"""Delayed offline model of a worker process; `TURNGATE_TOOLS` loads it in each worker, also in forked ones.

The patch is applied only where `DELAY_VARIABLE` is set, so a benchmark may import this module safely.
"""

from __future__ import annotations

import asyncio
import os

from flows.llm import TransitionDecision, TransitionRequest
from flows.llm.rules import RulesModel
from flows.tools import tool

DELAY_VARIABLE = "BENCH_MODEL_SECONDS"

_original_decide = RulesModel.decide


async def _delayed_decide(self: RulesModel, question: TransitionRequest) -> TransitionDecision:
    await asyncio.sleep(float(os.environ[DELAY_VARIABLE]))
    return await _original_decide(self, question)


@tool(reads_only=True)
def no_op_tool() -> str:
    """A tool that no flow calls: a tools module must define at least one."""
    return os.environ[DELAY_VARIABLE]


if DELAY_VARIABLE in os.environ:
    RulesModel.decide = _delayed_decide  # type: ignore[method-assign]
