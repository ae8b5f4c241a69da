"""Extent of the randomized tests: a sample by default, everything in CI."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

FULL = os.environ.get("FULL_TESTS") == "1"
"""Set by `make test-all` and by CI."""


def example_count(count: int, quick: int | None = None) -> int:
    """Return how many examples a property test tries: `count` in full, else `quick` or a quarter."""
    return count if FULL else quick or max(count // 4, 10)


def sample(items: Iterable[T], start: int = 0) -> Iterable[T]:
    """Return all items in full, else every fifth from one of the first five on."""
    return items if FULL else islice(items, start % 5, None, 5)
