"""The documents say what the code does; what differs fails here, with the right text in the message."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest
import typer.main

import channels
from core.model import Owner
from core.model.owner import TRANSITIONS
from gateway.cli import app
from gateway.config import settings
from tests.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    assert found, f"README.md has no block {name}"
    return found[1]


def settings_table() -> str:
    """The README's table, from the settings of the gateway and of every channel."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    rows += [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in settings.setting_rows()]
    for name in channels.available():
        for setting in importlib.import_module(f"channels.{name}").SETTINGS:
            default = f"`{setting.default}`" if setting.default else ("required" if setting.required else "")
            rows.append(f"| `{setting.name}` | {default} | {setting.description} |")
    return "\n".join(rows)


def commands_table() -> str:
    """The README's table of commands, from the command line itself."""
    rows = ["| command | what it does |", "|---|---|"]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        rows.append(f"| `turngate {name}` | {command.help.splitlines()[0]} |")
    return "\n".join(rows)


def owner_drawing() -> str:
    """The state machine of who speaks, as Mermaid, from its table."""
    causes: dict[tuple[Owner, Owner], list[str]] = {}
    for move in TRANSITIONS:
        causes.setdefault((move.before, move.after), []).append(move.cause)
    arrows = [f"    {before} --> {after}: {', '.join(each)}" for (before, after), each in causes.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {Owner.BOT}", *arrows, "```"])


def test_the_hand_off_page_draws_the_state_machine() -> None:
    page = (ROOT / "docs" / "hand-off.md").read_text(encoding="utf-8")

    assert between(page, "owner") == owner_drawing()


def test_the_readme_shows_every_setting() -> None:
    assert between(README, "settings") == settings_table()


def test_the_readme_shows_every_command() -> None:
    assert between(README, "commands") == commands_table()


def test_the_deployment_page_shows_the_procfile() -> None:
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8").strip()

    assert procfile in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=str)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))

    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []
