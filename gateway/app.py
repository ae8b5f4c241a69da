"""The web process: an ASGI application with webhooks, HTTP API, console and health routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount

from core.errors import EncryptionKeyMissing, StorageUnavailable
from core.ports import Inbox
from gateway.access.exposure import OperatorAccess
from gateway.bootstrap import (
    Channels,
    PartitionStore,
    PartitionStores,
    load_channels,
    load_operator_access,
)
from gateway.broadcasts.routes import BroadcastApi
from gateway.config.channel_config import ConfigFile
from gateway.config.process_log import describe_process, use_shared_salt
from gateway.config.settings import Settings
from gateway.config.tracing import start_tracing
from gateway.console.flows.files import FlowFiles
from gateway.console.flows.history import FlowHistory
from gateway.console.outage import handle_missing_key, handle_storage_error
from gateway.console.partition_choice import PartitionChoice
from gateway.console.routes import WebParts, build_console
from gateway.http.clients import provider_client
from gateway.local.simulated_accounts import parse_simulator_urls
from gateway.openapi import build_route as build_openapi_route
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.contact_partitions import ContactPartitions
from gateway.redis.connection.checks import server_checks
from gateway.redis.connection.connect import open_partitions
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.records.operators.flow_versions import FlowVersions
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.redis.records.processes.process_versions import ProcessVersion, keep_announcing
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.server.readiness import Readiness
from gateway.redis.sweeper import Sweeper
from gateway.server.error_responses import handle_http_exception, handle_unexpected_error
from gateway.server.health import HealthRoutes
from gateway.server.metrics.process_metrics import ProcessMetrics
from gateway.server.operator_auth import OperatorAuth
from gateway.server.public_files import PublicFileRoute
from gateway.server.webhooks import WebhookEndpoint
from gateway.webchat.api.routes import WebApi
from gateway.webchat.conversations import WebConversations
from gateway.webchat.partitioned_conversations import PartitionedConversations
from gateway.webchat.sessions.session_tokens import SessionTokens
from gateway.webchat.sessions.user_identity import IdentityVerifier
from gateway.webchat.widget import Widget


def create_app(  # noqa: PLR0913 - keyword-only
    channels: Channels,
    inbox: Inbox,
    redis: Redis,
    *,
    sweepers: Sequence[Sweeper] = (),
    pages: Sequence[BaseRoute] = (),
    http: httpx.AsyncClient | None = None,
    operator: OperatorAuth | None = None,
    readiness: Sequence[Readiness] = (),
    process: ProcessVersion | None = None,
    quarantine: Quarantine | None = None,
    flows: FlowHistory | None = None,
    partitions: Sequence[Redis] = (),
    conversations: WebConversations | None = None,
) -> Starlette:
    """Assemble the web application.

    At shutdown it closes `conversations`, `redis`, all `partitions` and `http`.

    With `sweepers` it also re-enqueues overdue sessions; `process` is announced in Redis, and
    the versions of `flows` are recorded. Without an `operator` rule metrics are for this machine only.
    """
    operator = operator or OperatorAuth(OperatorAccess(), redis)
    rejected = quarantine or Quarantine(redis)
    stores = partitions or (redis,)
    metrics = ProcessMetrics()
    return Starlette(
        routes=[
            *WebhookEndpoint(channels, inbox, rejected, http, metrics).routes(),
            *HealthRoutes(stores, operator, readiness, process=metrics).routes(),
            *pages,
        ],
        exception_handlers={
            HTTPException: handle_http_exception,
            StorageUnavailable: handle_storage_error,
            RedisError: handle_storage_error,
            EncryptionKeyMissing: handle_missing_key,
            Exception: handle_unexpected_error,
        },
        lifespan=lambda app: _running(
            [
                *(sweeper.run() for sweeper in sweepers),
                *([keep_announcing(redis, process)] if process is not None else []),
                *([flows.keep_recording()] if flows is not None else []),
            ],
            stores=stores,
            http=http,
            quarantine=rejected,
            conversations=conversations,
        ),
    )


@asynccontextmanager
async def _running(
    work: Sequence[Coroutine[None, None, None]],
    *,
    stores: Sequence[Redis],
    http: httpx.AsyncClient | None,
    quarantine: Quarantine,
    conversations: WebConversations | None,
) -> AsyncIterator[dict[str, object]]:
    """Run the background work of a web process, and close what it holds at the end of the block."""
    running = [asyncio.create_task(each) for each in work]
    await use_shared_salt(stores[0])
    await server_checks.log_warnings(stores[0])
    yield {"stopping": asyncio.Event()}
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    if http is not None:
        await http.aclose()
    await quarantine.wait_until_written()
    if conversations is not None:
        await conversations.aclose()  # before the stores, whose end it would report as an outage
    for each in stores:
        await each.aclose()


def create() -> Starlette:
    """Build the web application from the environment; this is what `turngate web` serves.

    Raises `ConfigurationError` when a setting is missing or wrong.
    """
    settings = Settings.load()
    start_tracing("web")
    web = _build_parts(settings)
    stores = [each.redis for each in web.stores.each]
    console = (
        build_console(web, 0)
        if len(stores) == 1
        else [Mount("/", PartitionChoice(len(stores), partial(build_console, web)))]
    )
    conversations = _build_conversations(web.stores)
    return create_app(
        web.channels,
        web.stores.inbox,
        stores[0],
        sweepers=[_build_sweeper(each, web.stores) for each in web.stores.each],
        pages=[*_build_api_routes(web, conversations), *console],
        http=web.http,
        operator=web.operator,
        readiness=[
            Readiness(each.redis, confirmation=each.confirmation, protocol=web.stores.limits)
            for each in web.stores.each
        ],
        process=describe_process("web", settings),
        quarantine=web.quarantine,
        flows=web.history,
        partitions=stores,
        conversations=conversations,
    )


def _build_parts(settings: Settings) -> WebParts:
    """Open the stores and build what the pages share."""
    channels = load_channels(settings)
    stores = open_partitions(settings.require_redis_url(), settings.partitions)
    for each in stores:
        use_cipher(each, settings.encryption_ring)
    home = stores[0]
    config = ConfigFile.load(settings.config_path)
    parts = PartitionStores(settings, config, channels, stores, confirms=True)
    access = load_operator_access(settings, channels, parse_simulator_urls(settings.environ))
    kept = KeptWebhooks(home, settings.webhook_hours)
    return WebParts(
        settings=settings,
        config=config,
        channels=channels,
        stores=parts,
        operator=OperatorAuth(access, home),
        http=provider_client(),
        history=FlowHistory(FlowFiles(settings.flow_path, config.flows), FlowVersions(home)),
        contacts=ContactPartitions(
            stores,
            [each.inbox for each in parts.each],
            parts.limits,
            parts.confirmations,
        ),
        files=PublicFiles(home, settings.public_url or "", seconds=settings.reply_hours * 3_600),
        kept_webhooks=kept,
        quarantine=Quarantine(home, kept),
    )


def _build_api_routes(web: WebParts, conversations: WebConversations) -> list[BaseRoute]:
    """Build the routes for programs and the widget, the most used first."""
    settings, stores, operator = web.settings, web.stores, web.operator
    api = WebApi(
        conversations=conversations,
        redis=stores.each[0].redis,
        inbox=stores.inbox,
        sender=stores.sender,
        operator=operator,
        tokens=SessionTokens(
            _split_list(settings.web_token_secret.get_secret_value()), settings.web_token_hours * 3_600
        ),
        identities=IdentityVerifier(_split_list(settings.web_identity_secret.get_secret_value())),
        origins=_split_list(settings.web_origins),
        sessions_per_hour=settings.web_sessions,
        protocol=stores.limits,
        partitions=web.contacts,
    )
    return [
        *api.routes(),
        *Widget().routes(),
        *BroadcastApi(stores.build_broadcasts(), stores.sender, web.contacts.messages, operator).routes(),
        *PublicFileRoute(web.files).routes(),
        build_openapi_route(operator),
    ]


def _build_conversations(parts: PartitionStores) -> WebConversations:
    if not isinstance(parts.inbox, PartitionedInbox):
        return WebConversations(parts.each[0].redis, parts.inbox)
    stores, inboxes = [each.redis for each in parts.each], [each.inbox for each in parts.each]
    return PartitionedConversations(stores, inboxes, parts.inbox)


def _build_sweeper(store: PartitionStore, stores: PartitionStores) -> Sweeper:
    releaser = ScheduleReleaser(store.redis, store.sender, stores.limits, elsewhere=stores.sender)
    return Sweeper(store.redis, stores.limits, pause=stores.sweep_seconds, release_due=releaser.release_due)


def _split_list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
