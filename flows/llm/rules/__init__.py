"""The offline rules model: scores edges by keywords, examples and slot values."""

from __future__ import annotations

from flows.llm.rules.model import RulesModel, explain_missing_consent

__all__ = [
    "RulesModel",
    "explain_missing_consent",
]
