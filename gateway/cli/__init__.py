"""The `turngate` command line. Commands are light modules that import the rest when they run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from core.errors import ConfigurationError

TOPICS = {
    "run": "processes", "web": "processes", "worker": "processes", "doctor": "operations",
    "why": "messages", "sessions": "messages", "send": "messages", "templates": "messages",
    "broadcast": "messages", "dead": "messages",
    "erase": "contacts", "redact": "contacts", "export": "contacts", "optout": "contacts",
    "hooks": "operations", "quarantine": "messages", "setup": "operations", "flow": "flows",
    "storm": "stress", "load": "stress", "key": "operations", "keys": "operations", "audit": "operations",
    "backup": "operations", "restore": "operations", "partitions": "operations", "version": "operations",
}  # fmt: skip
"""Commands in the order of the help, each with the package that has its module."""


class LazyGroup(TyperGroup):
    """Finds a command in the module of its name, `gateway.cli.<topic>.<name>`, as its `app`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(TOPICS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        if cmd_name not in TOPICS:
            return None
        command = typer.main.get_command(import_module(f"gateway.cli.{TOPICS[cmd_name]}.{cmd_name}").app)
        assert isinstance(command, TyperCommand | TyperGroup)
        command.name = cmd_name
        _refuse_blank_names(command)
        return command


def _refuse_blank_names(command: TyperCommand | TyperGroup) -> None:
    """Let every required argument be refused when it is blank, as a variable of a script that is not set."""
    for each in command.commands.values() if isinstance(command, TyperGroup) else [command]:
        for parameter in each.params:
            if parameter.param_type_name == "argument" and parameter.required:
                process = partial(_process_name, parameter.process_value, parameter)
                parameter.process_value = process  # type: ignore[method-assign]


def _process_name(process: Callable[[Any, Any], Any], parameter: Any, context: Any, value: Any) -> Any:
    """Return the value of an argument; a path would turn an empty text into the current folder."""
    for name in value if isinstance(value, list | tuple) else [value]:
        if isinstance(name, str) and not name.strip():
            raise typer.BadParameter("it is empty", ctx=context, param=parameter)
    return process(context, value)


app = typer.Typer(
    name="turngate",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"turngate {metadata.version('turngate')}")
        raise typer.Exit


@app.callback()
def turngate(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Webhook gateway for messaging channels."""


def _check_encoding(arguments: Sequence[str]) -> None:
    """Raise `ConfigurationError` for bytes that are not text, which no key of Redis and no output takes."""
    for each in arguments:
        if any("\ud800" <= letter <= "\udfff" for letter in each):
            raise ConfigurationError(f"the argument {each[:60]!a} is not in {sys.getfilesystemencoding()}")


def main() -> None:
    """Run the command line.

    A `ConfigurationError`, a file that cannot be used, or an argument that is not text is printed as one
    line, with exit code 2.
    """
    try:
        _check_encoding(sys.argv[1:])
        app()
    except ConfigurationError as error:
        print(f"turngate: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"turngate: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
