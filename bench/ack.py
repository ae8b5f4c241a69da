"""The acknowledgement path: a signed Twilio form in, recorded, answered.

Compared, in one run on one core each for server and load, with the least that any Starlette app must do
(read the form, check the signature with the same package) and with that app enqueueing through RQ's own
client in a thread, which is what most people write.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import uvicorn
from redis import Redis
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bench.load import Load, run
from channels import load
from gateway.app import create_app
from gateway.redis import rq_layout
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC_URL = "https://bots.example.com"
PATH = "/webhooks/twilio"
EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response />'


async def _verified_form(request: Request, validator: RequestValidator) -> dict[str, str] | None:
    """The form, read from the body (quicker than Starlette's own form parser), when its signature fits."""
    form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    given = request.headers.get("x-twilio-signature", "")
    return form if validator.validate(PUBLIC_URL + PATH, form, given) else None


def bare_app(redis_url: str) -> ASGIApp:
    """Reads the form and checks the signature."""
    validator = RequestValidator(TOKEN)

    async def receive(request: Request) -> Response:
        if await _verified_form(request, validator) is None:
            return Response(status_code=401)
        return Response(EMPTY, media_type="text/xml")

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])


def enqueue_app(redis_url: str) -> ASGIApp:
    """The same, and `Queue.enqueue` in a thread."""
    queue = rq_layout.open_queue(Redis.from_url(redis_url))
    validator = RequestValidator(TOKEN)

    async def receive(request: Request) -> Response:
        form = await _verified_form(request, validator)
        if form is None:
            return Response(status_code=401)
        await run_in_threadpool(queue.enqueue, rq_layout.JOB_FUNCTION, form, result_ttl=0)
        return Response(EMPTY, media_type="text/xml")

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])


def turngate_app(redis_url: str) -> ASGIApp:
    """The gateway, without its sweeper."""
    environ = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    channel = load("twilio", environ, PUBLIC_URL)
    assert channel is not None
    redis = open_redis(redis_url)
    return create_app({"twilio": channel}, RedisInbox(redis), redis)


BARE_APP = "bare Starlette: form and signature"
TURNGATE_APP = "Turngate: durable, once, in order, job enqueued"

APPS: dict[str, Callable[[str], ASGIApp]] = {
    BARE_APP: bare_app,
    "that + `Queue.enqueue` in a thread": enqueue_app,
    TURNGATE_APP: turngate_app,
}


def build_requests(count: int, sessions: int, run_name: str) -> list[bytes]:
    """Signed deliveries, each a new message, of so many people."""
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


def _serve(name: str, redis_url: str, listening: socket.socket) -> None:
    config = uvicorn.Config(
        APPS[name](redis_url), loop="uvloop", http="httptools", access_log=False, log_level="error"
    )
    asyncio.run(uvicorn.Server(config).serve([listening]))


def measure(name: str, redis_url: str, prepared: list[bytes], connections: int = 32) -> Load:
    """Serve one of the apps in a process of its own and put the load on it, after a short warm-up."""
    # The protocol is named because event loops switch Nagle's delay off only where they see it.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        port = listening.getsockname()[1]
        server = multiprocessing.get_context("fork").Process(
            target=_serve, args=(name, redis_url, listening), daemon=True
        )
        server.start()
        try:
            asyncio.run(run(port, prepared[:500], connections))
            return asyncio.run(run(port, prepared[500:], connections))
        finally:
            server.terminate()
            server.join(10)
