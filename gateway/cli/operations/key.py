"""The `turngate key` command."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def key(
    new: Annotated[bool, typer.Option("--new", help="Print a strong new key for the settings.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the generated key itself.")] = False,
) -> None:
    """Show which operator keys are set and where a generated one is stored, or make a new one."""
    from core.errors import ConfigurationError
    from gateway.access.generated_key import new_secret, read_key
    from gateway.config.settings import Settings

    if new:
        typer.echo(new_secret())
        return
    settings = Settings.load()
    generated = read_key(settings.data_dir)
    if show:
        if generated is None or settings.operator_keys:
            raise ConfigurationError("no generated key is in use; `turngate key` says which keys there are")
        typer.echo(generated.secret)
        return
    for name, role in dict.fromkeys((each.name, each.role) for each in settings.operator_keys):
        typer.echo(f"{name}  {role}")
    if settings.operator_keys:
        return
    if generated is None:
        typer.echo(
            "No key is set. `turngate run` and `turngate web` generate one once a provider's credentials or "
            "a public PUBLIC_URL are set; until then the console is open to this machine only."
        )
    else:
        typer.echo(
            f"operator  operator  generated, kept in {generated.path} (`turngate key --show` prints it)"
        )
