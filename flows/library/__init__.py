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
    return FLOW_LIBRARY / f"{name}.json" if name in library_flows() and not is_existing_file(file) else file


def is_existing_file(path: Path) -> bool:
    """Return whether there is such a file; a path that no file can have, as one too long, is none."""
    try:
        return path.is_file()
    except OSError:  # until Python 3.14
        return False


def library_flows() -> list[str]:
    """Return the names of the flows in the library."""
    return sorted(file.stem for file in FLOW_LIBRARY.glob("*.json"))
