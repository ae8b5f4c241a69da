"""Public API of the dialog engine: the flow document, the machine that runs it, and Python tools.

Names are resolved on first use, so that importing a part of the package does not load all of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.document import Flow, FlowSet
    from flows.engine import DialogMachine
    from flows.tools import Context, ToolError, tool

__all__ = ["Context", "DialogMachine", "Flow", "FlowSet", "ToolError", "tool"]

_LAZY_IMPORTS = {
    "Context": "flows.tools",
    "DialogMachine": "flows.engine",
    "Flow": "flows.document",
    "FlowSet": "flows.document",
    "ToolError": "flows.tools",
    "tool": "flows.tools",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY_IMPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY_IMPORTS[name]), name)
