"""Locked dependencies: every file has a hash, no package host is named, and the audit's verdict is honest."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from tests.paths import ROOT

LOCK_FILES = ("requirements.txt", "requirements-test.txt")
summarize = runpy.run_path(str(ROOT / ".ci" / "audit.py"))["summarize"]

FINE = {"name": "fine", "version": "1.0", "vulns": []}
VULNERABLE = {"name": "old", "version": "2.0", "vulns": [{"id": "PYSEC-2020-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}


def read_pins(name: str) -> dict[str, list[str]]:
    """Return the hashes of each pinned requirement of a lock file."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return {
        line.split("==")[0]: re.findall(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)", line)
        for line in text.splitlines()
        if line.strip()
    }


@pytest.mark.parametrize("name", LOCK_FILES)
def test_every_locked_requirement_is_pinned_by_hash(name: str) -> None:
    pins = read_pins(name)

    assert len(pins) > 30
    assert [package for package, hashes in pins.items() if not hashes or not package.strip()] == []
    assert "://" not in (ROOT / name).read_text()


def test_the_test_set_contains_the_run_set_as_it_is() -> None:
    run, test = (read_pins(name) for name in LOCK_FILES)

    assert {name: test.get(name) for name in run} == run


def test_installing_requires_the_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installs = [line for line in makefile.splitlines() if "install -q" in line and "-r requirements" in line]

    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)


@pytest.mark.parametrize(
    ("dependencies", "status", "message"),
    [
        ([FINE], 0, "1 of 1 dependencies audited, 0 vulnerable"),
        ([FINE, VULNERABLE], 1, "old 2.0: PYSEC-2020-1; fixed in 2.1"),
        ([FINE, UNKNOWN], 0, "no advisories about ours"),
        ([UNKNOWN, VULNERABLE], 1, "1 of 2 dependencies audited, 1 vulnerable"),
        ([UNKNOWN], 0, "NOT DONE"),
        ([], 0, "NOT DONE"),
    ],
    ids=["fine", "vulnerable", "some unknown", "vulnerable and unknown", "unreachable", "empty"],
)
def test_the_audit_says_what_it_could_look_at(
    dependencies: list[dict[str, Any]], status: int, message: str
) -> None:
    lines, actual = summarize(dependencies)

    assert actual == status
    assert any(message in line for line in lines)


def test_every_protection_is_held_by_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and line.count("|") == 4]
    threats = [row for row in rows if "`tests/" in row]
    paths = re.findall(r"`(tests/[^`]+)`", page)

    assert len(threats) > 20
    assert [path for path in paths if not (ROOT / path).is_file()] == []
