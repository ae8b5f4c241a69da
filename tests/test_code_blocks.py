"""Every Python block of the documentation is run as it stands, in a folder with the library's flows."""

from __future__ import annotations

import ast
import asyncio
import re
import shutil
from pathlib import Path

import pytest

import flows

ROOT = Path(__file__).parent.parent
LIBRARY = Path(flows.__file__).parent / "library"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, match.start()) + 2
            found.append((f"{page.relative_to(ROOT)}:{line}", match[1]))
    return found


@pytest.mark.parametrize(("where", "code"), blocks(), ids=[where for where, _ in blocks()])
async def test_the_block_runs(where: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(LIBRARY, tmp_path, dirs_exist_ok=True)
    shutil.copytree(LIBRARY, tmp_path / "flows" / "library")
    monkeypatch.chdir(tmp_path)
    page, line = where.rsplit(":", 1)
    padded = "\n" * (int(line) - 1) + code
    names: dict[str, object] = {"__name__": "example"}

    result = eval(
        compile(padded, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), names
    )
    if asyncio.iscoroutine(result):
        await result
