"""The public door: what an application imports from Turngate.

Names are looked up when they are used, so that importing one part does not load all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.document import Flow
    from flows.machine import DialogMachine

__all__ = ["DialogMachine", "Flow"]

_ROOMS = {"DialogMachine": "flows.machine", "Flow": "flows.document"}


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
