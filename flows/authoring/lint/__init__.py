"""The flow linter."""

from __future__ import annotations

from flows.authoring.lint.linter import lint

__all__ = [
    "lint",
]
