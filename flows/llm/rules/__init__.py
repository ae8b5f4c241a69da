"""The offline rules model: scores edges by keywords, examples and slot values."""

from __future__ import annotations

from flows.llm.rules.carried_values import (
    find_carried_edge,
    find_named_edge,
    names_value,
    read_carried_values,
)
from flows.llm.rules.explanation import explain_edge
from flows.llm.rules.model import RulesModel, explain_missing_consent
from flows.llm.rules.reach import best_edge, is_reachable, takes_choice
from flows.llm.rules.second_wishes import words_of_wish

__all__ = [
    "RulesModel",
    "best_edge",
    "explain_edge",
    "explain_missing_consent",
    "find_carried_edge",
    "find_named_edge",
    "is_reachable",
    "names_value",
    "read_carried_values",
    "takes_choice",
    "words_of_wish",
]
