"""Runs every Python block of the documentation, the blocks of a page in order."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shutil
from pathlib import Path

import pytest

import flows
from tests.paths import ROOT

LIBRARY = Path(flows.__file__).parent / "library"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = [
    (page, text)
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if BLOCK.search(text := page.read_text(encoding="utf-8"))
]


@pytest.mark.long
@pytest.mark.parametrize(("page", "text"), PAGES, ids=[page.name for page, _ in PAGES])
async def test_the_code_blocks_of_a_page_run(
    page: Path, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(LIBRARY, tmp_path, dirs_exist_ok=True)
    shutil.copytree(LIBRARY, tmp_path / "flows" / "library")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "example"}
    for block in BLOCK.finditer(text):
        lines_before = text.count("\n", 0, block.start()) + 1  # errors then refer to the page's own line
        code = compile(
            "\n" * lines_before + block[1],
            str(page),
            "exec",
            ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, names)
        else:  # in a thread, so that a block may call asyncio.run
            await asyncio.to_thread(eval, code, names)
