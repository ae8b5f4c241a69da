"""The `turngate load` command."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.counts import count_of
from core.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.load import LoadGenerator, LoadPlan

app = typer.Typer(add_completion=False)
_CHECK_SECONDS = 20.0


@app.command()
def load(
    url: Annotated[
        str, typer.Option(help="PUBLIC_URL of your installation; without it, one is started for the test.")
    ] = "",
    rate: Annotated[float, typer.Option(min=0.1, max=100_000, help="Messages a second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1.0, max=86_400, help="Seconds to send.")] = 10.0,
    say: Annotated[
        list[str] | None, typer.Option(help="Text of each contact; repeat it for a conversation.")
    ] = None,
    find_limit: Annotated[
        bool, typer.Option("--find-limit", help="Raise the rate until replies take longer than --p99.")
    ] = False,
    p99: Annotated[
        float, typer.Option(min=1.0, max=3_600_000, help="Milliseconds in which 99 % must be answered.")
    ] = 1_000.0,
    patience: Annotated[
        float, typer.Option(min=1.0, max=86_400, help="Seconds to wait for one reply.")
    ] = 30.0,
    flow: Annotated[str, typer.Option(help="Flow of the installation that is started.")] = "kyc",
    workers: Annotated[int, typer.Option(min=1, help="Workers of the installation that is started.")] = 1,
    provider_host: Annotated[
        str, typer.Option(help="Address of the simulated provider, reached by your workers.")
    ] = "127.0.0.1",
    provider_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the simulated provider.")
    ] = 9410,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Load test: conversations at a rate through a simulated Twilio account. Exit code 1 if one has no reply.

    With --url, web and workers of your installation must have TWILIO_API_URL set to the simulated provider,
    and the TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN of this command's environment.
    """
    from gateway.load import LoadPlan

    plan = LoadPlan(rate, seconds, tuple(say or ["hi"]), patience)
    limit = p99 if find_limit else None
    if url:
        test = _test_external(url.rstrip("/"), plan, limit, (provider_host, provider_port))
    else:
        test = _test_disposable(flow, workers, plan, limit)
    figures = asyncio.run(test)
    typer.echo(json.dumps(figures, indent=2) if as_json else _describe(figures))
    if not figures.get("messages") or figures["unanswered"]:
        raise typer.Exit(1)


async def _test_external(
    url: str, plan: LoadPlan, limit: float | None, provider: tuple[str, int]
) -> dict[str, Any]:
    """Test an installation that was started with the simulated provider's address."""
    from gateway.load import simulated_provider

    account, token = os.environ.get("TWILIO_ACCOUNT_SID"), os.environ.get("TWILIO_AUTH_TOKEN")
    if not account or not token:
        raise ConfigurationError(
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set; "
            "set them to the same values as in your installation."
        )
    host, port = provider
    try:
        async with simulated_provider(url, account, token, host=host, port=port) as (generator, provider_url):
            await _check_answer(generator, plan, url, provider_url)
            return await _run(generator, plan, limit)
    except OSError as error:
        raise ConfigurationError(
            f"The simulated provider cannot listen on {host}:{port} ({error.strerror}). "
            "Choose another --provider-host or --provider-port."
        ) from error


async def _check_answer(generator: LoadGenerator, plan: LoadPlan, url: str, provider_url: str) -> None:
    """Send one message. Raises `ConfigurationError` if it is refused or answered somewhere else."""
    outcome = await generator.send("+15550100000", plan.texts[0], _CHECK_SECONDS)
    if not outcome.is_acknowledged:
        answer = f"answered {outcome.status}" if outcome.status else "did not answer"
        raise ConfigurationError(
            f"{url}/webhooks/twilio {answer}. --url must be the PUBLIC_URL of a running web process "
            "with the same TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        )
    if outcome.reply_ms is None:
        raise ConfigurationError(
            f"No reply reached the simulated provider within {_CHECK_SECONDS:.0f} s. Start the workers with "
            f"TWILIO_API_URL={provider_url}, and check that one is running: turngate doctor."
        )


async def _test_disposable(flow: str, workers: int, plan: LoadPlan, limit: float | None) -> dict[str, Any]:
    """Start an installation on this machine, test it, and add what a turn costs it."""
    from gateway.load import running_installation

    _report("starting Redis, a web process and workers in a temporary folder")
    async with running_installation(flow=flow, workers=workers) as installation:
        await installation.generator.run(replace(plan, seconds=2.0, first_contact=9_000_000))
        before = await installation.read_usage()
        figures = await _run(installation.generator, plan, limit)
        cost = (await installation.read_usage()).since(before, figures["all_messages"])
        return figures | {"cost_per_message": cost}


async def _run(generator: LoadGenerator, plan: LoadPlan, limit: float | None) -> dict[str, Any]:
    from gateway.load import find_capacity

    sent_before = generator.sent
    if limit is None:
        _report(f"sending {count_of(plan.messages, 'message')} at {plan.rate:g}/s")
        result = await generator.run(plan, _report)
        return {"rate": plan.rate, **result.to_json(), "all_messages": generator.sent - sent_before}
    rate, best = await find_capacity(generator, plan, limit, _report)
    figures = best.to_json() if best else {"messages": 0, "unanswered": 0}
    return {"limit_per_second": round(rate, 1), **figures, "all_messages": generator.sent - sent_before}


def _report(line: str) -> None:
    typer.echo(f"· {line}", err=True)


def _describe(figures: dict[str, Any]) -> str:
    """Return the figures as lines for people."""
    if not figures["messages"]:
        return "No rate was found at which messages are answered in time. Look at: turngate doctor"
    limit = figures.get("limit_per_second")
    lines = [f"the most is {limit:,g} a second"] if limit is not None else []
    lines += [
        f"{count_of(figures['messages'], 'message')} in {figures['seconds']:.1f} s, "
        f"{figures['answered_per_second']:,g} answered a second, {figures['unanswered']:,} unanswered",
        *(
            f"  {count_of(count, 'webhook')} refused with {status}"
            for status, count in figures["refused"].items()
        ),
    ]
    for name, title in (("acknowledgement_ms", "webhook answered"), ("reply_ms", "reply received")):
        shown = ", ".join(f"{share} {value:g} ms" for share, value in figures[name].items())
        lines.append(f"{title}: {shown}")
    if cost := figures.get("cost_per_message"):
        lines.append("a message costs: " + ", ".join(f"{name} {value:g}" for name, value in cost.items()))
    return "\n".join(lines)
