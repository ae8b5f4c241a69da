"""The `turngate why` command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from time import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.sessions.log.session_log import LogEntry
    from gateway.redis.records.sessions.session_report import SessionReport


_CONTENT_FIELDS = frozenset(
    {"text", "body", "payload", "place", "contacts", "order", "form", "choices", "media"}
)
_LONG_WAIT_SECONDS = 300

app = typer.Typer(add_completion=False)


@app.command()
def why(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Provider message ID (inbound or outbound), `message_id` of POST /turn or /messages, "
            "session, or contact (number, e-mail address, user ID, name).",
        ),
    ],
    text: Annotated[bool, typer.Option("--text", help="Show message texts.")] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000, help="Log entries of a session or a contact's sessions.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the history of a message, or what a session or a contact is waiting for."""
    from gateway.redis.records.sessions.log.entry_words import describe_entry
    from gateway.redis.records.sessions.session_report import explain

    async def work(stores: Sequence[Redis]) -> list[SessionReport]:
        return [report for redis in stores for report in await explain(redis, name, limit)]

    reports = run_in_partitions(work)
    if not reports:
        typer.echo(
            f"{name}: no message, session or contact has this name (message IDs are kept for eight days)",
            err=True,
        )
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps([_to_json(report, text) for report in reports], indent=2, ensure_ascii=False))
        return
    for report in reports:
        for line in _describe_state(report):
            typer.echo(line)
        for entry in report.entries:
            facts = [f"{field}={_format_value(value)}" for field, value in _facts(entry, text).items()]
            words = describe_entry(entry)
            told = f"{words.title}: {words.detail}" if words.detail else words.title
            typer.echo(f"{_format_time(entry.at_ms)}  {entry.kind:<9}  {told}")
            if facts:
                typer.echo(f"{'':<34}  {'  '.join(facts)}")


def _describe_state(report: SessionReport) -> list[str]:
    now = time() * 1000
    zone = datetime.now().astimezone()
    lines = [f"session  {report.session}  {report.owner}  (times in {zone:%Z}, UTC{zone:%z})"]
    if closes := report.window_closes_ms:
        verb = "open until" if closes > now else "closed since"
        lines.append(f"service window  {verb} {_format_time(closes)}")
    if report.opted_out not in ("", "0"):
        lines.append(f"opted out  {'of marketing' if report.opted_out == 'marketing' else 'of everything'}")
    if report.silenced:
        lines.append(f"silent  {report.silenced}")
    if report.unanswered or report.unsent:
        lines.append(f"pending  {report.unanswered} to answer  {report.unsent} to send")
    if report.worker_until_ms:
        lines.append(f"in progress  a worker has it, its lease ends {_format_time(report.worker_until_ms)}")
    if report.next_try_ms:
        seconds = (report.next_try_ms - now) / 1000
        lines.append(
            f"waits  next try {_format_time(report.next_try_ms)} (in {seconds:.0f} s): {report.wait_reason}"
        )
        if seconds > _LONG_WAIT_SECONDS:
            lines.append(f"       `turngate sessions --retry {report.session}` tries it now")
    if report.breaker_until_ms:
        until = _format_time(report.breaker_until_ms)
        lines.append(f"account  circuit breaker open until {until}: {report.breaker_reason}")
    return lines


def _facts(entry: LogEntry, text: bool) -> dict[str, Any]:
    return {field: value for field, value in entry.data.items() if text or field not in _CONTENT_FIELDS}


def _to_json(report: SessionReport, text: bool) -> dict[str, Any]:
    fields = report.model_dump(exclude={"entries"})
    entries = [
        {"at_ms": each.at_ms, "kind": each.kind, "data": _facts(each, text)} for each in report.entries
    ]
    return {**fields, "entries": entries}


def _format_time(milliseconds: int) -> str:
    """Return a time in this machine's zone."""
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _format_value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
