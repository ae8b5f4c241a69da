"""The documentation matches the code: generated blocks are current, links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs_tables import BLOCKS, ENV_EXAMPLE, find_block, render_env_example
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("page", "name"), [(page, name) for page, blocks in BLOCKS.items() for name in blocks], ids=str
)
def test_generated_blocks_are_current(page: Path, name: str) -> None:
    """Run `make docs` after a change of settings, commands, ownership or import contracts."""
    assert find_block(page.read_text(encoding="utf-8"), name) == BLOCKS[page][name]()


def test_the_example_of_the_settings_file_is_current_and_sets_nothing() -> None:
    assert ENV_EXAMPLE.read_text(encoding="utf-8") == render_env_example()
    assert all(not line or line.startswith("#") for line in render_env_example().splitlines())


def test_the_deployment_page_shows_the_procfile() -> None:
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8").strip()

    assert procfile in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_the_changelog_has_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")})


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))

    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_in_the_docs_exists(page: Path) -> None:
    if page.parent.name == "decisions" or page.name == "CHANGELOG.md":
        pytest.skip("history: names are those of their time")
    paths = re.findall(
        r"`((?:core|flows|channels|gateway|tests|bench)/[\w./]+?)`", page.read_text(encoding="utf-8")
    )

    missing = [path for path in paths if not (ROOT / path).exists()]
    assert missing == []
