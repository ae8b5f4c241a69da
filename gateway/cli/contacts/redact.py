"""The `turngate redact` command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions
from gateway.cli.contacts._confirmed import build_inboxes

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.redaction.message_redaction import Redaction
    from gateway.redis.records.redaction.operator_redaction import OperatorRedaction


app = typer.Typer(add_completion=False)


@app.command()
def redact(
    message_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Provider message ID, inbound or outbound, or `message_id` of POST /messages.",
        ),
    ],
    session: Annotated[str, typer.Option(help="Its session; found by the ID if it is not given.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Delete the text of one message from everything that is stored. Exit code 1 if it was not found."""

    async def find(stores: Sequence[Redis]) -> str:
        return session or await _build(stores).find_session(message_id)

    async def work(stores: Sequence[Redis]) -> Redaction:
        return await _build(stores).redact(message_id, found)

    found = run_in_partitions(find)
    if found and not yes:
        typer.confirm(f"Delete the words of {message_id} in {found} for good?", abort=True, err=True)
    result = run_in_partitions(work)
    if not result.sessions:
        typer.echo(
            f"{message_id}: no message with this ID is kept (after eight days, give its --session)",
            err=True,
        )
        raise typer.Exit(1)
    record_act("redact", about=found)
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
    else:
        typer.echo(
            f"{message_id} is redacted: {count_of(result.records, 'record')} of {', '.join(result.sessions)}"
        )
        typer.echo("Copies at the provider, in receivers of your hooks and in backups are not deleted.")


def _build(stores: Sequence[Redis]) -> OperatorRedaction:
    from gateway.bootstrap import build_protocol_limits
    from gateway.config.settings import Settings
    from gateway.partitions.records.redaction import PartitionedRedaction

    return PartitionedRedaction(stores, build_inboxes(stores), build_protocol_limits(Settings.load()))
