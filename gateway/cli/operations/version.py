"""The `turngate version` command."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli._redis import run_in_home

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.processes.process_versions import ProcessVersion

app = typer.Typer(add_completion=False)


@app.command()
def version(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Also check whether this release can run on the data and beside the running processes.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the release and its stored format. With --check, exit code 1 if it cannot run on this data."""
    import json

    from gateway.redis.records.processes.process_versions import (
        FORMAT,
        describe_distance,
        describe_this_process,
    )

    release = describe_this_process("", "").release
    newest, processes = run_in_home(_read) if check else (0, [])
    problem = describe_distance(newest)
    if as_json:
        shown = {"release": release, "format": FORMAT}
        stored = {
            "stored_format": newest,
            "processes": [asdict(each) for each in processes],
            "problem": problem,
        }
        typer.echo(json.dumps(shown | stored if check else shown, indent=2))
    else:
        typer.echo(f"turngate {release}, stored format {FORMAT}")
        if check:
            typer.echo("\n".join(_describe(newest, processes, release, problem)))
    if problem:
        raise typer.Exit(1)


async def _read(redis: Redis) -> tuple[int, list[ProcessVersion]]:
    from gateway.redis.records.processes.process_versions import read_format, read_processes

    return await read_format(redis), await read_processes(redis)


def _describe(newest: int, processes: list[ProcessVersion], release: str, problem: str) -> list[str]:
    """Return the lines for people: what runs, and what that means for an upgrade."""
    lines = [f"  {each.name}  {each.release}, format {each.format}, flow {each.flow}" for each in processes]
    lines.insert(0, f"Redis holds format {newest}" if newest else "Redis has no stored data yet")
    if not processes:
        lines.append("No process is running.")
    others = sorted({each.release for each in processes} - {release})
    if problem:
        lines.append(problem)
    elif others:
        lines.append(
            f"This release can run beside {', '.join(others)}: processes can be replaced one by one."
        )
    else:
        lines.append("This release can run here.")
    return lines
