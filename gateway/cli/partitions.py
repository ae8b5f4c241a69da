"""The `turngate partitions` command."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.cli._redis import run_with_redis

app = typer.Typer(add_completion=False)


@app.command()
def partitions(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which server of a Redis Cluster has the data: all of it is in one hash slot."""
    import json

    from gateway.redis.connection.cluster.places import read_places

    places = run_with_redis(read_places)
    if as_json:
        typer.echo(json.dumps([asdict(place) for place in places], indent=2))
    elif not places:
        typer.echo("REDIS_URL names no cluster: the one server has everything.")
    for place in () if as_json else places:
        typer.echo(f"p{place.number}  slot {place.slot}  {place.server}  replicas: {place.replicas}")
