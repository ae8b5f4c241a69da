"""Slow turns: most faults need a turn in progress, and the rules model answers in two milliseconds."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from flows.engine import DialogMachine


def delay_turns(seconds: float) -> None:
    """Make every turn of this process take `seconds` longer on average."""
    answer = DialogMachine.answer

    async def answer_late(self: DialogMachine, *arguments: Any, **options: Any) -> Any:
        await asyncio.sleep(random.uniform(0.0, 2.0 * seconds))  # noqa: S311
        return await answer(self, *arguments, **options)

    DialogMachine.answer = answer_late  # type: ignore[method-assign]
