"""Calls to several partitions at once: an error in one keeps no other from being made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def call_all(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Await all calls, and then return their answers or raise the first error."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    found: list[T] = []
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        found.append(answer)
    return found
