"""Loads the operator's Python functions that a flow's `python` tools may call."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from core.errors import ConfigurationError
from flows.tools import is_tool


def load_tools(spec: str) -> list[Callable[..., Any]]:
    """Return the functions marked with `@tool` in a file (`tools.py`) or module; none without `spec`.

    The file is the operator's own code and runs in the workers. Raises `ConfigurationError`.
    """
    if not spec:
        return []
    try:
        module = _import_file(Path(spec)) if spec.endswith(".py") else importlib.import_module(spec)
    except Exception as error:  # a module may raise anything when it is executed
        raise ConfigurationError(
            f"TURNGATE_TOOLS: {spec} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    tools = [item for item in vars(module).values() if is_tool(item)]
    if not tools:
        raise ConfigurationError(f"TURNGATE_TOOLS: {spec} defines no function marked with @tool()")
    return tools


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"turngate_tools_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # the types of its functions are resolved there
    spec.loader.exec_module(module)
    return module
