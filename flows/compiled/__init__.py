"""Immutable compiled form of a flow document that the engine executes."""

from __future__ import annotations

from flows.compiled.edge import CompiledEdge, strip_extension_keys
from flows.compiled.flow import CompiledFlow, compile_all_languages, compile_flow
from flows.compiled.instructions import (
    auto_proceeds,
    is_silent,
    language_code,
    node_type,
    scripted_speech,
    select_language_block,
)
from flows.compiled.lookahead import SpeculativeReply
from flows.compiled.node import CompiledNode

__all__ = [
    "CompiledEdge",
    "CompiledFlow",
    "CompiledNode",
    "SpeculativeReply",
    "auto_proceeds",
    "compile_all_languages",
    "compile_flow",
    "is_silent",
    "language_code",
    "node_type",
    "scripted_speech",
    "select_language_block",
    "strip_extension_keys",
]
