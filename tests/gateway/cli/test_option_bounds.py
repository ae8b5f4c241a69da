"""Numbers on the command line: each has bounds, so that `inf` and `nan` are refused in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import app


def iter_options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the options of a command and of those below it, each with the command's name."""
    for parameter in command.params:
        yield " ".join((*path, parameter.name)), parameter
    if hasattr(command, "list_commands"):
        context = typer.Context(command)
        for name in command.list_commands(context):
            yield from iter_options(command.get_command(context, name), (*path, name))


def test_every_number_with_a_fraction_has_a_maximum() -> None:
    numbers = {
        name: option.max
        for name, option in iter_options(typer.main.get_command(app))
        if option.type_descriptor.annotation is float
    }
    assert len(numbers) > 10
    assert [name for name, largest in numbers.items() if largest is None] == []


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_a_number_that_is_none_is_refused_in_one_sentence(value: str) -> None:
    result = CliRunner().invoke(app, ["load", f"--rate={value}"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "Invalid value for '--rate'" in result.output
