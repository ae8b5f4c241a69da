"""Prints the score by language and kind: `python -m tests.understanding [-v]`."""

from __future__ import annotations

import asyncio
import sys

from tests.understanding.score import measure, table


async def main(*, is_verbose: bool) -> None:
    score = await measure()
    if is_verbose:
        for turn, verdict, happened in score.misses:
            print(
                f"{verdict:5} {turn.scene.flow}/{turn.scene.language} {turn.kind}: {turn.text} → {happened}"
            )
    print(table(score))


if __name__ == "__main__":
    asyncio.run(main(is_verbose="-v" in sys.argv))
