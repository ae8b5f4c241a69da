"""The comparison names only what is there: commands, options, pages and tests."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from gateway.cli import app
from tests.gateway.server.test_route_guards import GUARDS
from tests.paths import ROOT

PAGE = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| feature")
]
COMMANDS = sorted(set(re.findall(r"`(turngate [^`]+)`", PAGE)))
ADDRESSES = sorted(set(re.findall(r"`(/[a-z][^`]*)`", PAGE)))


def build_context(group: Any) -> Any:
    return typer.Context(group)


def find_command(words: list[str]) -> tuple[Any, list[str]]:
    """Return a command and the options that were given to it."""
    found: Any = typer.main.get_command(app)
    for at, word in enumerate(words):
        if word.startswith("-"):
            return found, words[at:]
        assert isinstance(found, TyperGroup), words
        inner = found.get_command(build_context(found), word)
        assert inner is not None, words
        found = inner
    return found, []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_named_command_and_its_options_exist(command: str) -> None:
    found, options = find_command(command.split()[1:])
    known = {name for parameter in found.params for name in parameter.opts}

    assert set(options) <= known


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_named_page_exists(address: str) -> None:
    assert any(path == address for _, path in GUARDS)


def test_every_row_says_yes_with_a_place_and_a_test_or_why_not() -> None:
    assert len(ROWS) > 30
    for feature, answer, place, test in ROWS:
        tests = re.findall(r"`(tests/[\w/.]+)`", test)
        assert answer.startswith(("yes, works", "no: ", "limited: ")), feature
        assert bool(tests) != answer.startswith("no: "), feature
        assert all((ROOT / each).is_file() for each in tests), feature
        for file in re.findall(r"`(deploy/[\w/.]+)`", place):
            assert (ROOT / file).exists(), feature


def find_list_commands(group: TyperGroup, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the commands that print a list."""
    lists = []
    for name in group.list_commands(build_context(group)):
        inner = group.get_command(build_context(group), name)
        if isinstance(inner, TyperGroup):
            lists += find_list_commands(inner, (*path, name))
        elif name in ("list", "sessions", "why", "doctor"):
            lists.append((*path, name))
    return lists


def test_every_list_prints_json() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    lists = find_list_commands(group)

    assert len(lists) > 8
    for path in lists:
        assert "--json" in {name for each in find_command(list(path))[0].params for name in each.opts}, path


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("turngate ")
