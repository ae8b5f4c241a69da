"""What a turn passed on its way, for whoever watches: coverage, a log, a chat in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Hop(NamedTuple):
    """A node entered, by `edge` from node `source`; both are empty at the beginning."""

    node: str
    edge: str = ""
    source: str = ""


Watch = Callable[[Hop], None]


def unwatched(hop: Hop) -> None:
    """Nobody looks."""
