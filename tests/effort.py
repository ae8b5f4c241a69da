"""How much the randomized tests try: a part by default, everything in CI."""

from __future__ import annotations

import os

FULL = os.environ.get("FULL_TESTS") == "1"
"""Set by `make test-all` and by CI."""


def examples(count: int, quick: int | None = None) -> int:
    """Return how many examples a property test tries: `count` in full, else `quick` or a quarter."""
    return count if FULL else quick or max(count // 4, 10)
