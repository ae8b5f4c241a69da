"""The `turngate hooks` commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from core.counts import count_of
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions
from gateway.cli.operations._given_up_events import describe_given_up, list_given_up, replay_given_up
from gateway.cli.operations._hook_lines import describe_hook, hook_to_json, now_ms
from gateway.hooks.subscription import Content, Subscription

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.hooks.subscriptions import HookStatus, Subscriptions


app = typer.Typer(
    help="Signed webhooks to your own systems: add, list, test and replay.",
    no_args_is_help=True,
    add_completion=False,
)

_ID = re.compile(r"([0-9]{1,2}/)?[0-9]{1,19}-[0-9]{1,19}")
_HOUR_MS = 3_600_000


def _parse_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise typer.BadParameter(
            f"{text}: expected an ID like 1795400000000-0; `turngate hooks failed` prints them"
        )
    return text


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the hook; `turngate hooks list` shows it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Ids = Annotated[
    list[str] | None, typer.Argument(parser=_parse_id, metavar="[ID]...", help="IDs of failed events.")
]


@app.command("list")
def list_hooks(as_json: AsJson = False) -> None:
    """List the hooks and the state of their deliveries."""

    async def work(stores: Sequence[Redis]) -> list[tuple[Subscription, HookStatus]]:
        subscriptions = _subscriptions(stores)
        return [(each, await subscriptions.read_status(each.name)) for each in await subscriptions.list_all()]

    rows = run_in_partitions(work)
    if as_json:
        typer.echo(json.dumps([hook_to_json(hook, status) for hook, status in rows]))
        return
    for hook, status in rows:
        for line in describe_hook(hook, status):
            typer.echo(line)
    typer.echo(count_of(len(rows), "hook"))


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are sent, https://.")],
    name: Annotated[str, typer.Option(help="Name of the hook (default: the URL's host).")] = "",
    event: Annotated[
        list[str] | None, typer.Option("--event", help="Type of event; repeatable (default: all).")
    ] = None,
    include: Annotated[
        list[Content] | None,
        typer.Option("--include", help="Personal data that events contain; repeatable (default: none)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a hook, and print the secret that signs its events."""
    from gateway.config.settings import Settings
    from gateway.hooks.subscription import create_subscription

    hook = create_subscription(
        url,
        name=name,
        events=event or (),
        include=include or (),
        private_hosts=[each.strip().lower() for each in Settings.load().private_hosts.split(",")],
        now_ms=now_ms(),
    )
    run_in_partitions(lambda stores: _subscriptions(stores).add(hook))
    record_act("add_hook", target=hook.name)
    _print_secret(f"Added {hook.name}.", hook, as_json=as_json)


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove a hook and the events that wait for it."""
    if not yes:
        typer.confirm(f"Remove {name} and the events that wait for it?", abort=True)
    if not run_in_partitions(lambda stores: _subscriptions(stores).remove(name)):
        _fail_unknown(name)
    record_act("remove_hook", target=name)
    typer.echo(f"Removed {name}.")


@app.command()
def rotate(
    name: Name,
    hours: Annotated[
        float, typer.Option(min=0, max=24 * 30, help="How long the old secret signs, too (0: not at all).")
    ] = 24.0,
    as_json: AsJson = False,
) -> None:
    """Replace the secret; meanwhile events are signed with the old one, too."""
    changed = _change(name, lambda hook: hook.rotate(now_ms(), int(hours * _HOUR_MS)))
    _print_secret(
        f"{name} has a new secret; the old one signs for {hours:g} h more.",
        changed,
        as_json=as_json,
    )


@app.command()
def enable(name: Name) -> None:
    """Turn on a hook that was disabled because its receiver answered 410."""
    _change(name, lambda hook: hook.model_copy(update={"disabled": ""}))
    typer.echo(f"{name} is enabled; it gets new events and those that were waiting.")


@app.command("test")
def send_test(name: Name, as_json: AsJson = False) -> None:
    """Send a `hook.test` event now, and print the receiver's answer."""
    from gateway.config.settings import Settings
    from gateway.hooks.attempt import AttemptResult, attempt
    from gateway.hooks.event_types import TEST_EVENT
    from gateway.hooks.policy import DeliveryPolicy
    from gateway.http.ssrf_guard import SafeFetch
    from gateway.redis.records.hook_events import HookEvent

    hosts = Settings.load().private_hosts.split(",")

    async def work(stores: Sequence[Redis]) -> AttemptResult | None:
        hook = next((each for each in await _subscriptions(stores).list_all() if each.name == name), None)
        if hook is None:
            return None
        fetch, now = SafeFetch(hosts), now_ms()
        event = HookEvent(id=f"{now}-0", kind=TEST_EVENT, session="")
        try:
            return await attempt(fetch, hook, event, now_ms=now, seconds=DeliveryPolicy().attempt_seconds)
        finally:
            await fetch.aclose()

    result = run_in_partitions(work)
    if result is None:
        _fail_unknown(name)
        return
    if as_json:
        typer.echo(json.dumps({"delivered": result.is_delivered, "reason": result.reason}))
    elif result.is_delivered:
        typer.echo(f"{name}: delivered.")
    else:
        typer.echo(f"{name}: not delivered: {result.reason}", err=True)
    if not result.is_delivered:
        raise typer.Exit(1)


