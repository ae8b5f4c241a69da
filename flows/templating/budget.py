"""Budget of one rendering: rounds of loops, processor time and length of the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from time import thread_time
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.visitor import NodeTransformer

MAX_OUTPUT_LENGTH = 1_000_000
MAX_TOTAL_ITERATIONS = 10_000
MAX_SECONDS = 0.5
"""Processor time of one rendering or expression; an ordinary one takes less than a thousandth of it."""

ROUNDS_FILTER, CONCAT_FILTER = "rounds of a loop", "bounded text"  # names that are not valid in a template


@dataclass(slots=True)
class _Budget:
    """Rounds of loops and processor time of one rendering."""

    rounds: int
    ends_at: float

    def spend(self, rounds: int = 0) -> None:
        """Count rounds and check the time. Raises `SecurityError` when there is none left."""
        self.rounds -= rounds
        if self.rounds < 0:
            raise SecurityError(f"a text has {MAX_TOTAL_ITERATIONS} rounds of loops at most")
        if thread_time() > self.ends_at:
            raise SecurityError("this would take too long")


_budget: ContextVar[_Budget] = ContextVar("budget")


def start_budget() -> None:
    """Give a rendering or an expression its rounds and its time."""
    _budget.set(_Budget(MAX_TOTAL_ITERATIONS, thread_time() + MAX_SECONDS))


def spend(rounds: int = 0) -> None:
    """Count rounds and check the time. Raises `SecurityError` when there is none left."""
    _budget.get().spend(rounds)


def count_rounds(values: Iterable[Any]) -> Iterator[Any]:
    """Return an iterator over the values of a loop that counts its rounds."""
    return _spend_rounds(iter(values))


def _spend_rounds(values: Iterator[Any]) -> Iterator[Any]:
    budget = _budget.get()
    for value in values:
        budget.spend(rounds=1)
        yield value


def spend_time(values: Iterator[Any]) -> Iterator[Any]:
    """Yield the values as long as there is time."""
    budget = _budget.get()
    for value in values:
        budget.spend()
        yield value


def concatenate_values(values: Iterable[object]) -> str:
    """The operator `~`."""
    spend()
    return concatenate(map(str, values))


def concatenate(parts: Iterable[str]) -> str:
    """Join the output of a template, a macro or a block."""
    texts: list[str] = []
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_OUTPUT_LENGTH:
            raise SecurityError("this would be too long")
        texts.append(part)
    return "".join(texts)


class BoundingTransformer(NodeTransformer):
    """Makes loops count their rounds and bounds the operator `~`; the names of the methods are Jinja's."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, ROUNDS_FILTER, [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, CONCAT_FILTER, [], [], None, None, lineno=node.lineno)
