"""The web process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from core.errors import StorageUnavailable
from core.ports.mailbox import Inbox
from gateway.bootstrap import Channels, desks, load_channels, protocol, with_web
from gateway.config.channel_config import Config
from gateway.config.settings import Settings
from gateway.console.inbox import Desk
from gateway.console.provider_desk import AgentPane
from gateway.console.quarantine import Refusals
from gateway.console.simulator import Console
from gateway.console.simulator_client import Simulator
from gateway.http.clients import provider_client
from gateway.redis.connection import server_checks as fitness
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.outbox import Outgoing
from gateway.redis.records.identities import People
from gateway.redis.records.quarantine import Quarantine
from gateway.redis.sweeper import Sweeper
from gateway.server.error_responses import on_crash, on_http_exception, on_storage_trouble
from gateway.server.health import Probes
from gateway.server.operator_auth import Access
from gateway.server.webhooks import Webhooks
from gateway.webchat import openapi
from gateway.webchat.conversations import Conversations
from gateway.webchat.routes import WebApi
from gateway.webchat.session_tokens import Tokens
from gateway.webchat.widget import Widget


def create_app(
    channels: Channels,
    inbox: Inbox,
    redis: Redis,
    *,
    sweeper: Sweeper | None = None,
    pages: Sequence[BaseRoute] = (),
    http: httpx.AsyncClient | None = None,
) -> Starlette:
    """The web application from its parts; it closes `redis` and `http` when it ends.

    With a `sweeper` it also looks for lost wake-ups.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(sweeper.run()) if sweeper else None
        await fitness.warn(redis)
        yield
        if sweeping is not None:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
        if http is not None:
            await http.aclose()
        await redis.aclose()

    return Starlette(
        routes=[
            *Webhooks(channels, inbox, Quarantine(redis), http).routes(),
            *Probes(redis).routes(),
            *pages,
        ],
        exception_handlers={
            HTTPException: on_http_exception,
            StorageUnavailable: on_storage_trouble,
            RedisError: on_storage_trouble,
            Exception: on_crash,
        },
        lifespan=lifespan,
    )


def create() -> Starlette:
    """The web application as the environment describes it; what `turngate web` serves.

    Raises `Misconfigured` when a setting is missing or wrong.
    """
    settings = Settings.load()
    connected = load_channels(settings)
    redis = open_redis(settings.redis_url_required())
    numbers = protocol(settings)
    policies = Config.load(settings.config_path).concurrency
    inbox = People(redis, RedisInbox(redis, numbers, policies, desks(connected)))
    http = provider_client()
    access = Access(settings.api_key.get_secret_value())
    outgoing = Outgoing(redis, with_web(connected), numbers)
    web = WebApi(
        Conversations(redis, inbox),
        redis,
        outgoing,
        access,
        Tokens(_listed(settings.web_token_secret.get_secret_value())),
        _listed(settings.web_origins),
    )
    refusals = Refusals(Quarantine(redis), access).routes()
    desk = Desk(redis, inbox, outgoing, access).routes()
    simulator = Simulator.load(settings.environ)
    console = Console(redis, inbox, access, simulator, http)
    agent = AgentPane(access, simulator, http)
    return create_app(
        connected,
        inbox,
        redis,
        sweeper=Sweeper(redis, numbers),
        pages=[
            *console.routes(),
            *agent.routes(),
            *web.routes(),
            openapi.route,
            *Widget(access).routes(),
            *refusals,
            *desk,
        ],
        http=http,
    )


def _listed(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
