"""`turngate run`."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.table import Table

from gateway.bootstrap import load_channels
from gateway.config.logging import configure_logging
from gateway.config.settings import Settings
from gateway.local.supervisor import Supervisor, check_settings


def run(port: int | None) -> None:
    """Run until Ctrl-C. Raises `ConfigurationError` before anything is started."""
    configure_logging()
    settings = Settings.load()
    check_settings(settings)
    asyncio.run(_run(settings, settings.port if port is None else port))


async def _run(settings: Settings, port: int) -> None:
    console = Console(highlight=False)
    supervisor = Supervisor(settings, port, lambda line: console.print(f"[dim]· {line}[/dim]"))
    async with supervisor:
        if not supervisor.stop_requested.is_set():
            console.print(_build_summary(settings, supervisor))
        await supervisor.stop_requested.wait()
        console.print("[dim]· stopping: turns at work are finished first[/dim]")
    console.print("[dim]· stopped; conversations are kept[/dim]")


def _build_summary(settings: Settings, supervisor: Supervisor) -> Table:
    table = Table.grid(padding=(0, 2))
    on = supervisor.simulated_channels or load_channels(settings)
    public = settings.public_url or supervisor.url
    rows = {
        "Console": f"[bold]{supervisor.url}/console[/bold]",
        "Webhook": ", ".join(f"{public}/webhooks/{name}" for name in on),
        "Provider": "simulated; for a real one set its credentials, as docs/channels/ says, and PUBLIC_URL"
        if supervisor.simulated_channels
        else "real; configure the webhook above there, at Twilio with #rc=3&rp=all behind it",
        "Flow": str(settings.flow_path),
        "Model": settings.llm,
        "Data": str(settings.data_dir.resolve()) if not settings.redis_url else "in REDIS_URL",
    }
    table.add_row("", "")
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    table.add_row("", "[dim]Ctrl-C stops everything[/dim]")
    return table
