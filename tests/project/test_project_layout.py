"""Project layout: the top-level packages, tests of every channel, no machine-specific names."""

from __future__ import annotations

import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import channels
from tests.paths import ROOT

PACKAGES = ("core", "flows", "channels", "gateway")
ALLOWED_ENTRIES = {
    *PACKAGES, "tests", "bench", "docs", "deploy", ".ci", ".github", ".gitignore", ".editorconfig",
    ".env.example",
    ".pre-commit-config.yaml", "Makefile", "Procfile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
    "SECURITY.md", "CODE_OF_CONDUCT.md", "LICENSE", "pyproject.toml", "requirements.txt",
    "requirements-test.txt",
}  # fmt: skip


def list_tracked_files() -> list[str]:
    result = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip("not a git checkout, so nothing tells which files belong to it")
    return result.stdout.splitlines()


@pytest.mark.long
@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_comes_from_this_checkout_and_no_other_distribution(package: str) -> None:
    module = __import__(package)

    assert Path(str(module.__file__)).parent == ROOT / package
    assert set(packages_distributions().get(package, [])) <= {"turngate"}


def test_the_top_level_has_only_the_agreed_entries() -> None:
    assert {name.split("/")[0] for name in list_tracked_files()} <= ALLOWED_ENTRIES


@pytest.mark.parametrize("name", channels.available())
def test_a_channel_has_tests_and_a_page(name: str) -> None:
    tests = {path.name for path in (ROOT / "tests" / "channels" / name).glob("test_*.py")}

    assert {"test_webhook.py", "test_api.py"} <= tests
    assert (ROOT / "docs" / "channels" / f"{name}.md").exists()


@pytest.mark.long
def test_no_file_names_a_machine_or_a_package_host() -> None:
    words = ["/" + "root/", "/" + "home/", "/" + "work/", "index" + "-url http", "py" + "pi.org"]
    violations = [
        f"{name}: {word}"
        for name in list_tracked_files()
        for word in words
        if word in (ROOT / name).read_text(encoding="utf-8", errors="ignore")
    ]
    assert violations == []


def test_no_module_has_a_vague_name() -> None:
    vague = {"utils", "helpers", "managers", "common", "misc"}

    assert [name for name in list_tracked_files() if vague & set(Path(name).with_suffix("").parts)] == []
