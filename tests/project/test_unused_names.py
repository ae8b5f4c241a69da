"""Private names of modules are used: what a change has left behind is found."""

from __future__ import annotations

import ast
import re

from tests.paths import ROOT

PACKAGES = ("core", "flows", "channels", "gateway", "bench")


def find_unused(source: str) -> list[str]:
    """Return the private functions, classes and constants of a module that it never mentions again."""
    names: list[str] = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    private = [name for name in names if name.startswith("_") and not name.startswith("__")]
    return [name for name in private if len(re.findall(rf"\b{name}\b", source)) < 2]


def test_a_name_that_is_never_used_is_found() -> None:
    assert find_unused("_A = 1\n_B = _C = 2\nprint(_B)\n\n\ndef _d() -> None: ...\n") == ["_A", "_C", "_d"]


def test_every_private_name_is_used() -> None:
    unused = {
        path.relative_to(ROOT).as_posix(): found
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if (found := find_unused(path.read_text(encoding="utf-8")))
    }
    assert unused == {}
