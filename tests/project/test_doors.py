"""Public interfaces: a package's exports are documented, and other packages import only those."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from tests.paths import ROOT

PRODUCT = ("core", "flows", "channels", "gateway")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PRODUCT
    for path in (ROOT / package).rglob("*.py")
}
LAZY = frozenset({"flows", "gateway"})
"""Their names are resolved on first use, so that importing one part does not load all of them."""


def list_exports(path: Path) -> set[str]:
    """Return the names in a module's `__all__`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
        ):
            return set(ast.literal_eval(node.value))
    return set()


DOORS = {
    name: names
    for name, path in MODULES.items()
    if path.name == "__init__.py" and (names := list_exports(path))
}


@pytest.mark.parametrize("door", sorted(DOORS))
def test_every_exported_class_and_function_is_documented(door: str) -> None:
    module = importlib.import_module(door)
    exported = {name: getattr(module, name) for name in DOORS[door]}

    undocumented = [
        name
        for name, value in exported.items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and not inspect.getdoc(value)
    ]
    assert undocumented == []


def test_a_module_is_documented_in_its_first_line() -> None:
    docstrings = {
        name: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for name, path in MODULES.items()
    }
    assert [name for name, text in docstrings.items() if not text] == []
    question = ("What ", "Whether ", "Who ", "Where ")  # start with a verb or a noun instead
    assert [name for name, text in docstrings.items() if text and text.startswith(question)] == []


@pytest.mark.long
def test_other_packages_import_what_a_door_exports_from_the_door() -> None:
    bypassed = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            package = node.module.rpartition(".")[0]
            if package in DOORS and package not in LAZY and not f"{name}.".startswith(f"{package}."):
                hidden = {alias.name for alias in node.names} & DOORS[package]
                bypassed += [f"{name}: import {each} from {package}" for each in sorted(hidden)]
    assert bypassed == []
