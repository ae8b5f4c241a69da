"""The flow linter."""

from __future__ import annotations

from flows.authoring.lint.linter import LintFinding, lint

__all__ = [
    "LintFinding",
    "lint",
]