@app.command()
def failed(
    hook: Annotated[str, typer.Option(help="Only of this hook.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List events that could not be delivered, oldest first."""
    events = run_in_partitions(lambda stores: list_given_up(stores, hook, limit + 1))
    if as_json:
        typer.echo(json.dumps([describe_given_up(each) for each in events[:limit]]))
        return
    for each in events[:limit]:
        kind = each.event.kind if each.event else "?"
        typer.echo(f"{each.id}  {each.hook}  {kind}  {each.reason}")
    typer.echo(
        count_of(len(events), "event")
        if len(events) <= limit
        else f"first {count_of(limit, 'row')}; see --limit"
    )


@app.command()
def replay(
    ids: Ids = None,
    hook: Annotated[str, typer.Option(help="All failed events of this hook.")] = "",
) -> None:
    """Deliver failed events again, by ID or all of a hook."""
    if bool(ids) == bool(hook):
        raise typer.BadParameter("select events by ID, or all of one hook with --hook")

    results = run_in_partitions(lambda stores: replay_given_up(stores, ids or (), hook, now_ms()))
    for each, result in results:
        if result != "replayed":
            typer.echo(f"{each}: {_REPLAY_FAILURES[result]}", err=True)
    done = sum(result == "replayed" for _, result in results)
    typer.echo(f"Re-queued {done} of {len(results)}.")
    if done < len(results):
        raise typer.Exit(1)


_REPLAY_FAILURES = {
    "gone": "unknown or already replayed",
    "removed": "its hook was removed",
    "unreadable": "not readable by this release; kept",
}


def _subscriptions(stores: Sequence[Redis]) -> Subscriptions:
    from gateway.hooks.partitioned_subscriptions import PartitionedSubscriptions
    from gateway.hooks.subscriptions import Subscriptions

    return Subscriptions(stores[0]) if len(stores) == 1 else PartitionedSubscriptions(stores)


def _change(name: str, update: Callable[[Subscription], Subscription]) -> Subscription:
    changed = run_in_partitions(lambda stores: _subscriptions(stores).change(name, update))
    if changed is None:
        _fail_unknown(name)
    assert changed is not None
    record_act("change_hook", target=name)
    return changed


def _fail_unknown(name: str) -> NoReturn:
    typer.echo(f"{name}: there is no hook of this name; `turngate hooks list` shows them", err=True)
    raise typer.Exit(1)


def _print_secret(message: str, hook: Subscription, *, as_json: bool) -> None:
    secret = hook.secrets[0].value
    if as_json:
        typer.echo(json.dumps({"name": hook.name, "url": hook.url, "secret": secret}))
    else:
        typer.echo(f"{message} Keep this secret, it is not shown again:\n{secret}")
