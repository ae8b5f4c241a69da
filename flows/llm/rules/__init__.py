"""The offline rules model: scores edges by keywords, examples and slot values."""

from __future__ import annotations

from flows.llm.rules.model import RulesModel

__all__ = [
    "RulesModel",
]
