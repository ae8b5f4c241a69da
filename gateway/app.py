"""The web process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from core.mailbox import Inbox
from gateway.errors import on_crash, on_http_exception
from gateway.probes import Probes
from gateway.redis.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.sweeper import Sweeper
from gateway.settings import Settings
from gateway.webhooks import Webhooks
from gateway.wiring import Channels, load_channels, protocol


def create_app(
    channels: Channels,
    inbox: Inbox,
    redis: Redis,
    *,
    sweeper: Sweeper | None = None,
    pages: tuple[BaseRoute, ...] = (),
) -> Starlette:
    """The web application from its parts. With a `sweeper` it also looks for lost wake-ups."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(sweeper.run()) if sweeper else None
        yield
        if sweeping is not None:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
        await redis.aclose()

    return Starlette(
        routes=[*Webhooks(channels, inbox).routes(), *Probes(redis).routes(), *pages],
        exception_handlers={HTTPException: on_http_exception, Exception: on_crash},
        lifespan=lifespan,
    )


def create() -> Starlette:
    """The web application as the environment describes it; what `turngate web` serves.

    Raises `Misconfigured` when a setting is missing or wrong.
    """
    settings = Settings.load()
    redis = open_redis(settings.redis_url_required())
    numbers = protocol(settings)
    return create_app(
        load_channels(settings), RedisInbox(redis, numbers), redis, sweeper=Sweeper(redis, numbers)
    )
