"""Tests that every decision record in docs/decisions is complete."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.paths import ROOT

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
SECTIONS = ("Context", "Decision", "Rejected alternatives")
STATUS_LINE = re.compile(
    r"^Date: (\d{4}-\d\d-\d\d) · Status: (?:accepted|superseded by \[\d{4}\]\(\d{4}-[\w-]+\.md\))$",
    re.MULTILINE,
)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_date_status_context_decision_and_rejected_alternatives(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    title, _, status, *_ = text.splitlines()

    assert re.match(rf"# {int(path.name[:4])}\. [A-Z]", title)
    match = STATUS_LINE.fullmatch(status)
    assert match
    assert date.fromisoformat(match[1])
    bodies = dict(re.findall(r"^## ([^\n]+)\n\n(.+?)(?=\n## |\Z)", text, re.DOTALL | re.MULTILINE))
    assert [name for name in bodies if name in SECTIONS] == list(SECTIONS)
    assert all(bodies[name].strip() for name in SECTIONS)


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
