"""Acknowledgement path: a signed Twilio form is received, stored and acknowledged.

Compared in one run, on one core each for server and load generator, with the minimum that any Starlette app
must do (read the form, check the signature with the same package), and with that app enqueueing through RQ's
own client in a thread, the usual solution.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlencode

import uvicorn
from redis import Redis
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from twilio.request_validator import RequestValidator

from bench.measuring.load_generator import Load, run
from channels import load
from gateway.app import create_app
from gateway.config.gc_tuning import tune_gc
from gateway.redis import rq_layout
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.server.bounded_http import bounded_protocol
from gateway.server.connection_table import ConnectionLimits

_ROUNDS = 5
_REQUESTS = 8_000
_SHARE_GOAL = 0.75
_TAIL_GOAL = 2.0
ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC_URL = "https://bots.example.com"
PATH = "/webhooks/twilio"
AppBuilder = Callable[[str], ASGIApp]
EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response />'


async def _verified_form(request: Request, validator: RequestValidator) -> dict[str, str] | None:
    """Return the form, read from the body (faster than Starlette's parser), if its signature is valid."""
    form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    given = request.headers.get("x-twilio-signature", "")
    return form if validator.validate(PUBLIC_URL + PATH, form, given) else None


def build_bare_app(redis_url: str) -> ASGIApp:
    """App that reads the form and checks the signature."""
    validator = RequestValidator(TOKEN)

    async def receive(request: Request) -> Response:
        if await _verified_form(request, validator) is None:
            return Response(status_code=401)
        return Response(EMPTY, media_type="text/xml")

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])


def build_enqueue_app(redis_url: str) -> ASGIApp:
    """App that also calls `Queue.enqueue` in a thread."""
    queue = rq_layout.open_queue(Redis.from_url(redis_url))
    validator = RequestValidator(TOKEN)

    async def receive(request: Request) -> Response:
        form = await _verified_form(request, validator)
        if form is None:
            return Response(status_code=401)
        await run_in_threadpool(queue.enqueue, rq_layout.JOB_FUNCTION, form, result_ttl=0)
        return Response(EMPTY, media_type="text/xml")

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])


def build_turngate_app(redis_url: str) -> ASGIApp:
    """The gateway without its sweeper."""
    environ = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    channel = load("twilio", environ, PUBLIC_URL)
    assert channel is not None
    redis = open_redis(redis_url)
    return create_app({"twilio": channel}, RedisInbox(redis), redis)


BARE_APP = "bare Starlette: form and signature"
TURNGATE_APP = "Turngate: durable, once, in order, job enqueued"

APPS: dict[str, AppBuilder] = {
    BARE_APP: build_bare_app,
    "that + `Queue.enqueue` in a thread": build_enqueue_app,
    TURNGATE_APP: build_turngate_app,
}


def build_requests(count: int, sessions: int, run_name: str) -> list[bytes]:
    """Build signed deliveries, each a new message, spread over `sessions` contacts."""
    validator = RequestValidator(TOKEN)
    prepared = []
    for number in range(count):
        message = f"SM{run_name}{number:028d}"
        form = {
            "ToCountry": "US", "ToState": "DC", "SmsMessageSid": message, "NumMedia": "0", "FromZip": "",
            "ToCity": "WASHINGTON", "FromState": "DC", "SmsStatus": "received", "FromCity": "",
            "Body": f"Hello, this is message {number}", "FromCountry": "US", "To": "+12025550100",
            "ToZip": "20001", "NumSegments": "1", "MessageSid": message,
            "AccountSid": ACCOUNT, "From": f"+1202555{number % sessions:04d}", "ApiVersion": "2010-04-01",
        }  # fmt: skip
        body = urlencode(form).encode()
        signature = validator.compute_signature(PUBLIC_URL + PATH, form)
        head = (
            f"POST {PATH} HTTP/1.1\r\nhost: bots.example.com\r\nx-twilio-signature: {signature}\r\n"
            f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        prepared.append(head.encode() + body)
    return prepared


def _serve(build: AppBuilder, redis_url: str, listening: socket.socket) -> None:
    protocol = bounded_protocol(ConnectionLimits()) if build is build_turngate_app else "httptools"
    config = uvicorn.Config(
        build(redis_url), loop="uvloop", http=protocol, access_log=False, log_level="error"
    )
    tune_gc()  # as a web process does: a full pass over the objects of all modules takes 80 ms
    uvicorn.Server(config).run([listening])


def measure(build: AppBuilder, redis_url: str, prepared: list[bytes], connections: int = 32) -> Load:
    """Serve an app in a separate process and load it, after a short warm-up."""
    # The protocol is set explicitly: event loops disable Nagle's algorithm only if they see it.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        port = listening.getsockname()[1]
        server = multiprocessing.get_context("fork").Process(
            target=_serve, args=(build, redis_url, listening), daemon=True
        )
        server.start()
        try:
            asyncio.run(run(port, prepared[:500], connections))
            load = asyncio.run(run(port, prepared[500:], connections))
            assert load.errors == 0, f"{build}: {load.errors} requests were not answered with 200"
            return load
        finally:
            server.terminate()
            server.join(10)


def render_section() -> str:
    """Measure all apps in interleaved rounds and render the page's section.

    Raises `SystemExit` when the goal is missed.
    """
    runs: dict[str, list[Load]] = {name: [] for name in APPS}
    for number in range(_ROUNDS):
        for name, loads in runs.items():
            with TemporaryDirectory(prefix="bench") as folder:
                server = EmbeddedRedis(Path(folder))
                server.start()
                try:
                    loads.append(measure(APPS[name], server.url, build_requests(_REQUESTS, 500, f"{number}")))
                finally:
                    server.stop()
            print(f"· round {number + 1}: {name}: {loads[-1].per_second:.0f}/s", flush=True)
    bare = median(load.per_second for load in runs[BARE_APP])
    share = median(load.per_second for load in runs[TURNGATE_APP]) / bare
    tail = _find_median_tail(runs[TURNGATE_APP]) / _find_median_tail(runs[BARE_APP])
    if share < _SHARE_GOAL or tail > _TAIL_GOAL:
        raise SystemExit(
            f"acknowledgement: {share:.0%} of the bare app's requests per second (goal {_SHARE_GOAL:.0%}), "
            f"with {tail:.1f} × its p99 (goal {_TAIL_GOAL:.0f} ×)"
        )
    rows = "\n".join(_render_row(name, loads, bare) for name, loads in runs.items())
    return f"""
## Acknowledging a webhook

A signed Twilio form: 32 connections, one process, the load generator on the other core, a durable server
(append-only, `everysec`) beside all of them; medians of {_ROUNDS} rounds in one run. All three have the event
loop, HTTP parser and garbage collector settings of `turngate web`; ours also has its limits before
authentication. The first row is the minimum for any Starlette app; the second is the usual way to enqueue.

| what the request does | requests/s | share | p50 ms | p99 ms |
|---|---|---|---|---|
{rows}

Goals: at least {_SHARE_GOAL:.0%} of the bare app, with a p99 of at most twice its own. Reached: {share:.0%}
and {tail:.1f} ×, with the message durable and its job enqueued.
"""


def _find_median_tail(loads: list[Load]) -> float:
    return median(load.percentile(0.99) for load in loads)


def _render_row(name: str, loads: list[Load], bare: float) -> str:
    rate = median(load.per_second for load in loads)
    middle, tail = (median(load.percentile(share) for load in loads) for share in (0.5, 0.99))
    return f"| {name} | {rate:,.0f} | {rate / bare:.0%} | {middle:.1f} | {tail:.1f} |"
