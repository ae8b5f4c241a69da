"""The command line. Each command imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from core.errors import ConfigurationError
from gateway.cli import dead, flow, quarantine

app = typer.Typer(
    name="turngate",
    help="A webhook gateway for messaging channels.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(dead.app, name="dead")
app.add_typer(flow.app, name="flow")
app.add_typer(quarantine.app, name="quarantine")


@app.command()
def run(
    port: Annotated[int | None, typer.Option(help="The port to listen on (default: PORT, or 8000).")] = None,
) -> None:
    """Run everything in one: embedded Redis, web, worker and, without credentials, the simulator."""
    from gateway.cli.run import run as begin

    begin(port)


@app.command()
def web(
    port: Annotated[int | None, typer.Option(help="The port to listen on (default: PORT, or 8000).")] = None,
) -> None:
    """Run a web process: takes webhooks, serves the console. Needs REDIS_URL."""
    from gateway.cli.web import web as begin

    begin(port)


@app.command()
def worker() -> None:
    """Run a worker process: answers turns. Needs REDIS_URL."""
    from gateway.cli.worker import worker as begin

    begin()


@app.command()
def why(
    message_id: Annotated[str, typer.Argument(help="The provider's id of a message, either way.")],
    text: Annotated[bool, typer.Option("--text", help="Show what was written.")] = False,
) -> None:
    """Say what became of one message, step by step."""
    from gateway.cli.why import why as explain

    explain(message_id, text)


@app.command()
def sessions(
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
) -> None:
    """List the sessions that have work: who speaks, what waits, when somebody looks."""
    from gateway.cli.sessions import sessions as show

    show(most)


@app.command()
def erase(
    person: Annotated[str, typer.Argument(help="The number, address or id, in full.")],
    yes: Annotated[bool, typer.Option("--yes", help="Really do it.")] = False,
) -> None:
    """Forget a person for good: sessions, messages, dead letters."""
    from gateway.cli.erase import erase as forget

    forget(person, yes)


@app.command()
def send(
    session: Annotated[str, typer.Argument(help="The session, as `turngate sessions` and `why` name it.")],
    text: Annotated[str, typer.Argument(help="What is to be said.")],
) -> None:
    """Send a message of your own accord into a session of any channel."""
    from gateway.cli.send import send as put

    put(session, text)


@app.command()
def setup(
    channel: Annotated[str, typer.Argument(help="Which channel: zendesk or intercom.")],
    by_triggers: Annotated[
        bool, typer.Option("--by-triggers", help="Have triggers tell, for accounts without ticket events.")
    ] = False,
) -> None:
    """Make a provider's webhook, and triggers, by its API; say what is to be set here."""
    from gateway.cli.setup import setup as begin

    begin(channel, by_triggers)


@app.command()
def doctor() -> None:
    """Look at settings, flow, Redis and workers, and say what is not well and what to do."""
    from gateway.cli.doctor import doctor as begin

    begin()


@app.command()
def storm(
    seed: Annotated[int, typer.Option(help="Makes what people say and what is struck; the same again.")] = 1,
    messages: Annotated[int, typer.Option(min=1, help="How many messages are said in all.")] = 1_000,
    people: Annotated[int, typer.Option(min=1, help="How many people write at a time.")] = 40,
    workers: Annotated[int, typer.Option(min=1, help="How many worker processes answer.")] = 3,
    kill_every: Annotated[float, typer.Option(min=0.0, help="Seconds between two `kill -9`; 0: none.")] = 5.0,
    pause_every: Annotated[
        float, typer.Option(min=0.0, help="Seconds between two workers made to stand still; 0: none.")
    ] = 15.0,
    restart_every: Annotated[
        float, typer.Option(min=0.0, help="Seconds between two restarts of the server; 0: none.")
    ] = 30.0,
    burst: Annotated[
        float,
        typer.Option(min=0.0, max=8.0, help="Seconds within which messages are one turn; 0: each its own."),
    ] = 0.0,
    markdown: Annotated[bool, typer.Option(help="Print the verdict as a page's tables.")] = False,
) -> None:
    """Put load and crashes on a gateway of its own against the simulated provider, and judge the outcome."""
    from gateway.cli.storm import storm as begin
    from gateway.storm.scenario import StormScenario

    weather = StormScenario(
        seed=seed,
        messages=messages,
        people=people,
        workers=workers,
        kill_every=kill_every,
        pause_every=pause_every,
        restart_every=restart_every,
        burst=burst,
    )
    begin(weather, markdown=markdown)


def main() -> None:
    """The entry point. What a person must mend is said in one line, with exit code 2."""
    try:
        app()
    except ConfigurationError as error:
        print(f"turngate: {error}", file=sys.stderr)
        sys.exit(2)
