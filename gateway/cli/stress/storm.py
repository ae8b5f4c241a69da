"""The `turngate storm` command."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from core.counts import count_of
from core.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from gateway.storm.scenario import StormScenario
    from gateway.storm.verdict.report import ReportTable
    from gateway.storm.verdict.result import StormResult

T = TypeVar("T")

MAX_RECOVERY_SECONDS = 10.0

app = typer.Typer(add_completion=False)


@app.command()
def storm(
    seed: Annotated[int, typer.Option(help="Random seed; the same seed reproduces the run.")] = 1,
    messages: Annotated[int, typer.Option(min=1, help="Number of messages in all.")] = 1_000,
    people: Annotated[int, typer.Option(min=1, help="Number of contacts writing concurrently.")] = 40,
    workers: Annotated[int, typer.Option(min=1, help="Number of worker processes.")] = 3,
    kill_every: Annotated[
        float,
        typer.Option(min=0.0, max=86_400, help="Seconds between kills (SIGKILL) of a process; 0: none."),
    ] = 5.0,
    pause_every: Annotated[
        float, typer.Option(min=0.0, max=86_400, help="Seconds between worker pauses (SIGSTOP); 0: none.")
    ] = 15.0,
    restart_every: Annotated[
        float,
        typer.Option(min=0.0, max=86_400, help="Seconds between restarts of the Redis server; 0: none."),
    ] = 30.0,
    partition_every: Annotated[
        float,
        typer.Option(
            min=0.0, max=86_400, help="Seconds between network partitions of a process (needs root); 0: none."
        ),
    ] = 0.0,
    failover_every: Annotated[
        float,
        typer.Option(
            min=0.0, max=86_400, help="Seconds between failovers to a replica, by Sentinels; 0: none."
        ),
    ] = 0.0,
    reshard_every: Annotated[
        float,
        typer.Option(
            min=0.0, max=86_400, help="Seconds between losses of a cluster's primary or moves of its slot."
        ),
    ] = 0.0,
    partitions: Annotated[
        int, typer.Option(min=1, max=64, help="Partitions of the cluster; several with --reshard-every only.")
    ] = 1,
    latency: Annotated[
        float,
        typer.Option(
            min=0.0, max=2_000, help="Delay of packets to and from Redis in milliseconds, each way."
        ),
    ] = 0.0,
    other_release: Annotated[
        Path | None,
        typer.Option(help="Checkout of another release, which runs beside this one."),
    ] = None,
    upgrade_every: Annotated[
        float,
        typer.Option(
            min=0.0, max=86_400, help="Seconds between replacements of a process by the other release."
        ),
    ] = 5.0,
    burst: Annotated[
        float, typer.Option(min=0.0, max=8.0, help="Debounce window in seconds; 0: every message is a turn.")
    ] = 0.0,
    deadly: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Share of the conversations with a message that kills its worker."
        ),
    ] = 0.0,
    broadcast: Annotated[
        int, typer.Option(min=0, max=120_000, help="Send a broadcast to this many contacts instead.")
    ] = 0,
    markdown: Annotated[bool, typer.Option(help="Print the report as Markdown.")] = False,
) -> None:
    """Chaos test: load and crash a disposable gateway, verify the guarantees. Exit code 1 on a violation."""
    from rich.console import Console

    from gateway.storm.runner import StormRunner
    from gateway.storm.scenario import StormScenario

    _refuse_several(
        {
            "--partition-every": partition_every,
            "--failover-every": failover_every,
            "--reshard-every": reshard_every,
            "--latency": latency,
        }
    )
    if partitions > 1 and not reshard_every:
        raise ConfigurationError("--partitions needs a cluster: give --reshard-every too")
    if other_release and not (other_release / "gateway" / "__main__.py").is_file():
        raise ConfigurationError(f"--other-release: {other_release} is not a checkout of Turngate")
    scenario = StormScenario(
        seed=seed,
        messages=messages,
        people=people,
        workers=workers,
        kill_every=kill_every,
        pause_every=pause_every,
        restart_every=0.0 if failover_every or reshard_every else restart_every,
        partition_every=partition_every,
        failover_every=failover_every,
        reshard_every=reshard_every,
        partitions=partitions,
        burst=burst,
        deadly=deadly,
        latency=latency / 1000,
        upgrade_every=upgrade_every,
        other_release=str(other_release.resolve()) if other_release else "",
    )
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("uvicorn.error").setLevel(
        logging.CRITICAL
    )  # the simulator's calls that the end of the run cuts off
    progress = Console(highlight=False, stderr=markdown)
    if broadcast:
        _run_broadcast(scenario, broadcast, progress)
        return
    # Not uvloop: it accepts one connection per iteration, and a provider that leaves new connections waiting
    # for seconds takes sends in another order than they were made.
    runner = StormRunner(scenario, lambda line: progress.print(f"[dim]· {line}[/dim]"))
    result = asyncio.run(_until_terminated(runner.run()))
    _print_result(result, progress, seed, markdown=markdown)


def _refuse_several(faults: Mapping[str, float]) -> None:
    chosen = [name for name, is_chosen in faults.items() if is_chosen]
    if len(chosen) > 1:
        raise ConfigurationError(f"{' and '.join(chosen)} cannot be combined; choose one")


def _print_result(result: StormResult, progress: Console, seed: int, *, markdown: bool) -> None:
    """Print the report and each violation; exit with code 1 if a guarantee does not hold."""
    from rich.console import Console

    from gateway.storm.verdict.report import build_tables

    output = Console(highlight=False)
    for table in build_tables(result, MAX_RECOVERY_SECONDS):
        if markdown:
            print(table.to_markdown(), end="\n\n")
        else:
            output.print(_build_table(table))
    for line in result.violation_messages:
        progress.print(f"[red]violated: {line}[/red]")
    if not result.is_passing(MAX_RECOVERY_SECONDS):
        progress.print(f"[red]Guarantees violated. Reproduce with --seed {seed}.[/red]")
        sys.exit(1)


def _run_broadcast(scenario: StormScenario, rows: int, progress: Console) -> None:
    from gateway.storm.broadcast_run import percentile, run_broadcast

    running = run_broadcast(scenario, rows, lambda line: progress.print(f"[dim]· {line}[/dim]"))
    result = asyncio.run(_until_terminated(running))
    typer.echo(
        f"{count_of(result.rows, 'contact')} in {result.seconds:.0f} s "
        f"({result.rows / result.seconds:.0f} a second), "
        f"{count_of(result.kills, 'kill')}: {result.missing} missing, {result.doubled} doubled, "
        f"{result.unwanted} after an opt-out, {result.skipped} skipped"
    )
    phases = (
        ("idle", result.idle_waits),
        ("with kills only", result.killed_waits),
        ("meanwhile", result.busy_waits),
    )
    for name, waits in phases:
        p50, p99 = (1000 * percentile(waits, share) for share in (0.5, 0.99))
        typer.echo(f"replies {name}: {len(waits)}, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    if not result.is_passing:
        raise typer.Exit(1)


async def _until_terminated(run: Coroutine[Any, Any, T]) -> T:
    """Await a run; SIGTERM cancels it, so that what it has started is stopped too. Exit code 143 then."""
    task = asyncio.ensure_future(run)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None


def _build_table(report: ReportTable) -> Table:
    from rich.table import Table

    table = Table(title=report.title, title_justify="left")
    for number, head in enumerate(report.headings):
        table.add_column(
            head, justify="left" if number == 0 or not _is_numeric_column(report, number) else "right"
        )
    for row in report.rows:
        table.add_row(*row)
    return table


def _is_numeric_column(table: ReportTable, column: int) -> bool:
    return all(row[column].replace(",", "").replace(".", "").isdigit() for row in table.rows)
