"""Flows that come with the product, found by their name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FLOW_LIBRARY: Final = Path(__file__).parent


def find_flow_file(path: str | Path) -> Path:
    """Return the path itself or, where there is no such file, the library's flow of this name.

    Raises `OSError` for a path that cannot be looked at.
    """
    file, name = Path(path), str(path)
    return FLOW_LIBRARY / f"{name}.json" if name in library_flows() and not file.is_file() else file


def library_flows() -> list[str]:
    """Return the names of the flows in the library."""
    return sorted(file.stem for file in FLOW_LIBRARY.glob("*.json"))
