"""Expansion of author nodes (`collect`, `confirm`, `menu`) and of `faq` to the nodes and edges of a graph."""

from __future__ import annotations

from flows.document.expansion.expand import Expansion, expand_document, has_author_nodes
from flows.document.expansion.models import AUTHOR_NODES, FaqEntry

__all__ = [
    "AUTHOR_NODES",
    "Expansion",
    "FaqEntry",
    "expand_document",
    "has_author_nodes",
]
