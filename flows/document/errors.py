"""Errors of flow documents, with the path of each issue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from core.errors import ConfigurationError


class Issue(NamedTuple):
    """One issue. `path` is like `nodes[2].edges[0].target_node_id`; `sentence` is for the author."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class FlowError(ConfigurationError, ValueError):
    """An invalid flow. `problems` holds every issue, in document order; `files` are those it names."""

    def __init__(self, source: str, problems: Sequence[Issue], files: Sequence[Path] = ()) -> None:
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {problem}" for problem in problems)]))
        self.source = source
        self.issues = tuple(problems)
        self.files = tuple(files)


class FlowNotFound(FlowError, FileNotFoundError):
    """The flow's file does not exist."""
