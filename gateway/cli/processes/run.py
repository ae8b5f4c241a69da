"""The `turngate run` command."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from gateway.config.settings import Settings
    from gateway.local.supervisor import Supervisor

app = typer.Typer(add_completion=False)


@app.command()
def run(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on (default: PORT, or 8000).")
    ] = None,
    simulate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHANNEL",
            help="Simulate this channel's provider, even if other channels have credentials; repeatable.",
        ),
    ] = None,
) -> None:
    """Run everything: embedded Redis, web, worker and, without credentials, provider simulators."""
    from gateway.bootstrap import load_channels
    from gateway.config.process_log import configure_process_logging
    from gateway.config.settings import Settings
    from gateway.local.simulated_accounts import choose_simulated
    from gateway.local.supervisor import check_settings

    settings = Settings.load()
    configure_process_logging(settings)
    check_settings(settings)
    simulated = choose_simulated(load_channels(settings), simulate or [])
    asyncio.run(_run(settings, settings.port if port is None else port, simulated))


async def _run(settings: Settings, port: int, simulated: Sequence[str]) -> None:
    from rich.console import Console

    from gateway.local.supervisor import Supervisor

    console = Console(highlight=False)
    supervisor = Supervisor(settings, port, simulated, lambda line: console.print(f"[dim]· {line}[/dim]"))
    async with supervisor:
        if not supervisor.stop_requested.is_set():
            console.print(_build_summary(settings, supervisor))
        await supervisor.stop_requested.wait()
        console.print("[dim]· stopping: turns in progress are finished first[/dim]")
    console.print("[dim]· stopped; conversations are kept[/dim]")


def _build_summary(settings: Settings, supervisor: Supervisor) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from gateway.bootstrap import load_channels
    from gateway.cli.processes._operator_key import describe_key

    table = Table.grid(padding=(0, 2))
    real = load_channels(settings)
    simulated = supervisor.simulated_channels
    public = settings.public_url or supervisor.url
    providers = []
    if real:
        providers.append("real; enter the webhook above at the provider (Twilio: with #rc=3&rp=all appended)")
    if simulated:
        remedy = "set its credentials (docs/channels/) and PUBLIC_URL"
        providers.append(
            f"simulated: {', '.join(simulated)}" if real else f"simulated; to connect a real one, {remedy}"
        )
    rows = {
        "Console": f"[bold]{supervisor.url}/console[/bold]",
        "Webhook": ", ".join(f"{public}/webhooks/{name}" for name in real or simulated),
        "Provider": "; ".join(providers),
        "Key": escape(describe_key(supervisor.access))
        or "none is needed: the console is open to this machine only",
        "Flow": str(settings.flow_path),
        "Model": settings.llm,
        "Data": str(settings.data_dir.resolve()) if not settings.redis_url else "in REDIS_URL",
    }
    table.add_row("", "")
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    table.add_row("", "[dim]Ctrl-C stops everything[/dim]")
    return table
