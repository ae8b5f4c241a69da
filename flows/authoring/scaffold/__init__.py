"""New flows from templates, each with test conversations that pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.errors import ConfigurationError
from flows.library import find_flow_file

TEMPLATES: Final = ("form", "faq", "menu", "support")
_FOLDER = Path(__file__).parent
_SUFFIXES = ("", ".yaml", ".yml")


def create_flow(name: str, template: str) -> Sequence[Path]:
    """Write a flow and its test conversations, and return their paths; files that exist are never changed.

    `name` may have a folder and ends in .yaml, or gets it. Raises `ConfigurationError`.
    """
    if template not in TEMPLATES:
        raise ConfigurationError(f"there is no template “{template}”: choose {', '.join(TEMPLATES)}")
    target = _target_path(name)
    files = {
        target: (_FOLDER / f"{template}.yaml").read_text(encoding="utf-8"),
        target.with_suffix(".test.yaml"): (_FOLDER / f"{template}.test.yaml").read_text(encoding="utf-8"),
    }
    if taken := next((file for file in files if file.exists()), None):
        raise ConfigurationError(f"{taken} exists already: choose another name, or remove it")
    for file, text in files.items():
        _write_new(file, text)
    return tuple(files)


def _target_path(name: str) -> Path:
    path = Path(name)
    stem = path.name.removesuffix(path.suffix) if path.suffix in _SUFFIXES else ""
    if not stem or stem.endswith(".test"):
        raise ConfigurationError(
            f"“{name}” is not a valid name for a flow: write one like orders, or orders.yaml"
        )
    if find_flow_file(stem) != Path(stem):
        raise ConfigurationError(f"“{stem}” is a flow of the library: choose another name")
    return path.with_suffix(path.suffix or ".yaml")


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise ConfigurationError(f"{file} exists already: choose another name") from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from error
