"""Interactive set-up: asks for channels and credentials, checks them, and writes the settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.counts import count_of
from core.errors import ConfigurationError

if TYPE_CHECKING:
    from channels._kit.settings import Setting

_QUOTED = frozenset(" #'\"$\\`")


async def run_first_setup(path: Path) -> None:
    """Ask for settings, check them, and write them into a file that only its owner can read."""
    import channels
    from gateway.access.generated_key import new_secret
    from gateway.config.settings import load_channel_settings

    present = read_env_file(path)
    given: dict[str, str] = {}
    typer.echo(
        f"Writes settings to {path}. Enter accepts the value in brackets; Ctrl-C leaves the file unchanged."
    )
    given["PUBLIC_URL"] = _ask_public_url(present.get("PUBLIC_URL", ""))
    names = _ask_channels(channels.available())
    for name in names:
        declared = [each for each in load_channel_settings(name) if each.required or each.secret]
        await _ask_and_check(name, declared, present, given)
    if not present.get("TURNGATE_API_KEY"):
        given["TURNGATE_API_KEY"] = new_secret()
        typer.echo("Generated a key for the console: TURNGATE_API_KEY in the file.")
    write_env_file(path, given)
    typer.echo(f"Wrote {count_of(sum(map(bool, given.values())), 'setting')} to {path}, for its owner only.")
    typer.echo(
        "Start with `turngate run`. `turngate doctor` checks everything; with `--fix` it sets the webhooks."
    )


async def _ask_and_check(
    channel: str, declared: Sequence[Setting], present: Mapping[str, str], given: dict[str, str]
) -> None:
    """Ask for a channel's settings until the provider accepts them or the user keeps them anyway."""
    while True:
        typer.echo(f"\n{channel}: docs/channels/{channel}.md says where to find each value.")
        for each in declared:
            former = given.get(each.name) or present.get(each.name, "")
            given[each.name] = _ask(each, former)
        problems = await _check_channel(channel, {**present, **given}, given["PUBLIC_URL"])
        for passed, message in problems:
            typer.echo(f"{'OK     ' if passed else 'Problem'}  {message}")
        if all(passed for passed, _ in problems) or not typer.confirm("Enter them again?", default=True):
            return


async def _check_channel(channel: str, environ: Mapping[str, str], public_url: str) -> list[tuple[bool, str]]:
    """Ask a provider whether the credentials are valid, and where its webhooks go."""
    from gateway.diagnostics.accounts import ask_provider
    from gateway.http.clients import provider_client

    async with provider_client() as http:
        checks = [each async for each in ask_provider(channel, environ, public_url, http, fix=False)]
    return [(each.passed, each.message) for each in checks]


def read_env_file(path: Path) -> dict[str, str]:
    """Return the settings of a file; none if there is no file."""
    from dotenv import dotenv_values

    return {name: value or "" for name, value in dotenv_values(path).items()} if path.is_file() else {}


def write_env_file(path: Path, settings: Mapping[str, str]) -> None:
    """Write settings into a file with mode 600; its other lines stay, an interruption leaves the old file.

    Raises `ConfigurationError` if the file cannot be written.
    """
    wanted = {name: value for name, value in settings.items() if value}
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        kept = [
            line for line in lines if line.partition("=")[0].strip().removeprefix("export ") not in wanted
        ]
        content = "\n".join([*kept, *(f"{name}={_quote(value)}" for name, value in wanted.items()), ""])
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # with mode 600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}); name another --file"
        ) from None


def _ask_public_url(former: str) -> str:
    from channels._kit.settings import parse_base_url

    while True:
        answer: str = typer.prompt(
            "Public https URL of this gateway, such as https://bots.example.com", default=former or None
        ).strip()
        try:
            url = parse_base_url("PUBLIC_URL", answer)
        except ConfigurationError as error:
            typer.echo(str(error))
            continue
        if url.startswith("https://"):
            return url
        typer.echo("PUBLIC_URL must begin with https://: providers do not call http URLs.")


def _ask_channels(available: Sequence[str]) -> list[str]:
    while True:
        answer: str = typer.prompt(f"Channels, comma-separated ({', '.join(available)})")
        names = list(dict.fromkeys(each.strip() for each in answer.split(",") if each.strip()))
        if unknown := [name for name in names if name not in available]:
            typer.echo(f"There is no channel {unknown[0]}.")
        elif names:
            return names


def _ask(setting: Setting, former: str) -> str:
    """Ask for one setting; a secret is not shown, and Enter keeps the former one."""
    if setting.secret:
        hint = " [kept]" if former else "" if setting.required else " [none]"
        entered: str = typer.prompt(
            f"{setting.name} ({setting.description}){hint}", default="", hide_input=True, show_default=False
        )
        return entered.strip() or former
    default = former or setting.default
    while True:
        answer: str = typer.prompt(f"{setting.name} ({setting.description})", default=default).strip()
        if answer or not setting.required:
            return answer
        typer.echo("This setting is required.")


def _quote(value: str) -> str:
    """Return a value as python-dotenv reads it."""
    if not _QUOTED & set(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
