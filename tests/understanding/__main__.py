"""Prints the scores by language and kind: `python -m tests.understanding [-v]`."""

from __future__ import annotations

import asyncio
import sys

from tests.understanding.score import Score, measure_conversations, measure_turns, render_table
from tests.understanding.scored_conversations import FOLDERS


async def main(*, is_verbose: bool) -> None:
    _print_score("library and shop", await measure_turns(), is_verbose=is_verbose)
    for folder in FOLDERS:
        _print_score(f"conversations {folder}", await measure_conversations(folder), is_verbose=is_verbose)


def _print_score(title: str, score: Score, *, is_verbose: bool) -> None:
    print(f"\n{title}")
    for turn, verdict, happened in score.misses if is_verbose else ():
        print(f"{verdict:6} {turn.kind}: {turn.text} → {happened}")
    print(render_table(score))


if __name__ == "__main__":
    asyncio.run(main(is_verbose="-v" in sys.argv))
