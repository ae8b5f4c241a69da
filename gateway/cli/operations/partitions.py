"""The `turngate partitions` command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of
from core.errors import ConfigurationError
from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.connection.cluster.places import PartitionPlace

app = typer.Typer(add_completion=False)


@app.command()
def partitions(
    spread: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=64,
            help="Spread new contacts over this many partitions; all processes must be set to it first.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which cluster node has each partition, or spread new contacts over more partitions."""
    import json

    if spread:
        _spread(spread)
        return
    places, contacts = run_in_partitions(_read)
    if as_json:
        typer.echo(json.dumps([asdict(place) for place in places], indent=2))
    elif not places:
        typer.echo("REDIS_URL does not name a cluster: there is one partition.")
    for place in () if as_json else places:
        typer.echo(f"p{place.number}  slot {place.slot}  {place.server}  replicas: {place.replicas}")
    if len(places) > 1 and not as_json:
        typer.echo(f"New contacts are spread over {contacts} of {count_of(len(places), 'partition')}.")


async def _read(stores: Sequence[Redis]) -> tuple[list[PartitionPlace], int]:
    from gateway.partitions.layout import read_spread
    from gateway.redis.connection.cluster.places import read_places

    places = [place for redis in stores for place in await read_places(redis)]
    return places, await read_spread(stores[0], len(stores))


def _spread(count: int) -> None:
    from gateway.bootstrap import build_protocol_limits, spread_contacts
    from gateway.cli._audit import record_act
    from gateway.config.settings import Settings

    settings = Settings.load()
    if (known := settings.partitions) != count:
        raise ConfigurationError(
            f"TURNGATE_PARTITIONS is {known} here; set it to {count} for this command and all processes first"
        )
    limits = build_protocol_limits(settings)
    before = run_in_partitions(lambda stores: spread_contacts(stores, limits))
    record_act("spread_partitions", target=str(count))
    typer.echo(
        f"New contacts are spread over {count_of(count, 'partition')} (before: {before}). "
        "Known contacts stay where they are."
    )
